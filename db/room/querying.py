"""Turns a question into SQL. The indexes that it names do not change what is found, only how quickly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .filters import Sql, conditions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .asked import Asked

TABLES = ("documents", "texts")
SORTED = {
    "relevance": "score, d.date_from IS NULL, d.date_from, d.id",
    "date": "d.date_from IS NULL, d.date_from, d.id",
    "newest": "d.date_from IS NULL, d.date_from DESC, d.id DESC",
    "changed": "d.last_changed DESC, d.id DESC",
}
DOCUMENTS = "documents_fts AS f {facts} WHERE documents_fts MATCH {words} {documents_first} {filters}"
TEXTS = """texts_fts AS f CROSS JOIN texts AS t INDEXED BY texts_facts ON t.id = f.rowid {text_facts}
            WHERE texts_fts MATCH {words} {texts_first} {filters}"""
# However often a word stands in a summary, it weighs less than one in the title: that is counted by itself, too.
HITS = f"""
        SELECT * FROM (SELECT f.rowid AS id, {{title_score}} AS score
            FROM {DOCUMENTS.replace("{words}", "{title}")} LIMIT {{most}})
        UNION ALL SELECT * FROM (SELECT f.rowid, {{score}} FROM {DOCUMENTS} LIMIT {{most}})
        UNION ALL SELECT * FROM (SELECT t.document_id, {{text_score}} FROM {TEXTS} LIMIT {{most}})"""
BY_WEIGHT = {
    "title_score": "3 * bm25(documents_fts, 1.0, 0.0)",
    "score": "bm25(documents_fts, 10.0, 3.0)",
    "text_score": "bm25(texts_fts)",
}
BY_PLACE = {"title_score": "-4.0", "score": "-2.0", "text_score": "-1.0"}
BY_WORDS = f"""
    WITH hits AS ({HITS} {{crossed}}),
    found AS (SELECT id, sum(score) AS score FROM hits GROUP BY id)
    SELECT d.id, d.year FROM found CROSS JOIN documents AS d {{indexed}} ON d.id = found.id {{without}}
    ORDER BY {{order}}"""
CROSS = """
        UNION ALL
        SELECT f.id, 0.0 FROM ({sets}) AS f {facts} WHERE 1 {filters}"""
HOLDING = """SELECT id FROM (
        SELECT * FROM (SELECT rowid AS id FROM documents_fts WHERE documents_fts MATCH {0} ORDER BY 1 DESC LIMIT {1})
        UNION SELECT * FROM (SELECT t.document_id FROM texts_fts AS f
            CROSS JOIN texts AS t INDEXED BY texts_facts ON t.id = f.rowid WHERE texts_fts MATCH {0}
            ORDER BY f.rowid DESC LIMIT {1}))"""
ALONE = "SELECT d.id FROM documents AS d WHERE 1 {filters}"
YEARS = """
    SELECT CAST(substr(d.date_from, 1, 4) AS INTEGER) AS year, count(*) AS documents FROM documents AS d
    WHERE d.date_from IS NOT NULL {filters} GROUP BY 1"""
FACTS = "CROSS JOIN documents AS d INDEXED BY documents_facts ON d.id = {}"


def query(
    asked: Asked, *, most: int = -1, weighed: bool = True, first: Mapping[str, int] | None = None
) -> tuple[str, list[Any]]:
    """Give the SQL that finds what is asked for, and its values; as it is, all there is, however long it takes."""
    sql, words = Sql([]), asked.words
    if not words.groups:
        return _by_filters(asked, sql, most), sql.values
    parts = _parts(asked, sql, first or {})
    text = BY_WORDS.format(
        **parts,
        **(BY_WEIGHT if weighed else BY_PLACE),
        title=sql.mark(f"{{title}} : ({words.match})"),
        indexed="" if asked.sorted_by == "changed" else "INDEXED BY documents_facts",
        crossed=_crossed(words.wanted, sql, parts, most),
        without=f"WHERE {without}" if (without := _without(words.unwanted, sql)) else "",
        order=SORTED[asked.sorted_by],
        most=most,
    )
    return text, sql.values


def years_query(asked: Asked) -> tuple[str, list[Any]]:
    """Give the SQL that counts by year what filters leave, and its values."""
    sql = Sql([])
    return YEARS.format(filters=_filters(asked, sql)), sql.values


def _parts(asked: Asked, sql: Sql, first: Mapping[str, int]) -> dict[str, str]:
    """Give the words, the oldest document and text to look at, and the filters; for these, documents are looked up."""
    parts = {"words": sql.mark(asked.words.match), "facts": "", "text_facts": ""}
    for table in TABLES:
        parts[f"{table}_first"] = f"AND f.rowid >= {sql.mark(first[table])}" if table in first else ""
    filters = conditions(asked, sql, alone=False)
    if filters:
        parts |= {"facts": FACTS.format("f.rowid"), "text_facts": FACTS.format("t.document_id")}
    return {**parts, "filters": "".join(f" AND {part}" for part in filters)}


def _by_filters(asked: Asked, sql: Sql, most: int) -> str:
    """Find by filters alone, or by what must not be found: dated ones first, each part in the order of its index."""
    found = ALONE.format(filters=_filters(asked, sql))
    if asked.sorted_by == "changed":
        return f"{found} ORDER BY {SORTED['changed']} LIMIT {most}"
    down = " DESC" if asked.sorted_by == "newest" else ""
    dated = f"{found} AND d.date_from IS NOT NULL ORDER BY d.date_from{down}, d.id{down} LIMIT {most}"
    undated = f"{found} AND d.date_from IS NULL ORDER BY d.id{down} LIMIT {most}"
    return f"SELECT * FROM ({dated}) UNION ALL SELECT * FROM ({undated}) LIMIT {most}"


def _crossed(wanted: tuple[str, ...], sql: Sql, parts: dict[str, str], most: int) -> str:
    """Find documents that hold one word in the title and another in a text, too."""
    if len(wanted) < 2:
        return ""
    sets = " INTERSECT ".join(HOLDING.format(sql.mark(word), most) for word in wanted)
    return CROSS.format(sets=sets, facts=parts["facts"].replace("f.rowid", "f.id"), filters=parts["filters"])


def _filters(asked: Asked, sql: Sql) -> str:
    """Give the filters where there are no words to be found."""
    without = _without(asked.words.unwanted, sql)
    return "".join(f" AND {part}" for part in (*conditions(asked, sql, alone=True), without) if part)


def _without(unwanted: str, sql: Sql) -> str:
    if not unwanted:
        return ""
    mark = sql.mark(unwanted)
    return f"""d.id NOT IN (SELECT rowid FROM documents_fts WHERE documents_fts MATCH {mark}
        UNION ALL SELECT t.document_id FROM texts_fts AS f CROSS JOIN texts AS t INDEXED BY texts_facts
            ON t.id = f.rowid WHERE texts_fts MATCH {mark})"""

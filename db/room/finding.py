"""Turns a question into SQL, and finds the documents that answer it, in order.

However many documents hold a word, no more than `MOST` are looked at; the page says so. Below that, all is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .asked import TERMS, UNSTATED, Asked
from .asking import kept, reading

if TYPE_CHECKING:
    from datasette.app import Datasette

    from .asking import Read

MOST = 20_000
FEW = 5_000
"""So many are all ranked."""
RANKED = 2_000
"""Documents that are ranked where there are more than FEW, those with the words in their titles first."""
CROSSED = 5_000
"""Documents of one word that are looked through for those that hold the other words in another place."""
NARROW = 50_000
"""Of words that very many documents hold, filters that leave no more are asked first."""
SORTED = {
    "relevance": "score, d.date_from IS NULL, d.date_from, d.id",
    "date": "d.date_from IS NULL, d.date_from, d.id",
    "newest": "d.date_from IS NULL, d.date_from DESC, d.id DESC",
    "changed": "d.last_changed DESC, d.id DESC",
}
DOCUMENTS = "documents_fts AS f {facts} WHERE documents_fts MATCH {words} {filters}"
TEXTS = """texts_fts AS f CROSS JOIN texts AS t INDEXED BY texts_facts ON t.id = f.rowid {text_facts}
            WHERE texts_fts MATCH {words} {text_filters}"""
UNRANKED = f"""
        SELECT * FROM (SELECT f.rowid AS id, 0.0 AS score FROM {DOCUMENTS} LIMIT {{most}})
        UNION ALL SELECT * FROM (SELECT t.document_id, 0.0 FROM {TEXTS} LIMIT {{most}})"""
# However often a word stands in a summary, it weighs less than one in the title: that is counted by itself, too.
RANKED_UP_TO = f"""
        SELECT * FROM (SELECT f.rowid AS id, 3 * bm25(documents_fts, 1.0, 0.0) AS score
            FROM {DOCUMENTS.replace("{words}", "{title}")} LIMIT {{ranked}})
        UNION ALL SELECT * FROM (SELECT f.rowid, bm25(documents_fts, 10.0, 3.0) FROM {DOCUMENTS} LIMIT {{ranked}})
        UNION ALL SELECT * FROM (SELECT t.document_id, bm25(texts_fts) FROM {TEXTS} LIMIT {{ranked}})"""
RANKING = {
    "none": UNRANKED,
    "few": RANKED_UP_TO.replace("{ranked}", "{most}"),
    # Looking at each costs: those with the words in their titles are ranked, and some more; then come the others.
    "many": f"{RANKED_UP_TO.replace('{ranked}', str(RANKED))} UNION ALL {UNRANKED}",
}
BY_WORDS = """
    WITH {wanted} hits AS ({ranking} {crossed}),
    found AS (SELECT id, sum(score) AS score FROM hits GROUP BY id)
    SELECT d.id FROM found CROSS JOIN documents AS d {indexed} ON d.id = found.id {without}
    ORDER BY {order} LIMIT {most}"""
COUNT = "SELECT count(*) AS number FROM (SELECT 1 FROM {})"
CROSS = """
        UNION ALL
        SELECT f.id, 0.0 FROM ({sets}) AS f {facts} WHERE 1 {filters}"""
HOLDING = """SELECT id FROM (
        SELECT * FROM (SELECT rowid AS id FROM documents_fts WHERE documents_fts MATCH {0} LIMIT {1})
        UNION SELECT * FROM (SELECT t.document_id FROM texts_fts AS f
            CROSS JOIN texts AS t INDEXED BY texts_facts ON t.id = f.rowid WHERE texts_fts MATCH {0} LIMIT {1}))"""
ALONE = "SELECT d.id FROM documents AS d WHERE 1 {filters}"
FACTS = "CROSS JOIN documents AS d INDEXED BY documents_facts ON d.id = {}"


@dataclass
class Sql:
    """A query in the making, with its values in the order of their marks."""

    values: list[Any]

    def mark(self, value: object) -> str:
        """Keep a value, and give the mark that stands for it, however often it is used."""
        if value not in self.values:
            self.values.append(value)
        return f"?{self.values.index(value) + 1}"


def query(
    asked: Asked, *, most: int = MOST + 1, crossed: int = CROSSED, ranking: str = "few", narrow: bool = False
) -> tuple[str, list[Any]]:
    """Give the SQL that finds what is asked for, and its values; -1 for all there is."""
    sql, words = Sql([]), asked.words
    if not words.groups:
        return _by_filters(asked, sql, most), sql.values
    parts = _parts(asked, sql, narrow=narrow)
    title = sql.mark(f"{{title}} : ({words.match})") if ranking != "none" else ""
    text = BY_WORDS.format(
        wanted=parts["wanted"],
        ranking=RANKING[ranking].format(**parts, title=title, most=most),
        indexed="" if asked.sorted_by == "changed" else "INDEXED BY documents_facts",
        crossed=_crossed(words.wanted, sql, parts, crossed),
        without=_without(words.unwanted, sql),
        order=SORTED[asked.sorted_by] if ranking != "none" else "d.id",
        most=most,
    )
    return text, sql.values


def _parts(asked: Asked, sql: Sql, *, narrow: bool) -> dict[str, str]:
    """Give the words and the filters. Narrow filters are a list of documents; others look each document up."""
    words = sql.mark(asked.words.match)
    none = {"wanted": "", "facts": "", "filters": "", "text_facts": "", "text_filters": ""}
    if not (found := conditions(asked, sql, alone=narrow)):
        return {**none, "words": words}
    filters = "".join(f" AND {part}" for part in found)
    if narrow:
        # The plus keeps SQLite from searching the index for each of the documents.
        wanted = f"wanted AS MATERIALIZED ({ALONE.format(filters=filters)}),"
        within = {"filters": "AND +f.rowid IN wanted", "text_filters": "AND +t.document_id IN wanted"}
        return {**none, **within, "words": words, "wanted": wanted}
    facts = {"facts": FACTS.format("f.rowid"), "text_facts": FACTS.format("t.document_id")}
    return {**none, **facts, "words": words, "filters": filters, "text_filters": filters}


def _by_filters(asked: Asked, sql: Sql, most: int) -> str:
    """Find by filters alone: dated documents first, each part in the order of its index."""
    filters = "".join(f" AND {part}" for part in conditions(asked, sql, alone=True))
    found = ALONE.format(filters=filters)
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
    filters = parts["filters"].replace("f.rowid", "f.id")
    return CROSS.format(sets=sets, facts=parts["facts"].replace("f.rowid", "f.id"), filters=filters)


def _without(unwanted: str, sql: Sql) -> str:
    if not unwanted:
        return ""
    mark = sql.mark(unwanted)
    return f"""WHERE d.id NOT IN (SELECT rowid FROM documents_fts WHERE documents_fts MATCH {mark}
        UNION ALL SELECT t.document_id FROM texts_fts AS f CROSS JOIN texts AS t INDEXED BY texts_facts
            ON t.id = f.rowid WHERE texts_fts MATCH {mark})"""


def conditions(asked: Asked, sql: Sql, *, alone: bool) -> list[str]:
    """Give the filters as conditions on `d`, a document. Alone they lead to documents; else each is looked up."""
    found = []
    # A year is how its days begin; so the index by kind and date serves years, too.
    if asked.year_from is not None:
        found.append(f"d.date_from >= {sql.mark(f'{asked.year_from:04}')}")
    if asked.year_to is not None:
        found.append(f"d.date_from < {sql.mark(f'{asked.year_to + 1:04}')}")
    kinds = asked.of("kind")
    if kinds:
        stated = ", ".join(sql.mark(kind) for kind in kinds if kind != UNSTATED)
        found.append(f"(d.kind IN ({stated}) OR d.kind IS NULL)" if UNSTATED in kinds else f"d.kind IN ({stated})")
    found += [_filed(facet, term, sql, alone=alone) for facet in TERMS for term in asked.of(facet)]
    found += [_listed(listing, sql) for listing in asked.of("listing")]
    found += ["d.gone_at IS NOT NULL" if value == "yes" else "d.gone_at IS NULL" for value in asked.of("gone")]
    return found


def _filed(facet: str, term: str, sql: Sql, *, alone: bool) -> str:
    """Ask for a term. By itself it leads to the documents; otherwise each document found is looked up."""
    where = f"facet = {sql.mark(facet)} AND term = {sql.mark(term)}"
    if alone:
        return f"d.id IN (SELECT document_id FROM document_terms WHERE {where})"
    return f"EXISTS (SELECT 1 FROM document_terms WHERE document_id = d.id AND {where})"


def _listed(listing: str, sql: Sql) -> str:
    return f"""d.id IN (SELECT sightings.document_id FROM captures JOIN sightings ON sightings.capture_id = captures.id
        WHERE captures.listing_id = {sql.mark(int(listing))})"""


def found(read: Read, asked: Asked, *, ranked: bool) -> list[int]:
    """Find documents, in the way that is quickest for the question."""
    if not asked.words.groups:
        sql, values = query(asked)
    else:
        held = max(_held(read, asked, table) for table in ("documents", "texts"))
        left = _left(read, asked) if held >= MOST else None
        few = min(held, MOST if left is None else left) < FEW
        ranking = "none" if not ranked else "few" if few else "many"
        sql, values = query(asked, narrow=left is not None and left <= NARROW, ranking=ranking)
    return [row["id"] for row in read(sql, *values)]


def _held(read: Read, asked: Asked, table: str) -> int:
    """Count what holds the words, as far as it matters."""
    held = f"{table}_fts WHERE {table}_fts MATCH ? LIMIT {MOST}"
    return int(read(COUNT.format(held), asked.words.match)[0]["number"])


def _left(read: Read, asked: Asked) -> int | None:
    """Count what the filters leave, as far as it matters; None where there are none."""
    sql = Sql([])
    filters = conditions(asked, sql, alone=True)
    if not filters:
        return None
    held = f"documents AS d WHERE {' AND '.join(filters)} LIMIT {NARROW + 1}"
    return int(read(COUNT.format(held), *sql.values)[0]["number"])


async def find(datasette: Datasette, database: str, asked: Asked, *, ranked: bool = True) -> list[int]:
    """Give the documents that answer a question, in order; one more than MOST if there are more."""

    async def look() -> list[int]:
        return await reading(datasette, database, lambda read: found(read, asked, ranked=ranked))

    order = asked.sorted_by if ranked else ""
    return await kept(datasette, database, ("found", *asked.what, order), look)

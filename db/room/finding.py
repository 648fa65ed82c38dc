"""Turns a question into SQL, and finds the documents that answer it, in order.

However many documents hold a word, no more than `MOST` are looked at; the page says so. Below that, all is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .asked import TERMS, UNSTATED, Asked
from .asking import kept, rows

if TYPE_CHECKING:
    from datasette.app import Datasette

MOST = 20_000
CROSSED = 5_000
"""Documents of one word that are looked through for those that hold the other words in another place."""
SORTED = {
    "relevance": "score, d.date_from IS NULL, d.date_from, d.id",
    "date": "d.date_from IS NULL, d.date_from, d.id",
    "newest": "d.date_from IS NULL, d.date_from DESC, d.id",
    "changed": "d.last_changed DESC, d.id DESC",
}
# A word in the title counts three times: the title's own weight, and again for documents that have it there.
BY_WORDS = """
    WITH hits AS (
        SELECT * FROM (SELECT f.rowid AS id, bm25(documents_fts, 10.0, 3.0) AS score
            FROM documents_fts AS f {facts} WHERE documents_fts MATCH {title} {filters} LIMIT {most})
        UNION ALL
        SELECT * FROM (SELECT f.rowid, bm25(documents_fts, 10.0, 3.0)
            FROM documents_fts AS f {facts} WHERE documents_fts MATCH {words} {filters} LIMIT {most})
        UNION ALL
        SELECT * FROM (SELECT d.id, bm25(texts_fts)
            FROM texts_fts AS f CROSS JOIN texts AS t INDEXED BY texts_facts ON t.id = f.rowid {of_texts}
            WHERE texts_fts MATCH {words} {filters} LIMIT {most})
        {crossed}
    ),
    found AS (SELECT id, sum(score) AS score FROM hits GROUP BY id)
    SELECT d.id FROM found CROSS JOIN documents AS d {indexed} ON d.id = found.id {without}
    ORDER BY {order} LIMIT {most}"""
CROSS = """
        UNION ALL
        SELECT d.id, 0.0 FROM ({sets}) AS f {facts} WHERE 1 {filters}"""
HOLDING = """SELECT id FROM (
        SELECT * FROM (SELECT rowid AS id FROM documents_fts WHERE documents_fts MATCH {0} LIMIT {1})
        UNION SELECT * FROM (SELECT t.document_id FROM texts_fts AS f
            CROSS JOIN texts AS t INDEXED BY texts_facts ON t.id = f.rowid WHERE texts_fts MATCH {0} LIMIT {1}))"""
BY_FILTERS = "SELECT d.id FROM documents AS d WHERE 1 {filters} ORDER BY {order} LIMIT {most}"


@dataclass
class Sql:
    """A query in the making, with its values in the order of their marks."""

    values: list[Any]

    def mark(self, value: object) -> str:
        """Keep a value, and give the mark that stands for it, however often it is used."""
        if value not in self.values:
            self.values.append(value)
        return f"?{self.values.index(value) + 1}"


def query(asked: Asked, most: int = MOST + 1, crossed: int = CROSSED) -> tuple[str, list[Any]]:
    """Give the SQL that finds what is asked for, and its values; -1 for all there is."""
    sql = Sql([])
    words = asked.words
    order = SORTED[asked.sorted_by]
    filters = "".join(f" AND {part}" for part in conditions(asked, sql))
    if not words.groups:
        return BY_FILTERS.format(filters=filters, order=order, most=most), sql.values
    text = BY_WORDS.format(
        facts="CROSS JOIN documents AS d INDEXED BY documents_facts ON d.id = f.rowid" if filters else "",
        of_texts="CROSS JOIN documents AS d INDEXED BY documents_facts ON d.id = t.document_id",
        indexed="" if asked.sorted_by == "changed" else "INDEXED BY documents_facts",
        title=sql.mark(f"{{title}} : ({words.match})"),
        words=sql.mark(words.match),
        crossed=_crossed(words.wanted, sql, filters, crossed),
        without=_without(words.unwanted, sql),
        filters=filters,
        order=order,
        most=most,
    )
    return text, sql.values


def _crossed(wanted: tuple[str, ...], sql: Sql, filters: str, most: int) -> str:
    """Find documents that hold one word in the title and another in a text, too."""
    if len(wanted) < 2:
        return ""
    sets = " INTERSECT ".join(HOLDING.format(sql.mark(word), most) for word in wanted)
    facts = "CROSS JOIN documents AS d INDEXED BY documents_facts ON d.id = f.id"
    return CROSS.format(sets=sets, facts=facts, filters=filters)


def _without(unwanted: str, sql: Sql) -> str:
    if not unwanted:
        return ""
    mark = sql.mark(unwanted)
    return f"""WHERE d.id NOT IN (SELECT rowid FROM documents_fts WHERE documents_fts MATCH {mark}
        UNION ALL SELECT t.document_id FROM texts_fts AS f CROSS JOIN texts AS t INDEXED BY texts_facts
            ON t.id = f.rowid WHERE texts_fts MATCH {mark})"""


def conditions(asked: Asked, sql: Sql) -> list[str]:
    """Give the filters as conditions on `d`, a document."""
    found = [f"d.year >= {sql.mark(asked.year_from)}"] if asked.year_from is not None else []
    found += [f"d.year <= {sql.mark(asked.year_to)}"] if asked.year_to is not None else []
    kinds = asked.of("kind")
    if kinds:
        stated = ", ".join(sql.mark(kind) for kind in kinds if kind != UNSTATED)
        found.append(f"(d.kind IN ({stated}){' OR d.kind IS NULL' if UNSTATED in kinds else ''})")
    found += [_filed(facet, term, sql, alone=not asked.words.groups) for facet in TERMS for term in asked.of(facet)]
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


async def find(datasette: Datasette, database: str, asked: Asked) -> list[int]:
    """Give the documents that answer a question, in order; one more than MOST if there are more."""
    sql, values = query(asked)

    async def read() -> list[int]:
        return [row["id"] for row in await rows(datasette, database, sql, *values)]

    return await kept(datasette, database, ("found", sql, tuple(values)), read)

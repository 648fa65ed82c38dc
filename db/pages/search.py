"""Finds the documents that answer a question, all of them, in order; and what each filter would leave of them."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pyroaring import BitMap

from .facets import Facets, ids, load
from .queries import kept, reading
from .search_request import ONE_EACH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datasette.app import Datasette

    from .queries import Reader
    from .search_request import Asked

WINDOW = 1_000_000
"""Numbers of documents that are gathered in one value: SQLite takes no longer ones than it is allowed to."""
NUMBER = "SELECT count(*) FROM documents_fts WHERE documents_fts MATCH ?"
MATCHING = """SELECT json_group_array(rowid) FROM documents_fts
    WHERE documents_fts MATCH ? AND rowid >= ? AND rowid < ?"""
# Words in the title come first; how much a word weighs in the other columns, and how rare it is, decides among equals.
SCORE = "bm25(documents_fts, 10, 5, 1, 10, 10, 5, 5, 5, 10, 2, 2, 5)"
RANKED = f"""SELECT rowid FROM documents_fts WHERE documents_fts MATCH ? {{within}}
    ORDER BY {SCORE}, rowid LIMIT ?"""
SCORES = f"SELECT rowid, {SCORE} FROM documents_fts WHERE documents_fts MATCH ? AND within(rowid)"
BEST = 200
"""So many are ranked at once; those behind only when somebody goes so far."""


@dataclass
class Found:
    """What answers a question.

    `ids`: the documents. `beside`: for a facet of which a document has one value (and for `year`), what would be found
    if nothing of it were chosen, so that its other values can be counted, too.
    """

    facets: Facets
    ids: BitMap
    beside: dict[str, BitMap] = field(default_factory=dict)
    matching: bool = False
    """Whether these are all that match the words, so that no filter need be looked at while ranking."""

    def without(self, facet: str) -> BitMap:
        """Return what would be found without the filters of one facet."""
        return self.beside.get(facet, self.ids)


async def find(datasette: Datasette, database: str, asked: Asked) -> Found:
    """Find the documents that answer a question."""
    facets = await facets_of(datasette, database)

    async def make() -> Found:
        return await reading(datasette, database, lambda read: found(read, facets, asked))

    return await kept(datasette, database, ("found", facets.serial, *asked.what), make)


async def facets_of(datasette: Datasette, database: str) -> Facets:
    """Return the facets of a database, kept until it changes."""

    async def make() -> Facets:
        return await reading(datasette, database, load)

    return await kept(datasette, database, "facets", make)


def found(read: Reader, facets: Facets, asked: Asked) -> Found:
    """Find by words and filters."""
    base = facets.documents
    if asked.words.match:
        held = matching(read, asked.words.match)
        base = base - held if asked.words.negated else base & held
    filters = _filters(read, facets, asked)
    ids = _all(base, [held for _, held in filters])
    beside = {
        facet: _all(base, [held for name, held in filters if name != facet])
        for facet in {name for name, _ in filters} & {"year", *ONE_EACH}
    }
    return Found(facets, ids, beside, matching=asked.words.ranked and len(ids) == len(held))


def matching(read: Reader, match: str) -> BitMap:
    """Return the documents that match an expression of FTS5."""
    (last,) = next(read.tuples("SELECT coalesce(max(id), 0) FROM documents"))
    windows = range(0, last + 1, WINDOW)
    parts = [next(read.tuples(MATCHING, match, start, start + WINDOW))[0] for start in windows]
    return BitMap.union(*(ids(part) for part in parts)) if parts else BitMap()


def number(read: Reader, match: str) -> int:
    """Count the documents that match an expression of FTS5."""
    return int(next(read.tuples(NUMBER, match))[0])


def _filters(read: Reader, facets: Facets, asked: Asked) -> list[tuple[str, BitMap]]:
    """Return each filter with the documents that it leaves. Of what a document has one of, several are alternatives."""
    filters = [("year", facets.dated(read, asked.period))] if asked.period else []
    chosen = asked.filters
    for facet in dict.fromkeys(name for name, _ in chosen):
        held = [facets.having(facet, value) for value in asked.of(facet)]
        filters += [(facet, BitMap.union(*held))] if facet in ONE_EACH else [(facet, each) for each in held]
    return filters


def _all(base: BitMap, filters: list[BitMap]) -> BitMap:
    return BitMap.intersection(base, *filters) if filters else base


async def page(datasette: Datasette, database: str, asked: Asked, found: Found, start: int, stop: int) -> list[int]:
    """Return some of the documents found, in the order asked for."""
    if asked.sorted_by != "relevance":
        return found.facets.page(found.ids, asked.sorted_by, start, stop)
    most = BEST if stop <= BEST else len(found.ids)

    async def make() -> array[int]:
        return await reading(datasette, database, lambda read: ranked(read, asked, found, most))

    name = ("ranked", found.facets.serial, *asked.what, most)
    return list((await kept(datasette, database, name, make))[start:stop])


def ranked(read: Reader, asked: Asked, found: Found, most: int) -> array[int]:
    """Return the documents found, the best first: those with more of the words in their titles before others."""
    best: array[int] = array("I")
    for level in reversed(levels(read, asked, found.ids)):
        if level and len(best) < most:
            within = "" if found.matching and len(level) == len(found.ids) else "AND within(rowid)"
            read.conn.create_function("within", 1, level.__contains__)
            rows = read.tuples(RANKED.format(within=within), asked.words.match, most - len(best))
            best.extend(number for (number,) in rows)
    return best


def levels(read: Reader, asked: Asked, found: BitMap) -> list[BitMap]:
    """Part documents by how many of the words stand in their titles, from none to all."""
    parts = [found]
    for title in {replace(term, field="title").match for term in asked.words.terms if term.field in ("", "title")}:
        held = matching(read, title)
        below = [BitMap(), *(part & held for part in parts)]
        parts = [part | low for part, low in zip([*(part - held for part in parts), BitMap()], below, strict=True)]
    return parts


def scores(read: Reader, asked: Asked, wanted: Sequence[int]) -> list[tuple[int, tuple[int, float]]]:
    """Return documents with how well they answer, as `ranked` sorts them; less is better.

    A harvest may have merged some since they were found: those are left out.
    """
    held = BitMap(wanted)
    read.conn.create_function("within", 1, held.__contains__)
    weights = dict(read.tuples(SCORES, asked.words.match))
    titles = {one: -number for number, part in enumerate(levels(read, asked, held)) for one in part}
    return [(one, (titles[one], weights[one])) for one in wanted if one in weights]


def ordered(read: Reader, asked: Asked, found: Found) -> array[int]:
    """Return all documents found, in the order asked for."""
    if asked.sorted_by == "relevance":
        return ranked(read, asked, found, len(found.ids))
    return array("I", found.facets.sorted(found.ids, asked.sorted_by))

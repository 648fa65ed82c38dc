"""Finds all documents that match a search, sorts them, and keeps the sets that facet counts need."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pyroaring import BitMap

from .facets import Facets, load, parse_ids
from .queries import kept, reading
from .search_request import ONE_EACH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datasette.app import Datasette

    from .queries import Reader
    from .search_request import Asked

WINDOW = 1_000_000
"""How many ids are gathered in one JSON value: SQLite limits the length of values."""
NUMBER = "SELECT count(*) FROM documents_fts WHERE documents_fts MATCH ?"
MATCHING = """SELECT json_group_array(rowid) FROM documents_fts
    WHERE documents_fts MATCH ? AND rowid >= ? AND rowid < ?"""
# Words in the title come first; how much a word weighs in the other columns, and how rare it is, decides among equals.
SCORE = "bm25(documents_fts, 10, 5, 1, 10, 10, 5, 5, 5, 10, 2, 2, 5)"
RANKED = f"""SELECT rowid FROM documents_fts WHERE documents_fts MATCH ? {{within}}
    ORDER BY {SCORE}, rowid LIMIT ?"""
SCORES = f"SELECT rowid, {SCORE} FROM documents_fts WHERE documents_fts MATCH ? AND within(rowid)"
BEST = 200
"""How many are ranked at first; the others only if a later page is requested."""


@dataclass
class Found:
    """The documents that match a search in one database.

    `ids` are those of the documents.
    """

    facets: Facets
    ids: BitMap
    beside: dict[str, BitMap] = field(default_factory=dict)
    """By facet: what matches without the filters of this facet, to count its other values. For single-valued ones."""
    matching: bool = False
    """Whether these are all documents that match the words, so that ranking need not check filters."""

    def without(self, facet: str) -> BitMap:
        """Return the documents that match without the filters of one facet."""
        return self.beside.get(facet, self.ids)


async def find(datasette: Datasette, database: str, asked: Asked) -> Found:
    """Return the documents of a database that match a search, cached."""
    facets = await facets_of(datasette, database)

    async def make() -> Found:
        return await reading(datasette, database, lambda read: find_documents(read, facets, asked))

    return await kept(datasette, database, ("found", facets.serial, *asked.what), make)


async def facets_of(datasette: Datasette, database: str) -> Facets:
    """Return the facets of a database, cached until it changes."""

    async def make() -> Facets:
        return await reading(datasette, database, load)

    return await kept(datasette, database, "facets", make)


def find_documents(read: Reader, facets: Facets, asked: Asked) -> Found:
    """Return the documents that match the words and filters."""
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
    return BitMap.union(*(parse_ids(part) for part in parts)) if parts else BitMap()


def count_matches(read: Reader, match: str) -> int:
    """Return how many documents match an FTS5 expression."""
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
    """Return the documents grouped by how many of the words are in their titles, from none to all."""
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

"""Finds all documents that match a search, sorts them, and keeps the sets that facet counts need."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pyroaring import BitMap

from .facets import Facets, load_facets, parse_ids
from .queries import cached, with_reader
from .search_request import ONE_EACH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datasette.app import Datasette
    from datasette.utils.asgi import Request

    from .queries import Reader
    from .search_request import SearchRequest

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
class SearchResult:
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


@dataclass
class SearchAnswer:
    """A search and its results in each of the searched harvests."""

    datasette: Datasette
    request: Request
    question: SearchRequest
    found: dict[str, SearchResult]

    @property
    def total(self) -> int:
        """How many documents were found."""
        return sum(len(found.ids) for found in self.found.values())

    @property
    def first(self) -> str:
        """The harvest whose layout the page uses."""
        return next(iter(self.found))


async def search_database(datasette: Datasette, database: str, question: SearchRequest) -> SearchResult:
    """Return the documents of a database that match a search, cached."""
    facets = await cached_facets(datasette, database)

    async def make() -> SearchResult:
        return await with_reader(datasette, database, lambda read: find_documents(read, facets, question))

    return await cached(datasette, database, ("found", facets.serial, *question.what), make)


async def cached_facets(datasette: Datasette, database: str) -> Facets:
    """Return the facets of a database, cached until it changes."""

    async def make() -> Facets:
        return await with_reader(datasette, database, load_facets)

    return await cached(datasette, database, "facets", make)


def find_documents(read: Reader, facets: Facets, question: SearchRequest) -> SearchResult:
    """Return the documents that match the words and filters."""
    base = facets.documents
    if question.words.match:
        matched = match_ids(read, question.words.match)
        base = base - matched if question.words.negated else base & matched
    filters = _filters(read, facets, question)
    ids = _all(base, [matched for _, matched in filters])
    beside = {
        facet: _all(base, [matched for name, matched in filters if name != facet])
        for facet in {name for name, _ in filters} & {"year", *ONE_EACH}
    }
    return SearchResult(facets, ids, beside, matching=question.words.ranked and len(ids) == len(matched))


def match_ids(read: Reader, match: str) -> BitMap:
    """Return the documents that match an expression of FTS5."""
    (last,) = next(read.tuples("SELECT coalesce(max(id), 0) FROM documents"))
    windows = range(0, last + 1, WINDOW)
    parts = [next(read.tuples(MATCHING, match, start, start + WINDOW))[0] for start in windows]
    return BitMap.union(*(parse_ids(part) for part in parts)) if parts else BitMap()


def count_matches(read: Reader, match: str) -> int:
    """Return how many documents match an FTS5 expression."""
    return int(next(read.tuples(NUMBER, match))[0])


def _filters(read: Reader, facets: Facets, question: SearchRequest) -> list[tuple[str, BitMap]]:
    """Return each filter with the documents that it leaves. Of what a document has one of, several are alternatives."""
    filters = [("year", facets.dated(read, question.period))] if question.period else []
    chosen = question.filters
    for facet in dict.fromkeys(name for name, _ in chosen):
        matched = [facets.having(facet, value) for value in question.of(facet)]
        filters += [(facet, BitMap.union(*matched))] if facet in ONE_EACH else [(facet, each) for each in matched]
    return filters


def _all(base: BitMap, filters: list[BitMap]) -> BitMap:
    return BitMap.intersection(base, *filters) if filters else base


async def result_page(
    datasette: Datasette, database: str, question: SearchRequest, found: SearchResult, start: int, stop: int
) -> list[int]:
    """Return some of the documents found, in the order asked for."""
    if question.sorted_by != "relevance":
        return found.facets.page(found.ids, question.sorted_by, start, stop)
    most = BEST if stop <= BEST else len(found.ids)

    async def make() -> array[int]:
        return await with_reader(datasette, database, lambda read: rank(read, question, found, most))

    name = ("ranked", found.facets.serial, *question.what, most)
    return list((await cached(datasette, database, name, make))[start:stop])


def rank(read: Reader, question: SearchRequest, found: SearchResult, most: int) -> array[int]:
    """Return the documents found, the best first: those with more of the words in their titles before others."""
    best: array[int] = array("I")
    for level in reversed(title_levels(read, question, found.ids)):
        if level and len(best) < most:
            within = "" if found.matching and len(level) == len(found.ids) else "AND within(rowid)"
            read.conn.create_function("within", 1, level.__contains__)
            rows = read.tuples(RANKED.format(within=within), question.words.match, most - len(best))
            best.extend(number for (number,) in rows)
    return best


def title_levels(read: Reader, question: SearchRequest, found: BitMap) -> list[BitMap]:
    """Return the documents grouped by how many of the words are in their titles, from none to all."""
    parts = [found]
    for title in {replace(term, field="title").match for term in question.words.terms if term.field in ("", "title")}:
        matched = match_ids(read, title)
        below = [BitMap(), *(part & matched for part in parts)]
        parts = [part | low for part, low in zip([*(part - matched for part in parts), BitMap()], below, strict=True)]
    return parts


def scores(read: Reader, question: SearchRequest, wanted: Sequence[int]) -> list[tuple[int, tuple[int, float]]]:
    """Return documents with how well they answer, as `rank` sorts them; less is better.

    A harvest may have merged some since they were found: those are left out.
    """
    matched = BitMap(wanted)
    read.conn.create_function("within", 1, matched.__contains__)
    weights = dict(read.tuples(SCORES, question.words.match))
    titles = {one: -number for number, part in enumerate(title_levels(read, question, matched)) for one in part}
    return [(one, (titles[one], weights[one])) for one in wanted if one in weights]


def ordered_ids(read: Reader, question: SearchRequest, found: SearchResult) -> array[int]:
    """Return all documents found, in the order asked for."""
    if question.sorted_by == "relevance":
        return rank(read, question, found, len(found.ids))
    return array("I", found.facets.sorted(found.ids, question.sorted_by))

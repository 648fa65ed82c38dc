"""Merges the sorted results of several databases."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .queries import json_ids, with_reader
from .search import result_page, scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datasette.app import Datasette

    from .queries import Reader
    from .search import SearchResult
    from .search_request import SearchRequest

_DAY = "coalesce(d.date_from, d.date_to)"
KEYS = {"date": _DAY, "newest": _DAY, "changed": "d.last_changed"}


async def ordered_page(
    datasette: Datasette, question: SearchRequest, found: Mapping[str, SearchResult], start: int, stop: int
) -> list[tuple[str, int]]:
    """Return some of the documents found, each with its database, in the order asked for."""
    if len(found) > 1:
        return await merge_pages(datasette, question, found, start, stop)
    ((name, only),) = found.items()
    return [(name, number) for number in await result_page(datasette, name, question, only, start, stop)]


async def merge_pages(
    datasette: Datasette, question: SearchRequest, found: Mapping[str, SearchResult], start: int, stop: int
) -> list[tuple[str, int]]:
    """Return some of the documents found in several databases; those that a harvest merged meanwhile are left out."""

    async def of(name: str) -> list[tuple[Any, str, int]]:
        ids = await result_page(datasette, name, question, found[name], 0, stop)
        keys = await with_reader(datasette, name, lambda read: _keys(read, question, ids))
        return [(key, name, number) for number, key in keys]

    rows = [row for part in await asyncio.gather(*map(of, found)) for row in part]
    # Each part has its order; sorting by the keys alone keeps it where keys are equal.
    if question.sorted_by in ("newest", "changed"):
        rows.sort(key=lambda row: row[0] or "", reverse=True)
    else:
        rows.sort(key=lambda row: (row[0] is None, row[0]) if row[0] is not None else (True, 0))
    return [(name, number) for _, name, number in rows[start:stop]]


def _keys(read: Reader, question: SearchRequest, ids: Sequence[int]) -> Sequence[tuple[int, Any]]:
    """Return documents with what they are sorted by; a harvest may have merged some since they were found."""
    if question.sorted_by == "relevance":
        return scores(read, question, ids)
    sql = f"""SELECT d.id, {KEYS[question.sorted_by]} FROM json_each(?) AS wanted
        CROSS JOIN documents AS d ON d.id = wanted.value ORDER BY wanted.key"""
    return list(read.tuples(sql, json_ids(ids)))

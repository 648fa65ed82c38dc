"""Merges the sorted results of several databases."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .queries import numbers, reading
from .search import page, scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datasette.app import Datasette

    from .queries import Reader
    from .search import Found
    from .search_request import Asked

_DAY = "coalesce(d.date_from, d.date_to)"
KEYS = {"date": _DAY, "newest": _DAY, "changed": "d.last_changed"}


async def merged(
    datasette: Datasette, asked: Asked, found: Mapping[str, Found], start: int, stop: int
) -> list[tuple[str, int]]:
    """Return some of the documents found, each with its database, in the order asked for."""

    async def of(name: str) -> list[tuple[Any, str, int]]:
        ids = await page(datasette, name, asked, found[name], 0, stop)
        keys = await reading(datasette, name, lambda read: _keys(read, asked, ids))
        return [(key, name, one) for one, key in keys]

    rows = [row for part in await asyncio.gather(*map(of, found)) for row in part]
    # Each part has its order; sorting by the keys alone keeps it where keys are equal.
    if asked.sorted_by in ("newest", "changed"):
        rows.sort(key=lambda row: row[0] or "", reverse=True)
    else:
        rows.sort(key=lambda row: (row[0] is None, row[0]) if row[0] is not None else (True, 0))
    return [(name, one) for _, name, one in rows[start:stop]]


def _keys(read: Reader, asked: Asked, ids: Sequence[int]) -> Sequence[tuple[int, Any]]:
    """Return documents with what they are sorted by; a harvest may have merged some since they were found."""
    if asked.sorted_by == "relevance":
        return scores(read, asked, ids)
    sql = f"""SELECT d.id, {KEYS[question.sorted_by]} FROM json_each(?) AS wanted
        CROSS JOIN documents AS d ON d.id = wanted.value ORDER BY wanted.key"""
    return list(read.tuples(sql, numbers(ids)))

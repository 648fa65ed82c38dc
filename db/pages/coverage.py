"""The coverage of each listing, as ranges of positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .labels import CHECKED_AGAINST, listing_file, listing_title
from .queries import cached, rows, try_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from datasette.app import Datasette

    Stretches = list[tuple[int, int]]

PAGES = """
    SELECT first, min(last, first + records - 1) AS last FROM captures
    WHERE id IN (SELECT id FROM (
            SELECT id, max(coalesce(captured_at, '') || printf('%012d', id)) FROM captures
            WHERE listing_id = ? AND form IS NOT NULL GROUP BY uri))
        AND first IS NOT NULL AND records > 0
    ORDER BY first"""
LISTINGS = """
    SELECT coverage.*, listings.url, listings.key, (SELECT checked_against FROM walks
            WHERE walks.listing_id = coverage.listing_id AND status = 'complete' ORDER BY id DESC LIMIT 1)
        AS checked_against
    FROM coverage JOIN listings ON listings.id = coverage.listing_id
    ORDER BY missing DESC, coverage.name"""


def join(pages: Iterable[tuple[int, int]]) -> Stretches:
    """Return the ranges of positions held: sorted pages, joined where they adjoin or overlap."""
    stretches: Stretches = []
    for first, last in pages:
        if stretches and first <= stretches[-1][1] + 1:
            stretches[-1] = (stretches[-1][0], max(last, stretches[-1][1]))
        else:
            stretches.append((first, last))
    return stretches


def gaps(stretches: Iterable[tuple[int, int]], total: int) -> Stretches:
    """Return the ranges of positions from 1 to `total` that are not held."""
    found: Stretches = []
    after = 1
    for first, last in stretches:
        if first > after:
            found.append((after, min(first - 1, total)))
        after = max(after, last + 1)
    return [*found, (after, total)] if after <= total else found


async def stretches_held(datasette: Datasette, database: str, listing: dict[str, Any]) -> Stretches:
    """Return the ranges of a listing that are held. For a walked listing only the number of records is known."""
    if listing["basis"] == "walk":
        return [(1, listing["held"])] if listing["held"] else []
    pages = await try_rows(datasette, database, PAGES, listing["listing_id"]) or []
    return join((page["first"], page["last"]) for page in pages)


async def with_stretches(
    datasette: Datasette, database: str, listings: list[dict[str, Any]] | None
) -> list[dict[str, Any]] | None:
    """Return the listings, each with its `stretches`, its `title` and its `file`, for its `key`; None for None."""
    if listings is None:
        return None
    return [
        {
            **{name: value for name, value in row.items() if name != "key"},
            "title": listing_title(row),
            "file": listing_file(row),
            "stretches": await stretches_held(datasette, database, row),
        }
        for row in listings
    ]


async def listings(datasette: Datasette, database: str) -> list[dict[str, Any]]:
    """Return every listing with its `stretches` and `gaps`, cached."""

    async def read() -> list[dict[str, Any]]:
        found = await with_stretches(datasette, database, await rows(datasette, database, LISTINGS)) or []
        return [{**row, "gaps": _gaps(row), "checked": CHECKED_AGAINST.get(row["checked_against"])} for row in found]

    return await cached(datasette, database, "coverage", read)


def _gaps(listing: dict[str, Any]) -> Stretches:
    """Return the ranges that are missing; empty for a walk, which knows only their number."""
    if listing["basis"] == "walk" or not listing["declared_total"]:
        return []
    return gaps(listing["stretches"], listing["declared_total"])

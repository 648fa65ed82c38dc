"""Which document pages a live run is to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

    from harvester.addresses import ListingAddress

_WITH_PAGES = "SELECT {what} FROM documents WHERE source = ? AND url IS NOT NULL AND gone_at IS NULL"
_ON_LISTING = """EXISTS (SELECT 1 FROM sightings JOIN captures ON captures.id = capture_id
    JOIN listings ON listings.id = listing_id WHERE document_id = documents.id AND listings.key = ?)"""
_READ_AT = """coalesce((SELECT max(read_at) FROM captures JOIN reads ON reads.capture_id = captures.id
    WHERE captures.uri = documents.url AND captures.refused IS NULL AND captures.errors = 0), '')"""


def pages_due(db: Database, listing: ListingAddress, before: str) -> list[str]:
    """Give the addresses of document pages that are to be read: of the whole archive, or of what a listing has shown.

    Those never read whole, those read before the document last changed, and those read before the time `before`.
    """
    sql, values = _of(listing, "url")
    sql = f"{sql} AND {_READ_AT} < max(last_changed, ?) ORDER BY id"
    return [row[0] for row in db.execute(sql, [*values, before])]


def pages_held(db: Database, listing: ListingAddress) -> int:
    """Say how many documents with a page of their own are known."""
    sql, values = _of(listing, "count(*)")
    return int(db.execute(sql, values).fetchone()[0])


def _of(listing: ListingAddress, what: str) -> tuple[str, list[str]]:
    sql = _WITH_PAGES.format(what=what)
    return (sql, [listing.source]) if listing.is_whole else (f"{sql} AND {_ON_LISTING}", [listing.source, listing.key])

"""Selects the document pages that a live run is to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

    from harvester.urls import ListingAddress

_WITH_PAGES = "SELECT {what} FROM documents WHERE source = ? AND url IS NOT NULL AND gone_at IS NULL"
_ON_LISTING = """EXISTS (SELECT 1 FROM sightings JOIN captures ON captures.id = capture_id
    JOIN listings ON listings.id = listing_id WHERE document_id = documents.id AND listings.key = ?)"""
# The newest reading of the page at its present address: it may show another document (a claim).
_LAST = """(SELECT {} FROM captures JOIN reads ON reads.capture_id = captures.id
    WHERE captures.uri = documents.url AND captures.refusal_code IS NULL {} ORDER BY reads.id DESC LIMIT 1)"""
_WHOLE = _LAST.format("read_at", "AND captures.error_count = 0")
_CLAIMED = "EXISTS (SELECT 1 FROM statements WHERE is_own_page AND document_id IS NULL AND capture_id = {})"
_DUE = f"""(coalesce({_WHOLE}, '') < ? OR EXISTS (SELECT 1 FROM unconfirmed_changes WHERE document_id = documents.id)
    OR {_CLAIMED.format(_LAST.format("captures.id", ""))})"""
# When the listing has last shown another item, or the item otherwise, at the address of a row: found by that address
# (CROSS JOIN keeps the order), because there are as many records on the listing as documents that may have moved.
_ANOTHER_SHOWN = """(SELECT max(last.read_at) FROM statements AS o
    CROSS JOIN sightings AS seen ON seen.statement_id = o.id
    CROSS JOIN captures AS page ON page.id = seen.capture_id CROSS JOIN reads AS last ON last.capture_id = page.id
    WHERE o.key = moved.key AND NOT o.is_own_page AND o.id <> moved.statement_id
        AND page.listing_id = moved.listing_id)"""
# Addresses at which the newest walk of a listing shows an item, of the documents that have another address now: nothing
# was read there since. Such a page may be of an item that is not known yet.
_MOVED = f"""WITH moved AS MATERIALIZED (
        SELECT walks.listing_id, statements.id AS statement_id, statements.key,
            json_extract(content, '$.url') AS address
        FROM walks JOIN walk_pages ON walk_pages.walk_id = walks.id
        JOIN sightings USING (capture_id) JOIN statements ON statements.id = statement_id
        JOIN documents ON documents.id = statements.document_id
        WHERE walks.id = (SELECT max(walks.id) FROM walks JOIN listings ON listings.id = listing_id
                WHERE listings.key = ?)
            AND statements.key LIKE '%:slug:%' AND statements.key <> documents.source || ':slug:' || coalesce(slug, '')
            AND address IS NOT NULL)
    SELECT DISTINCT address FROM moved WHERE NOT EXISTS (
        SELECT 1 FROM captures JOIN reads ON reads.capture_id = captures.id
        WHERE captures.uri = address AND (captures.refusal_code IS NULL OR http_status BETWEEN 300 AND 499)
            AND reads.read_at >= (SELECT min(first.read_at) FROM sightings AS shown
                JOIN reads AS first ON first.capture_id = shown.capture_id
                WHERE shown.statement_id = moved.statement_id
                    AND first.read_at > coalesce({_ANOTHER_SHOWN}, '')))"""


def find_due_pages(db: Database, listing: ListingAddress, before: str) -> list[str]:
    """Return the addresses of document pages to read, of the whole source or of what a listing has shown.

    These are the pages never read whole at their present address, those whose listing shows something new, those that
    showed another document, those at which the listing shows a document with another address, and those last read
    before the time `before`.
    """
    sql, values = _documents_query(listing, "url")
    due = [row[0] for row in db.execute(f"{sql} AND {_DUE} ORDER BY id", [*values, before])]
    return list(dict.fromkeys([*due, *(row[0] for row in db.execute(_MOVED, [listing.key]))]))


def count_document_pages(db: Database, listing: ListingAddress) -> int:
    """Return how many known documents have a page of their own."""
    sql, values = _documents_query(listing, "count(*)")
    return int(db.execute(sql, values).fetchone()[0])


def _documents_query(listing: ListingAddress, what: str) -> tuple[str, list[str]]:
    sql = _WITH_PAGES.format(what=what)
    return (sql, [listing.source]) if listing.is_whole else (f"{sql} AND {_ON_LISTING}", [listing.source, listing.key])

"""Which document pages are due, and what it costs to find out on a long listing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from harvester.model import Capture, DocumentPage, Listing
from harvester.store.database import transaction
from harvester.store.due_pages import find_due_pages
from harvester.urls import listing_for, page_url
from tests.support.harvesting import SOURCE, fresh, harvest_pages
from tests.unit.store.test_document_pages import HOST, LISTED, WHOLE

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

    from harvester.model import Record

WHOLE_ARCHIVE = listing_for(SOURCE)
SIZE = 10


def record(number: int, slug: str) -> Record:
    title = f"Cable No. {number}"
    return replace(LISTED, position=1 + number % SIZE, title=title, slug=slug, url=f"{HOST}/document/{slug}")


def walked(db: Database, documents: int, day: int) -> None:
    """Harvest a walk of the whole archive, and the page of each document."""
    at = datetime(2025, 1, day, tzinfo=UTC)
    records = [record(number, f"cable-{number}") for number in range(documents)]
    pages: list[tuple[Capture, Listing | DocumentPage]] = []
    for first in range(0, len(records), SIZE):
        shown = tuple(records[first : first + SIZE])
        uri = page_url(WHOLE_ARCHIVE, first // SIZE, SOURCE)
        listing = Listing("F", shown, first + 1, first + len(shown), len(records))
        pages.append((Capture(uri, f"{day} {shown}".encode(), at), listing))
    for number, one in enumerate(records):
        own = replace(WHOLE, title=one.title, slug=one.slug, url=one.url, record_id=f"{number}", node_id=f"{number}")
        pages.append((Capture(one.url or "", f"{day} {number}".encode(), at), DocumentPage("document", own)))
    run = harvest_pages(db, pages)
    with transaction(db):
        (listing_id,) = db.execute("SELECT id FROM listings WHERE key = ?", [WHOLE_ARCHIVE.key]).fetchone()
        sql = "INSERT INTO walks (run_id, listing_id, started_at, status) VALUES (?, ?, ?, 'complete')"
        walk = db.execute(sql, [run.id, listing_id, f"2025-01-0{day}"]).lastrowid
        sql = """INSERT INTO walk_pages (walk_id, page_number, reason, capture_id)
            SELECT ?, captures.id, 'walk', captures.id FROM captures JOIN reads ON capture_id = captures.id
            WHERE listing_id = ? AND run_id = ?"""
        db.execute(sql, [walk, listing_id, run.id])


def steps(db: Database) -> int:
    """Return how many hundreds of SQLite's steps it takes to find the due pages; nothing is due."""
    counted = [0]

    def count() -> int:
        counted[0] += 1
        return 0

    db.conn.set_progress_handler(count, 100)
    assert find_due_pages(db, WHOLE_ARCHIVE, "") == []
    db.conn.set_progress_handler(None, 0)
    return counted[0]


def test_to_find_that_nothing_is_due_costs_as_much_as_there_are_documents(tmp_path: Path) -> None:
    cost: dict[int, int] = {}
    for number in (50, 200):
        db = fresh(tmp_path)
        for day in (1, 2):
            walked(db, number, day)
        cost[number] = steps(db)
        db.close()
    assert cost[200] < 6 * cost[50]

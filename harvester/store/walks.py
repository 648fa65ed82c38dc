"""Walks: the listings that a run has walked, page by page, with their outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harvester.store.captures import ensure_listing
from harvester.store.database import transaction
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

    from harvester.model import Declares
    from harvester.urls import ListingAddress
    from harvester.walk_log import WalkOutcome


@dataclass(frozen=True)
class StoredWalkPage:
    """A page of a walk as stored: its number, why it was read, its capture, what it declared and its records' keys."""

    number: int
    reason: str
    capture_id: int | None
    total: int | None
    keys: tuple[str, ...]
    known: bool
    cached: bool
    onward: bool
    next_page: str | None = None
    exact: bool = True
    declares: Declares = "range"
    pages: int | None = None


def begin_walk(db: Database, run: int, listing: ListingAddress, started_at: str | None = None) -> int:
    """Insert a walk of a listing; return its id."""
    sql = "INSERT INTO walks (run_id, listing_id, started_at) VALUES (?, ?, ?)"
    return int(db.execute(sql, [run, ensure_listing(db, listing), started_at or utc_timestamp()]).lastrowid or 0)


def insert_step(
    db: Database, walk: int, number: int, reason: str, capture: int | None, *, known: bool, cached: bool
) -> None:
    """Insert a page of a walk, in the same transaction as its content."""
    sql = """INSERT INTO walk_pages (walk_id, page_number, reason, capture_id, unchanged, from_cache)
        VALUES (?, ?, ?, ?, ?, ?)"""
    db.execute(sql, [walk, number, reason, capture, known, cached])
    db.execute("UPDATE walks SET pages = pages + 1 WHERE id = ?", [walk])


def end_walk(db: Database, walk: int, outcome: WalkOutcome) -> None:
    """Write a walk's outcome."""
    sql = """UPDATE walks SET finished_at = ?, status = ?, proof = ?, reason = ?, declared_total = ?,
        distinct_records = ?, drift = ?, pages = ?, checked_against = ? WHERE id = ?"""
    values = (
        outcome.status,
        outcome.proof,
        outcome.reason,
        outcome.total,
        outcome.records,
        outcome.drift,
        outcome.pages,
        outcome.checked,
    )
    db.execute(sql, [outcome.finished_at, *values, walk])


def walk_start(db: Database, walk: int) -> tuple[str, int]:
    """Return when a walk began and how many pages it has read."""
    row = db.execute("SELECT started_at, pages FROM walks WHERE id = ?", [walk]).fetchone()
    return str(row[0]), int(row[1])


def load_steps(db: Database, walk: int) -> Iterator[StoredWalkPage]:
    """Yield the pages of a walk in the order in which they were read."""
    sql = "SELECT page_number, capture_id, unchanged, from_cache, reason FROM walk_pages WHERE walk_id = ? ORDER BY id"
    for number, capture, known, cached, reason in db.execute(sql, [walk]).fetchall():
        yield load_page(db, number, capture, known=bool(known), cached=bool(cached), reason=reason)


def load_page(
    db: Database, number: int, capture: int | None, *, known: bool, cached: bool, reason: str = "walk"
) -> StoredWalkPage:
    """Return a page of a walk with what its capture declared; without a capture it could not be read."""
    sql = """SELECT first, declared_total, declared_pages, total_kind, has_next_page, next_page FROM captures
        WHERE id = ?"""
    row = db.execute(sql, [capture]).fetchone() if capture else None
    if row is None or capture is None:
        return StoredWalkPage(number, reason, capture, None, (), known, cached, onward=False)
    first, total, pages, kind, onward, next_page = row
    declares: Declares = "pages" if total is None and pages is not None else "nothing" if total is None else "total"
    return StoredWalkPage(
        number,
        reason,
        capture,
        total,
        record_keys(db, capture),
        known,
        cached,
        onward=bool(onward),
        next_page=next_page,
        exact=kind in (None, "exact"),
        declares="range" if first is not None and total is not None else declares,
        pages=pages,
    )


def record_keys(db: Database, capture: int) -> tuple[str, ...]:
    """Return the keys of the records that a capture showed, in order."""
    sql = """SELECT statements.key FROM sightings JOIN statements ON statements.id = statement_id
        WHERE sightings.capture_id = ? ORDER BY position"""
    return tuple(row[0] for row in db.execute(sql, [capture]))


_NEWEST = """SELECT walks.id, status, started_at, distinct_records FROM walks JOIN listings ON listings.id = listing_id
    WHERE listings.key = ? ORDER BY walks.id DESC LIMIT 1"""


def unfinished_walk(db: Database, listing: ListingAddress, since: str) -> int | None:
    """Return the walk of a listing that was interrupted and is not older than `since`, if it is the newest.

    A walk that its budget interrupted is bounded, but has no outcome yet.
    """
    row = db.execute(_NEWEST, [listing.key]).fetchone()
    cut = row and (row[1] in (None, "interrupted") or (row[1] == "bounded" and row[3] is None))
    return int(row[0]) if cut and row[2] >= since else None


def finished_walk(db: Database, listing: ListingAddress, since: str) -> int | None:
    """Return the newest walk of a listing, if it is complete, not older than `since`, and its run was interrupted.

    What comes after the walk, document pages, is still to be read.
    """
    row = db.execute(_NEWEST, [listing.key]).fetchone()
    if not row or row[1] != "complete" or row[2] < since:
        return None
    sql = """SELECT 1 FROM walks JOIN runs ON runs.id = run_id WHERE walks.id = ?
        AND (runs.status IN ('interrupted', 'failed') OR (runs.status = 'complete' AND runs.reason NOT NULL))"""
    return int(row[0]) if db.execute(sql, [row[0]]).fetchone() else None


def reassign_walk(db: Database, walk: int, run: int) -> None:
    """Assign a finished walk of an earlier run to this run, which continues after it."""
    db.execute("UPDATE walks SET run_id = ? WHERE id = ?", [run, walk])


def unread_pages(db: Database, listing: ListingAddress, size: int, most: int) -> tuple[int, ...]:
    """Return the numbers of the pages of `size` records, `most` at most, the last walk could not read."""
    sql = """WITH last AS (
            SELECT walks.id, walks.declared_total, status FROM walks JOIN listings ON listings.id = listing_id
            WHERE listings.key = ? AND status IN ('complete', 'partial') ORDER BY walks.id DESC LIMIT 1)
        SELECT page_number FROM walk_pages JOIN last ON last.id = walk_id WHERE status = 'partial'
        AND page_number * ? < declared_total
        GROUP BY page_number HAVING max(capture_id) IS NULL ORDER BY page_number LIMIT ?"""
    return tuple(row[0] for row in db.execute(sql, [listing.key, size, most]))


def declared_total(db: Database, listing: ListingAddress) -> int:
    """Return how many records a listing has last declared; 0 if that is not known."""
    row = db.execute("SELECT declared_total FROM listings WHERE key = ?", [listing.key]).fetchone()
    return int(row[0] or 0) if row else 0


def proven_total(db: Database, listing: ListingAddress) -> int | None:
    """Return the total of the newest complete walk of a listing; None if there is none."""
    sql = """SELECT walks.declared_total FROM walks JOIN listings ON listings.id = listing_id
        WHERE listings.key = ? AND status = 'complete' ORDER BY walks.id DESC LIMIT 1"""
    row = db.execute(sql, [listing.key]).fetchone()
    return row[0] if row else None


def recent_totals(db: Database, source: str, most: int) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """Yield each listing of a source: its name, and the declared totals of its last complete walks, newest first.

    Each total comes with the time at which its walk finished.
    """
    sql = """SELECT declared_total, finished_at FROM walks WHERE listing_id = ? AND status = 'complete'
        AND declared_total IS NOT NULL ORDER BY id DESC LIMIT ?"""
    for listing, name in db.execute("SELECT id, name FROM listings WHERE source = ? ORDER BY id", [source]).fetchall():
        yield name, db.execute(sql, [listing, most]).fetchall()


def has_walk(db: Database, listing: ListingAddress, started_at: str, run: int) -> bool:
    """Return whether a walk is stored already, by another run than this one."""
    sql = """SELECT 1 FROM walks JOIN listings ON listings.id = listing_id
        WHERE listings.key = ? AND started_at = ? AND run_id != ?"""
    return db.execute(sql, [listing.key, started_at, run]).fetchone() is not None


def resume_walk(db: Database, walk: int, run: int) -> None:
    """Assign an unfinished walk of an earlier run to this run, which continues it."""
    sql = """UPDATE walks SET run_id = ?, status = NULL, finished_at = NULL, proof = NULL, reason = NULL,
        declared_total = NULL, distinct_records = NULL, drift = 0, checked_against = NULL WHERE id = ?"""
    db.execute(sql, [run, walk])


def mark_bounded(db: Database, run: int, reason: str) -> None:
    """Mark the walks of a run whose budget is used up."""
    sql = "UPDATE walks SET status = 'bounded', finished_at = ?, reason = ? WHERE run_id = ? AND status IS NULL"
    with transaction(db):
        db.execute(sql, [utc_timestamp(), reason, run])


def mark_interrupted(db: Database, run: int) -> None:
    """Mark the walks of a run that ends without an outcome."""
    sql = "UPDATE walks SET status = 'interrupted', finished_at = ?, reason = ? WHERE run_id = ? AND status IS NULL"
    db.execute(sql, [utc_timestamp(), "stopped before its end; the next run goes on from here", run])


_READ = (
    "SELECT 1 FROM reads JOIN captures ON captures.id = capture_id WHERE run_id = ? AND refusal_code IS NULL LIMIT 1"
)
# Only the first problem of a page that is refused again has the reason.
_WHY = """SELECT message FROM problems WHERE severity <> 'notice'
    AND (run_id = ?1 OR uri IN (SELECT uri FROM reads WHERE run_id = ?1)) ORDER BY id DESC LIMIT 1"""


def why_nothing_was_read(db: Database, run: int) -> str | None:
    """Return the reason why a run could read no page; None if it read one, or had none to read."""
    if db.execute(_READ, [run]).fetchone():
        return None
    row = db.execute(_WHY, [run]).fetchone()
    return None if row is None else str(row[0])

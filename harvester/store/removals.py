"""Decides what a complete walk proves about documents missing from it; documents that are gone, or have returned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.model import Problem
from harvester.store.captures import NOT_FOUND_STATUSES
from harvester.store.documents import log_changes
from harvester.store.listing_members import (
    are_too_many,
    count_missing,
    end_memberships,
    find_missing,
    is_late,
    last_capture,
    listing_of_walk,
)
from harvester.store.site_changes import suppress_news
from harvester.store.timeline import ValueOrigin
from harvester.store.walks import end_walk
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

    from harvester.store.listing_members import MissingDocument
    from harvester.store.run import Run
    from harvester.walk_log import WalkOutcome


LATE = "a later walk was harvested before: it proves nothing of who has left since"
TOO_MANY = (
    "{count} of {members} records are in neither of the last two complete walks, more than a tenth: none was marked "
    "as gone. If the archive has taken them away, run this again with --accept-removals"
)
SHRINK = "declares {now} records, {fewer} fewer than the walk of {when}; {missed} are missed now for the first time"
RESTORED = ", and they are just those that came last: the site may have been restored to an older state"


def close_walk(run: Run, walk: int, outcome: WalkOutcome, *, accepted: bool = False) -> list[MissingDocument]:
    """Write the outcome of a walk; return the documents missing from its listing, whose addresses are to be checked.

    `accepted`: the user has consented to any number of removals.
    """
    with run.ensure_transaction():
        end_walk(run.db, walk, outcome)
        suppress_news(run, walk)
        if outcome.status != "complete":
            return []
        uri = _address(run.db, walk)
        if is_late(run.db, walk):
            run.add_run_problem(Problem("notice", "stale-walk", LATE), uri)
            return []
        _report_shrink(run, walk, count_missing(run.db, walk), uri)
        return _find_removals(run, listing_of_walk(run.db, walk), uri, accepted=accepted)


def apply_removals(run: Run, walk: int, missing: list[MissingDocument], alive: set[str], unsure: set[str]) -> None:
    """End the membership of missing documents. Those whose address is `alive` are not gone; `unsure` ones stay."""
    left = [member for member in missing if member.url not in unsure]
    gone = [member.document for member in left if member.gone and member.url not in alive]
    with run.ensure_transaction():
        at = run.db.execute("SELECT finished_at FROM walks WHERE id = ?", [walk]).fetchone()[0]
        end_memberships(run.db, listing_of_walk(run.db, walk), left, at)
        run.counts["gone"] += mark_gone(run.db, run.id, gone, at, last_capture(run.db, walk))


def _find_removals(run: Run, listing: int, uri: str, *, accepted: bool) -> list[MissingDocument]:
    found = find_missing(run.db, listing)
    if accepted or not are_too_many(run.db, listing, found):
        return found
    sql = "SELECT count(*) FROM listing_members WHERE listing_id = ? AND left_at IS NULL"
    message = TOO_MANY.format(count=len(found), members=run.db.execute(sql, [listing]).fetchone()[0])
    run.add_run_problem(Problem("error", "many-removals", message), uri)
    return []


def _report_shrink(run: Run, walk: int, missed: int, uri: str) -> None:
    """Add a problem if a listing's total has fallen: alone that proves no removal."""
    sql = """SELECT walks.declared_total, before.declared_total - walks.declared_total, before.finished_at
        FROM walks JOIN walks AS before USING (listing_id)
        WHERE walks.id = ? AND before.id <> walks.id AND before.status = 'complete' ORDER BY before.id DESC LIMIT 1"""
    row = run.db.execute(sql, [walk]).fetchone()
    if row and row[1] > 0:
        message = SHRINK.format(now=row[0], fewer=row[1], when=row[2], missed=missed)
        message += RESTORED if missed and _are_the_last(run.db, walk) else ""
        run.add_run_problem(Problem("warning", "total-fell", message), uri)


def _are_the_last(db: Database, walk: int) -> bool:
    """Return whether the documents missing for the first time are exactly those that came last to the listing."""
    sql = """SELECT min(CASE WHEN missed_walks = 1 THEN first_seen END) > max(CASE WHEN missed_walks = 0 THEN first_seen
        END)
        FROM listing_members JOIN documents ON documents.id = document_id
        WHERE listing_id = ? AND left_at IS NULL AND missed_walks < 2"""
    return bool(db.execute(sql, [listing_of_walk(db, walk)]).fetchone()[0])


def _address(db: Database, walk: int) -> str:
    sql = "SELECT url FROM listings WHERE id = ?"
    return str(db.execute(sql, [listing_of_walk(db, walk)]).fetchone()[0])


PROOF = 2
"""Runs that must get this answer: one may have met a site under repair."""

# The times at which a document was present: its own page could be read, or a listing showed it.
_THERE = """SELECT captured_at, capture_id FROM reads WHERE captured_at > :at AND capture_id IN (
        SELECT capture_id FROM sightings WHERE document_id = :document
        UNION SELECT capture_id FROM statements WHERE is_own_page AND document_id = :document)
    ORDER BY captured_at, id LIMIT 1"""
# What a live run has heard stands in a WARC file of its own, so that the same follows from its captures.
_NOT_FOUND = f"""SELECT min(captured_at), count(DISTINCT coalesce(file, run_id)) FROM reads
    WHERE capture_id IN (SELECT id FROM captures WHERE uri = :uri) AND http_status IN {NOT_FOUND_STATUSES}
        AND captured_at >= coalesce((SELECT max(reads.captured_at) FROM reads JOIN captures ON captures.id = capture_id
            WHERE captures.uri = :uri AND refusal_code IS NULL), '')"""
_BACK = """SELECT id, gone_at FROM documents WHERE gone_at IS NOT NULL AND gone_at <= :at
    AND id IN (SELECT document_id FROM sightings WHERE capture_id = :capture
        UNION SELECT document_id FROM statements WHERE is_own_page AND capture_id = :capture)"""


def mark_gone(db: Database, run: int, documents: Iterable[int], at: str, capture: int) -> int:
    """Mark documents as gone since `at`, on the evidence of a capture; return how many.

    One that was there later has returned, and is marked so. One that is gone stays so: its page may have proven it in
    the same run as the listing does.
    """
    marked = 0
    for document in documents:
        if db.execute("SELECT gone_at FROM documents WHERE id = ?", [document]).fetchone()[0] is not None:
            continue
        _mark(db, run, document, "gone", (None, at), ValueOrigin(at, capture))
        later = db.execute(_THERE, {"document": document, "at": at}).fetchone()
        if later:
            _mark(db, run, document, "returned", (at, None), ValueOrigin(*later))
        marked += later is None
    return marked


def mark_not_found(db: Database, run: int, capture: int, uri: str, at: str) -> int:
    """Mark the document of an address as gone if two runs in a row got 404 or 410; return how many were marked.

    While a listing still shows it, it is not gone: its page is broken.
    """
    since, runs = db.execute(_NOT_FOUND, {"uri": uri}).fetchone()
    if runs < PROOF:
        return 0
    sql = "SELECT id FROM documents WHERE url = ? AND gone_at IS NULL"
    found = [row[0] for row in db.execute(sql, [uri])]
    return mark_gone(db, run, [d for d in found if not _is_there(db, d, since)], at, capture)


def mark_returned(db: Database, run: int, capture: int, at: str) -> int:
    """Mark gone documents that a page shows as returned; return how many."""
    if db.execute("SELECT 1 FROM documents WHERE gone_at IS NOT NULL LIMIT 1").fetchone() is None:
        return 0
    back = db.execute(_BACK, {"at": at, "capture": capture}).fetchall()
    for document, gone_at in back:
        _mark(db, run, document, "returned", (gone_at, None), ValueOrigin(at, capture))
    return len(back)


def undo_returns(db: Database, run: int, documents: Iterable[int]) -> int:
    """Undo the returns of this run that were another document's, which has the address now; return how many.

    The listing shows an address; that another item has it now is known only when its page has been read.
    """
    sql = """SELECT id, kind, run_id, before FROM changes WHERE document_id = ? AND kind IN ('gone', 'returned')
        ORDER BY id DESC LIMIT 1"""
    undone = 0
    for document in documents:
        row = db.execute(sql, [document]).fetchone()
        if row and row[1:3] == ("returned", run) and not _is_there(db, document, row[3]):
            db.execute("DELETE FROM changes WHERE id = ?", [row[0]])
            db.execute("UPDATE documents SET gone_at = ? WHERE id = ?", [row[3], document])
            undone += 1
    return undone


def _is_there(db: Database, document: int, since: str) -> bool:
    return db.execute(_THERE, {"document": document, "at": since}).fetchone() is not None


def _mark(
    db: Database, run: int, document: int, kind: str, gone_at: tuple[str | None, str | None], origin: ValueOrigin
) -> None:
    sql = "UPDATE documents SET gone_at = ?, last_changed = ? WHERE id = ?"
    db.execute(sql, [gone_at[1], utc_timestamp(), document])
    log_changes(db, run, document, kind, [("gone_at", *gone_at, origin)])

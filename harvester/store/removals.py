"""Decides what a complete walk proves about documents missing from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.model import Problem
from harvester.store.listing_members import (
    are_too_many,
    count_missing,
    end_memberships,
    find_missing,
    is_late,
    last_capture,
    listing_of_walk,
)
from harvester.store.presence import mark_gone
from harvester.store.site_changes import suppress_news
from harvester.store.walks import end_walk

if TYPE_CHECKING:
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
    if row and (row[1] or 0) > 0:
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

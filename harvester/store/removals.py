"""What a complete walk proves of the documents that are missing from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.pages.page import Problem
from harvester.store.gone import mark_gone
from harvester.store.members import are_too_many, count_walk, is_late, last_page, leave, leavers, listing_of_walk
from harvester.store.site_changes import hold_back
from harvester.store.walks import end_walk

if TYPE_CHECKING:
    from sqlite_utils import Database

    from harvester.store.members import Leaver
    from harvester.store.run import Run
    from harvester.store.walks import Ending

LATE = "a later walk was harvested before: it proves nothing of who has left since"
TOO_MANY = (
    "{count} of {members} records are in neither of the last two complete walks, more than a tenth: none was marked "
    "as gone. If the archive has taken them away, run this again with --accept-removals"
)
FEWER = "declares {now} records, {fewer} fewer than the walk of {when}; {missed} are missed now for the first time"
RESTORED = ", and they are just those that came last: the site may have been restored to an older state"


def close_walk(run: Run, walk: int, ending: Ending, *, accepted: bool = False) -> list[Leaver]:
    """Keep a walk's verdict; give the documents that have left its listing if their addresses do not say otherwise.

    `accepted`: the user says that it is right, however many there are.
    """
    with run.in_one():
        end_walk(run.db, walk, ending)
        hold_back(run, walk)
        if ending.status != "complete":
            return []
        uri = _address(run.db, walk)
        if is_late(run.db, walk):
            run.problem(Problem("notice", "late-walk", LATE), uri)
            return []
        _tell_fall(run, walk, count_walk(run.db, walk), uri)
        return _leaving(run, listing_of_walk(run.db, walk), uri, accepted=accepted)


def settle(run: Run, walk: int, leaving: list[Leaver], alive: set[str], unsure: set[str]) -> None:
    """Let documents leave the listing of a walk. Those whose address is `alive` are not gone; `unsure` ones stay."""
    left = [leaver for leaver in leaving if leaver.url not in unsure]
    gone = [leaver.document for leaver in left if leaver.gone and leaver.url not in alive]
    with run.in_one():
        at = run.db.execute("SELECT finished_at FROM walks WHERE id = ?", [walk]).fetchone()[0]
        leave(run.db, listing_of_walk(run.db, walk), left, at)
        run.counts["gone"] += mark_gone(run.db, run.id, gone, at, last_page(run.db, walk))


def _leaving(run: Run, listing: int, uri: str, *, accepted: bool) -> list[Leaver]:
    found = leavers(run.db, listing)
    if accepted or not are_too_many(run.db, listing, found):
        return found
    sql = "SELECT count(*) FROM members WHERE listing_id = ? AND left_at IS NULL"
    message = TOO_MANY.format(count=len(found), members=run.db.execute(sql, [listing]).fetchone()[0])
    run.problem(Problem("error", "many-removals", message), uri)
    return []


def _tell_fall(run: Run, walk: int, missed: int, uri: str) -> None:
    """Say it where a total has fallen: of itself that proves no removal."""
    sql = """SELECT walks.declared_total, before.declared_total - walks.declared_total, before.finished_at
        FROM walks JOIN walks AS before USING (listing_id)
        WHERE walks.id = ? AND before.id <> walks.id AND before.status = 'complete' ORDER BY before.id DESC LIMIT 1"""
    row = run.db.execute(sql, [walk]).fetchone()
    if row and row[1] > 0:
        message = FEWER.format(now=row[0], fewer=row[1], when=row[2], missed=missed)
        message += RESTORED if missed and _are_the_last(run.db, walk) else ""
        run.problem(Problem("warning", "total-fell", message), uri)


def _are_the_last(db: Database, walk: int) -> bool:
    """Say whether those missed for the first time are just the ones that came last to the listing."""
    sql = """SELECT min(CASE WHEN missed = 1 THEN first_seen END) > max(CASE WHEN missed = 0 THEN first_seen END)
        FROM members JOIN documents ON documents.id = document_id
        WHERE listing_id = ? AND left_at IS NULL AND missed < 2"""
    return bool(db.execute(sql, [listing_of_walk(db, walk)]).fetchone()[0])


def _address(db: Database, walk: int) -> str:
    sql = "SELECT url FROM listings WHERE id = ?"
    return str(db.execute(sql, [listing_of_walk(db, walk)]).fetchone()[0])

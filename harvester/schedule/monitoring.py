"""What is bad at the moment: syncs that end badly, nothing new for too long, listings that shrink, pages that rot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from harvester.schedule.plans import told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlite_utils import Database

    from harvester.schedule.plans import Plan

BAD = ("partial", "failed", "interrupted")
SHRUNK = 0.9
"""A listing that declares less than this part of what it declared lately has lost something, or shows less."""
LEAST_LOST = 10
WALKS_COMPARED = 6
"""The last complete walk and those before it: what has been so for that long is no news."""


@dataclass(frozen=True)
class Condition:
    """Something that is bad: of which schedule or listing, of which kind, since when, and what can be done."""

    subject: str
    kind: str
    since: str
    what: str
    remedy: str


def conditions(db: Database, plans: Sequence[Plan], now: datetime) -> Iterator[Condition]:
    """Give everything that is bad at the moment."""
    for plan in plans:
        yield from _run(db, plan)
        yield from _stale(db, plan, now)
    for source in sorted({plan.source for plan in plans}):
        yield from _shrinking(db, source)


def _run(db: Database, plan: Plan) -> Iterator[Condition]:
    """See whether the last sync did not end as asked. What was only stopped will go on."""
    sql = """SELECT id, state, finished_at, reason, run_id FROM turns
        WHERE schedule = ? AND state NOT IN ('running', 'missed', 'stopped') ORDER BY id DESC LIMIT 1"""
    last = next(iter(db.query(sql, [plan.name])), None)
    if last is None or last["state"] not in BAD:
        return
    rotten = last["run_id"] and _rotten(db, last["run_id"])
    what = f"the sync of {plan.harvest or plan.source} is {last['state']}: {last['reason'] or 'see its problems'}"
    yield Condition(plan.name, "run", _first_bad(db, plan.name), what, _remedy(last))
    if rotten:
        advice = "look at its pages: the site may have changed; see `harvester status`, and upgrade the harvester"
        yield Condition(plan.name, "rotting", _first_bad(db, plan.name), rotten, advice)


def _remedy(turn: dict[str, Any]) -> str:
    if turn["state"] == "partial":
        return "`harvester status` says what is missing; the next sync tries again"
    return "it is tried again by itself, later each time; `harvester schedule status` says when"


def _first_bad(db: Database, schedule: str) -> str:
    """Give when the bad turns in a row began."""
    sql = """SELECT finished_at FROM turns WHERE schedule = :name AND state IN ('partial', 'failed', 'interrupted')
        AND id > (SELECT coalesce(max(id), 0) FROM turns WHERE schedule = :name AND state IN ('complete', 'bounded'))
        ORDER BY id LIMIT 1"""
    return str(db.execute(sql, {"name": schedule}).fetchone()[0])


def _rotten(db: Database, run: int) -> str | None:
    """Say how the pages of a run have rotted, if it says so."""
    sql = "SELECT message FROM problems WHERE run_id = ? AND code LIKE 'rot%' ORDER BY id LIMIT 1"
    row = db.execute(sql, [run]).fetchone()
    return None if row is None else str(row[0])


def _stale(db: Database, plan: Plan, now: datetime) -> Iterator[Condition]:
    """See whether nothing was synced for too long."""
    sql = """SELECT coalesce((SELECT max(finished_at) FROM turns
        WHERE schedule = :name AND state IN ('complete', 'bounded', 'partial')), since),
        coalesce((SELECT started_at FROM turns WHERE schedule = :name AND state = 'running'), since)
        FROM schedules WHERE name = :name"""
    since = max(db.execute(sql, {"name": plan.name}).fetchone())  # one that goes on is no silence
    if now - datetime.fromisoformat(since) <= plan.stale_after(now):
        return
    what = f"{plan.harvest or plan.source} was not synced for {told(plan.stale_after(now))} and more"
    advice = "`harvester schedule status` says why; `harvester harvest` shows what happens"
    yield Condition(plan.name, "stale", since, what, advice)


def _shrinking(db: Database, source: str) -> Iterator[Condition]:
    """See whether a listing declares much less than it did in the walks before."""
    sql = """SELECT listings.id, listings.name FROM listings WHERE source = ? ORDER BY id"""
    for listing, name in db.execute(sql, [source]).fetchall():
        walks = _walks(db, listing)
        most = max((total for total, _ in walks), default=0)
        if not walks or walks[0][0] >= most * SHRUNK or most - walks[0][0] < LEAST_LOST:
            continue
        what = f"{name} of {source} declares {walks[0][0]} records; it was {most} before"
        advice = "look at the archive: was it restored to an older state, or does it show less? Nothing is deleted here"
        first = min((ended for total, ended in walks if total < most * SHRUNK), default=walks[0][1])
        yield Condition(f"{source}: {name}", "shrinking", first, what, advice)


def _walks(db: Database, listing: int) -> list[tuple[int, str]]:
    sql = """SELECT declared_total, finished_at FROM walks WHERE listing_id = ? AND status = 'complete'
        AND declared_total IS NOT NULL ORDER BY id DESC LIMIT ?"""
    return [(int(total), str(ended)) for total, ended in db.execute(sql, [listing, WALKS_COMPARED])]

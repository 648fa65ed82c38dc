"""Monitoring rules: failed syncs, stale schedules, shrinking listings, and pages that have lost fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from harvester.schedule.plans import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlite_utils import Database

    from harvester.schedule.plans import ScheduledSync

BAD = ("partial", "failed", "interrupted")
SHRUNK = 0.9
"""A listing whose declared total falls below this fraction of its recent maximum counts as shrinking."""
LEAST_LOST = 10
WALKS_COMPARED = 6
"""How many complete walks are compared, the last included; an older fall is no longer reported."""


@dataclass(frozen=True)
class Condition:
    """A problem with a schedule or listing: its subject and kind, since when (ISO 8601), what it is, and the remedy."""

    subject: str
    kind: str
    started_at: str
    summary: str
    remedy: str


def conditions(db: Database, plans: Sequence[ScheduledSync], now: datetime) -> Iterator[Condition]:
    """Yield every condition that holds at `now`."""
    for plan in plans:
        yield from _run(db, plan)
        yield from _stale(db, plan, now)
    for source in sorted({plan.source for plan in plans}):
        yield from _shrinking(db, source)


def _run(db: Database, plan: ScheduledSync) -> Iterator[Condition]:
    """Yield conditions if the last sync ended badly. A sync that was only stopped is no problem: it will go on."""
    sql = """SELECT id, status, finished_at, reason, run_id FROM sync_attempts
        WHERE schedule = ? AND status NOT IN ('running', 'missed', 'stopped') ORDER BY id DESC LIMIT 1"""
    last = next(iter(db.query(sql, [plan.name])), None)
    if last is None or last["status"] not in BAD:
        return
    drop = last["run_id"] and _fill_rate_drop(db, last["run_id"])
    what = f"the sync of {plan.harvest or plan.source} is {last['status']}: {last['reason'] or 'see its problems'}"
    yield Condition(plan.name, "run", _first_bad(db, plan.name), what, _remedy(last))
    if drop:
        advice = "look at its pages: the site may have changed; see `harvester status`, and upgrade the harvester"
        yield Condition(plan.name, "fill-rate-drop", _first_bad(db, plan.name), drop, advice)


def _remedy(turn: dict[str, Any]) -> str:
    if turn["status"] == "partial":
        return "`harvester status` says what is missing; the next sync tries again"
    return "it is tried again by itself, later each time; `harvester schedule status` says when"


def _first_bad(db: Database, schedule: str) -> str:
    """Return when the first of the latest consecutive bad attempts finished."""
    sql = """SELECT finished_at FROM sync_attempts WHERE schedule = :name
        AND status IN ('partial', 'failed', 'interrupted')
        AND id > (SELECT coalesce(max(id), 0) FROM sync_attempts WHERE schedule = :name
        AND status IN ('complete', 'bounded'))
        ORDER BY id LIMIT 1"""
    return str(db.execute(sql, {"name": schedule}).fetchone()[0])


def _fill_rate_drop(db: Database, run: int) -> str | None:
    """Return the message of the run's fill-rate problem, or None."""
    sql = "SELECT message FROM problems WHERE run_id = ? AND code = 'fill-rate-drop' ORDER BY id LIMIT 1"
    row = db.execute(sql, [run]).fetchone()
    return None if row is None else str(row[0])


def _stale(db: Database, plan: ScheduledSync, now: datetime) -> Iterator[Condition]:
    """Yield a condition if a schedule was not synced for longer than its `stale_after`."""
    sql = """SELECT coalesce((SELECT max(finished_at) FROM sync_attempts
        WHERE schedule = :name AND status IN ('complete', 'bounded', 'partial')), registered_at),
        coalesce((SELECT started_at FROM sync_attempts WHERE schedule = :name AND status = 'running'), registered_at)
        FROM schedules WHERE name = :name"""
    since = max(db.execute(sql, {"name": plan.name}).fetchone())  # a running sync counts, too
    if now - datetime.fromisoformat(since) <= plan.stale_after(now):
        return
    what = f"{plan.harvest or plan.source} was not synced for {format_duration(plan.stale_after(now))} and more"
    advice = "`harvester schedule status` says why; `harvester harvest` shows what happens"
    yield Condition(plan.name, "stale", since, what, advice)


def _shrinking(db: Database, source: str) -> Iterator[Condition]:
    """Yield a condition for each listing of a source that declares much less than in its recent walks."""
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

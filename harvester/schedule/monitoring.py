"""Monitoring rules: failed syncs, stale schedules, shrinking listings, and pages that have lost fields.

What is wrong is stored as incidents, and each that begins or is over is notified.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from harvester.config.recurrence import format_duration
from harvester.store.database import transaction
from harvester.store.incidents import Incident, delete_incident, insert_incident, insert_notification, load_incidents
from harvester.store.run import first_message
from harvester.store.schedules import unsynced_since
from harvester.store.sync_attempts import first_bad_end, last_outcome
from harvester.store.walks import recent_totals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlite_utils import Database

    from harvester.schedule.plans import ScheduledSync
    from harvester.store.incidents import Event

BAD = ("partial", "failed", "interrupted")
SHRUNK = 0.9
"""A listing whose declared total falls below this fraction of its recent maximum counts as shrinking."""
LEAST_LOST = 10
WALKS_COMPARED = 6
"""How many complete walks are compared, the last included; an older fall is no longer reported."""
RESOLVED_REMEDY = "nothing; this only says that it is over"


def update_incidents(db: Database, plans: Sequence[ScheduledSync], alerts: Sequence[str], now: datetime) -> None:
    """Compare the present incidents with the stored ones, store the changes, and their notifications."""
    if not _changes(db, plans, now):
        return
    with transaction(db):  # another scheduler may have been faster: read again
        for event, incident in _changes(db, plans, now):
            if event == "resolved":
                delete_incident(db, incident)
            else:
                insert_incident(db, incident)
            for alert in alerts:
                insert_notification(db, alert, event, incident, now)


def _changes(db: Database, plans: Sequence[ScheduledSync], now: datetime) -> list[tuple[Event, Incident]]:
    """Return the incidents that have begun or are over since the stored ones were written."""
    stored = {(incident.subject, incident.kind): incident for incident in load_incidents(db)}
    current = {(incident.subject, incident.kind): incident for incident in find_incidents(db, plans, now)}
    begun: list[tuple[Event, Incident]] = [("firing", current[key]) for key in current.keys() - stored.keys()]
    over = [replace(stored[key], remedy=RESOLVED_REMEDY) for key in stored.keys() - current.keys()]
    return sorted([*begun, *(("resolved", incident) for incident in over)], key=lambda change: change[1].kind)


def find_incidents(db: Database, plans: Sequence[ScheduledSync], now: datetime) -> Iterator[Incident]:
    """Yield everything that is wrong at `now`."""
    for plan in plans:
        yield from _run(db, plan)
        yield from _stale(db, plan, now)
    for source in sorted({plan.source for plan in plans}):
        yield from _shrinking(db, source)


def _run(db: Database, plan: ScheduledSync) -> Iterator[Incident]:
    """Yield incidents if the last sync ended badly. A sync that was only stopped is no problem: it will go on."""
    last = last_outcome(db, plan.name)
    if last is None or last["status"] not in BAD:
        return
    since = first_bad_end(db, plan.name)
    drop = last["run_id"] and first_message(db, last["run_id"], "fill-rate-drop")
    what = f"the sync of {plan.harvest or plan.source} is {last['status']}: {last['reason'] or 'see its problems'}"
    yield Incident(plan.name, "run", since, what, _remedy(last))
    if drop:
        advice = "look at its pages: the site may have changed; see `harvester status`, and upgrade the harvester"
        yield Incident(plan.name, "fill-rate-drop", since, drop, advice)


def _remedy(turn: dict[str, Any]) -> str:
    if turn["status"] == "partial":
        return "`harvester status` says what is missing; the next sync tries again"
    return "it is tried again by itself, later each time; `harvester schedule status` says when"


def _stale(db: Database, plan: ScheduledSync, now: datetime) -> Iterator[Incident]:
    """Yield an incident if a schedule was not synced for longer than its `stale_after`."""
    since = unsynced_since(db, plan.name)
    if now - datetime.fromisoformat(since) <= plan.stale_after(now):
        return
    what = f"{plan.harvest or plan.source} was not synced for {format_duration(plan.stale_after(now))} and more"
    advice = "`harvester schedule status` says why; `harvester harvest` shows what happens"
    yield Incident(plan.name, "stale", since, what, advice)


def _shrinking(db: Database, source: str) -> Iterator[Incident]:
    """Yield an incident for each listing of a source that declares much less than in its recent walks."""
    for name, walks in recent_totals(db, source, WALKS_COMPARED):
        most = max((total for total, _ in walks), default=0)
        if not walks or walks[0][0] >= most * SHRUNK or most - walks[0][0] < LEAST_LOST:
            continue
        what = f"{name} of {source} declares {walks[0][0]} records; it was {most} before"
        advice = "look at the archive: was it restored to an older state, or does it show less? Nothing is deleted here"
        first = min((ended for total, ended in walks if total < most * SHRUNK), default=walks[0][1])
        yield Incident(f"{source}: {name}", "shrinking", first, what, advice)

"""Decides what to do now about one schedule, by pure functions of the schedule, its history and the clock.

The clock may be set back or forward, and the machine may be off for a week: the decision depends only on which due
times there are and which of them have an attempt already.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from harvester.schedule.plans import Kind, ScheduledSync

GRACE = timedelta(minutes=10)
"""An attempt that begins this much later is still in time: cron starts every five minutes, and machines are busy."""
BACK_OFF = timedelta(minutes=5)
"""How long a source is left alone after a failure; it doubles with each further consecutive failure."""
LONGEST_BACK_OFF = timedelta(hours=6)
MAX_LISTED = 1000
"""How many missed due times get a row each; of older ones only the number is stored."""
FAILED = frozenset({"failed", "interrupted"})
"""States after which a source is left alone for a while."""
RETRIED = FAILED | {"stopped"}
"""States after which an attempt is retried before the next due time."""
NO_SCHEDULER = "no scheduler was running then: it was not started, or the machine was off or asleep"


@dataclass(frozen=True)
class FinishedAttempt:
    """An attempt that has ended: the fields that later attempts depend on."""

    id: int
    schedule: str
    kind: str
    state: str
    started_at: datetime
    finished_at: datetime


@dataclass(frozen=True)
class ScheduleState:
    """The stored state of a schedule: its row, and the last attempts of its source, oldest first.

    All times are in UTC.
    """

    since: datetime
    next_due: datetime
    seed: str
    turns: Sequence[FinishedAttempt] = ()
    last: FinishedAttempt | None = None
    """The last attempt of the schedule itself."""
    incrementals: int | None = None
    """The number of incremental syncs since the last full one; None if there was no full one."""
    attempted: frozenset[datetime] = frozenset()
    """Due times that have an attempt."""
    manual_runs: Sequence[tuple[datetime, datetime]] = ()
    """Start and end of harvests of the source that no schedule started."""


@dataclass(frozen=True)
class Start:
    """A decision to start an attempt. `missed`: passed due times with reasons; its own is included if it is late."""

    due_at: datetime
    kind: Kind
    missed: Sequence[tuple[datetime, str]]
    retry_of: int | None
    next_due: datetime


def decide(plan: ScheduledSync, state: ScheduleState, now: datetime) -> Start | None:
    """Return the attempt that should start now, or None."""
    if now < back_off_until(state.turns, now):
        return None
    dues, unlisted = _due_times(plan, state, now)
    retry_of = state.last.id if state.last and state.last.state in RETRIED else None
    if not dues:
        return None if retry_of is None else Start(now, _kind(plan, state), (), retry_of, state.next_due)
    missed = [(due, _why_missed(plan, state, due)) for due in dues]
    if now - plan.start_of(dues[-1], state.seed) <= GRACE:
        missed.pop()
    if unlisted:
        missed[0] = (missed[0][0], f"{missed[0][1]}; {unlisted} due times before this one were missed, too")
    return Start(dues[-1], _kind(plan, state), missed, retry_of, plan.recurrence.next(dues[-1], state.since))


def next_due(plan: ScheduledSync, state: ScheduleState, now: datetime) -> datetime:
    """Return the next due time: the planned one or, if the clock was set back, the first one without an attempt."""
    first = plan.recurrence.after(now, state.since)
    due = next(first)
    if state.next_due <= due:
        return state.next_due
    while due in state.attempted:
        due = next(first)
    return due


def next_start(plan: ScheduledSync, state: ScheduleState, now: datetime) -> datetime:
    """Return when the next attempt starts, planned or retried."""
    start, waits = plan.start_of(next_due(plan, state, now), state.seed), back_off_until(state.turns, now)
    retry_of = state.last is not None and state.last.state in RETRIED
    return waits if retry_of else max(start, waits) if waits > now else start


def back_off_until(turns: Sequence[FinishedAttempt], now: datetime) -> datetime:
    """Return the time until which a source is left alone after failures; `now` if it is not."""
    failures = count_failures(turns)
    if not failures or turns[-1].finished_at > now:  # then the clock was set back
        return now
    return turns[-1].finished_at + back_off(failures)


def back_off(failures: int) -> timedelta:
    """Return how long a source is left alone after `failures` consecutive failures (at least 1)."""
    return min(BACK_OFF * (1 << min(failures - 1, 20)), LONGEST_BACK_OFF)


def count_failures(turns: Sequence[FinishedAttempt]) -> int:
    """Return the number of consecutive failures at the end of `turns`. Stopped attempts count neither way."""
    count = 0
    for turn in reversed(turns):
        if turn.state not in RETRIED:
            break
        count += turn.state in FAILED
    return count if turns and turns[-1].state in FAILED else 0


def _due_times(plan: ScheduledSync, state: ScheduleState, now: datetime) -> tuple[list[datetime], int]:
    """Return the due times whose attempt should have started, newest last, and how many older ones are left out."""
    recent: deque[datetime] = deque(maxlen=MAX_LISTED)
    count, due = 0, next_due(plan, state, now)
    dues = plan.recurrence.after(due, state.since)
    while plan.start_of(due, state.seed) <= now:
        if due not in state.attempted:
            recent.append(due)
            count += 1
        due = next(dues)
    return list(recent), count - len(recent)


def _kind(plan: ScheduledSync, state: ScheduleState) -> Kind:
    return "full" if state.incrementals is None or state.incrementals >= plan.incremental else "incremental"


def _why_missed(plan: ScheduledSync, state: ScheduleState, due: datetime) -> str:
    """Return the reason why an attempt did not start in time."""
    start = plan.start_of(due, state.seed)
    for turn in state.turns:
        if turn.started_at <= start < turn.finished_at:
            return f"a sync of {plan.source} was still going on (attempt {turn.id})"
    if any(begun <= start < ended for begun, ended in state.manual_runs):
        return f"a harvest of {plan.source} by hand was going on"
    before = [turn for turn in state.turns if turn.finished_at <= start]
    if start < back_off_until(before, start):
        return f"{plan.source} was left alone after {count_failures(before)} failures in a row"
    return NO_SCHEDULER

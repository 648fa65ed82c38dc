"""What is to be done now about one schedule: a pure function of the schedule, of what has happened, and of the clock.

A clock may be set back or forward, the machine may sleep for a week, and nobody may have been there: what counts is
which due times there are, and which of them have a turn already.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from harvester.schedule.plans import Kind, Plan

GRACE = timedelta(minutes=10)
"""A turn that begins so much later is still in time: cron looks every five minutes, and machines are busy."""
BACK_OFF = timedelta(minutes=5)
"""How long a source is left alone after a failure; it doubles with each further one in a row."""
LONGEST_BACK_OFF = timedelta(hours=6)
MOST_LISTED = 1000
"""Missed due times of which each gets a row; of older ones only the number is kept."""
FAILED = frozenset({"failed", "interrupted"})
"""States after which a source is left alone for a while."""
REPEATED = FAILED | {"stopped"}
"""States after which a turn is tried again before the next one is due."""
NOBODY = "no scheduler was running then: it was not started, or the machine was off or asleep"


@dataclass(frozen=True)
class Ended:
    """A turn that has ended, as far as it matters to the next."""

    id: int
    schedule: str
    kind: str
    state: str
    started_at: datetime
    finished_at: datetime


@dataclass(frozen=True)
class Known:
    """What the database says of a schedule: its row, and the last turns of its source, oldest first.

    `last`: its own last turn. `incrementals`: how many were so since the last full one; None if there was none.
    `taken`: due times that have a turn. `others`: when harvests by hand held the source.
    """

    since: datetime
    next_due: datetime
    seed: str
    turns: Sequence[Ended] = ()
    last: Ended | None = None
    incrementals: int | None = None
    taken: frozenset[datetime] = frozenset()
    others: Sequence[tuple[datetime, datetime]] = ()


@dataclass(frozen=True)
class Start:
    """Begin a turn. `missed`: due times that passed, with the reason; the turn itself is among them if it is late."""

    due_at: datetime
    kind: Kind
    missed: Sequence[tuple[datetime, str]]
    repeats: int | None
    next_due: datetime


def decide(plan: Plan, known: Known, now: datetime) -> Start | None:
    """Say whether a turn of a schedule is to begin now."""
    if now < waits_until(known.turns, now):
        return None
    dues, unlisted = _passed(plan, known, now)
    again = known.last.id if known.last and known.last.state in REPEATED else None
    if not dues:
        return None if again is None else Start(now, _kind(plan, known), (), again, known.next_due)
    missed = [(due, _why_missed(plan, known, due)) for due in dues]
    if now - plan.start_of(dues[-1], known.seed) <= GRACE:
        missed.pop()
    if unlisted:
        missed[0] = (missed[0][0], f"{missed[0][1]}; {unlisted} due times before this one were missed, too")
    return Start(dues[-1], _kind(plan, known), missed, again, plan.rhythm.next(dues[-1], known.since))


def next_due(plan: Plan, known: Known, now: datetime) -> datetime:
    """Give the next due time: what was planned, or, if the clock was set back, the first one that has no turn yet."""
    first = plan.rhythm.after(now, known.since)
    due = next(first)
    if known.next_due <= due:
        return known.next_due
    while due in known.taken:
        due = next(first)
    return due


def next_start(plan: Plan, known: Known, now: datetime) -> datetime:
    """Give when something happens next: what is planned, or what is tried again."""
    start, waits = plan.start_of(next_due(plan, known, now), known.seed), waits_until(known.turns, now)
    again = known.last is not None and known.last.state in REPEATED
    return waits if again else max(start, waits) if waits > now else start


def waits_until(turns: Sequence[Ended], now: datetime) -> datetime:
    """Give until when a source is left alone after its last turns have failed."""
    failures = failures_of(turns)
    if not failures or turns[-1].finished_at > now:  # then the clock was set back
        return now
    return turns[-1].finished_at + back_off(failures)


def back_off(failures: int) -> timedelta:
    """Give how long a source is left alone after so many failures in a row."""
    return min(BACK_OFF * (1 << min(failures - 1, 20)), LONGEST_BACK_OFF)


def failures_of(turns: Sequence[Ended]) -> int:
    """Count the failures in a row at the end. Turns that were stopped say nothing about the source."""
    count = 0
    for turn in reversed(turns):
        if turn.state not in REPEATED:
            break
        count += turn.state in FAILED
    return count if turns and turns[-1].state in FAILED else 0


def _passed(plan: Plan, known: Known, now: datetime) -> tuple[list[datetime], int]:
    """Give the due times whose turn should have begun, the newest last, and how many more there are before them."""
    found: deque[datetime] = deque(maxlen=MOST_LISTED)
    count, due = 0, next_due(plan, known, now)
    dues = plan.rhythm.after(due, known.since)
    while plan.start_of(due, known.seed) <= now:
        if due not in known.taken:
            found.append(due)
            count += 1
        due = next(dues)
    return list(found), count - len(found)


def _kind(plan: Plan, known: Known) -> Kind:
    return "full" if known.incrementals is None or known.incrementals >= plan.incremental else "incremental"


def _why_missed(plan: Plan, known: Known, due: datetime) -> str:
    """Say why a turn did not begin when it should have."""
    start = plan.start_of(due, known.seed)
    for turn in known.turns:
        if turn.started_at <= start < turn.finished_at:
            return f"a sync of {plan.source} was still going on (turn {turn.id})"
    if any(begun <= start < ended for begun, ended in known.others):
        return f"a harvest of {plan.source} by hand was going on"
    before = [turn for turn in known.turns if turn.finished_at <= start]
    if start < waits_until(before, start):
        return f"{plan.source} was left alone after {failures_of(before)} failures in a row"
    return NOBODY

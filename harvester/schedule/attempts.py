"""Begins, ends and plans attempts. Each step is one transaction, so several schedulers can share a database."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from harvester.errors import SourceBusyError
from harvester.schedule.planner import FinishedAttempt, ScheduleState, decide, next_start
from harvester.store import schedules, sync_attempts
from harvester.store.database import transaction
from harvester.store.locks import check_free
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlite_utils import Database

    from harvester.schedule.planner import Start
    from harvester.schedule.plans import Kind, ScheduledSync

ATTEMPTS_READ = 40
"""How many attempts of a source are read to find why a due time was missed, and to count consecutive failures."""


@dataclass(frozen=True)
class SyncAttempt:
    """An attempt that has started."""

    id: int
    schedule: str
    source: str
    kind: Kind


def register(db: Database, plans: Iterable[ScheduledSync], now: datetime) -> None:
    """Store which schedules there are. A schedule that is new, changed or restored counts from now."""
    wanted = {plan.name: plan for plan in plans}
    with transaction(db):
        stored = schedules.load_schedules(db)
        for name in stored.keys() - wanted.keys():
            schedules.mark_removed(db, name, utc_timestamp(now))
        for name, plan in wanted.items():
            row = stored.get(name)
            if row is None or row["removed_at"] or (row["source"], row["recurrence"]) != (plan.source, plan.text):
                schedules.put_schedule(db, _new_schedule(plan, now))
            schedules.set_target(db, name, plan.harvest, int(plan.stale_after(now).total_seconds()))


def _new_schedule(plan: ScheduledSync, now: datetime) -> dict[str, str]:
    """Return the row of a schedule that counts from now."""
    since = now.replace(microsecond=0)
    seed, due = secrets.token_hex(8), plan.recurrence.first(since)
    return {
        "name": plan.name,
        "source": plan.source,
        "recurrence": plan.text,
        "registered_at": utc_timestamp(since),
        "next_due": utc_timestamp(due),
        "next_start": utc_timestamp(plan.start_of(due, seed)),
        "jitter_seed": seed,
    }


def by_next_start(db: Database, plans: Sequence[ScheduledSync]) -> list[ScheduledSync]:
    """Return the active schedules, longest waiting first: a source has only one sync at a time."""
    starts = schedules.next_starts(db)
    return sorted((plan for plan in plans if plan.name in starts), key=lambda plan: starts[plan.name])


def begin(
    db: Database, plan: ScheduledSync, now: datetime, scheduler: str, command: Callable[[Kind], str]
) -> SyncAttempt | None:
    """Begin the attempt that should start now and return it; None if there is none, or another scheduler began it.

    `command` returns the command line for a kind of sync, by which its run will be found.
    """
    if decide_now(db, plan, now) is None:
        return None
    with transaction(db):
        start = decide_now(db, plan, now)
        return None if start is None else _begin(db, plan, start, now, scheduler, command(start.kind))


def decide_now(db: Database, plan: ScheduledSync, now: datetime) -> Start | None:
    """Return the attempt of a schedule that should start now, or None."""
    row = schedules.find_schedule(db, plan.name)
    if row is None or _is_waiting(row, plan, now) or sync_attempts.has_running_attempt(db, plan.source):
        return None
    try:
        check_free(db, plan.source)
    except SourceBusyError:
        return None
    return decide(plan, _load_state(db, plan, row, now), now)


def _is_waiting(row: dict[str, Any], plan: ScheduledSync, now: datetime) -> bool:
    """Return whether the stored next start is still to come; False if the clock was set back since."""
    since = moment_of(row["registered_at"])
    return now < moment_of(row["next_start"]) <= plan.recurrence.next(now, since) + plan.jitter


def _begin(
    db: Database, plan: ScheduledSync, start: Start, now: datetime, scheduler: str, command: str
) -> SyncAttempt | None:
    missed = dict(start.missed)
    row = {
        "schedule": plan.name,
        "source": plan.source,
        "due_at": utc_timestamp(start.due_at),
        "kind": start.kind,
        "started_at": utc_timestamp(now),
        "missed_reason": missed.pop(start.due_at, None),
        "retry_of": start.retry_of,
        "command": command,
        "scheduler_process": scheduler,
    }
    attempt = sync_attempts.insert_attempt(db, row)
    if attempt is None:
        return None  # of the same second as another one: the next tick will get another
    sync_attempts.insert_missed(db, attempt, [(utc_timestamp(due), reason) for due, reason in missed.items()])
    seed = schedules.load_schedules(db)[plan.name]["jitter_seed"]
    next_start_at = plan.start_of(start.next_due, seed)
    schedules.set_next_due(db, plan.name, utc_timestamp(start.next_due), utc_timestamp(next_start_at))
    return SyncAttempt(attempt, plan.name, plan.source, start.kind)


def replan(db: Database, plan: ScheduledSync, now: datetime) -> None:
    """Store the next start of a schedule, after an attempt of its source has ended."""
    row = schedules.find_schedule(db, plan.name)
    if row:
        start = next_start(plan, _load_state(db, plan, row, now), now)
        schedules.set_next_start(db, plan.name, utc_timestamp(start))


def _load_state(db: Database, plan: ScheduledSync, row: dict[str, Any], now: datetime) -> ScheduleState:
    """Return the stored state of a schedule, given its row."""
    planned = moment_of(row["next_due"])
    last = sync_attempts.last_finished_attempt(db, plan.name)
    dues = sync_attempts.attempted_dues(db, plan.name, utc_timestamp(min(planned, now)))
    manual = sync_attempts.manual_runs(db, plan.source, utc_timestamp(planned))
    return ScheduleState(
        moment_of(row["registered_at"]),
        planned,
        row["jitter_seed"],
        [_finished(turn) for turn in sync_attempts.finished_attempts(db, plan.source, ATTEMPTS_READ)],
        _finished(last) if last else None,
        sync_attempts.count_incrementals(db, plan.name),
        frozenset(moment_of(due) for due in dues),
        [(moment_of(begun), moment_of(ended)) for begun, ended in manual],
    )


def _finished(row: dict[str, Any]) -> FinishedAttempt:
    times = moment_of(row["started_at"]), moment_of(row["finished_at"])
    return FinishedAttempt(row["id"], row["schedule"], row["kind"], row["status"], *times)


def moment_of(text: str) -> datetime:
    """Return the time in a column (ISO 8601)."""
    return datetime.fromisoformat(text)

"""The tables of schedules and attempts. Each step is one transaction, so several schedulers can share a database."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from harvester.errors import SourceBusyError
from harvester.schedule.planner import FinishedAttempt, ScheduleState, decide, next_start
from harvester.store.database import transaction
from harvester.store.locks import check_free
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlite_utils import Database

    from harvester.schedule.planner import Start
    from harvester.schedule.plans import Kind, ScheduledSync


State = Literal["running", "complete", "bounded", "partial", "failed", "interrupted", "stopped", "missed"]


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
        stored = {row["name"]: row for row in db.query("SELECT * FROM schedules")}
        for name in stored.keys() - wanted.keys():
            sql = "UPDATE schedules SET removed_at = coalesce(removed_at, ?) WHERE name = ?"
            db.execute(sql, [utc_timestamp(now), name])
        for name, plan in wanted.items():
            row = stored.get(name)
            if row is None or row["removed_at"] or (row["source"], row["recurrence"]) != (plan.source, plan.text):
                _insert_schedule(db, plan, now)
            sql = "UPDATE schedules SET target = ?, stale_after = ? WHERE name = ?"
            db.execute(sql, [plan.harvest, int(plan.stale_after(now).total_seconds()), name])


def _insert_schedule(db: Database, plan: ScheduledSync, now: datetime) -> None:
    since = now.replace(microsecond=0)
    seed, due = secrets.token_hex(8), plan.recurrence.first(since)
    values = [
        plan.name,
        plan.source,
        plan.text,
        utc_timestamp(since),
        utc_timestamp(due),
        utc_timestamp(plan.start_of(due, seed)),
        seed,
    ]
    sql = """INSERT INTO schedules
        (name, source, recurrence, registered_at, next_due, next_start, jitter_seed, target, stale_after)
        VALUES (?, ?, ?, ?, ?, ?, ?, '', 0) ON CONFLICT DO UPDATE SET source = excluded.source,
        recurrence = excluded.recurrence, registered_at = excluded.registered_at, next_due = excluded.next_due,
        next_start = excluded.next_start, jitter_seed = excluded.jitter_seed, target = '', stale_after = 0,
        removed_at = NULL"""
    db.execute(sql, values)


def by_next_start(db: Database, plans: Sequence[ScheduledSync]) -> list[ScheduledSync]:
    """Return the active schedules, longest waiting first: a source has only one sync at a time."""
    sql = "SELECT name, next_start FROM schedules WHERE removed_at IS NULL"
    starts = dict(db.execute(sql).fetchall())
    return sorted((plan for plan in plans if plan.name in starts), key=lambda plan: str(starts[plan.name]))


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
        return None if start is None else _insert_attempt(db, plan, start, now, scheduler, command(start.kind))


def decide_now(db: Database, plan: ScheduledSync, now: datetime) -> Start | None:
    """Return the attempt of a schedule that should start now, or None."""
    if _is_waiting(db, plan, now):
        return None
    if db.execute("SELECT 1 FROM sync_attempts WHERE source = ? AND status = 'running'", [plan.source]).fetchone():
        return None
    try:
        check_free(db, plan.source)
    except SourceBusyError:
        return None
    schedule_state = load_state(db, plan, now)
    return decide(plan, schedule_state, now) if schedule_state else None


def _is_waiting(db: Database, plan: ScheduledSync, now: datetime) -> bool:
    """Return whether the stored next start is still to come; False if the clock was set back since."""
    row = db.execute("SELECT next_start, registered_at FROM schedules WHERE name = ?", [plan.name]).fetchone()
    return row is not None and now < moment_of(row[0]) <= plan.recurrence.next(now, moment_of(row[1])) + plan.jitter


def _insert_attempt(
    db: Database, plan: ScheduledSync, start: Start, now: datetime, scheduler: str, command: str
) -> SyncAttempt | None:
    missed = dict(start.missed)
    sql = """INSERT INTO sync_attempts
        (schedule, source, due_at, kind, status, started_at, missed_reason, retry_of, command, run_id_before,
        scheduler_process)
        VALUES (?, ?, ?, ?, 'running', ?, ?, ?, ?, (SELECT max(id) FROM runs), ?)
        ON CONFLICT (schedule, due_at) DO NOTHING"""
    about = [
        plan.name,
        plan.source,
        utc_timestamp(start.due_at),
        start.kind,
        utc_timestamp(now),
        missed.pop(start.due_at, None),
    ]
    cursor = db.execute(sql, [*about, start.retry_of, command, scheduler])
    if not cursor.rowcount:
        return None  # of the same second as another one: the next tick will get another
    attempt = SyncAttempt(int(cursor.lastrowid or 0), plan.name, plan.source, start.kind)
    db.execute("UPDATE sync_attempts SET caught_up_by = id WHERE id = ? AND missed_reason IS NOT NULL", [attempt.id])
    sql = """INSERT INTO sync_attempts (schedule, source, due_at, kind, status, missed_reason, caught_up_by)
        VALUES (?, ?, ?, ?, 'missed', ?, ?) ON CONFLICT (schedule, due_at) DO NOTHING"""
    for due, why in missed.items():
        db.execute(sql, [plan.name, plan.source, utc_timestamp(due), start.kind, why, attempt.id])
    _plan_next(db, plan, start.next_due)
    return attempt


def _plan_next(db: Database, plan: ScheduledSync, due: datetime) -> None:
    seed = db.execute("SELECT jitter_seed FROM schedules WHERE name = ?", [plan.name]).fetchone()[0]
    sql = "UPDATE schedules SET next_due = ?, next_start = ? WHERE name = ?"
    db.execute(sql, [utc_timestamp(due), utc_timestamp(plan.start_of(due, seed)), plan.name])


def set_process(db: Database, attempt: SyncAttempt, process: str) -> None:
    """Store which process runs an attempt: it may outlive its scheduler."""
    with transaction(db):
        db.execute("UPDATE sync_attempts SET worker_process = ? WHERE id = ?", [process, attempt.id])


def finish(db: Database, attempt: int, state: State, reason: str | None, run: int | None, now: datetime) -> bool:
    """End an attempt; return whether it was still running."""
    sql = """UPDATE sync_attempts SET status = ?, reason = ?, run_id = ?, finished_at = ? WHERE id = ?
        AND status = 'running'"""
    return db.execute(sql, [state, reason, run, utc_timestamp(now), attempt]).rowcount == 1


def replan(db: Database, plan: ScheduledSync, now: datetime) -> None:
    """Store the next start of a schedule, after an attempt of its source has ended."""
    schedule_state = load_state(db, plan, now)
    if schedule_state:
        start = utc_timestamp(next_start(plan, schedule_state, now))
        db.execute(
            "UPDATE schedules SET next_start = ? WHERE name = ? AND next_start IS NOT ?", [start, plan.name, start]
        )


def running(db: Database) -> list[dict[str, Any]]:
    """Return the rows of the attempts that are running."""
    return list(db.query("SELECT * FROM sync_attempts WHERE status = 'running' ORDER BY id"))


def find_run(db: Database, attempt: dict[str, Any]) -> dict[str, Any] | None:
    """Return the row of an attempt's run, the first of its command since it began; None if there is none."""
    sql = "SELECT * FROM runs WHERE id > coalesce(?, 0) AND command = ? ORDER BY id LIMIT 1"
    return next(iter(db.query(sql, [attempt["run_id_before"], attempt["command"]])), None)


ATTEMPTS_READ = 40
"""How many attempts of a source are read to find why a due time was missed, and to count consecutive failures."""


def load_state(db: Database, plan: ScheduledSync, now: datetime) -> ScheduleState | None:
    """Return the stored state of a schedule; None if it is not active."""
    sql = "SELECT * FROM schedules WHERE name = ? AND removed_at IS NULL"
    row = next(iter(db.query(sql, [plan.name])), None)
    if row is None:
        return None
    planned = moment_of(row["next_due"])
    return ScheduleState(
        moment_of(row["registered_at"]),
        planned,
        row["jitter_seed"],
        _finished_attempts(db, "source = ?", plan.source, ATTEMPTS_READ),
        next(iter(_finished_attempts(db, "schedule = ?", plan.name, 1)), None),
        _count_incrementals(db, plan.name),
        frozenset(_attempted_dues(db, plan.name, min(planned, now))),
        _manual_runs(db, plan.source, planned),
    )


def _finished_attempts(db: Database, which: str, value: str, most: int) -> list[FinishedAttempt]:
    sql = f"""SELECT id, schedule, kind, status, started_at, finished_at FROM sync_attempts
        WHERE {which} AND status NOT IN ('running', 'missed') ORDER BY id DESC LIMIT ?"""
    rows = db.execute(sql, [value, most]).fetchall()
    return [
        FinishedAttempt(row[0], row[1], row[2], row[3], moment_of(row[4]), moment_of(row[5])) for row in reversed(rows)
    ]


def _count_incrementals(db: Database, schedule: str) -> int | None:
    done = "schedule = ? AND status IN ('complete', 'partial')"
    full = db.execute(f"SELECT max(id) FROM sync_attempts WHERE {done} AND kind = 'full'", [schedule]).fetchone()[0]
    if full is None:
        return None
    return int(
        db.execute(f"SELECT count(*) FROM sync_attempts WHERE {done} AND id > ?", [schedule, full]).fetchone()[0]
    )


def _attempted_dues(db: Database, schedule: str, since: datetime) -> Iterable[datetime]:
    sql = "SELECT due_at FROM sync_attempts WHERE schedule = ? AND due_at >= ?"
    return (moment_of(row[0]) for row in db.execute(sql, [schedule, utc_timestamp(since)]).fetchall())


def _manual_runs(db: Database, source: str, since: datetime) -> list[tuple[datetime, datetime]]:
    """Return start and end of the harvests of a source that no schedule started."""
    sql = """SELECT DISTINCT runs.started_at, runs.finished_at FROM runs
        JOIN walks ON walks.run_id = runs.id JOIN listings ON listings.id = walks.listing_id
        WHERE listings.source = ? AND runs.finished_at >= ? AND runs.id NOT IN
            (SELECT run_id FROM sync_attempts WHERE run_id IS NOT NULL)"""
    return [(moment_of(begun), moment_of(ended)) for begun, ended in db.execute(sql, [source, utc_timestamp(since)])]


def moment_of(text: str) -> datetime:
    """Return the time in a column (ISO 8601)."""
    return datetime.fromisoformat(text)

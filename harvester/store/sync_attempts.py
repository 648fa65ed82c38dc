"""The table of sync attempts, by which several schedulers share a database. Times are text (UTC, ISO 8601)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from harvester.store.database import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlite_utils import Database

State = Literal["running", "complete", "bounded", "partial", "failed", "interrupted", "stopped", "missed"]


def insert_attempt(db: Database, row: Mapping[str, Any]) -> int | None:
    """Insert an attempt that begins; return its id, or None if the schedule has one of the same due time."""
    sql = """INSERT INTO sync_attempts
        (schedule, source, due_at, kind, status, started_at, missed_reason, retry_of, command, run_id_before,
        scheduler_process)
        VALUES (:schedule, :source, :due_at, :kind, 'running', :started_at, :missed_reason, :retry_of, :command,
        (SELECT max(id) FROM runs), :scheduler_process)
        ON CONFLICT (schedule, due_at) DO NOTHING"""
    cursor = db.execute(sql, dict(row))
    if not cursor.rowcount:
        return None
    attempt = int(cursor.lastrowid or 0)
    db.execute("UPDATE sync_attempts SET caught_up_by = id WHERE id = ? AND missed_reason IS NOT NULL", [attempt])
    return attempt


def insert_missed(db: Database, attempt: int, missed: Iterable[tuple[str, str]]) -> None:
    """Insert the due times, each with its reason, that an attempt of the same schedule catches up with."""
    sql = """INSERT INTO sync_attempts (schedule, source, due_at, kind, status, missed_reason, caught_up_by)
        SELECT schedule, source, ?, kind, 'missed', ?, id FROM sync_attempts WHERE id = ?
        ON CONFLICT (schedule, due_at) DO NOTHING"""
    for due, reason in missed:
        db.execute(sql, [due, reason, attempt])


def set_process(db: Database, attempt: int, process: str) -> None:
    """Write which process runs an attempt: it may outlive its scheduler."""
    with transaction(db):
        db.execute("UPDATE sync_attempts SET worker_process = ? WHERE id = ?", [process, attempt])


def finish_attempt(db: Database, attempt: int, state: State, reason: str | None, run: int | None, at: str) -> bool:
    """End an attempt; return whether it was still running."""
    sql = """UPDATE sync_attempts SET status = ?, reason = ?, run_id = ?, finished_at = ? WHERE id = ?
        AND status = 'running'"""
    return db.execute(sql, [state, reason, run, at, attempt]).rowcount == 1


def running_attempts(db: Database) -> list[dict[str, Any]]:
    """Return the rows of the attempts that are running."""
    return list(db.query("SELECT * FROM sync_attempts WHERE status = 'running' ORDER BY id"))


def has_running_attempt(db: Database, source: str) -> bool:
    """Return whether an attempt of a source is running."""
    sql = "SELECT 1 FROM sync_attempts WHERE source = ? AND status = 'running'"
    return db.execute(sql, [source]).fetchone() is not None


_FINISHED = "SELECT * FROM sync_attempts WHERE {} = ? AND status NOT IN ('running', 'missed') ORDER BY id DESC LIMIT ?"


def finished_attempts(db: Database, source: str, most: int) -> list[dict[str, Any]]:
    """Return the rows of the last attempts of a source that have ended, oldest first."""
    return list(db.query(_FINISHED.format("source"), [source, most]))[::-1]


def last_finished_attempt(db: Database, schedule: str) -> dict[str, Any] | None:
    """Return the row of the last attempt of a schedule that has ended; None if there is none."""
    return next(iter(db.query(_FINISHED.format("schedule"), [schedule, 1])), None)


def last_outcome(db: Database, schedule: str) -> dict[str, Any] | None:
    """Return the row of the last attempt of a schedule that has ended and was not stopped; None if there is none."""
    sql = """SELECT * FROM sync_attempts
        WHERE schedule = ? AND status NOT IN ('running', 'missed', 'stopped') ORDER BY id DESC LIMIT 1"""
    return next(iter(db.query(sql, [schedule])), None)


def first_bad_end(db: Database, schedule: str) -> str:
    """Return when the first of the latest consecutive bad attempts of a schedule finished."""
    sql = """SELECT finished_at FROM sync_attempts WHERE schedule = :name
        AND status IN ('partial', 'failed', 'interrupted')
        AND id > (SELECT coalesce(max(id), 0) FROM sync_attempts WHERE schedule = :name
        AND status IN ('complete', 'bounded'))
        ORDER BY id LIMIT 1"""
    return str(db.execute(sql, {"name": schedule}).fetchone()[0])


def count_incrementals(db: Database, schedule: str) -> int | None:
    """Return the number of incremental syncs of a schedule since its last full one; None if it had no full one."""
    done = "schedule = ? AND status IN ('complete', 'partial')"
    full = db.execute(f"SELECT max(id) FROM sync_attempts WHERE {done} AND kind = 'full'", [schedule]).fetchone()[0]
    if full is None:
        return None
    sql = f"SELECT count(*) FROM sync_attempts WHERE {done} AND id > ?"
    return int(db.execute(sql, [schedule, full]).fetchone()[0])


def attempted_dues(db: Database, schedule: str, since: str) -> list[str]:
    """Return the due times of a schedule, from `since` on, that have an attempt or are known to be missed."""
    sql = "SELECT due_at FROM sync_attempts WHERE schedule = ? AND due_at >= ?"
    return [row[0] for row in db.execute(sql, [schedule, since])]


def missed_attempts(db: Database, most: int) -> list[dict[str, Any]]:
    """Return the last due times at which no attempt began, with the reason and when they were caught up, newest first.

    Columns: schedule, due_at, missed_reason, caught_up_by (an attempt's id), caught_up_at.
    """
    sql = """SELECT sync_attempts.schedule, sync_attempts.due_at, sync_attempts.missed_reason,
        sync_attempts.caught_up_by, by.started_at AS caught_up_at
        FROM sync_attempts LEFT JOIN sync_attempts AS by ON by.id = sync_attempts.caught_up_by
        WHERE sync_attempts.missed_reason IS NOT NULL ORDER BY sync_attempts.id DESC LIMIT ?"""
    return list(db.query(sql, [most]))


def attempt_run(db: Database, attempt: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the row of an attempt's run, the first of its command since it began; None if there is none."""
    sql = "SELECT * FROM runs WHERE id > coalesce(?, 0) AND command = ? ORDER BY id LIMIT 1"
    return next(iter(db.query(sql, [attempt["run_id_before"], attempt["command"]])), None)


def manual_runs(db: Database, source: str, since: str) -> list[tuple[str, str]]:
    """Return start and end of the harvests of a source, ended since then, that no schedule started."""
    sql = """SELECT DISTINCT runs.started_at, runs.finished_at FROM runs
        JOIN walks ON walks.run_id = runs.id JOIN listings ON listings.id = walks.listing_id
        WHERE listings.source = ? AND runs.finished_at >= ? AND runs.id NOT IN
            (SELECT run_id FROM sync_attempts WHERE run_id IS NOT NULL)"""
    return db.execute(sql, [source, since]).fetchall()

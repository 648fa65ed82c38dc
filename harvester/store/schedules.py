"""The table of schedules, and the view of what is due. Times are text (UTC, ISO 8601)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlite_utils import Database


def load_schedules(db: Database) -> dict[str, dict[str, Any]]:
    """Return the rows of all schedules by name, those that were removed included."""
    return {row["name"]: row for row in db.query("SELECT * FROM schedules")}


def find_schedule(db: Database, name: str) -> dict[str, Any] | None:
    """Return the row of a schedule; None if there is none, or it was removed."""
    return next(iter(db.query("SELECT * FROM schedules WHERE name = ? AND removed_at IS NULL", [name])), None)


def next_starts(db: Database) -> dict[str, str]:
    """Return when the next attempt of each active schedule starts, by name."""
    return dict(db.execute("SELECT name, next_start FROM schedules WHERE removed_at IS NULL").fetchall())


def put_schedule(db: Database, row: Mapping[str, Any]) -> None:
    """Write a schedule that is new, changed or restored."""
    sql = """INSERT INTO schedules
        (name, source, recurrence, registered_at, next_due, next_start, jitter_seed, target, stale_after)
        VALUES (:name, :source, :recurrence, :registered_at, :next_due, :next_start, :jitter_seed, '', 0)
        ON CONFLICT DO UPDATE SET source = excluded.source,
        recurrence = excluded.recurrence, registered_at = excluded.registered_at, next_due = excluded.next_due,
        next_start = excluded.next_start, jitter_seed = excluded.jitter_seed, target = '', stale_after = 0,
        removed_at = NULL"""
    db.execute(sql, dict(row))


def set_target(db: Database, name: str, target: str, stale_after: int) -> None:
    """Write what a schedule harvests, and after how many seconds without a sync it is stale."""
    db.execute("UPDATE schedules SET target = ?, stale_after = ? WHERE name = ?", [target, stale_after, name])


def mark_removed(db: Database, name: str, at: str) -> None:
    """Mark a schedule that the configuration does not have any more."""
    db.execute("UPDATE schedules SET removed_at = coalesce(removed_at, ?) WHERE name = ?", [at, name])


def set_next_due(db: Database, name: str, due: str, start: str) -> None:
    """Write the next due time of a schedule, and when its attempt starts."""
    db.execute("UPDATE schedules SET next_due = ?, next_start = ? WHERE name = ?", [due, start, name])


def set_next_start(db: Database, name: str, start: str) -> None:
    """Write when the next attempt of a schedule starts, if that has changed."""
    sql = "UPDATE schedules SET next_start = ? WHERE name = ? AND next_start IS NOT ?"
    db.execute(sql, [start, name, start])


def unsynced_since(db: Database, name: str) -> str:
    """Return when a schedule was last synced, at least in part, its running sync began, or it was registered."""
    sql = """SELECT coalesce((SELECT max(finished_at) FROM sync_attempts
        WHERE schedule = :name AND status IN ('complete', 'bounded', 'partial')), registered_at),
        coalesce((SELECT started_at FROM sync_attempts WHERE schedule = :name AND status = 'running'), registered_at)
        FROM schedules WHERE name = :name"""
    return str(max(db.execute(sql, {"name": name}).fetchone()))


def upcoming(db: Database) -> list[dict[str, Any]]:
    """Return the active schedules with their next and last attempts, the next one first."""
    return list(db.query("SELECT * FROM upcoming ORDER BY next_start, schedule"))

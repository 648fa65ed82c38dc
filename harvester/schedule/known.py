"""What the database knows of a schedule, as far as it matters to what is done next."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from harvester.clock import stamp
from harvester.schedule.decide import Ended, Known

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

    from harvester.schedule.plans import Plan

LOOKED_BACK = 40
"""Turns of a source that tell why a due time was missed, and how often it has failed in a row."""


def known_of(db: Database, plan: Plan, now: datetime) -> Known | None:
    """Give what is known of a schedule; None if it is not in force."""
    sql = "SELECT * FROM schedules WHERE name = ? AND removed_at IS NULL"
    row = next(iter(db.query(sql, [plan.name])), None)
    if row is None:
        return None
    planned = moment_of(row["next_due"])
    return Known(
        moment_of(row["since"]),
        planned,
        row["seed"],
        _ended(db, "source = ?", plan.source, LOOKED_BACK),
        next(iter(_ended(db, "schedule = ?", plan.name, 1)), None),
        _incrementals(db, plan.name),
        frozenset(_taken(db, plan.name, min(planned, now))),
        _others(db, plan.source, planned),
    )


def _ended(db: Database, which: str, value: str, most: int) -> list[Ended]:
    sql = f"""SELECT id, schedule, kind, state, started_at, finished_at FROM turns
        WHERE {which} AND state NOT IN ('running', 'missed') ORDER BY id DESC LIMIT ?"""
    rows = db.execute(sql, [value, most]).fetchall()
    return [Ended(row[0], row[1], row[2], row[3], moment_of(row[4]), moment_of(row[5])) for row in reversed(rows)]


def _incrementals(db: Database, schedule: str) -> int | None:
    done = "schedule = ? AND state IN ('complete', 'partial')"
    full = db.execute(f"SELECT max(id) FROM turns WHERE {done} AND kind = 'full'", [schedule]).fetchone()[0]
    if full is None:
        return None
    return int(db.execute(f"SELECT count(*) FROM turns WHERE {done} AND id > ?", [schedule, full]).fetchone()[0])


def _taken(db: Database, schedule: str, since: datetime) -> Iterable[datetime]:
    sql = "SELECT due_at FROM turns WHERE schedule = ? AND due_at >= ?"
    return (moment_of(row[0]) for row in db.execute(sql, [schedule, stamp(since)]).fetchall())


def _others(db: Database, source: str, since: datetime) -> list[tuple[datetime, datetime]]:
    """Give when harvests that no schedule has begun held a source."""
    sql = """SELECT DISTINCT runs.started_at, runs.finished_at FROM runs
        JOIN walks ON walks.run_id = runs.id JOIN listings ON listings.id = walks.listing_id
        WHERE listings.source = ? AND runs.finished_at >= ? AND runs.id NOT IN
            (SELECT run_id FROM turns WHERE run_id IS NOT NULL)"""
    return [(moment_of(begun), moment_of(ended)) for begun, ended in db.execute(sql, [source, stamp(since)])]


def moment_of(text: str) -> datetime:
    """Read a moment out of a row."""
    return datetime.fromisoformat(text)

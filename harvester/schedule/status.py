"""The status of schedules: what is due, what was missed and why, and open incidents."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlite_utils import Database

MISSED_SHOWN = 5
MISSED = """SELECT turns.schedule, turns.due_at, turns.missed, turns.caught_up_by, by.started_at AS caught_up_at
    FROM turns LEFT JOIN turns AS by ON by.id = turns.caught_up_by
    WHERE turns.missed IS NOT NULL ORDER BY turns.id DESC LIMIT ?"""
UNTOLD = """SELECT alert, count(*) AS waiting, min(made_at) AS since, max(error) AS error FROM alerts
    WHERE told_at IS NULL AND error IS NOT NULL GROUP BY alert"""


@dataclass(frozen=True)
class ScheduleReport:
    """All schedules with their next and last attempts, missed ones, incidents, and undelivered notifications."""

    upcoming: list[dict[str, Any]]
    missed: list[dict[str, Any]]
    bad: list[dict[str, Any]]
    untold: list[dict[str, Any]]

    @property
    def unhealthy(self) -> list[str]:
        """The reasons why the schedules are not healthy, one line each; empty if they are."""
        bad = [f"{one['subject']} since {one['since']}: {one['what']}; {one['remedy']}" for one in self.bad]
        untold = [f"{one['waiting']} alerts wait since {one['since']}: {one['error']}" for one in self.untold]
        return [*bad, *(_overdue(row) for row in self.upcoming if row["overdue"]), *untold]

    def as_dict(self) -> dict[str, Any]:
        """Return the dictionary that is printed as JSON."""
        return {"healthy": not self.unhealthy, **asdict(self)}


def schedule_report(db: Database) -> ScheduleReport:
    """Return the report on the schedules of a database."""
    return ScheduleReport(
        list(db.query("SELECT * FROM upcoming ORDER BY next_start, schedule")),
        list(db.query(MISSED, [MISSED_SHOWN])),
        list(db.query("SELECT * FROM health ORDER BY since")),
        list(db.query(UNTOLD)),
    )


def _overdue(row: dict[str, Any]) -> str:
    return (
        f"{row['schedule']} is overdue since {row['next_start']} and no scheduler is running: start one with "
        "`harvester schedule run`, or let the system do so with `harvester schedule install`"
    )


def lines(found: ScheduleReport) -> list[str]:
    """Return the report as lines of text."""
    said = [line for row in found.upcoming for line in _schedule(row)]
    for row in found.missed:
        caught = f"caught up at {row['caught_up_at']}" if row["caught_up_at"] else "not caught up yet"
        said.append(f"missed: {row['schedule']} of {row['due_at']}: {row['missed']}; {caught}")
    return said


def _schedule(row: dict[str, Any]) -> list[str]:
    now = f"; a sync of {row['source']} goes on since {row['running_since']}" if row["running_since"] else ""
    reason = f": {row['last_reason']}" if row["last_reason"] else ""
    last = f"{row['last_finished']} {row['last_state']}{reason}" if row["last_state"] else "none yet"
    return [
        f"{row['schedule']}: {row['harvest']}, {row['rhythm']}",
        f"  next  {row['next_start']}{now}",
        f"  last  {last}",
    ]

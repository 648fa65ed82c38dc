"""The status of schedules: what is due, what was missed and why, and open incidents."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from harvester.store.incidents import Incident, load_incidents, undelivered
from harvester.store.schedules import upcoming
from harvester.store.sync_attempts import missed_attempts

if TYPE_CHECKING:
    from sqlite_utils import Database

MISSED_SHOWN = 5


@dataclass(frozen=True)
class ScheduleReport:
    """All schedules with their next and last attempts, missed ones, incidents, and undelivered notifications."""

    upcoming: list[dict[str, Any]]
    missed: list[dict[str, Any]]
    bad: list[Incident]
    untold: list[dict[str, Any]]

    @property
    def unhealthy(self) -> list[str]:
        """The reasons why the schedules are not healthy, one line each; empty if they are."""
        bad = [f"{one.subject} since {one.started_at}: {one.summary}; {one.remedy}" for one in self.bad]
        untold = [f"{row['waiting']} alerts wait since {row['since']}: {row['error']}" for row in self.untold]
        return [*bad, *(_overdue(row) for row in self.upcoming if row["overdue"]), *untold]

    def as_dict(self) -> dict[str, Any]:
        """Return the dictionary that is printed as JSON."""
        return {"healthy": not self.unhealthy, **asdict(self)}


def schedule_report(db: Database) -> ScheduleReport:
    """Return the report on the schedules of a database."""
    return ScheduleReport(upcoming(db), missed_attempts(db, MISSED_SHOWN), load_incidents(db), undelivered(db))


def _overdue(row: dict[str, Any]) -> str:
    return (
        f"{row['schedule']} is overdue since {row['next_start']} and no scheduler is running: start one with "
        "`harvester schedule run`, or let the system do so with `harvester schedule install`"
    )


def format_schedules(report: ScheduleReport) -> list[str]:
    """Return the report as lines of text."""
    output = [line for row in report.upcoming for line in _format_schedule(row)]
    for row in report.missed:
        caught = f"caught up at {row['caught_up_at']}" if row["caught_up_at"] else "not caught up yet"
        output.append(f"missed: {row['schedule']} of {row['due_at']}: {row['missed_reason']}; {caught}")
    return output


def _format_schedule(row: dict[str, Any]) -> list[str]:
    now = f"; a sync of {row['source']} goes on since {row['running_since']}" if row["running_since"] else ""
    reason = f": {row['last_reason']}" if row["last_reason"] else ""
    last = f"{row['last_finished']} {row['last_status']}{reason}" if row["last_status"] else "none yet"
    return [
        f"{row['schedule']}: {row['target']}, {row['recurrence']}",
        f"  next  {row['next_start']}{now}",
        f"  last  {last}",
    ]

"""What is due, what was missed and why, and what is bad: for people, and for whoever watches."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from harvester.schedule.decide import GRACE
from harvester.schedule.spans import told

if TYPE_CHECKING:
    from sqlite_utils import Database

MISSED_SHOWN = 5
SCHEDULES = """SELECT schedules.*, last.id AS turn, last.state, last.reason, last.finished_at, last.run_id,
        (SELECT started_at FROM turns WHERE source = schedules.source AND state = 'running') AS running_since
    FROM schedules LEFT JOIN turns AS last ON last.id =
        (SELECT max(id) FROM turns WHERE schedule = schedules.name AND state NOT IN ('running', 'missed'))
    WHERE removed_at IS NULL ORDER BY next_start, name"""
MISSED = """SELECT turns.schedule, turns.due_at, turns.missed, turns.caught_up_by, by.started_at AS caught_up_at
    FROM turns LEFT JOIN turns AS by ON by.id = turns.caught_up_by
    WHERE turns.missed IS NOT NULL ORDER BY turns.id DESC LIMIT ?"""
UNTOLD = """SELECT alert, count(*) AS waiting, min(made_at) AS since, max(error) AS error FROM alerts
    WHERE told_at IS NULL AND error IS NOT NULL GROUP BY alert"""


@dataclass(frozen=True)
class ScheduleReport:
    """Every schedule with its next and last turn, what was missed lately, what is bad, and what could not be told."""

    schedules: list[dict[str, Any]]
    missed: list[dict[str, Any]]
    bad: list[dict[str, Any]]
    untold: list[dict[str, Any]]
    overdue: list[str]

    @property
    def unhealthy(self) -> list[str]:
        """Every reason why all is not well with the schedules."""
        bad = [f"{one['subject']} since {one['since']}: {one['what']}; {one['remedy']}" for one in self.bad]
        untold = [f"{one['waiting']} alerts wait since {one['since']}: {one['error']}" for one in self.untold]
        return [*bad, *self.overdue, *untold]

    def as_dict(self) -> dict[str, Any]:
        """Give it as it is printed as JSON."""
        return {"healthy": not self.unhealthy, **asdict(self)}


def schedule_report(db: Database, now: datetime) -> ScheduleReport:
    """Look at the schedules of a database."""
    rows = list(db.query(SCHEDULES))
    return ScheduleReport(
        [_public(row) for row in rows],
        list(db.query(MISSED, [MISSED_SHOWN])),
        list(db.query("SELECT * FROM health ORDER BY since")),
        list(db.query(UNTOLD)),
        [said for row in rows if (said := _overdue(row, now))],
    )


def _public(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("seed", "removed_at")}


def _overdue(row: dict[str, Any], now: datetime) -> str:
    """Say that nobody does what is due, if so: then a scheduler would have done it."""
    late = now - datetime.fromisoformat(row["next_start"])
    if late <= GRACE or row["running_since"] or row["state"] in ("failed", "interrupted"):
        return ""
    return (
        f"{row['name']} is {told(late, 2)} overdue (since {row['next_start']}) and no scheduler is running: start one "
        "with `harvester schedule run`, or let the system do so with `harvester schedule install`"
    )

"""`harvester schedule`: periodic syncs."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from harvester.cli.commands import INNER, db_option, json_option, with_example
from harvester.errors import UsageError
from harvester.schedule.loop import Loop
from harvester.schedule.plans import plans_of
from harvester.schedule.processes import identity
from harvester.schedule.report import schedule_report
from harvester.schedule.scheduler import Scheduler
from harvester.schedule.sync import Launcher
from harvester.settings.read import SettingsError
from harvester.settings.use import FILE
from harvester.store.database import explained, open_to_read

if TYPE_CHECKING:
    from pathlib import Path

    from harvester.schedule.report import ScheduleReport
    from harvester.settings.read import Read

NO_SCHEDULE = (
    'nothing is scheduled: write into harvester.toml, for example, [schedules.nightly] with harvest = "wilson" and '
    'cron = "17 3 * * *" (see `harvester config --example`)'
)


@click.group()
def schedule() -> None:
    """Sync by itself: what harvester.toml says under [schedules.NAME].

    Examples:
        harvester schedule run
        harvester schedule status

    """


@schedule.command()
@db_option
@click.option("--once", is_flag=True, help="Do what is due now, and end: for cron, or a job of a code host.")
@click.option("--beside", type=int, metavar="PID", help="Stop when this process has ended.")
@click.pass_obj
def run(read: Read | None, db: Path, once: bool, beside: int | None) -> None:
    """Sync whenever something is due, until Ctrl-C or SIGTERM; the page in hand is finished.

    Any number of these may run: each sync is done once, and no archive is read by two at a time.

    Examples:
        harvester schedule run
        harvester schedule run --once

    """
    loop = Loop(db, _scheduler(read, db), _log, identity(beside) if beside else None)
    loop.listen()
    loop.run(once=once)


def _scheduler(read: Read | None, db: Path) -> Scheduler:
    if read is None or not read.settings.schedules:
        raise UsageError(NO_SCHEDULE)
    _check(read)
    db.parent.mkdir(parents=True, exist_ok=True)
    return Scheduler(plans_of(read.settings), Launcher(db, read.file), tuple(read.settings.alerts))


def _check(read: Read) -> None:
    """Let another process see whether the archives are known: it needs Scrapy, and here that would stay in memory."""
    command = [sys.executable, "-m", "harvester", "--config", str(read.file), "config", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    if done.returncode:
        raise SettingsError(done.stderr.strip().removeprefix("Error: ") or f"{read.file} could not be checked")


def _log(text: str) -> None:
    """Say something where services are logged."""
    click.echo(text, err=True)


@schedule.command()
@db_option
@json_option
def status(db: Path, as_json: bool) -> int:
    """Show what is due, what was missed and why, and what is bad.

    Exit status 0 if all is well, 1 if not.

    Example:
        harvester schedule status

    """
    with explained(db), open_to_read(db) as database:
        found = schedule_report(database, datetime.now(UTC))
    if as_json:
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False))
    elif not found.schedules:
        click.echo(f"no schedule has run on {db} yet" if FILE.is_file() else NO_SCHEDULE)
    else:
        show(found)
    return int(bool(found.unhealthy))


def show(found: ScheduleReport) -> None:
    """Show schedules in words."""
    for row in found.schedules:
        click.echo(f"{row['name']}: {row['harvest']}, {row['rhythm']}")
        click.echo(f"  next  {_next(row)}")
        click.echo(f"  last  {_last(row)}")
    for row in found.missed:
        caught = f"caught up at {row['caught_up_at']}" if row["caught_up_at"] else "not caught up yet"
        click.echo(f"missed: {row['schedule']} of {row['due_at']}: {row['missed']}; {caught}")
    for reason in found.unhealthy:
        click.echo(f"not well: {reason}")


def _next(row: dict[str, Any]) -> str:
    return f"{row['next_start']}; now a sync of {row['source']} goes on" if row["running_since"] else row["next_start"]


def _last(row: dict[str, Any]) -> str:
    if row["state"] is None:
        return "none yet"
    reason = f": {row['reason']}" if row["reason"] else ""
    return f"{row['finished_at']} {row['state']}{reason}"


for name in INNER["schedule"]:
    if name in schedule.commands:
        with_example(schedule.commands[name])

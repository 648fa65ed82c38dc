"""`harvester schedule`: periodic syncs."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import click

from harvester.cli.commands import INNER, db_option, json_option, with_example
from harvester.config.defaults import FILE
from harvester.config.toml_file import SettingsError
from harvester.errors import UsageError
from harvester.processes import identity
from harvester.schedule.delivery import Notifier
from harvester.schedule.install import Service, install_cron, install_systemd, uninstall_cron, uninstall_systemd
from harvester.schedule.plans import scheduled_syncs
from harvester.schedule.scheduler import Scheduler, SchedulerLoop
from harvester.schedule.status import format_schedules, schedule_report
from harvester.schedule.workers import Launcher
from harvester.store.database import open_to_read, translate_errors

if TYPE_CHECKING:
    from pathlib import Path

    from harvester.config.loader import LoadedConfig

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
def run(loaded: LoadedConfig | None, db: Path, once: bool, beside: int | None) -> None:
    """Sync whenever something is due, until Ctrl-C or SIGTERM; the page in hand is finished.

    Any number of these may run: each sync is done once, and no archive is read by two at a time.

    Examples:
        harvester schedule run
        harvester schedule run --once

    """
    loaded = checked_config(loaded)
    notify = (lambda _text: None) if once else click.echo  # cron sends mail for each word
    db.parent.mkdir(parents=True, exist_ok=True)
    scheduler = Scheduler(
        scheduled_syncs(loaded.settings),
        Launcher(db, loaded.file),
        tuple(loaded.settings.alerts),
        once=once,
        notify=notify,
    )
    notifier = Notifier(db, loaded.settings.alerts, _log)
    loop = SchedulerLoop(db, scheduler, _log, identity(beside) if beside else None, notifier.alarm)
    loop.listen()
    notifier.start()
    try:
        loop.run(once=once)
    finally:
        notifier.stop()


def checked_config(loaded: LoadedConfig | None) -> LoadedConfig:
    """Return the configuration, checked in another process since Scrapy would stay in memory; raise on errors."""
    if loaded is None or not loaded.settings.schedules:
        raise UsageError(NO_SCHEDULE)
    command = [sys.executable, "-P", "-m", "harvester", "--config", str(loaded.file), "config", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    if done.returncode:
        raise SettingsError(done.stderr.strip().removeprefix("Error: ") or f"{loaded.file} could not be checked")
    return loaded


def _log(text: str) -> None:
    """Print a line to standard error, where services are logged."""
    click.echo(text, err=True)


@schedule.command()
@db_option
@json_option
@click.pass_obj
def status(loaded: LoadedConfig | None, db: Path, as_json: bool) -> int:
    """Show what is due, what was missed and why, and what is bad.

    Exit status 0 if all is well, 1 if not.

    Example:
        harvester schedule status

    """
    with translate_errors(db), open_to_read(db) as database:
        report = schedule_report(database)
    if as_json:
        click.echo(json.dumps(report.as_dict(), ensure_ascii=False))
    elif not report.upcoming:
        click.echo(
            f"no scheduler has run on {db} yet: start one with `harvester schedule run`" if loaded else NO_SCHEDULE
        )
    else:
        click.echo("\n".join([*format_schedules(report), *(f"not well: {reason}" for reason in report.unhealthy)]))
    return int(bool(report.unhealthy))


@schedule.command()
@db_option
@click.option("--systemd", "how", flag_value="systemd", help="As a service of this user.")
@click.option("--cron", "how", flag_value="cron", help="As lines in this user's crontab.")
@click.option("--print", "only_print", is_flag=True, help="Only print what would be written.")
@click.pass_obj
def install(loaded: LoadedConfig | None, db: Path, how: str | None, only_print: bool) -> None:
    """Make the system start the scheduler, now and whenever the machine starts.

    Examples:
        harvester schedule install --systemd
        harvester schedule install --cron --print

    """
    if how is None:
        raise UsageError("say how: `harvester schedule install --systemd`, or --cron where there is no systemd")
    checked_config(loaded)
    service = _service(loaded, db)
    if only_print:
        click.echo(service.unit() if how == "systemd" else service.cron(), nl=False)
        return
    click.echo("\n".join(install_systemd(service) if how == "systemd" else install_cron(service)))


@schedule.command()
@db_option
@click.pass_obj
def uninstall(loaded: LoadedConfig | None, db: Path) -> None:
    """Remove what `install` has put in its place. The database and harvester.toml stay.

    Example:
        harvester schedule uninstall

    """
    service = _service(loaded, db)
    click.echo(
        "\n".join(uninstall_systemd(service) + uninstall_cron(service)) or "nothing was installed for this database"
    )


def _service(loaded: LoadedConfig | None, db: Path) -> Service:
    return Service(db.absolute(), (loaded.file if loaded and loaded.file else FILE).absolute())


for name in INNER["schedule"]:
    if name in schedule.commands:
        with_example(schedule.commands[name])

"""`harvester status`: coverage, last runs and health."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from harvester.cli.commands import db_option, json_option
from harvester.cli.run_summary import format_walk
from harvester.schedule.status import format_schedules, schedule_report
from harvester.store.database import open_to_read, translate_errors
from harvester.store.status import StatusReport, status_report

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@db_option
@json_option
def status(db: Path, as_json: bool) -> int:
    """Show what is held of each listing, the last runs, and whether all is well.

    Exit status 0 if it is, 1 if not.

    Example:
        harvester status

    """
    with translate_errors(db), open_to_read(db) as database:
        found, scheduled = status_report(database), schedule_report(database)
    found = replace(found, unhealthy=found.unhealthy + scheduled.unhealthy)
    if as_json:
        click.echo(json.dumps(found.as_dict() | {"schedule": scheduled.as_dict()}, ensure_ascii=False))
    else:
        _print_report(found, format_schedules(scheduled))
    return 0 if found.healthy else 1


def _print_report(found: StatusReport, scheduled: list[str]) -> None:
    console = Console(soft_wrap=True)
    console.print(_coverage(found.coverage))
    for walk in found.walks:
        console.print(escape(f"{walk['name']}: last walked {_moment(walk['started_at'])}, {format_walk(walk)}"))
    console.print(_runs(found.runs))
    console.print(f"{found.documents} documents; last read {found.last_read or 'never'}")
    for line in scheduled:
        console.print(escape(line))
    for problem in found.problems:
        console.print(escape(f"  {problem['severity']}: {problem['message']} ({problem['uri']})"))
    for reason in found.unhealthy:
        console.print(escape(f"not healthy: {reason}"))
    if found.healthy:
        console.print("healthy")


def _coverage(rows: list[dict[str, Any]]) -> Table:
    table = _table("Coverage", "listing", "held", "declared", "missing", "first missing", "basis")
    for row in rows:
        values = (row[name] for name in ("name", "held", "declared_total", "missing", "first_missing", "basis"))
        table.add_row(*("-" if value is None else escape(str(value)) for value in values))
    return table


def _runs(rows: list[dict[str, Any]]) -> Table:
    names = ("id", "started_at", "status", "pages", "records", "new", "changed", "gone", "problems")
    table = _table("Last runs", "id", "started (UTC)", *names[2:])
    for row in rows:
        values = {**row, "started_at": _moment(row["started_at"])}
        table.add_row(*(escape(str(values[name])) for name in names))
    return table


def _table(title: str, *columns: str) -> Table:
    """Return an empty table without lines, so that the runs fit into eighty columns."""
    return Table(*columns, title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))


def _moment(stamp: str) -> str:
    """Return a timestamp to the minute."""
    return stamp[:16].replace("T", " ")

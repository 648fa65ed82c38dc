"""`harvester rebuild`: rebuilds the database from the saved pages that it names."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, SpinnerColumn, TextColumn
from rich.progress import Progress as Bar

from harvester.cli.commands import command_line, db_option, json_option
from harvester.errors import DatabaseError
from harvester.rebuild import Rebuilt
from harvester.rebuild import rebuild as rebuild_database

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@db_option
@click.option("--without", type=click.IntRange(1), metavar="RUN", help="Leave out what this run brought.")
@click.option("--dry-run", is_flag=True, help="Only say what would come of it.")
@json_option
def rebuild(db: Path, without: int | None, dry_run: bool, as_json: bool) -> None:
    """Make the database again from the saved pages and captures that it names, as they are read today.

    Documents keep their ids, addresses and history, and tables of your own stay. What differs is kept as a change.
    Where a file is gone, what it said is kept as it was. Whoever reads the database meanwhile can go on.

    Examples:
        harvester rebuild
        harvester rebuild --without 12 --dry-run

    """
    if not db.is_file():
        raise DatabaseError(f"no database at {db}: make one with `harvester harvest TARGET --db {db}`")
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("pages read again"), MofNCompleteColumn())
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        command = command_line()
        rebuilt = rebuild_database(db, command, without, dry_run=dry_run, progress=lambda: bar.advance(task))
    click.echo(json.dumps(asdict(rebuilt)) if as_json else format_result(rebuilt, dry_run=dry_run))


def format_result(rebuilt: Rebuilt, *, dry_run: bool) -> str:
    """Return the result of a rebuild as one line."""
    documents = f"{rebuilt.new} new, {rebuilt.changed} changed, {rebuilt.merged} merged, {rebuilt.dropped} dropped"
    kept = f", {rebuilt.kept} kept as they were (their files are gone or changed)" if rebuilt.kept else ""
    head = "would be made again" if dry_run else "made again"
    return f"{head}: {rebuilt.pages} pages read again{kept}; documents: {documents}"

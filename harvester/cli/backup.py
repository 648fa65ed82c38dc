"""`harvester backup`: a copy of the database, taken while it is in use."""

from __future__ import annotations

from pathlib import Path

import click

from harvester.cli.commands import db_option
from harvester.store.backup import back_up


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@db_option
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
def backup(file: Path, db: Path, force: bool) -> None:
    """Copy the database to FILE, whole and consistent, while harvests and readers go on.

    The copy is checked and put in place only when it is whole. A FILE that is there is left alone.

    Example:
        harvester backup backups/monday.db

    """
    size = back_up(db, file, replace=force)
    click.echo(f"{file}: {size:,} bytes, a checked copy of {db}")

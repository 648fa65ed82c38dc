"""`harvester harvest`: the main job."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harvester.cli.commands import db_option, json_option
from harvester.cli.progress import Progress
from harvester.errors import UsageError
from harvester.harvest import Stop, harvest_captures
from harvester.paths import default_database
from harvester.readers.targets import expected_pages, read_targets
from harvester.sources import choose_sources
from harvester.store.database import BUSY_SECONDS, explained, open_to_write
from harvester.store.run import Run

if TYPE_CHECKING:
    from harvester.source import Source

EXIT_STATUS = {"complete": 0, "failed": 1, "partial": 3}


@click.command()
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@db_option
@click.option("--source", metavar="NAME", help="The archive that the pages are of, if they do not say it.")
@click.option("--listing", metavar="NAME", help="The pages without an address are all of one listing; its name.")
@click.option("--wait", type=click.FloatRange(0), default=BUSY_SECONDS, show_default=True, metavar="SECONDS",
              help="How long to wait for another process that writes to the database.")  # fmt: skip
@json_option
def harvest(
    targets: tuple[str, ...], db: Path, source: str | None, listing: str | None, wait: float, as_json: bool
) -> int:
    """Read saved pages into the database.

    A TARGET is a saved page or a folder of them (.txt, below it too).

    Exit status: 0 all was taken, 1 failed, 2 wrong usage, 3 partly, 130 or 143 interrupted.

    Example:
        harvester harvest seeds --db db/harvest.db

    """
    paths = _paths(targets)
    sources = choose_sources(source)
    if db == default_database():
        db.parent.mkdir(parents=True, exist_ok=True)
    stop = Stop()
    stop.listen()
    row = _harvest(paths, db, sources, listing, wait, stop)
    click.echo(json.dumps(row, ensure_ascii=False) if as_json else summary(row, db))
    return 128 + stop.signal if stop.signal else EXIT_STATUS[row["status"]]


def _paths(targets: tuple[str, ...]) -> list[Path]:
    """Find every target before any work."""
    if not targets:
        raise UsageError("nothing to harvest: name saved pages or folders, as in `harvester harvest seeds`")
    for target in targets:
        if not Path(target).exists():
            raise UsageError(f"no file or folder {target}: check the path")
    return [Path(target) for target in targets]


def _harvest(
    paths: list[Path], db: Path, sources: tuple[Source, ...], listing: str | None, wait: float, stop: Stop
) -> dict[str, Any]:
    """Harvest saved pages; give the run's row. A failure is kept in the run before it is reported."""
    with explained(db), open_to_write(db, wait) as database:
        run = Run(database, "harvester " + shlex.join(sys.argv[1:]))
        with run.failing(), Progress(run, expected_pages(paths, sources)) as progress:
            harvest_captures(run, read_targets(paths, listing, sources), sources, stop, progress.update)
        return run.row()


def summary(row: dict[str, Any], db: Path) -> str:
    """Say in words what a run has done."""
    parts = [f"{row['records']} records: {row['new']} new, {row['changed']} changed, {row['unchanged']} unchanged"]
    parts += [f"{row[name]} {label}" for name, label in _ASIDE.items() if row[name]]
    hint = "" if row["status"] == "complete" else f"\nSee why: harvester status --db {shlex.quote(str(db))}"
    return f"{row['status']}: {row['pages']} pages, {'; '.join(parts)}{hint}"


_ASIDE = {"refused": "pages refused", "ignored": "other files ignored", "problems": "problems kept"}

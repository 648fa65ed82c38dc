"""`harvester harvest`: reads saved pages or a live archive into the database."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from harvester.cli.commands import command_line, db_option, json_option
from harvester.cli.harvest_options import (
    apply_config,
    check_options,
    crawl_options,
    describe_dry_run,
    live_options,
    resolve_listing,
    saved_options,
    web_archive_options,
)
from harvester.cli.progress import Progress
from harvester.cli.run_summary import exit_status, summary
from harvester.errors import UsageError
from harvester.ingest import Stop, dated, harvest_captures
from harvester.readers.targets import expected_pages, read_targets
from harvester.registry import choose_sources, find_source, load_sources
from harvester.store.capture_files import find_record_locations
from harvester.store.containers import ContainerCache
from harvester.store.database import open_to_write, translate_errors
from harvester.store.run import Run
from harvester.utils import default_database

if TYPE_CHECKING:
    from harvester.source import Source
    from harvester.webarchive.options import WebArchiveOptions


@click.command()
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@db_option
@saved_options
@live_options
@web_archive_options
@json_option
def harvest(targets: tuple[str, ...], db: Path, as_json: bool, **params: Any) -> int:
    """Read saved pages, or a live archive, into the database.

    A TARGET is a saved page, a folder or an archive file of them, the name of an archive (all of it, live), or the
    address of one of its listings. An index (.cdxj, .cdx) stands for what it lists in the WARC files beside it. A path
    wins over a name. With --web-archive, or if the TARGET is the address of a
    capture there, what a web archive holds of an archive is read.

    Exit status: 0 all was taken, 1 failed, 2 wrong usage, 3 partly, 4 another run holds the archive, 130 or 143
    interrupted.

    Example:
        harvester harvest seeds
        harvester harvest wilson --search "Mao" --contact me@example.org
        harvester harvest wilson --web-archive --from 2012 --to 2019

    """
    targets, params = resolve_listing(targets, params)
    sources = choose_sources(params["source"])
    web = _web_archive_target(targets, params, sources)
    live = None if web else _live_target(targets, sources)
    check_options("web archive" if web else "live" if live else "saved")
    paths = [] if web or live else saved_paths(targets)
    if db == default_database():
        db.parent.mkdir(parents=True, exist_ok=True)
    stop = Stop()
    stop.listen()
    if web:
        from harvester.cli.web_archive import harvest_web

        return harvest_web(web, db, params, stop, as_json=as_json)
    row = _harvest_live(live, db, params, stop) if live else _harvest(paths, db, sources, params, stop)
    if row is None:
        return 0
    click.echo(json.dumps(row, ensure_ascii=False) if as_json else summary(row, db))
    return exit_status(row, stop)


def _web_archive_target(
    targets: tuple[str, ...], params: dict[str, Any], sources: tuple[Source, ...]
) -> tuple[Source, WebArchiveOptions] | None:
    """Return the source and the options of a harvest from a web archive; None if no web archive is meant."""
    if params["web_archive"] is None and (len(targets) != 1 or Path(targets[0]).exists()):
        return None
    from harvester.cli.web_archive import web_archive_target

    return web_archive_target(targets, params, sources)


def _live_target(targets: tuple[str, ...], sources: tuple[Source, ...]) -> tuple[Source, str] | None:
    """Return the source and the listing's URL (empty for all of it) of a live target; None if it is not live."""
    if len(targets) != 1 or Path(targets[0]).exists():
        return None
    source = find_source(targets[0], sources)
    return (source, "" if targets[0] == source.name else targets[0]) if source else None


def saved_paths(targets: tuple[str, ...]) -> list[Path]:
    """Return the targets as paths; raise UsageError if one does not exist."""
    if not targets:
        raise UsageError("nothing to harvest: name saved pages or folders, as in `harvester harvest seeds`")
    for target in targets:
        if not Path(target).exists():
            _refuse_address(target)
            names = ", ".join(load_sources())
            raise UsageError(
                f"no file, folder or archive {target}: check the path; archives, each harvested by itself: {names}"
            )
    return [Path(target) for target in targets]


def _refuse_address(target: str) -> None:
    """Raise UsageError if a target is a web address, with advice what to do instead."""
    try:
        parts = urlsplit(target)
    except ValueError:  # not an address, such as http://[
        return
    if parts.scheme not in ("http", "https"):
        return
    raise UsageError(f"no archive known is at {parts.netloc}: save its pages, and harvest the files")


def _harvest_live(live: tuple[Source, str], db: Path, params: dict[str, Any], stop: Stop) -> dict[str, Any] | None:
    """Harvest over the network; return the run's row, or None after a dry run."""
    source, listing = live
    options = crawl_options(apply_config(params, source.name), listing, db)
    options.address(source)
    options.agreed_delay(source)
    if params["dry_run"]:
        click.echo(describe_dry_run(options, source))
        return None
    from harvester.cli.live import harvest_live

    return harvest_live(source, options, stop, params["contact"])


def _harvest(
    paths: list[Path], db: Path, sources: tuple[Source, ...], params: dict[str, Any], stop: Stop
) -> dict[str, Any]:
    """Harvest saved pages; return the run's row. A failure is recorded in the run before it is raised."""
    expected = expected_pages(paths, sources) if sys.stderr.isatty() else None  # counting is as slow as reading
    with translate_errors(db), open_to_write(db, params["wait"]) as database:
        run = Run(database, command_line())
        with run.recording_failure(), Progress(run, expected) as progress:
            # Pages of a container that was read before bring something new if they have a time now.
            containers = None if params["captured_at"] else ContainerCache(run, sources, params["listing"])
            items = read_targets(
                paths, params["listing"], sources, containers, partial(find_record_locations, database)
            )
            captures = dated(items, params["captured_at"])
            harvest_captures(run, captures, sources, stop, progress.update)
        return run.row()

"""`harvester bulk`: reads very large collections in parts, on one machine or many."""

from __future__ import annotations

import json
import re
import sys
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harvester.cli.commands import INNER, command_line, db_option, json_option, source_option, with_example
from harvester.cli.harvest import saved_paths
from harvester.cli.harvest_options import TimeType
from harvester.cli.run_summary import exit_status, summary
from harvester.errors import UsageError
from harvester.ingest import Stop
from harvester.registry import choose_sources
from harvester.store.database import open_to_write, translate_errors

if TYPE_CHECKING:
    from datetime import datetime

    from harvester.bulk.folder import BulkFolder
    from harvester.bulk.read import Readers, Shard

PARTLY = 3
MEGABYTE = 1_000_000
EXTRA = "bulk reading needs Parquet: in the clone, run `.tools/bin/uv sync --extra scale`"
ENGINE = "a cluster needs Dask: in the clone, run `.tools/bin/uv sync --extra scale`, or read with --shard"

directory = click.argument("directory", type=click.Path(path_type=Path, file_okay=False))


@click.group()
def bulk() -> None:
    """Read very large collections in parts: plan, read on any number of machines, load.

    The files in DIR are all that the machines share. Nothing is lost when one of them dies: what has no receipt is read
    again. See docs/scale.md.

    Examples:
        harvester bulk plan /data/warcs --out DIR
        harvester bulk read DIR --workers 4
        harvester bulk load DIR
        harvester bulk status DIR

    """


@bulk.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, metavar="DIR", help="Where to.")
@click.option(
    "--warcs",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="FOLDER",
    help="Where the files lie that an index lists.  [default: beside it]",
)
@click.option(
    "--part-size", type=click.FloatRange(0.001), default=256, show_default=True, metavar="MB", help="Of a part."
)
@source_option
@click.option("--listing", metavar="NAME", help="The pages without an address are all of one listing; its name.")
@click.option("--captured-at", type=TimeType(), metavar="TIME", help="When the pages were saved that do not say it.")
def plan(
    targets: tuple[str, ...],
    out: Path,
    warcs: Path | None,
    part_size: float,
    source: str | None,
    listing: str | None,
    captured_at: datetime | None,
) -> None:
    """Cut what is to be read into parts.

    A TARGET is a saved page, a folder, or a file of pages: zip, WACZ, tar, WARC. WARC files are cut between records,
    zips between members; a packed tar is one part. An index (.cdxj, .cdx) stands for the records of known archives that
    it lists, and nothing else is read. What was read by an earlier plan in the same DIR stays read.

    Examples:
        harvester bulk plan /data/warcs --out DIR
        harvester bulk plan crawl.cdxj.gz --warcs /data/warcs --out DIR

    """
    from harvester.bulk.folder import BulkFolder
    from harvester.bulk.index import plan_index
    from harvester.bulk.parts import ReadOptions
    from harvester.bulk.plan import plan_targets
    from harvester.readers.cdx import folder_of
    from harvester.readers.filenames import is_index

    sources = choose_sources(source)
    options = ReadOptions(source, listing, captured_at)
    size = int(part_size * MEGABYTE)
    paths = saved_paths(targets)
    files = [path for path in paths if not is_index(path.name)]
    indexes = (
        plan_index(path, warcs or folder_of(path), sources, options, size) for path in paths if is_index(path.name)
    )
    parts = chain(plan_targets(files, sources, options, size), *indexes)
    count = BulkFolder(out).write_plan(parts)
    if count == 0:
        raise UsageError("nothing to read in the targets: name saved pages, folders or archive files")
    click.echo(f"{count:,} parts: read them with `harvester bulk read {out}`, here or on any machine that sees {out}")


@bulk.command()
@directory
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Processes on this machine.  [default: 1]")
@click.option(
    "--dask",
    metavar="ADDRESS",
    help="On a Dask cluster: the address of its scheduler (tcp://HOST:8786), or its scheduler file.",
)
@click.option("--shard", metavar="I/N", help="Only the I-th of N equal shares, such as 3/100: for a job of many tasks.")
@click.option(
    "--record-seconds",
    type=click.FloatRange(1),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="How much processor time a page may take to be parsed before it is refused.",
)
def read(directory: Path, workers: int | None, dask: str | None, shard: str | None, record_seconds: float) -> int:
    """Read the parts that are not read yet.

    Each gives a Parquet file of what its pages say, and a receipt. A part that ends its reader three times is divided
    until the record is known that does so; that is refused, and all else is read.

    Exit status: 0 all of it is read, 1 failed, 3 a file is not the one that was planned, 130 or 143 interrupted.

    Examples:
        harvester bulk read DIR --workers 4
        harvester bulk read DIR --shard $SLURM_ARRAY_TASK_ID/100
        harvester bulk read DIR --dask tcp://10.0.0.1:8786

    """
    _require("pyarrow", EXTRA)
    if dask and workers:
        raise UsageError("with --dask the cluster's workers read: leave out --workers")
    folder, share, stop = _folder(directory), _shard(shard), Stop()
    stop.listen()
    readers = (
        _cluster(folder, dask, stop, record_seconds) if dask else _local(folder, workers or 1, stop, record_seconds)
    )
    try:
        return _read(folder, share, readers, stop)
    finally:
        readers.close()


def _local(folder: BulkFolder, workers: int, stop: Stop, seconds: float) -> Readers:
    from harvester.bulk.local import LocalReaders

    return LocalReaders(folder, workers, stop, seconds)


def _cluster(folder: BulkFolder, where: str, stop: Stop, seconds: float) -> Readers:
    _require("distributed", ENGINE)
    from harvester.bulk.cluster import ClusterReaders

    return ClusterReaders(folder, where, stop, seconds)


def _read(folder: BulkFolder, share: Shard, readers: Readers, stop: Stop) -> int:
    from harvester.bulk.read import read_missing
    from harvester.bulk.status import read_status

    count = 0

    def done() -> None:
        nonlocal count
        count += 1
        if sys.stderr.isatty():
            click.echo(f"\r{count:,} parts", nl=False, err=True)

    changed = read_missing(folder, readers, share, done)
    for message in changed:
        click.echo(f"not read: {message}", err=True)
    status = read_status(folder)
    click.echo(f"{count:,} parts read now; {next(iter(status.lines()))}")
    if stop.signal is not None:
        click.echo("stopped: run it again to go on", err=True)
        return 128 + stop.signal
    return PARTLY if changed else 0


@bulk.command()
@directory
@db_option
@click.option(
    "--db-dir", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="A database each archive."
)
@json_option
def load(directory: Path, db: Path, db_dir: Path | None, as_json: bool) -> int:
    """Load what was read into a database, as from any other harvest.

    What was loaded before is left out, so it may be stopped and run again, also while other parts are still being read.
    With --db-dir each archive has a database of its own, FOLDER/NAME.db; Datasette shows several together.

    Exit status: as of `harvester harvest`.

    Examples:
        harvester bulk load DIR --db harvest.db
        harvester bulk load DIR --db-dir databases

    """
    _require("pyarrow", EXTRA)
    folder, stop = _folder(directory), Stop()
    stop.listen()
    if db_dir is None:
        return _load(folder, db, None, stop, as_json=as_json)
    from harvester.bulk.status import read_status

    db_dir.mkdir(parents=True, exist_ok=True)
    names = sorted(read_status(folder).totals.sources)
    if not names:
        raise UsageError(
            f"no page of any archive known is read in {directory}: see `harvester bulk status {directory}`"
        )
    return max([_load(folder, db_dir / f"{name}.db", name, stop, as_json=as_json) for name in names])


def _load(folder: BulkFolder, db: Path, name: str | None, stop: Stop, *, as_json: bool) -> int:
    from harvester.bulk.load import load_parts

    only = choose_sources(name)[0] if name else None
    with translate_errors(db), open_to_write(db) as database:
        row = load_parts(database, folder, command_line(), stop, only=only)
    if row is None:
        click.echo("{}" if as_json else f"{db} holds all that is read in {folder.path}")
        return 0
    click.echo(json.dumps(row, ensure_ascii=False) if as_json else summary(row, db))
    return exit_status(row, stop)


@bulk.command()
@directory
@click.option("--refused", is_flag=True, help="List every record that was not taken: its file, its byte, the reason.")
@json_option
def status(directory: Path, refused: bool, as_json: bool) -> int:
    """Show what is read of a plan, and what is missing.

    It is `complete` only if every part is read and nothing in them was refused. Exit status 0 then, else 3.

    Examples:
        harvester bulk status DIR
        harvester bulk status DIR --refused

    """
    _require("pyarrow", EXTRA)
    from harvester.bulk.status import read_status, refusals

    folder = _folder(directory)
    found = read_status(folder)
    if refused:
        for one in refusals(folder):
            at = f" (byte {one['offset']:,} of {one['file']})" if one["offset"] is not None else ""
            click.echo(json.dumps(one, ensure_ascii=False) if as_json else f"{one['uri']}{at}: {one['message']}")
    elif as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        click.echo("\n".join(found.lines()))
    return 0 if found.verdict == "complete" else PARTLY


def _require(module: str, message: str) -> None:
    """Raise UsageError, with what to install, if a library of the extra is missing."""
    if find_spec(module) is None:
        raise UsageError(message)


def _folder(path: Path) -> BulkFolder:
    from harvester.bulk.folder import BulkFolder

    folder = BulkFolder(path)
    folder.check()
    return folder


def _shard(text: str | None) -> Shard:
    from harvester.bulk.read import Shard

    if text is None:
        return Shard()
    found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    number, of = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= of:
        raise UsageError(f"no share {text}: write --shard 1/100 to --shard 100/100")
    return Shard(number, of)


for name in INNER["bulk"]:
    with_example(bulk.commands[name])

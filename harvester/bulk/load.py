"""Loads what the parts say into a database: the same run as any other harvest, fed from Parquet files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from harvester.bulk.rows import IGNORED, REVISIT, count_groups, item_of, read_columns, read_group
from harvester.ingest import finish_run, read_ahead
from harvester.model import Problem
from harvester.parsers.parse import PARSER_VERSION
from harvester.readers.base import Origin, path_named
from harvester.readers.compression import dictionary_of
from harvester.readers.filenames import Names
from harvester.readers.revisits import RecordLocation, RevisitIndex, keys_of, referred_keys
from harvester.readers.warc import read_revisit
from harvester.registry import choose_sources
from harvester.store.batch import WriteBatch
from harvester.store.capture_files import find_record_locations
from harvester.store.containers import mark_loaded, was_loaded
from harvester.store.page_batch import PageBatches
from harvester.store.run import Run
from harvester.store.walk_replay import WalkReplay
from harvester.urls import host_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlite_utils import Database

    from harvester.bulk.folder import BulkFolder
    from harvester.bulk.parts import Part
    from harvester.bulk.receipts import Receipt
    from harvester.bulk.rows import Row
    from harvester.ingest import Stop
    from harvester.readers.base import ReadItem
    from harvester.source import Source


@dataclass(frozen=True)
class Group:
    """A group of rows of a part, which is stored in one transaction; `late`: its revisits, when all else is stored."""

    part: Part
    path: Path
    number: int
    late: bool = False

    @property
    def name(self) -> str:
        """The hash by which a database knows that it holds the group."""
        late = " revisits" if self.late else ""
        return hashlib.sha256(f"{self.part.id} {self.number} {PARSER_VERSION}{late}".encode()).hexdigest()


def load_parts(
    db: Database,
    folder: BulkFolder,
    command: str,
    stop: Stop,
    progress: Callable[[Run], None] = lambda _: None,
    only: Source | None = None,
) -> dict[str, Any] | None:
    """Store what the parts say that are read; return the run's row, None if all of it was stored before.

    Each group of rows is stored in one transaction together with a mark, so that a load that was killed goes on where
    it was, and nothing is stored twice. `only`: what is of this archive, or may be.
    """
    planned = [(part, folder.receipt(part)) for part in folder.planned()]
    read = [(part, receipt) for part, receipt in planned if receipt]  # what is read from now on is loaded next time
    waiting = [group for group in _groups(folder, read) if not was_loaded(db, group.name)]
    if not waiting:
        return None
    run = Run(db, command)
    with run.recording_failure():
        loading = _Loading(run, folder, read, only)
        for group in waiting:
            loading.store(group)
            progress(run)
            if stop.signal is not None:
                break
        else:
            _report_missing(run, folder, len(planned) - len(read))
        finish_run(run, stop)
    return run.row()


def _groups(folder: BulkFolder, read: list[tuple[Part, Receipt]]) -> Iterator[Group]:
    """Yield the groups of all parts that are read, in the order of the plan; behind them those with revisits."""
    counts = {part.id: count_groups(folder.parquet(part)) for part, _ in read}
    for late in (False, True):
        for part, receipt in read:
            if not late or receipt.revisits:
                yield from (Group(part, folder.parquet(part), number, late) for number in range(counts[part.id]))


def _report_missing(run: Run, folder: BulkFolder, missing: int) -> None:
    if missing:
        message = f"{missing} parts of the plan are not read: run `harvester bulk read {folder.path}`, then load again"
        run.add_run_problem(Problem("error", "parts-missing", message))


class _Loading:
    """Feeds a run with groups of rows."""

    def __init__(self, run: Run, folder: BulkFolder, read: list[tuple[Part, Receipt]], only: Source | None) -> None:
        self._run, self._folder, self._read, self._only = run, folder, read, only
        self._run.batch = WriteBatch(run.ensure_transaction, PageBatches(run).add)  # within its group's transaction
        self._replays: dict[str | None, WalkReplay] = {}
        self._originals: RevisitIndex | None = None

    def store(self, group: Group) -> None:
        """Store a group: whole, with its mark, or not at all."""
        run = self._run
        pages, records = run.counts["pages"], run.counts["records"]
        items = self._revisited(group) if group.late else self._items(group)
        sources, replay = self._sources(group.part), self._replay(group.part)
        with run.transaction():
            for item in items:
                read_ahead(run, item, sources, replay)
            run.batch.flush()
            mark_loaded(run, group.name, group.path, run.counts["pages"] - pages, run.counts["records"] - records)

    def _items(self, group: Group) -> Iterator[ReadItem]:
        for row in read_group(group.path, group.number):
            if row["kind"] == IGNORED:
                self._run.counts["ignored"] += row["count"]
            elif row["kind"] != REVISIT and self._concerns(row):
                yield item_of(row)

    def _revisited(self, group: Group) -> Iterator[ReadItem]:
        """Yield the pages of the revisits in a group, whose originals are in other parts."""
        names = Names(self._sources(group.part))
        for row in read_group(group.path, group.number):
            if row["kind"] == REVISIT and self._concerns(row):
                place = _place(row)
                yield from read_revisit(Origin(place.path, names), place, self._originals_of_all())

    def _originals_of_all(self) -> RevisitIndex:
        """Return where the records are that revisits refer to, among all parts and in the database."""
        if self._originals is None:
            self._originals = RevisitIndex(partial(find_record_locations, self._run.db))
            referred = {key for row in self._references(REVISIT) for key in referred_keys(json.loads(row["reference"]))}
            for row in self._references("page"):
                fields = json.loads(row["reference"])
                if referred.intersection(keys_of(fields)):
                    self._originals.remember(fields, _place(row))
        return self._originals

    def _references(self, kind: str) -> Iterator[Row]:
        for part, receipt in self._read:
            if receipt.revisits or kind != REVISIT:
                for row in read_columns(self._folder.parquet(part), ["kind", "file", "offset", "reference"]):
                    if row["reference"] and (row["kind"] == REVISIT) == (kind == REVISIT):
                        yield row

    def _sources(self, part: Part) -> tuple[Source, ...]:
        return choose_sources(part.options.source)

    def _replay(self, part: Part) -> WalkReplay:
        name = part.options.source
        return self._replays.setdefault(name, WalkReplay(self._run, choose_sources(name)))

    def _concerns(self, row: Row) -> bool:
        """Return whether a row belongs into this database: what cannot be read may be of any archive."""
        if self._only is None or row["kind"] == IGNORED:
            return True
        if row["source"]:
            return bool(row["source"] == self._only.name)
        host = _host(row["uri"])
        return host in self._only.hosts or not any(host in source.hosts for source in choose_sources(None))


def _host(uri: str) -> str:
    try:
        return host_of(uri)
    except ValueError:  # not an address, such as http://[
        return ""


def _place(row: Row) -> RecordLocation:
    return RecordLocation(path_named(row["file"]), row["offset"], _dictionary(row["file"]))


@cache
def _dictionary(file: str) -> bytes | None:
    """Return the dictionary of a .warc.zst, None for other files."""
    if not file.endswith(".zst"):
        return None
    with path_named(file).open("rb") as opened:
        return dictionary_of(opened)

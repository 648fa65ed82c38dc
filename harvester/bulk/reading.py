"""Reads one part: its captures are parsed, and what they say is written beside a receipt. No database is needed."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harvester.bulk.folder import AsideFile
from harvester.bulk.limits import TimeLimit, TooSlowError
from harvester.bulk.receipts import Receipt
from harvester.bulk.rows import REVISIT, RowWriter, page_row, skipped_row
from harvester.errors import HarvesterError
from harvester.ingest import dated, read_page
from harvester.model import Capture, Problem, Refused, Skipped
from harvester.parsers.parse import PARSER_VERSION
from harvester.readers.archivebox import snapshot_of
from harvester.readers.base import Origin, path_named, path_text
from harvester.readers.filenames import Names
from harvester.readers.ranges import MemberRange, read_member_range
from harvester.readers.revisits import RevisitIndex
from harvester.readers.targets import read_file
from harvester.readers.warc import WarcRange, read_warc_range
from harvester.registry import choose_sources, sources_for
from harvester.store.captures import NOT_FOUND_STATUSES
from harvester.walk_log import WalkNote

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from harvester.bulk.folder import BulkFolder
    from harvester.bulk.parts import Part, Piece
    from harvester.model import Page
    from harvester.readers.archivebox import Snapshot
    from harvester.readers.base import ReadItem
    from harvester.readers.revisits import RecordLocation
    from harvester.source import Source

REFERENCE = ("warc-payload-digest", "warc-target-uri", "warc-date", "warc-refers-to-target-uri", "warc-refers-to-date")
"""Fields of a WARC record by which revisits refer to it, or it to another."""
TOO_SLOW = "too-slow"
KILLER = "ends-its-reader"


class ChangedError(HarvesterError):
    """A file is not the one that was planned."""


@dataclass
class _Counts:
    """What is counted for the receipt."""

    records: int = 0
    pages: int = 0
    ignored: int = 0
    revisits: int = 0
    absent: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    remarks: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)


class PartRevisits(RevisitIndex):
    """The records of a part to which its revisits may refer. Revisits whose originals are elsewhere are handed on."""

    def __init__(self) -> None:
        super().__init__()
        self.unresolved: list[tuple[RecordLocation, dict[str, str]]] = []
        self.remembered: str | None = None
        self._referred: dict[str, str] = {}

    def remember(self, fields: dict[str, str], place: RecordLocation) -> None:
        """Add the location of a record, and keep by what others refer to it until its page comes."""
        super().remember(fields, place)
        self.remembered = _reference(fields)

    def find(self, fields: dict[str, str]) -> Iterator[RecordLocation]:
        """Yield the possible locations of the record that a revisit refers to."""
        self._referred = fields
        return super().find(fields)

    def wait(self, origin: Origin, place: RecordLocation) -> bool:  # noqa: ARG002 - as in the base
        """Keep a revisit for the load of all parts."""
        self.unresolved.append((place, self._referred))
        return True


def _reference(fields: dict[str, str]) -> str:
    return json.dumps({name: fields[name] for name in REFERENCE if name in fields})


class PartReader:
    """Reads one part into a Parquet file."""

    def __init__(self, part: Part, limit: TimeLimit) -> None:
        self._part, self._limit = part, limit
        self._sources = choose_sources(part.options.source)
        self._names = Names(self._sources)
        self._counts = _Counts()
        self._revisits = PartRevisits()
        self._ends: list[int] = []
        self._snapshots: dict[Path, Snapshot | None] = {}  # of ArchiveBox, by folder

    def read(self, path: Path) -> Receipt:
        """Write what the part says; return its receipt."""
        started = time.monotonic()
        with self._limit.listening(), RowWriter(path, self._part.id) as rows:
            for item in dated(self._items(), self._part.options.captured_at):
                self._hand_on_revisits(rows)
                self._counts.records += 1
                self._add(item, rows)
                self._limit.begin_record()
            self._hand_on_revisits(rows)
            rows.ignore(self._part.ignored)
        counts = self._counts
        return Receipt(
            self._part.id,
            PARSER_VERSION,
            records=counts.records + self._part.ignored,
            pages=counts.pages,
            ignored=counts.ignored + self._part.ignored,
            revisits=counts.revisits,
            refused=dict(counts.refused),
            absent=counts.absent,
            remarks=dict(counts.remarks),
            sources=dict(counts.sources),
            ends=tuple(self._ends),
            rows=rows.count,
            size=path.stat().st_size,
            seconds=round(time.monotonic() - started, 3),
        )

    def _items(self) -> Iterator[ReadItem]:
        yield from (Skipped(uri, problem) for uri, problem in self._part.skipped)
        self._limit.begin_record()
        for piece in self._part.pieces:
            end = yield from self._piece_items(piece)
            self._ends += [] if end is None else [end]

    def _piece_items(self, piece: Piece) -> Generator[ReadItem, None, int | None]:
        """Yield what a piece holds; return where the next record begins, if the piece is a range of a WARC."""
        path = path_named(piece.path)
        _check_unchanged(path, piece)
        if path.parent not in self._snapshots:
            self._snapshots[path.parent] = snapshot_of(path)
        origin = Origin(path, self._names, self._part.options.listing, self._snapshots[path.parent])
        if isinstance(piece.cut, WarcRange):
            return (yield from read_warc_range(origin, self._revisits, piece.cut))
        if isinstance(piece.cut, MemberRange):
            yield from read_member_range(origin, self._revisits, piece.cut)
        else:
            yield from read_file(origin, self._revisits)
        return None

    def _hand_on_revisits(self, rows: RowWriter) -> None:
        for place, fields in self._revisits.unresolved:
            file = path_text(place.path)
            uri = fields.get("warc-target-uri", "").strip("<>")
            self._counts.revisits += 1
            self._counts.records += 1
            rows.add(
                {"kind": REVISIT, "uri": uri, "file": file, "offset": place.offset, "reference": _reference(fields)}
            )
        self._revisits.unresolved.clear()

    def _add(self, item: ReadItem, rows: RowWriter) -> None:
        if isinstance(item, Capture):
            reference, self._revisits.remembered = self._revisits.remembered, None
            source, page = self._parsed(item)
            self._count(item, source, page)
            rows.add(page_row(item, source.name, page, reference))
        elif isinstance(item, WalkNote):
            rows.add(skipped_row(item))
        elif item.problem is None:
            self._counts.ignored += 1
            rows.ignore()
        else:
            counter = self._counts.refused if item.problem.severity == "error" else self._counts.remarks
            counter[item.problem.code] += 1
            rows.add(skipped_row(item))

    def _parsed(self, capture: Capture) -> tuple[Source, Page]:
        try:
            with self._limit.parsing():
                return read_page(capture, self._sources)
        except TooSlowError:
            reason = "takes longer to parse than any page of an archive: look at it by itself"
            return sources_for(capture, self._sources)[0], Refused(TOO_SLOW, reason)

    def _count(self, capture: Capture, source: Source, page: Page) -> None:
        if isinstance(page, Refused):
            self._counts.refused[page.code] += 1
            self._counts.absent += capture.http_status in NOT_FOUND_STATUSES
        else:
            self._counts.pages += 1
            self._counts.sources[source.name] += 1


def _check_unchanged(path: Path, piece: Piece) -> None:
    try:
        status = path.stat()
    except OSError as error:
        raise ChangedError(f"{path} cannot be read ({error.strerror}): bring it back, or plan again") from None
    if (status.st_size, status.st_mtime_ns) != (piece.size, piece.modified):
        raise ChangedError(f"{path} is another file than was planned: plan again with the same --out")


def read_part(folder: BulkFolder, part: Part, limit: TimeLimit | None = None) -> None:
    """Read a part, unless it is read: write its Parquet file, then its receipt.

    Raises ChangedError if a file is not the one that was planned, OSError if the folder cannot be written.
    """
    if folder.receipt(part) is not None:
        return
    with AsideFile(folder.parquet(part)) as aside:
        receipt = PartReader(part, limit or TimeLimit()).read(aside.path)
    folder.write_receipt(part, receipt)


def refuse_part(folder: BulkFolder, part: Part, how: str) -> None:
    """Write that a part that cannot be divided is not read, because it ends whatever reads it."""
    message = f"ends what reads it ({how}), each time: not taken, look at it by itself"
    named = [(path_named(piece.path).absolute().as_uri(), f"{piece}: {message}") for piece in part.pieces]
    ends = tuple(piece.cut.end for piece in part.pieces if isinstance(piece.cut, WarcRange))
    with AsideFile(folder.parquet(part)) as aside:
        with RowWriter(aside.path, part.id) as rows:
            for uri, text in named:
                rows.add(skipped_row(Skipped(uri, Problem("error", KILLER, text))))
            for uri, problem in part.skipped:
                rows.add(skipped_row(Skipped(uri, problem)))
            rows.ignore(part.ignored)
        size = aside.path.stat().st_size
    refused = Counter([KILLER] * len(named) + [problem.code for _, problem in part.skipped])
    receipt = Receipt(
        part.id,
        PARSER_VERSION,
        records=len(named) + len(part.skipped) + part.ignored,
        pages=0,
        ignored=part.ignored,
        revisits=0,
        refused=dict(refused),
        absent=0,
        remarks={},
        sources={},
        ends=ends,
        rows=rows.count,
        size=size,
        seconds=0.0,
    )
    folder.write_receipt(part, receipt)

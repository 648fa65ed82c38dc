"""Plans from an index of WARC files (CDXJ, or CDX whose first line names its fields): only what is listed is read.

Of a crawl of a whole country only the records of known archives are read then, each at its place.
"""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from harvester.bulk.parts import Piece
from harvester.bulk.plan import fill_parts
from harvester.errors import UsageError
from harvester.model import Problem, Skipped
from harvester.readers.base import path_text
from harvester.readers.cdx import ListedRecord, UnreadableLine, file_in, read_index
from harvester.readers.compression import Pieces, Stream, packing_of
from harvester.readers.damage import DamageError
from harvester.readers.filenames import Names
from harvester.readers.warc import WarcRange, head_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from harvester.bulk.parts import Part, ReadOptions
    from harvester.bulk.plan import Found
    from harvester.source import Source


def plan_index(
    index: Path, warcs: Path, sources: tuple[Source, ...], options: ReadOptions, size: int
) -> Iterator[Part]:
    """Yield parts of the records that an index lists for known archives, in the order of their places in the files."""
    return fill_parts(_found_in(index, warcs, Names(sources), size), options, size)


def _found_in(index: Path, warcs: Path, names: Names, size: int) -> Iterator[Found]:
    listed: list[ListedRecord] = []
    for record in _records(index):
        if names.address(record.address) is None or not record.may_be_page:
            yield Skipped(record.address)
        else:
            listed.append(record)
    listed.sort(key=attrgetter("filename", "offset"))
    for filename, records in groupby(listed, key=attrgetter("filename")):
        path = file_in(warcs, filename)
        if path is not None:
            yield from _pieces(path, records, size)
        else:
            lacking = f"{index.name} lists records of {filename}, which is not there"
            message = f"{lacking}: get it, or name its folder with --warcs"
            yield Skipped(index.absolute().as_uri(), Problem("error", "unreadable", message))


def _records(index: Path) -> Iterator[ListedRecord]:
    """Yield what an index lists. Raises UsageError for a file that is no index, or no whole one."""
    try:
        with index.open("rb") as file:
            for record in read_index(Stream(Pieces(file, packing_of(head_of(file, 0))))):
                if isinstance(record, UnreadableLine):
                    raise UsageError(f"{index}, line {record.number}: {record.reason}")
                yield record
    except (OSError, DamageError) as error:
        raise UsageError(f"{index} cannot be read ({error}): get it again") from None


def _pieces(path: Path, records: Iterable[ListedRecord], size: int) -> Iterator[tuple[Piece, int]]:
    """Yield ranges of a file that hold some of its records, those side by side together, with their lengths."""
    status = path.stat()

    def piece(start: int, end: int) -> tuple[Piece, int]:
        cut = WarcRange(start, end, status.st_size)
        return Piece(path_text(path), status.st_size, status.st_mtime_ns, cut), end - start

    start = end = -1
    for record in records:
        if record.offset < end:
            continue  # listed twice
        if start >= 0 and (record.offset != end or end - start >= size):
            yield piece(start, end)
            start = -1
        start = record.offset if start < 0 else start
        end = record.offset + max(1, record.length)
    if start >= 0:
        yield piece(start, end)

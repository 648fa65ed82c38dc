"""Cuts large containers into ranges that can be read apart: bytes of a WARC file, members of a zip."""

from __future__ import annotations

from dataclasses import dataclass
from io import SEEK_END
from typing import TYPE_CHECKING

from harvester.readers.compression import dictionary_of, packing_of
from harvester.readers.filenames import archive_kind, is_safe
from harvester.readers.warc import WarcRange, head_of, pieces_of
from harvester.readers.warc_records import next_record
from harvester.readers.zip import ENCRYPTED, PACKINGS, find_directory, listed_entries, local_entry, read_zip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from harvester.readers.base import Origin, ReadItem
    from harvester.readers.revisits import RevisitIndex
    from harvester.readers.zip import Entry


@dataclass(frozen=True)
class MemberRange:
    """The members of a zip from number `first` to before `end`, as its directory lists them, from 0."""

    first: int
    end: int


def read_member_range(origin: Origin, originals: RevisitIndex, cut: MemberRange) -> Iterator[ReadItem]:
    """Yield the pages of some members of a zip."""
    with origin.path.open("rb") as file:
        yield from read_zip(file, origin, originals, (cut.first, cut.end))


def cut_warc(path: Path, whole: WarcRange, size: int) -> Iterator[WarcRange]:
    """Yield ranges of about `size` bytes that cover a range, each from what looks like the beginning of a record on.

    A file in which none can be found, such as a single gzip stream, is one range.
    """
    start = whole.start
    with path.open("rb") as file:
        dictionary = dictionary_of(file) if start or packing_of(head_of(file, 0)) == "zstd" else None
        while whole.end - start >= 2 * size:
            pieces = pieces_of(file, WarcRange(start, whole.end, whole.limit), dictionary)
            found = next_record(pieces, start + size)
            if found is None or found.start >= whole.end:
                break
            yield WarcRange(start, found.start, whole.limit)
            start = found.start
    yield WarcRange(start, whole.end, whole.limit)


def halve_warc_range(path: Path, cut: WarcRange) -> tuple[WarcRange, WarcRange] | None:
    """Return a range of a WARC as two, cut between records near its middle; None if it holds one record only."""
    with path.open("rb") as file:
        dictionary = dictionary_of(file) if cut.start else None
        for at in ((cut.start + cut.end) // 2, cut.start + 1):
            found = next_record(pieces_of(file, cut, dictionary), at)
            if found is not None and cut.start < found.start < cut.end:
                return WarcRange(cut.start, found.start, cut.limit), WarcRange(found.start, cut.end, cut.limit)
    return None


def cut_zip(path: Path, size: int) -> Iterator[tuple[MemberRange | WarcRange, int]]:
    """Yield ranges of a zip's members of about `size` bytes, each with its size, and ranges of large WARCs in it.

    Raises DamageError if the directory of the zip is damaged: then it can only be read from its beginning on.
    """
    first, packed, count = 0, 0, 0
    with path.open("rb") as listing, path.open("rb") as file:
        for number, entry in enumerate(listed_entries(listing, find_directory(listing))):
            count = number + 1
            inner = _warc_inside(file, entry) if entry.packed >= 2 * size else None
            if inner is None and packed < size:
                packed += max(entry.packed, 0)
                continue
            if number > first:
                yield MemberRange(first, number), packed
            first, packed = number, max(entry.packed, 0)
            if inner is not None:
                yield from ((cut, cut.end - cut.start) for cut in cut_warc(path, inner, size))
                first, packed = number + 1, 0
    if count > first:
        yield MemberRange(first, count), packed


def _warc_inside(file: BinaryIO, entry: Entry) -> WarcRange | None:
    """Return the bytes of a WARC that lies in a zip as it is and whose records can be found there; else None."""
    found = local_entry(file, entry.offset)
    stored = entry.method in PACKINGS and PACKINGS[entry.method] is None
    readable = stored and not entry.link and not entry.flags & ENCRYPTED and is_safe(entry.name)
    if archive_kind(entry.name) != "warc" or not readable or found is None or found[0].raw != entry.raw:
        return None
    start, end = found[1], found[1] + entry.packed
    if end > file.seek(0, SEEK_END) or packing_of(head_of(file, start)) == "zstd":
        return None
    return WarcRange(start, end, end)

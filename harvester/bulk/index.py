"""Plans from an index of WARC files (CDXJ, or CDX whose first line names its fields): only what is listed is read.

Of a crawl of a whole country only the records of known archives are read then, each at its place.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from harvester.bulk.parts import Piece
from harvester.bulk.plan import fill_parts
from harvester.errors import UsageError
from harvester.model import Problem, Skipped
from harvester.readers.base import path_text
from harvester.readers.cdx import columns_in, fields_in
from harvester.readers.filenames import Names
from harvester.readers.ranges import WarcRange
from harvester.readers.warc import PAGE_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from io import BufferedIOBase
    from pathlib import Path

    from harvester.bulk.parts import Part, ReadOptions
    from harvester.bulk.plan import Found
    from harvester.source import Source

SUFFIXES = (".cdxj", ".cdx", ".cdxj.gz", ".cdx.gz")


@dataclass(frozen=True)
class Listed:
    """A record that an index lists. Without a length its end is not known, only that it is one record."""

    filename: str
    offset: int
    length: int


def is_index(path: Path) -> bool:
    """Return whether a file is named like an index."""
    return path.name.lower().endswith(SUFFIXES)


def plan_index(
    index: Path, warcs: Path, sources: tuple[Source, ...], options: ReadOptions, size: int
) -> Iterator[Part]:
    """Yield parts of the records that an index lists for known archives, in the order of their places in the files."""
    return fill_parts(_found_in(index, warcs, Names(sources), size), options, size)


def _found_in(index: Path, warcs: Path, names: Names, size: int) -> Iterator[Found]:
    listed: list[Listed] = []
    for fields in read_index(index):
        address = fields.get("original") or ""
        if names.address(address) is None or not _may_be_page(fields):
            yield Skipped(address)
        else:
            listed.append(_listed(fields, index))
    listed.sort(key=attrgetter("filename", "offset"))
    for filename, records in groupby(listed, key=attrgetter("filename")):
        path = _file_in(warcs, filename)
        if path.is_file():
            yield from _pieces(path, records, size)
        else:
            message = f"{index.name} lists records of it, and it is not there: get it, or name its folder with --warcs"
            yield Skipped(path.absolute().as_uri(), Problem("error", "unreadable", message))


def _file_in(warcs: Path, filename: str) -> Path:
    """Return where a file lies that an index names, never outside of the folder: an index may come from anybody."""
    path = warcs / filename
    inside = path.resolve().is_relative_to(warcs.resolve())
    return path if inside and path.is_file() else warcs / filename.replace("\\", "/").rpartition("/")[2]


def _pieces(path: Path, records: Iterable[Listed], size: int) -> Iterator[tuple[Piece, int]]:
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


def read_index(index: Path) -> Iterator[dict[str, str | None]]:
    """Yield the fields of each record. Raises UsageError for a file that is no index."""
    columns: tuple[str, ...] | None = None
    try:
        with _opened(index) as lines:
            for number, line in enumerate(lines, start=1):
                text = line.decode("utf-8", "replace").strip()
                if named := columns_in(text):
                    columns = named
                elif text and not text.startswith("!"):
                    yield _fields(text, columns, f"{index}, line {number}")
    except (OSError, EOFError) as error:
        raise UsageError(f"{index} cannot be read ({error}): get it again") from None


def _opened(index: Path) -> BufferedIOBase:
    return gzip.open(index) if index.name.lower().endswith(".gz") else index.open("rb")


def _fields(line: str, columns: tuple[str, ...] | None, place: str) -> dict[str, str | None]:
    if fields := fields_in(line, columns):
        return fields
    raise UsageError(f"{place}: no line of a CDXJ, and no CDX with a first line such as ` CDX N b a m s k r M S V g`")


def _may_be_page(fields: dict[str, str | None]) -> bool:
    """Return whether a record may hold a page, as its reader will judge: that a page is gone comes in any type."""
    kind = (fields.get("mimetype") or "").partition(";")[0].strip().lower() or None
    return kind in (*PAGE_TYPES, "warc/revisit") or (fields.get("statuscode") or "").startswith(("4", "5"))


def _listed(fields: dict[str, str | None], index: Path) -> Listed:
    filename, offset, length = (fields.get(name) or "" for name in ("filename", "offset", "length"))
    if not offset.isdecimal() or not filename:
        raise UsageError(f"{index} does not say where its records are: it needs filename and offset")
    return Listed(filename, int(offset), int(length) if length.isdecimal() else 0)

"""Plans from an index of WARC files (CDXJ, or CDX whose first line names its fields): only what is listed is read.

Of a crawl of a whole country only the records of known archives are read then, each at its place.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from harvester.bulk.parts import Part, Piece
from harvester.errors import UsageError
from harvester.model import Problem
from harvester.readers.base import path_text
from harvester.readers.filenames import Names
from harvester.readers.ranges import WarcRange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from io import BufferedIOBase
    from pathlib import Path

    from harvester.bulk.parts import ReadOptions
    from harvester.source import Source

SUFFIXES = (".cdxj", ".cdx", ".cdxj.gz", ".cdx.gz")
LETTERS = {"a": "url", "m": "mime", "s": "status", "S": "length", "V": "offset", "g": "filename"}
"""What the letters in the first line of a CDX mean."""
PAGE_TYPES = ("text/html", "application/xhtml+xml", "text/plain", "warc/revisit", "unk", "-", "")
MAX_PIECES = 20_000


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
    names, ignored = Names(sources), 0
    listed: list[Listed] = []
    for fields in read_index(index):
        if names.address(fields.get("url", "")) is None or not _may_be_page(fields):
            ignored += 1
        else:
            listed.append(_listed(fields, index))
    listed.sort(key=attrgetter("filename", "offset"))
    pieces: list[Piece] = []
    lacking: list[tuple[str, Problem]] = []
    length = 0
    for filename, records in groupby(listed, key=attrgetter("filename")):
        path = warcs / filename if (warcs / filename).is_file() else warcs / filename.rpartition("/")[2]
        if not path.is_file():
            message = f"{index.name} lists records of it, and it is not there: get it, or name its folder with --warcs"
            lacking.append((path.absolute().as_uri(), Problem("error", "unreadable", message)))
            continue
        for piece, count in _pieces(path, records, size):
            if pieces and (length + count > size or len(pieces) >= MAX_PIECES):
                yield Part(tuple(pieces), length, options)
                pieces, length = [], 0
            pieces.append(piece)
            length += count
    if pieces or lacking or ignored:
        yield Part(tuple(pieces), length, options, tuple(lacking), ignored)


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


def read_index(index: Path) -> Iterator[dict[str, str]]:
    """Yield the fields of each record. Raises UsageError for a file that is no index."""
    letters: list[str] | None = None
    try:
        with _opened(index) as lines:
            for number, line in enumerate(lines, start=1):
                text = line.decode("utf-8", "replace").strip()
                if text.startswith("CDX "):
                    letters = text.split()[1:]
                elif text and not text.startswith("!"):
                    yield _fields(text, letters, f"{index}, line {number}")
    except (OSError, EOFError) as error:
        raise UsageError(f"{index} cannot be read ({error}): get it again") from None


def _opened(index: Path) -> BufferedIOBase:
    return gzip.open(index) if index.name.lower().endswith(".gz") else index.open("rb")


def _fields(line: str, letters: list[str] | None, place: str) -> dict[str, str]:
    if letters:
        return {
            LETTERS[letter]: value for letter, value in zip(letters, line.split(" "), strict=False) if letter in LETTERS
        }
    try:
        values = json.loads(line[line.index("{") :])
        return {name: str(value) for name, value in values.items()}
    except (ValueError, AttributeError):
        raise UsageError(
            f"{place}: no line of a CDXJ, and no CDX with a first line such as ` CDX N b a m s k r M S V g`"
        ) from None


def _may_be_page(fields: dict[str, str]) -> bool:
    """Return whether a record may hold a page, as its reader will judge: that a page is gone comes in any type."""
    kind = fields.get("mime", "").partition(";")[0].strip().lower()
    return kind in PAGE_TYPES or fields.get("status", "")[:1] in ("4", "5")


def _listed(fields: dict[str, str], index: Path) -> Listed:
    offset, length = fields.get("offset", ""), fields.get("length", "")
    if not offset.isdecimal() or not fields.get("filename"):
        raise UsageError(f"{index} does not say where its records are: it needs filename and offset")
    return Listed(fields["filename"], int(offset), int(length) if length.isdecimal() else 0)

"""Plans a bulk reading: cuts what users name into parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import SEEK_END
from typing import TYPE_CHECKING

from harvester.bulk.parts import Part, Piece
from harvester.model import Skipped
from harvester.readers.base import Origin, path_text
from harvester.readers.damage import DamageError
from harvester.readers.filenames import Names
from harvester.readers.ranges import cut_warc, cut_zip
from harvester.readers.targets import files_below, kind_of_file
from harvester.readers.warc import WarcRange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from harvester.bulk.parts import ReadOptions
    from harvester.model import Problem
    from harvester.readers.ranges import MemberRange
    from harvester.readers.targets import Below
    from harvester.source import Source

PART_BYTES = 256 * 1024**2
"""About how many bytes a part has: minutes of work, so that what starting it costs does not matter."""
MAX_PIECES = 20_000
"""Many small files may also make a part: each is opened."""

Found = tuple[Piece, int] | Skipped
"""A piece, with about how many bytes it has, or what cannot be read or is no page."""


@dataclass
class _Open:
    """A part that is being filled."""

    pieces: list[Piece] = field(default_factory=list)
    bytes: int = 0
    skipped: list[tuple[str, Problem]] = field(default_factory=list)
    ignored: int = 0

    def closed(self, options: ReadOptions) -> Part:
        return Part(tuple(self.pieces), self.bytes, options, tuple(self.skipped), self.ignored)


def plan_targets(
    targets: list[Path], sources: tuple[Source, ...], options: ReadOptions, size: int = PART_BYTES
) -> Iterator[Part]:
    """Yield parts of about `size` bytes that together hold everything in files, folders and containers, in order."""
    names = Names(sources)
    files = (below for target in targets for below in files_below(target, names))
    return fill_parts((found for below in files for found in _found_in(below, names, size)), options, size)


def fill_parts(found: Iterable[Found], options: ReadOptions, size: int) -> Iterator[Part]:
    """Yield parts of about `size` bytes that together hold everything that is found, in order."""
    part = _Open()
    for one in found:
        if isinstance(one, Skipped):
            part.skipped += [(one.uri, one.problem)] if one.problem else []
            part.ignored += one.problem is None
            continue
        piece, length = one
        if part.pieces and (part.bytes + length > size or len(part.pieces) >= MAX_PIECES):
            yield part.closed(options)
            part = _Open()
        part.pieces.append(piece)
        part.bytes += length
    if part.pieces or part.skipped or part.ignored:
        yield part.closed(options)


def _found_in(below: Below, names: Names, size: int) -> Iterator[Found]:
    if below.lacking:
        yield Origin(below.path, names).problem("unreadable", below.lacking, error=True)
    elif below.wanted:
        yield from _pieces_of(below, size)
    else:
        yield Origin(below.path, names).ignored()


def _pieces_of(below: Below, size: int) -> Iterator[tuple[Piece, int]]:
    """Yield the pieces of a file, each with about how many bytes it has."""
    path = below.path
    status = path.stat()
    whole = Piece(path_text(path), status.st_size, status.st_mtime_ns)
    cuts = _cuts(path, size) if path.is_file() and status.st_size >= 2 * size else []
    if len(cuts) < 2:
        yield whole, status.st_size
    else:
        yield from ((Piece(whole.path, whole.size, whole.modified, cut), length) for cut, length in cuts)


def _cuts(path: Path, size: int) -> list[tuple[WarcRange | MemberRange, int]]:
    """Return the ranges of a large file, each with about how many bytes it has; none if it is one stream, like a tar.

    What is damaged is left whole, too: its reader knows where to go on.
    """
    try:
        with path.open("rb") as file:
            kind, _ = kind_of_file(file, path.name)
            end = file.seek(0, SEEK_END)
        if kind == "warc":
            return [(cut, cut.end - cut.start) for cut in cut_warc(path, WarcRange(0, end, end), size)]
        return list(cut_zip(path, size)) if kind == "zip" else []
    except (DamageError, OSError):
        return []

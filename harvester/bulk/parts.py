"""Parts: what one worker reads at a time, as data. A part is named by what it holds, wherever it is planned."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - pydantic reads the annotations
from functools import cached_property

from pydantic import TypeAdapter

from harvester.model import Problem  # noqa: TC001 - pydantic reads the annotations
from harvester.readers.base import path_named
from harvester.readers.ranges import MemberRange, halve_warc_range
from harvester.readers.warc import WarcRange


@dataclass(frozen=True)
class ReadOptions:
    """How pages are read that do not say it themselves: the options of `harvester harvest` for saved pages."""

    source: str | None = None
    listing: str | None = None
    captured_at: datetime | None = None


@dataclass(frozen=True)
class Piece:
    """A file, whole, or a range of it. `size` (bytes) and `modified` (ns) are the file's when it was planned."""

    path: str
    size: int
    modified: int
    cut: WarcRange | MemberRange | None = None

    def halves(self) -> tuple[Piece, Piece] | None:
        """Return the piece as two; None if it cannot be divided."""
        if isinstance(self.cut, WarcRange):
            cuts = halve_warc_range(path_named(self.path), self.cut)
        elif isinstance(self.cut, MemberRange) and self.cut.end - self.cut.first > 1:
            middle = (self.cut.first + self.cut.end) // 2
            first, second = MemberRange(self.cut.first, middle), MemberRange(middle, self.cut.end)
            return self._with(first), self._with(second)
        else:
            return None
        return cuts and (self._with(cuts[0]), self._with(cuts[1]))

    def _with(self, cut: WarcRange | MemberRange) -> Piece:
        return Piece(self.path, self.size, self.modified, cut)

    def __str__(self) -> str:
        if isinstance(self.cut, WarcRange):
            return f"bytes {self.cut.start:,} to {self.cut.end:,} of {self.path}"
        if isinstance(self.cut, MemberRange):
            return f"members {self.cut.first + 1:,} to {self.cut.end:,} of {self.path}"
        return self.path


@dataclass(frozen=True)
class Part:
    """Pieces that are read together. `size`: about how many bytes; a range of a zip's members has no exact size.

    `skipped`: what is in the targets here and cannot be read, with the reason; `ignored`: how many files are no pages.
    """

    pieces: tuple[Piece, ...]
    size: int
    options: ReadOptions = ReadOptions()
    skipped: tuple[tuple[str, Problem], ...] = ()
    ignored: int = 0

    @cached_property
    def id(self) -> str:
        """The part's name: a hash of all that it holds."""
        return hashlib.sha256(self.as_json()).hexdigest()[:32]

    def as_json(self) -> bytes:
        """Return the part as a line of JSON."""
        return _PART.dump_json(self, exclude_defaults=True)

    def halves(self) -> tuple[Part, Part] | None:
        """Return the part as two that hold the same; None if it cannot be divided."""
        if len(self.pieces) > 1:
            middle = len(self.pieces) // 2
            first, second = self.pieces[:middle], self.pieces[middle:]
        elif self.pieces and (halves := self.pieces[0].halves()):
            first, second = halves[:1], halves[1:]
        else:
            return None
        half = self.size // 2
        return (
            Part(first, half, self.options, self.skipped, self.ignored),
            Part(second, self.size - half, self.options),
        )


_PART = TypeAdapter(Part)


def part_from_json(line: bytes | str) -> Part:
    """Return a part from its line of JSON. Raises pydantic's ValidationError, a ValueError, if it is none."""
    return _PART.validate_json(line)

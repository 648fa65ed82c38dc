"""Proves that the ranges of a WARC were cut between records, and cuts anew where they were not.

A range begins where the bytes look like a record. They do so, too, inside a record that holds a WARC, or a page
that shows one. The range before it ends where the next record really begins. If that is another byte, the cut is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harvester.readers.warc import WarcRange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harvester.bulk.folder import BulkFolder
    from harvester.bulk.parts import Part


def mend_borders(folder: BulkFolder) -> tuple[bool, list[Part]]:
    """Replace the parts that begin inside a record; return whether there were any, and what is to be read instead.

    Ranges that follow one that is to be read again are judged when that is done.
    """
    wrong: dict[str, tuple[Part, dict[int, int]]] = {}
    for part, number, begin in _false_borders(folder):
        wrong.setdefault(part.id, (part, {}))[1][number] = begin
    return bool(wrong), [new for part, begins in wrong.values() for new in _cut_anew(folder, part, begins)]


def _cut_anew(folder: BulkFolder, part: Part, begins: dict[int, int]) -> list[Part]:
    """Replace a part by one whose pieces of these numbers begin later, and which has none that are empty then."""
    pieces = []
    for number, piece in enumerate(part.pieces):
        cut = piece.cut
        if number in begins and isinstance(cut, WarcRange):
            cut = WarcRange(begins[number], cut.end, cut.limit)
        if not isinstance(cut, WarcRange) or cut.start < cut.end:
            pieces.append(replace(piece, cut=cut))
    parts = [replace(part, pieces=tuple(pieces))] if pieces or part.skipped or part.ignored else []
    folder.replace(part, parts)
    return parts


@dataclass
class _Walk:
    """A walk along ranges of one WARC that border on each other.

    `end`: where the last one was to end; `proven`: where the next record is proven to begin, None if that is not known.
    """

    warc: tuple[str, int]
    end: int
    proven: int | None


def _false_borders(folder: BulkFolder) -> Iterator[tuple[Part, int, int]]:
    """Yield each part with a false border, the number of its piece that has it, and where the next record begins."""
    walk: _Walk | None = None
    for part in folder.planned():
        receipt = folder.receipt(part)
        ends = iter(receipt.ends if receipt else ())
        for number, piece in enumerate(part.pieces):
            if not isinstance(piece.cut, WarcRange):
                continue
            end, warc = next(ends, None), (piece.path, piece.cut.limit)
            if walk is None or walk.warc != warc or piece.cut.start != walk.end:
                walk = _Walk(warc, piece.cut.end, end)  # the first one, or one from an index
                continue
            walk.end = piece.cut.end
            if walk.proven is None:
                continue
            if walk.proven <= piece.cut.start:
                walk.proven = end
                continue
            yield part, number, walk.proven
            if walk.proven < piece.cut.end:
                walk.proven = None

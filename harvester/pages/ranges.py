"""The range line: what a listing says of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harvester.pages.totals import SPACES, is_ceiling, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harvester.pages.text import Block
    from harvester.pages.totals import TotalKind
    from harvester.source import Form

MOST_RECORDS_ON_A_PAGE = 1000
"""No archive shows more; a range line that claims more is not believed."""
MOST_DIGITS = 12
"""No listing has so many records; a longer number is not even converted."""

_NO_DIGIT = re.compile(r"\D")


@dataclass(frozen=True)
class Range:
    """`711 - 720 of 1250`. `kind`: what the total means. `overshoots`: the line goes beyond its own total."""

    first: int
    last: int
    total: int
    kind: TotalKind = "exact"
    overshoots: bool = False

    @property
    def count(self) -> int:
        """How many records the page promises."""
        return self.last - self.first + 1 if self.total else 0

    @property
    def possible(self) -> bool:
        """Say whether such a page can be."""
        if self.total == 0:
            return self.first <= 1 and self.last == 0
        within = self.last <= self.total or self.kind != "exact"
        return 1 <= self.first <= self.last and within and self.count <= MOST_RECORDS_ON_A_PAGE

    def readings(self) -> Iterator[Range]:
        """Give what the line may mean: some pagers count whole pages, so that the last one goes beyond the total.

        Then the page ends with the total, unless as many records stand there as the line says.
        """
        if self.kind == "exact" and 1 <= self.first <= self.total < self.last:
            yield replace(self, last=self.total, overshoots=True)
            yield replace(self, kind="floor", overshoots=True)
        else:
            yield self


SINGLE = Range(1, 1, 1)
"""What the words for a listing of one record say."""


def as_limited(stated: Range, lines: Iterable[str]) -> Range:
    """Return what a range line says, its total as a ceiling if a line of the page says so."""
    limited = stated.kind == "exact" and is_ceiling(lines, stated.total)
    return replace(stated, kind="ceiling") if limited else stated


def find_range(blocks: Sequence[Block], form: Form) -> tuple[int, list[Range]] | None:
    """Give the number of the range line's block and what it may mean: nothing if no page can be so. None without it."""
    for at, block in enumerate(blocks):
        line = block.text.translate(SPACES)
        found = form.range_pattern.fullmatch(line) if form.range_pattern else None
        if found:
            stated = read_range(found)
            return at, [one for one in stated.readings() if one.possible] if stated else []
        if form.single_pattern and form.single_pattern.fullmatch(line):
            return at, [SINGLE]
    return None


def read_range(found: re.Match[str]) -> Range | None:
    """Give what a range line says; None if no listing can have so many records."""
    digits = [_NO_DIGIT.sub("", found[name]) for name in ("first", "last", "total")]
    numbers = [int(number) for number in digits if len(number) <= MOST_DIGITS]
    if len(numbers) < len(digits):
        return None
    first, last, total = numbers
    return Range(first, last, total, kind_of(found))

"""The range line: what a listing says of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harvester.pages.text import Block

MOST_RECORDS_ON_A_PAGE = 1000
"""No archive shows more; a range line that claims more is not believed."""
MOST_DIGITS = 12
"""No listing has so many records; a longer number is not even converted."""

_NO_DIGIT = re.compile(r"\D")


@dataclass(frozen=True)
class Range:
    """`711 - 720 of 1250`."""

    first: int
    last: int
    total: int

    @property
    def count(self) -> int:
        """How many records the page promises."""
        return self.last - self.first + 1 if self.total else 0

    @property
    def possible(self) -> bool:
        """Say whether such a page can be."""
        if self.total == 0:
            return self.first <= 1 and self.last == 0
        return 1 <= self.first <= self.last <= self.total and self.count <= MOST_RECORDS_ON_A_PAGE


def find_range(blocks: Sequence[Block], pattern: re.Pattern[str]) -> tuple[int, Range | None] | None:
    """Give the number of the range line's block and what it says: None if no page can be so. None without the line."""
    for at, block in enumerate(blocks):
        found = pattern.fullmatch(block.text)
        if found:
            stated = read_range(found)
            return at, stated if stated and stated.possible else None
    return None


def read_range(found: re.Match[str]) -> Range | None:
    """Give what a range line says; None if no listing can have so many records."""
    digits = [_NO_DIGIT.sub("", found[name]) for name in ("first", "last", "total")]
    return Range(*map(int, digits)) if all(len(number) <= MOST_DIGITS for number in digits) else None

"""The range line, such as "711 - 720 of 1250": which records a page shows, of how many, and what the total means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harvester.model import TotalKind
    from harvester.parsers.blocks import Block
    from harvester.source import Form


MOST_RECORDS_ON_A_PAGE = 1000
"""No archive shows more; a range line that claims more is not believed."""
MOST_DIGITS = 12
"""No listing has so many records; a longer number is not even converted."""

_NO_DIGIT = re.compile(r"\D")
_NUMBERS = ("first", "last", "total", "page", "pages")


class Range(NamedTuple):
    """`711 - 720 of 1250`, `1,250 results` or `page 72 of 125`; what a line does not state is None.

    `kind`: the meaning of the total. `overshoots`: the line ends after its own total.
    """

    first: int | None
    last: int | None
    total: int | None
    kind: TotalKind = "exact"
    overshoots: bool = False
    page: int | None = None
    pages: int | None = None

    @property
    def size(self) -> int | None:
        """The number of records that the page declares; None if its line does not state it."""
        if self.total == 0:
            return 0
        return None if self.first is None or self.last is None else self.last - self.first + 1

    @property
    def possible(self) -> bool:
        """Return whether such a page is possible."""
        if self.page is not None and self.pages is not None and not 0 <= self.page <= max(self.pages, 1):
            return False
        if self.first is None or self.last is None or self.size is None or self.total is None:
            return True
        if self.total == 0:
            return self.first <= 1 and self.last == 0
        within = self.last <= self.total or self.kind != "exact"
        return 1 <= self.first <= self.last and within and self.size <= MOST_RECORDS_ON_A_PAGE

    def readings(self) -> Iterator[Range]:
        """Yield the possible meanings of the line: some pagers count whole pages, so the last one ends after the total.

        Then the page ends with the total, unless it contains as many records as the line declares.
        """
        first, last, total = self.first or 0, self.last or 0, self.total or 0
        if self.kind == "exact" and 1 <= first <= total < last:
            yield self._replace(last=self.total, overshoots=True)
            yield self._replace(kind="floor", overshoots=True)
        else:
            yield self


SINGLE = Range(1, 1, 1)
"""The range of a listing of one record."""


def as_limited(stated: Range, lines: Iterable[str]) -> Range:
    """Return a range, its total marked as a ceiling if a line of the page states one."""
    limited = stated.kind == "exact" and stated.total is not None and is_ceiling(lines, stated.total)
    return stated._replace(kind="ceiling") if limited else stated


def find_range(blocks: Sequence[Block], form: Form) -> tuple[int, list[Range]] | None:
    """Return the number of the range line's block and its possible ranges (none if impossible); None without one."""
    for at, block in enumerate(blocks):
        line = plain_spaces(block.text)
        found = form.range_pattern.fullmatch(line) if form.range_pattern else None
        if found:
            stated = read_range(found)
            return at, [one for one in stated.readings() if one.possible and one.size is not None] if stated else []
        if form.single_pattern and form.single_pattern.fullmatch(line):
            return at, [SINGLE]
    return None


def read_range(found: re.Match[str]) -> Range | None:
    """Return the range of a range line; None if no listing can have so many records.

    A form whose line has several shapes numbers their groups: `total`, `total1`.
    """
    groups = {name.rstrip("0123456789"): text for name, text in found.groupdict().items() if text is not None}
    digits = {name: _NO_DIGIT.sub("", groups[name]) for name in _NUMBERS if name in groups}
    if any(len(number) > MOST_DIGITS for number in digits.values()):
        return None
    numbers = {name: int(number) for name, number in digits.items()}
    return Range(
        numbers.get("first"),
        numbers.get("last"),
        numbers.get("total"),
        kind_of(groups),
        page=numbers.get("page"),
        pages=numbers.get("pages"),
    )


_FLOOR = re.compile(
    r"(?i)over|more than|at least|>|[+]|or more|mehr als|plus de"
    r"|más de|mais de|oltre|meer dan|более|ponad|více než|több mint|超过"
)
_CEILING = re.compile(r"(?i)up to|at most|maximum|first")
_LIMITED = (
    r"(?i)\b(?:limited to|(?:only|display(?:s|ed|ing)?|show(?:s|n|ing)?) (?:the |a )?first|no more than|at most"
    r"|a maximum of|up to|the first|first) (?:the )?(?:first )?"
    r"(?P<number>\d[\d,.]*(?:[ ’']\d{3})*) (?:results?|records?|items?|entries|documents?|hits|matches)\b"
    r"|\b(?:results?|records?|items?|entries|documents?|hits|matches) (?:(?:are|is|were|have been) )?"
    r"(?:limited|capped|truncated) (?:to|at) (?:the )?(?:first )?(?P<other>\d[\d,.]*(?:[ ’']\d{3})*)"
)
_LIMITING = ("first", "limited", "no more than", "at most", "maximum of", "up to", "capped", "truncated")
"""Each such line contains one of these; to look for them is cheap."""
LONGEST_LINE = 200
"""Only lines up to this length are read as statements of what a site shows at most; summaries are longer."""
_SPACES = "\xa0\u2007\u2009\u202f"


def plain_spaces(text: str) -> str:
    """Return a text with no-break and thin spaces, which separate the thousands of a number, as spaces.

    One character stands for one, so that positions stay the same.
    """
    for space in _SPACES:  # on a long text ten times as fast as `translate`
        text = text.replace(space, " ")
    return text


def kind_of(groups: dict[str, str]) -> TotalKind:
    """Return the meaning of the words around the total of a range line."""
    words = " ".join(filter(None, (groups.get("before"), groups.get("after"))))
    if not words.strip():
        return "exact"
    if _FLOOR.search(words):
        return "floor"
    return "ceiling" if _CEILING.search(words) else "estimate"


def is_ceiling(lines: Iterable[str], total: int) -> bool:
    """Return whether a line of a page states that the site shows no more than `total` records."""
    last = str(total)[-1]
    for line in lines:
        if len(line) > LONGEST_LINE or last not in line or not any(word in line.casefold() for word in _LIMITING):
            continue
        found = re.search(_LIMITED, line)
        if found and _NO_DIGIT.sub("", found["number"] or found["other"]) == str(total):
            return True
    return False

"""What is special about an archive, as frozen data. A new archive of a known kind is a new Source and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from harvester.html_source import Addresses

_NUMBER = r"\d[\d,.]*(?:[\x20’']\d{3})*"
_OF = "(?:out of|of|von|sur|de|di|van)"
_BEFORE = (
    "about|around|approximately|approx[.]|circa|ca[.]|roughly|nearly|almost|some|~|≈|over|more than|at least|>"
    "|up to|at most|a maximum of|the first|first|ungefähr|etwa|mehr als|environ|plus de"
)
RANGE = (
    rf"(?P<first>{_NUMBER}) ?[-–—] ?(?P<last>{_NUMBER}) {_OF} ?(?:(?P<before>(?i:{_BEFORE})) ?)?"
    rf"(?P<total>{_NUMBER})(?P<after> ?[+]| or more)?"
)
"""`711 - 720 of 1250`, with or without thousands separators (also spaces), or words that qualify the total.

No-break spaces are spaces. What the words mean for the total: see `pages/totals.py`.
"""

Loss = Literal["years", "one-word lines", "capitals"]
DateOrder = Literal["day-month", "month-day"]
"""How an archive writes dates of numbers only."""
CAPS: frozenset[Loss] = frozenset({"capitals"})
"""What old text extractors lose: lines wholly in capitals, a document's own title among them."""


@dataclass(frozen=True)
class Form:
    """One way in which an archive's listing pages look.

    `signs`: patterns, each of which some line matches whole. `refused`: why pages of this form are never taken.
    `range_line`: pattern with the groups first, last, total, perhaps before and after (words around the total).
    `single`: pattern of the line that stands for it where there is one record.
    `mark`: pattern at the start of a record's first line.
    `one_line_parts`: each line is a part of its own, no blank lines between. `heading_after`: the line before
    the listing's own name. `noise`: lines between the range line or heading and the first record.
    `ends_at`: the line after the last record. `loses`: what this form cannot show; its silence there says nothing.
    """

    name: str
    signs: tuple[str, ...] = ()
    range_line: str | None = None
    single: str | None = None
    mark: str | None = None
    one_line_parts: bool = False
    heading_after: str | None = None
    noise: tuple[str, ...] = ()
    ends_at: str | None = None
    loses: frozenset[Loss] = frozenset()
    refused: str | None = None

    @cached_property
    def sign_patterns(self) -> tuple[re.Pattern[str], ...]:
        """The signs, compiled to match whole lines anywhere in a text."""
        return tuple(re.compile(rf"^[^\S\n]*(?:{sign})[^\S\n]*$", re.MULTILINE) for sign in self.signs)

    @cached_property
    def range_pattern(self) -> re.Pattern[str] | None:
        """The range line, compiled."""
        return re.compile(self.range_line) if self.range_line else None

    @cached_property
    def single_pattern(self) -> re.Pattern[str] | None:
        """The line of a listing of one record, compiled."""
        return re.compile(self.single) if self.single else None

    @cached_property
    def mark_pattern(self) -> re.Pattern[str] | None:
        """The record mark, compiled."""
        return re.compile(self.mark) if self.mark else None

    @cached_property
    def noise_pattern(self) -> re.Pattern[str]:
        """The noise, compiled; without any, nothing is."""
        return re.compile("|".join(f"(?:{noise})" for noise in self.noise) or "(?!)")

    def is_noise(self, text: str) -> bool:
        """Say whether a block between header and records is no record."""
        return self.noise_pattern.fullmatch(text) is not None


@dataclass(frozen=True)
class Pager:
    r"""How the pages of a listing are addressed.

    `path`: where listings are. `parameter`, `start`, `step`: the page's number in the query. `size`: records a page.
    `filters`: pattern of the parameters that narrow a listing; `text`: that of the search; `order`: that of the sort.
    `newest_first`: the value of `order` that lists new records first; without one a walk is proven by walking twice.
    `ceiling`: how many records of a listing the site shows at most; 0 if it shows them all. Without it a walk that has
    seen exactly 500, 1,000 or 10,000 records is looked at in another order before it is believed.
    """

    path: str
    size: int
    parameter: str = "page"
    start: int = 0
    step: int = 1
    filters: str = r"f\[\d*\]"
    text: str = "search"
    order: str = "sort"
    newest_first: str | None = None
    ceiling: int | None = None


@dataclass(frozen=True)
class Source:
    r"""An archive: its name, its hosts (aliases of one another) and the forms of its pages, the richest first.

    `pager` says how its listings are walked; None where only saved pages are read.

    `addresses`: how links address its items; None where only pages without links are read.

    `paths`: patterns of its pages' addresses besides those of listings and items, from the path on and without the
    first slash. What else its hosts serve is no page; without any of these, everything may be one.

    `span_days`: within how many days saved pages of a listing must have been captured for their positions to add up;
    more for an archive that stands still.

    `date_order`: how it writes dates of numbers only (`3/4/1950`). Where it is not known, such a date is either of two.
    """

    name: str
    title: str
    hosts: tuple[str, ...]
    forms: tuple[Form, ...] = field(default=())
    pager: Pager | None = None
    paths: tuple[str, ...] = ()
    addresses: Addresses | None = None
    span_days: int = 7
    date_order: DateOrder | None = None

    @cached_property
    def path_pattern(self) -> re.Pattern[str]:
        """What the address of a page looks like; saved files are named after addresses."""
        items = (self.addresses.path,) if self.addresses else ()
        listings = (rf"{re.escape(self.pager.path.lstrip('/'))}(?:\?.*)?",) if self.pager else ()
        paths = (*items, *listings, *self.paths)
        return re.compile("|".join(f"(?:{path})" for path in paths) or ".*", re.DOTALL)

    @property
    def says_paths(self) -> bool:
        """Whether the address of a page is told from others."""
        return bool(self.addresses or self.pager or self.paths)

    def form(self, name: str) -> Form:
        """Give the form of that name."""
        return next(form for form in self.forms if form.name == name)

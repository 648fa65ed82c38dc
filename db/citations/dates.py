"""Dates as citations print them. What is not known stays out: no month, no day and no year is ever invented."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
SEASONS = {21: "Spring", 22: "Summer", 23: "Autumn", 24: "Winter"}
_SIMPLE = re.compile(r"(\d{4}|\d{3}X|\d\dXX)(?:-(\d\d))?(?:-(\d\d))?([?~%]?)")
_OPEN = ".."


@dataclass(frozen=True)
class EdtfDate:
    """One date of EDTF: its year, month and day as far as they are known, or its season; `about`, if it is not sure.

    Of a decade or century `parts` is the first year, and `last_year` the last.
    """

    parts: tuple[int, ...]
    season: int | None = None
    about: bool = False
    last_year: int | None = None


@dataclass(frozen=True)
class Date:
    """A date as EDTF (empty, if none can be read), and as the archive printed it."""

    edtf: str
    printed: str = ""

    @cached_property
    def parts(self) -> tuple[int, ...]:
        """Year, month and day, as far as they are known, of a date that is one day, month or year and certain."""
        found = self.moments
        one = found[0] if len(found) == 1 and found[0] and not self.is_open else None
        return one.parts if one and not (one.season or one.about or one.last_year) else ()

    @cached_property
    def moments(self) -> tuple[EdtfDate, ...]:
        """The date, or its ends, or the dates of which it is one; without ends that are open."""
        dates = re.split(r"/|,|\.\.", self.edtf.strip("[]{}"))
        return tuple(moment for date in dates if (moment := _parse_edtf(date)))

    @property
    def is_open(self) -> bool:
        """Whether it has no beginning or no end."""
        return self.edtf.startswith(_OPEN) or self.edtf.endswith(_OPEN)

    @property
    def is_choice(self) -> bool:
        """Whether it is one of several dates, or several."""
        return self.edtf.startswith(("[", "{"))

    @property
    def year(self) -> int | None:
        """The year in which it begins; where it has no beginning, the last one."""
        return self.moments[0].parts[0] if self.moments else None

    @property
    def biblatex(self) -> str:
        """As biblatex reads EDTF: of one of several dates, which it cannot read, the span that holds them."""
        if not self.moments:
            return ""
        if self.is_choice:
            dates = re.split(r",|\.\.", self.edtf.strip("[]{}"))
            return f"{dates[0]}/{dates[-1]}"
        return self.edtf.replace("../", "/").removesuffix("..") if self.is_open else self.edtf

    @property
    def csl(self) -> dict[str, Any]:
        """As CSL-JSON has dates; words, where it has no form for one."""
        if not self.moments:
            return {"literal": self.printed} if self.printed else {}
        ends = [list(moment.parts) for moment in (self.moments[0], self.moments[-1])]
        if self.moments[-1].last_year:
            ends[-1] = [self.moments[-1].last_year]
        found: dict[str, Any] = {"date-parts": ends[:1] if ends[0] == ends[1] else ends}
        if len(self.moments) == 1 and self.moments[0].season:
            found["season"] = self.moments[0].season - 20
        # CSL knows neither a choice nor a span without an end: what is known of them is kept, as about.
        if any(moment.about for moment in self.moments) or self.is_open or self.edtf.startswith("["):
            found["circa"] = True
        return found

    @property
    def ris(self) -> str:
        """`1959/12/24/`, `1960/06//`, `1979///`: year, month and day, and in the end words, where they are needed."""
        if not self.moments:
            return ""
        year, month, day = (*(f"{part:02}" for part in self.parts or (self.year,)), "", "")[:3]
        return f"{year.zfill(4)}/{month}/{day}/{'' if self.parts else self.words}"

    @property
    def words(self) -> str:
        """`October 28, 1962`, `June 1960`, `1979`; as printed where it is not one such date; else `n.d.`."""
        parts = self.parts
        if not parts:
            return self.printed or self.edtf or "n.d."
        month = f"{MONTHS[parts[1] - 1]} " if len(parts) > 1 else ""
        return f"{month}{parts[2]}, {parts[0]:04}" if len(parts) > 2 else f"{month}{parts[0]:04}"


def _parse_edtf(edtf: str) -> EdtfDate | None:
    found = _SIMPLE.fullmatch(edtf)
    if found is None:
        return None
    year, month, day, mark = found.groups()
    if "X" in year:
        return EdtfDate((int(year.replace("X", "0")),), about=bool(mark), last_year=int(year.replace("X", "9")))
    if month and int(month) > len(MONTHS):
        return EdtfDate((int(year),), int(month), bool(mark)) if int(month) in SEASONS else None
    return EdtfDate(tuple(int(part) for part in (year, month, day) if part), about=bool(mark))

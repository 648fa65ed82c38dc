"""Dates as citations print them. What is not known stays out: no month, no day and no year is ever invented."""

from __future__ import annotations

import re
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Date:
    """A date as EDTF (a day, a month, a year, or empty), and as the archive printed it."""

    edtf: str
    printed: str = ""

    @property
    def parts(self) -> tuple[int, ...]:
        """Year, month and day, as far as they are known."""
        if not re.fullmatch(r"\d{4}(-\d\d){0,2}", self.edtf):
            return ()
        return tuple(int(part) for part in self.edtf.split("-"))

    @property
    def words(self) -> str:
        """`October 28, 1962`, `June 1960`, `1979`; as printed where that is no date we know; else `n.d.`."""
        parts = self.parts
        if not parts:
            return self.printed or "n.d."
        month = f"{MONTHS[parts[1] - 1]} " if len(parts) > 1 else ""
        return f"{month}{parts[2]}, {parts[0]:04}" if len(parts) > 2 else f"{month}{parts[0]:04}"

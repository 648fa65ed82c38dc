"""Dates as the archives print them, and the same as EDTF. Printed dates have no time zone."""

from __future__ import annotations

import calendar
import datetime
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Precision = Literal["day", "month", "year", "none"]

MONTHS = {name: number for number, name in enumerate(calendar.month_name) if name}
_M, _Y = "|".join(MONTHS), "[12][0-9]{3}"
# The known forms, by an own pattern: dateparser and dateutil invent a day for `1959`, edtf takes seventy times longer.
_PRINTED = re.compile(
    rf"(?:(?P<month>{_M})\s+(?P<day>[0-9]{{1,2}}),?\s+(?P<year>{_Y})"
    rf"|(?P<day2>[0-9]{{1,2}})\s+(?P<month2>{_M})\s+(?P<year2>{_Y})"
    rf"|(?P<month3>{_M}),?\s+(?P<year3>{_Y})"
    rf"|(?P<year4>{_Y}))(?P<uncertain>\*?)"
)
# Never seen on a listing so far. They are recognised so that such a date is never taken for a title.
_ABOUT = r"(?:circa|ca\.?|c\.|about|early|mid|late|spring|summer|autumn|fall|winter)"
_ONE = rf"(?:{_ABOUT}[\s-]*(?:of\s+)?)?(?:(?:{_M}),?\s+)?{_Y}s?\??"
_RARE = re.compile(
    rf"{_ONE}(?:\s?[-–]\s?{_ONE})?|(?:{_M})\s+[0-9]{{1,2}}\s?[-–]\s?(?:(?:{_M})\s+)?[0-9]{{1,2}},?\s+{_Y}"
    r"|n\.\s?d\.|undated|no date",
    re.IGNORECASE,
)
_BEGINNING = re.compile(r"(?:[0-9]{1,2}\s+)?(?P<word>[A-Z][a-z]*)(?:,?\s+[0-9]{0,2})?(?:,?\s*[0-9]{0,3})?|[0-9]{1,3}")
LONGEST = 40
"""No printed date is longer; a longer text is looked at no further."""


@dataclass(frozen=True)
class PrintedDate:
    """A date as printed (`text`), as EDTF, and as the first and last day it can mean (ISO, both inclusive)."""

    text: str | None = None
    edtf: str | None = None
    first_day: str | None = None
    last_day: str | None = None
    precision: Precision = "none"

    @property
    def year(self) -> int | None:
        """The year in which it begins."""
        return int(self.first_day[:4]) if self.first_day else None


NO_DATE = PrintedDate()


def looks_like_date(text: str) -> bool:
    """Say whether `text` is worded as a date and nothing else, though the day may not exist (February 30)."""
    return len(text) <= LONGEST and (_PRINTED.fullmatch(text) or _RARE.fullmatch(text)) is not None


def may_begin_date(text: str) -> bool:
    """Say whether `text` may be what is left of a date whose end was cut off (`July 9, 19`)."""
    found = _BEGINNING.fullmatch(text) if len(text) <= LONGEST else None
    return found is not None and any(month.startswith(found["word"] or "") for month in MONTHS)


def read_date(text: str | None) -> PrintedDate:
    """Read what stands where a date should. What cannot be read keeps its text and has no EDTF."""
    text = (text or "").strip()
    if not text:
        return NO_DATE
    return _read(text) if len(text) <= LONGEST else PrintedDate(text)


@lru_cache(maxsize=65536)
def _read(text: str) -> PrintedDate:
    found = _PRINTED.fullmatch(text)
    return _from_match(text, found) if found else _from_library(text)


def _from_match(text: str, found: re.Match[str]) -> PrintedDate:
    parts = {name.rstrip("234"): value for name, value in found.groupdict().items() if value is not None}
    year, month = int(parts["year"]), MONTHS.get(parts.get("month", ""))
    day = int(parts["day"]) if "day" in parts else None
    mark = "?" if parts["uncertain"] else ""
    if month is None:
        return PrintedDate(text, f"{year}{mark}", f"{year}-01-01", f"{year}-12-31", "year")
    length = calendar.monthrange(year, month)[1]
    if day is None:
        edtf = f"{year}-{month:02}"
        return PrintedDate(text, edtf + mark, f"{edtf}-01", f"{edtf}-{length:02}", "month")
    if not 1 <= day <= length:
        return PrintedDate(text)
    edtf = datetime.date(year, month, day).isoformat()
    return PrintedDate(text, edtf + mark, edtf, edtf, "day")


def _from_library(text: str) -> PrintedDate:
    """Read the rare forms (circa, ranges, seasons) with the EDTF library, as far as it invents nothing."""
    from edtf import parse_edtf, text_to_edtf
    from edtf.parser.edtf_exceptions import EDTFParseException

    edtf = text_to_edtf(text.replace("–", "-"))
    if not edtf or not _says(text, edtf):
        return PrintedDate(text)
    try:
        parsed = parse_edtf(edtf)
        first, last = parsed.lower_strict(), parsed.upper_strict()
        days = [f"{t.tm_year:04}-{t.tm_mon:02}-{t.tm_mday:02}" for t in (first, last)]
    except (EDTFParseException, AttributeError, TypeError, ValueError):
        # The library guessed a text that it cannot read itself: keep what is printed, claim nothing.
        return PrintedDate(text)
    return PrintedDate(text, edtf, days[0], days[1], _precision(edtf))


def _says(text: str, edtf: str) -> bool:
    """Say whether a text says what the library made of it, no more and no less.

    It makes 2012-07-09 of `July 9-12, 1956`, 2056 of `10 December 56`, and September of `9.7.1956`, where an
    archive in Europe means July. An open end (`before 1956`) it stretches by ten years.
    """
    printed, made = _numbers(text), _numbers(edtf.replace("X", "0"))
    years = {number for number in made if number > 99}
    month_named = any(month[:3].casefold() in text.casefold() for month in MONTHS)
    return (
        printed <= made
        and bool(years)
        and years <= printed
        and not (edtf.startswith("/") or edtf.endswith("/"))
        and (month_named or text == edtf or _precision(edtf) == "year")
    )


def _numbers(text: str) -> set[int]:
    return {int(number) for number in re.findall("[0-9]+", text)}


def _precision(edtf: str) -> Precision:
    first = edtf.split("/")[0].rstrip("?~%")
    if re.fullmatch(r"\d{4}-\d\d-\d\d", first):
        return "day"
    return "month" if re.fullmatch(r"\d{4}-(0\d|1[0-2])", first) else "year"

"""Reads dates as people type them into search: as the first and the last day that they mean.

Only what can mean nothing else is read. A number is a year only from 1000 to 2099, and not behind `d.` or `No.`: there
it belongs to a signature.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

MONTHS = (
    "january jan january",
    "february feb",
    "march mar",
    "april apr",
    "may",
    "june jun",
    "july jul",
    "august aug",
    "september sept sep",
    "october oct",
    "november nov",
    "december dec",
)
_NUMBER = {name: number for number, names in enumerate(MONTHS, 1) for name in names.split()}
_MONTH = rf"(?:{'|'.join(sorted(_NUMBER, key=len, reverse=True))})\b\.?"
_YEAR = r"(?:1\d|20)\d\d"
_DAY = r"(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_TO = r"\s*(?:-|–|—|−|to|until)\s*"
_ISO = rf"(?P<iso>{_YEAR}(?:-\d\d(?:-\d\d)?)?)"
_FORMS = [
    re.compile(form, re.IGNORECASE)
    for form in (
        # 16-28 October 1962, October 16-28, 1962, October-November 1956, 1956-1960; then each without a span.
        rf"(?P<day>{_DAY}){_TO}(?P<day2>{_DAY})\s+(?P<month>{_MONTH})\s+(?P<year>{_YEAR})",
        rf"(?P<month>{_MONTH})\s+(?P<day>{_DAY}){_TO}(?P<day2>{_DAY}),?\s+(?P<year>{_YEAR})",
        rf"(?P<month>{_MONTH}){_TO}(?P<month2>{_MONTH})\s+(?P<year>{_YEAR})",
        rf"(?P<day>{_DAY})\s+(?P<month>{_MONTH}),?\s+(?P<year>{_YEAR})",
        rf"(?P<month>{_MONTH})\s+(?P<day>{_DAY}),?\s+(?P<year>{_YEAR})",
        rf"(?P<month>{_MONTH}),?\s+(?P<year>{_YEAR})",
        rf"(?P<isoday>{_YEAR}-\d\d-\d\d)",
        rf"(?P<isomonth>{_YEAR}-(?:0[1-9]|1[0-2]))(?!\d)",
        rf"(?P<day>{_DAY})\.(?P<number>0?[1-9]|1[0-2])\.(?P<year>{_YEAR})",
        rf"(?P<year>{_YEAR}){_TO}(?P<year2>{_YEAR})",
        rf"(?P<decade>{_YEAR[:-2]}0)s",
        rf"(?P<year>{_YEAR})",
    )
]
_EDGE = r"(?<![\w.,:/\"“*-]){}(?![\w*\"”/]|[.:,-]\w)"
_TYPED = [re.compile(_EDGE.format(f"(?:{form.pattern})"), re.IGNORECASE) for form in _FORMS]
_SIGNATURE = re.compile(r"(?:\b[^\W\d]{1,4}\.|\b(?:no|nr|number|№)\.?)\s*$", re.IGNORECASE)
"""Matches what precedes a number that is part of a signature: `d. 1950`, `No. 1950`."""
_JOINED = re.compile(r"[-–—−!:]\s*$|\b(?:OR|NOT)\s+$")
_EDTF = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)


@dataclass(frozen=True)
class Period:
    """From one day to another, each included, as `1956-10-23`; either may be open (None)."""

    start: str | None = None
    end: str | None = None

    def __bool__(self) -> bool:
        return self.start is not None or self.end is not None

    def within(self, other: Period) -> Period:
        """Return the days that are in both."""
        starts = [day for day in (self.start, other.start) if day is not None]
        ends = [day for day in (self.end, other.end) if day is not None]
        return Period(max(starts, default=None), min(ends, default=None))


def from_edtf(start: str | None, end: str | None) -> Period:
    """Return the period between two dates as `read_date` returns them: `1956`, `1956-10` or `1956-10-23`."""
    return Period(first_day(start) if start else None, last_day(end) if end else None)


def first_day(text: str) -> str:
    """Return the first day of a year, month or day."""
    return text + "-01-01"[len(text) - 4 :] if len(text) < 10 else text


def last_day(text: str) -> str:
    """Return the last day of a year, month or day."""
    if len(text) == 4:
        return f"{text}-12-31"
    return text if len(text) == 10 else f"{text}-{monthrange(int(text[:4]), int(text[5:7]))[1]:02}"


def read_date(text: str) -> tuple[str, str] | None:
    """Return the first and the last day, month or year that a date means; None if it cannot be read as one."""
    text = " ".join(text.split())
    found = _EDTF.fullmatch(text.zfill(4) if text.isascii() and text.isdigit() else text)
    if found and _exists(found[0]):
        return found[0], found[0]
    for form in _FORMS:
        if (found := form.fullmatch(text)) and (read := _read(found)):
            return read
    return None


def extract_dates(typed: str) -> tuple[str, list[tuple[str, tuple[str, str]]]]:
    """Return what was typed without its dates, and each date as typed with its first and last day."""
    dates = []
    for form in _TYPED:
        for found in list(form.finditer(typed))[::-1]:
            before = typed[: found.start()]
            if _is_enclosed(before) or _SIGNATURE.search(before) or _JOINED.search(before):
                continue
            if re.match(r"\s*OR\b", typed[found.end() :]) or not (read := _read(found)):
                continue
            dates.append((found[0], read))
            typed = f"{before} {typed[found.end() :]}"
    return " ".join(typed.split()), dates


def _is_enclosed(before: str) -> bool:
    """Return whether what follows is inside quotation marks or brackets, where dates are read as words."""
    pairs = (("(", ")"), ("“", "”"), ("«", "»"))
    return before.count('"') % 2 == 1 or any(before.count(one) > before.count(other) for one, other in pairs)


def _read(found: re.Match[str]) -> tuple[str, str] | None:
    part = {name: value for name, value in found.groupdict().items() if value}
    if iso := part.get("isoday") or part.get("isomonth"):
        return (iso, iso) if _exists(iso) else None
    if "decade" in part:
        return part["decade"], str(int(part["decade"]) + 9)
    if "number" in part:
        month = int(part["number"])
    elif "month" in part:
        month = _month(part["month"])
    else:
        years = part["year"], part.get("year2", part["year"])
        return years if years[0] <= years[1] else None
    start = end = f"{part['year']}-{month:02}"
    if "month2" in part:
        end = f"{part['year']}-{_month(part['month2']):02}"
    if "day" in part:
        start, end = (f"{start}-{_day(part.get(name, part['day'])):02}" for name in ("day", "day2"))
    return (start, end) if _exists(start) and _exists(end) and start <= end else None


def _month(name: str) -> int:
    return _NUMBER[name.rstrip(".").lower()]


def _day(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def _exists(text: str) -> bool:
    """Return whether a year, month or day is in the calendar."""
    try:
        date.fromisoformat(first_day(text))
    except ValueError:
        return False
    return True


def format_period(start: str, end: str) -> str:
    """Return a period as it is shown: `June 1960`, `16 October 1962 to 28 October 1962`."""
    return _words(start) if start == end else f"{_words(start)} to {_words(end)}"


def _words(text: str) -> str:
    year, month, day = (*text.split("-"), "", "")[:3]
    name = MONTHS[int(month) - 1].split()[0].title() if month else ""
    return " ".join(part for part in (day.lstrip("0"), name, year) if part)

"""Simple dates: a day, month, season, year, decade or century as EDTF, with its first and last day."""

from __future__ import annotations

import calendar
import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from harvester.model import Precision


class Whole(NamedTuple):
    """One simple date without its qualification."""

    edtf: str
    first: str
    last: str
    precision: Precision


def build(fields: dict[str, int]) -> Whole:
    """Return the date with these parts: y year, m month, d day, s season, k decade, c century.

    Raises ValueError if no calendar has it.
    """
    maker = _MAKERS.get("".join(sorted(fields)))
    if maker is None:
        raise ValueError
    return maker(**fields)


def is_whole(fields: dict[str, int]) -> bool:
    """Return whether no part is missing or unclear, so that the date can be built."""
    return "n" not in fields and ("y" in fields or "c" in fields or fields.get("k", 0) > 9)


def _day(y: int, m: int, d: int) -> Whole:
    day = datetime.date(y, m, d).isoformat()
    return Whole(day, day, day, "day")


def _month(y: int, m: int) -> Whole:
    if not (1 <= m <= 12 and y):
        raise ValueError
    edtf = f"{y:04}-{m:02}"
    return Whole(edtf, f"{edtf}-01", f"{edtf}-{calendar.monthrange(y, m)[1]:02}", "month")


def _year(y: int) -> Whole:
    if not y:
        raise ValueError
    return Whole(f"{y:04}", f"{y:04}-01-01", f"{y:04}-12-31", "year")


def _season(y: int, s: int) -> Whole:
    """Return a season of the northern hemisphere; a winter ends in the next year."""
    first = 3 * (s - 20)
    last = (first + 1) % 12 + 1
    ends = y + (s == WINTER)
    days = calendar.monthrange(ends, last)[1]
    return Whole(f"{y:04}-{s}", f"{y:04}-{first:02}-01", f"{ends:04}-{last:02}-{days:02}", "season")


def _decade(k: int) -> Whole:
    if k <= 9:
        raise ValueError
    return Whole(f"{k:03}X", f"{k:03}0-01-01", f"{k:03}9-12-31", "decade")


def _century(c: int) -> Whole:
    """Return a century as EDTF has it: the nineteenth is 1800 to 1899."""
    if not 1 < c <= 21:
        raise ValueError
    return Whole(f"{c - 1:02}XX", f"{c - 1:02}00-01-01", f"{c - 1:02}99-12-31", "century")


WINTER = 24
_MAKERS: dict[str, Callable[..., Whole]] = {
    "dmy": _day,
    "my": _month,
    "y": _year,
    "sy": _season,
    "k": _decade,
    "c": _century,
}


def beside(found: Whole, step: Literal[-1, 1]) -> Whole:
    """Return the day, month or year before or after; next to a decade it is a year, next to a season a day."""
    border = datetime.date.fromisoformat(found.first if step < 0 else found.last) + datetime.timedelta(step)
    fields = {"y": border.year, "m": border.month, "d": border.day}
    kept = {"day": "ymd", "month": "ym", "season": "ymd"}.get(found.precision, "y")
    return build({place: fields[place] for place in kept})

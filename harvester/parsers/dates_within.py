"""Finds the strict dates inside a text (`Filed 02/24/2012, No. 10-4092`), and in which order a page writes them."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING

from harvester.parsers.dates import read_date

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harvester.source import DateOrder

_MOST_WORDS = 5
_LONGEST = 300
"""In longer texts dates are not looked for: they are prose."""
_MAY_HOLD_ONE = re.compile(
    r"\d{1,4}[./-] ?\d{1,2}[./-] ?\d{2,4}|(?<!\d)(?:1[4-9]|20|21)\d\d(?!\d)|\d年|[^\W\d]{3}\.?,?[ -]['’]?\d\d(?!\d)"
)
_SHORT_YEAR = re.compile(r"(?!.*\d{4})(.*[^\W_].*\D)['’]?(\d\d)")
_BEGINS = re.compile(r"\d|[^\W\d_]{3}")
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"\S+")
_TIME = re.compile(
    r"(?:(?<=\d)T|,? ?(?:(?<= )(?:at|um|ore|[àa] las|[-–—|]) )?(?<![\d.:/-]))\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?"
    r"(?: ?(?:[ap]\.?m\b\.?|uhr\b))?(?:Z|[+-]\d{2}:?\d{2})?(?!\d)",
    re.IGNORECASE,
)
"""A time of day with what joins it to a date: no part of a date."""
_AROUND = " ,;:.()[]–—|•"
_BETWEEN = re.compile(r"\d[/.-]\d")
"""A text without it has no date of numbers; it is found in a tenth of the time."""
_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})([/.-])(\d{1,2})\2(?:\d{4}|\d{2})(?!\d)")


def is_date(text: str) -> bool:
    """Return whether a text is a date of a day or a month, perhaps with a time, and nothing else."""
    return len(text) <= 80 and _MAY_HOLD_ONE.search(text) is not None and _is_date(_without_time(text))


def _without_time(text: str) -> str:
    return _TIME.sub(" ", text).strip(_AROUND) if ":" in text else text.strip(_AROUND)


@lru_cache(maxsize=8192)
def _is_date(text: str) -> bool:
    short = _SHORT_YEAR.fullmatch(text)
    if short and read_date(f"{short[1]}20{short[2]}").precision in ("day", "ambiguous"):
        return True
    found = read_date(text)
    return found.edtf is not None and found.precision != "year" and not re.fullmatch(r"\d{4}\D\d{2,4}", text)


@lru_cache(maxsize=8192)
def dates_within(text: str) -> tuple[str, ...]:
    """Return the dates of a day or a month in a text as they are printed, the longest from each place on.

    Times of day are left out.
    """
    if len(text) > _LONGEST or not _MAY_HOLD_ONE.search(text):
        return ()
    text = _without_time(text)
    if is_date(text):
        return (text,)
    words = list(_WORD.finditer(text))
    found: list[str] = []
    at = 0
    numbered = [number for number, word in enumerate(words) if _DIGIT.search(word[0])]
    while numbered and at <= numbered[-1]:
        at = max(at, numbered[bisect_left(numbered, at)] - _MOST_WORDS + 1)  # no date is without a number
        ends = range(min(len(words), at + _MOST_WORDS), at, -1) if _BEGINS.match(words[at][0].lstrip(_AROUND)) else ()
        parts = ((last, text[words[at].start() : words[last - 1].end()].strip(_AROUND)) for last in ends)
        last, part = next(((last, part) for last, part in parts if is_date(part)), (at + 1, ""))
        found += [part] if part else []
        at = last
    return tuple(found)


def only_date(text: str) -> str | None:
    """Return the date of a day or a month that a text holds; None if it holds none, or different ones."""
    found = dates_within(text)
    return found[0] if len(set(found)) == 1 else None


def with_whole_year(text: str, first: int) -> str:
    """Return a date whose year may have two digits with that year in full: one of the hundred from `first` on."""
    short = _SHORT_YEAR.fullmatch(text)
    return f"{short[1]}{first + (int(short[2]) - first) % 100}" if short else text


def date_orders(texts: Iterable[str]) -> set[DateOrder]:
    """Return in which orders dates of numbers only are written: what days after the twelfth show."""
    orders: set[DateOrder] = set()
    for text in texts:
        for first, _, second in _NUMBERS.findall(text) if _BETWEEN.search(text) else ():
            if int(first) > 12 >= int(second):
                orders.add("day-month")
            elif int(second) > 12 >= int(first):
                orders.add("month-day")
    return orders


RECENT = 1950
"""The first of the hundred years that two digits mean on most pages."""
_YEARS = re.compile(rb"(?<![\d.-])(1[5-9]\d\d|20[0-4]\d)(?![\d.])")


def short_years(pages: Iterable[bytes]) -> int | None:
    """Return the first of the hundred years in which all years are that pages write in full; None if none shows it."""
    years = [int(year) for data in pages for year in _YEARS.findall(data)]
    if years and min(years) >= RECENT:
        return RECENT
    centuries = {year // 100 for year in years}
    return centuries.pop() * 100 if len(centuries) == 1 else None

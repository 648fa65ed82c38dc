"""The grammar of printed dates: tables of rules that turn words and numbers into EDTF.

Words become a string of kinds, one letter each (`July 9, 1956` is `MNY`). A table lists which such strings are dates,
and what each letter means. A text that matches no rule is not a date.
"""

from __future__ import annotations

import calendar
import datetime
import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from harvester.parsers.date_parts import WINTER, Whole, beside, build, is_whole
from harvester.parsers.date_words import UNDATED, WORDS, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harvester.model import Precision
    from harvester.parsers.date_words import Word
    from harvester.source import DateOrder


class Reading(NamedTuple):
    """A date as EDTF, its first and last day (ISO, inclusive; None if that end is open), and its precision."""

    edtf: str
    first_day: str | None
    last_day: str | None
    precision: Precision


NO_DAY = Reading("", None, None, "none")
"""The reading of a text that is worded as a date and is none: a day that no calendar has, or `undated`."""

# What each place of a simple date means: y year, m month, d day, s season, k decade, c century, n a number that only
# the other end explains, . nothing. Kinds: Y year, N number of one or two digits, M month, R Roman number, S season,
# K decade, k its last two digits, H century as digits, C the word; m, d, x numbers in a date of numbers only.
WHOLE = {
    "MNY": "mdy", "NMY": "dmy", "YMN": "ymd", "YNM": "ydm", "NRY": "dmy",
    "MY": "my", "YM": "ym", "RY": "my", "Y": "y", "SY": "sy", "YS": "ys", "K": "k", "H": "c",
    "NC": "c.", "RC": "c.", "CN": ".c", "CR": ".c", "Ymd": "ymd", "dmY": "dmy", "mdY": "mdy", "Ym": "ym",
    "Y年N月N日": "y.m.d.", "Y年N月": "y.m.", "Y年": "y.", "Y年S": "y.s", "YM年": "ym.", "Y年MN": "y.md",
}  # fmt: skip
PARTIAL = {
    "N": "n", "NM": "dm", "MN": "md", "M": "m", "S": "s", "NY": "ny", "YN": "yn", "k": "k", "R": "n", "NR": "dm",
    "N日": "d.", "N月N日": "m.d.", "N月": "m.",
}  # fmt: skip
_IN_ORDER = {"day-month": "dm", "month-day": "md"}
_PART = re.compile("(?:P|[NQR]?U|QQ)+|P+$")
_HAS_PARTS = frozenset({"y", "my", "ym", "k", "c", "c.", ".c", "y.", "y.m.", "m"})

_LENGTHS = (0, 31, 0, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
# The form of nearly all dates. The rules read them the same, three times slower.
_COMMON = re.compile("([0-9]{1,2} )?(?:([A-Z][a-z]{2,8}) )?(?:([0-9]{1,2}),? )?([12][0-9]{3})")


def read(text: str, order: DateOrder | None = None) -> Reading | None:
    """Return the reading of a text that is only a date; `NO_DAY` if there is no such day; None if it is no date."""
    common = _COMMON.fullmatch(text)
    return (_read_common(*common.groups()) if common else None) or read_by_rules(text, order)


def _read_common(first: str | None, month: str | None, second: str | None, year: str) -> Reading | None:
    """Return the reading of a date in its most common form; None if the rules are needed."""
    if month is None:
        return None if first or second else Reading(year, f"{year}-01-01", f"{year}-12-31", "year")
    kind, number = WORDS.get(month.lower(), ("", 0))
    if kind != "M" or (first and second):
        return None
    length = _LENGTHS[number] if number != 2 else calendar.monthrange(int(year), 2)[1]
    begins = f"{year}-{number:02}"
    day = first or second
    if day is None:
        return Reading(begins, f"{begins}-01", f"{begins}-{length}", "month")
    edtf = f"{begins}-{int(day):02}"
    return Reading(edtf, edtf, edtf, "day") if 1 <= int(day) <= length else NO_DAY


def read_by_rules(text: str, order: DateOrder | None = None) -> Reading | None:
    """Return the reading of a date by the rules alone."""
    words = words_of(text)
    if words is None:
        return NO_DAY if text.casefold() in UNDATED else None
    try:
        return _read(words, order)
    except ValueError:  # no calendar has such a day, or the end is before the beginning
        return NO_DAY


def _read(words: list[Word], order: DateOrder | None) -> Reading | None:
    shape = "".join([kind for kind, _ in words])
    places = WHOLE.get(shape)
    if places is not None:
        return Reading(*build(_fields(places, [value for _, value in words])))
    if "L" in shape[1:]:  # mid-1950s, pre-1950
        words = [word for at, word in enumerate(words) if not (shape[at] == "L" and at and shape[at - 1] in "PBFA")]
        shape = "".join([kind for kind, _ in words])
    if "xxY" in shape:
        return _read_either(words, shape, order)
    for rule, read_ends in _rules():
        found = rule.fullmatch(shape)
        if found:
            return read_ends(*(words[slice(*found.span(group))] for group in range(1, rule.groups + 1)))
    return None


def _read_either(words: list[Word], shape: str, order: DateOrder | None) -> Reading | None:
    """Return the reading of a date of numbers in the source's order; without one, both possible readings."""
    readings = []
    for one in [order] if order else ["day-month", "month-day"]:
        kinds = shape.replace("xxY", _IN_ORDER[one] + "Y")
        try:
            reading = _read([(kind, value) for kind, (_, value) in zip(kinds, words, strict=True)], order)
        except ValueError:
            continue
        if reading:
            readings.append(reading)
    if not readings:
        raise ValueError
    if len(readings) == 1:
        return readings[0]
    early, late = sorted(readings, key=lambda reading: reading.first_day or "")
    if early.precision != "day":  # a span whose ends both have two readings
        raise ValueError
    return Reading(f"[{early.edtf},{late.edtf}]", early.first_day, late.last_day, "ambiguous")


class _End(NamedTuple):
    """The parts that one end of a date states, and its qualification."""

    fields: dict[str, int]
    about: bool
    uncertain: bool

    @property
    def mark(self) -> str:
        return "%" if self.about and self.uncertain else "~" if self.about else "?" if self.uncertain else ""


def _end(words: Sequence[Word]) -> _End | None:
    """Return what one end or a whole date states; the other end may state what is missing."""
    about, uncertain = ("A", 0) in words, ("?", 0) in words
    words = [word for word in words if word[0] not in "A?"]
    shape = "".join([kind for kind, _ in words])
    part = _PART.search(shape)
    if part and part.start() in (0, len(shape) - len(part[0])) and len(part[0]) < len(shape):
        words = words[part.end() :] if part.start() == 0 else words[: part.start()]
        shape = "".join([kind for kind, _ in words])
        if (WHOLE.get(shape) or PARTIAL.get(shape)) not in _HAS_PARTS:
            return None
    if shape == "Yz" and words[0][1] % 10 == 0:
        return _End({"k": words[0][1] // 10}, about, uncertain)
    if shape == "NCNz" and words[2][1] % 10 == 0:  # 20世纪50年代
        return _End({"k": (words[0][1] - 1) * 10 + words[2][1] // 10}, about, uncertain)
    places = WHOLE.get(shape) or PARTIAL.get(shape)
    return _End(_fields(places, [value for _, value in words]), about, uncertain) if places else None


def _fields(places: str, values: Sequence[int]) -> dict[str, int]:
    return {place: value for place, value in zip(places, values, strict=True) if place != "."}


def _one(words: Sequence[Word]) -> Reading | None:
    end = _end(words)
    if end is None or not is_whole(end.fields):
        return None
    found = build(end.fields)
    return Reading(found.edtf + end.mark, found.first, found.last, found.precision)


class _Pair(NamedTuple):
    """Both ends of a date with their marks. `elided`: one end leaves out what the other states."""

    one: Whole
    other: Whole
    one_mark: str
    other_mark: str
    elided: bool


def _pair(words: Sequence[Word], others: Sequence[Word]) -> _Pair | None:
    """Return both ends; each completes the other. Raises ValueError if they are in the wrong order."""
    left, right = _end(words), _end(others)
    if left is None or right is None:
        return None
    one, other = dict(left.fields), dict(right.fields)
    if not (_explain(one, other) and _explain(other, one)):
        return None
    elided = _complete(one, other) | _complete(other, one)
    if not (is_whole(one) and is_whole(other)) or (elided and one.keys() != other.keys()):
        return None
    first, last = build(one), build(other)
    if first.first > last.first:
        raise ValueError
    carried = bool(words) and words[0][0] in "A?" and not right.mark
    one_mark = right.mark if elided and not left.mark else left.mark
    return _Pair(first, last, one_mark, left.mark if carried else right.mark, elided)


def _explain(fields: dict[str, int], other: dict[str, int]) -> bool:
    """Return what a number alone is, from the other end: a century, a day; and complete `60s`."""
    if "n" in fields:
        kind = "c" if "c" in other else "d" if "d" in other else None
        if kind is None or ("y" in fields and kind == "c"):
            return False
        fields[kind] = fields.pop("n")
    if fields.get("k", 10) < 10 and "k" in other:
        fields["k"] += other["k"] // 10 * 10
    return True


def _complete(fields: dict[str, int], other: dict[str, int]) -> bool:
    """Copy missing month and year from the other date; return whether anything was copied."""
    before = len(fields)
    if "d" in fields and "m" not in fields and "m" in other:
        fields["m"] = other["m"]
    if ("m" in fields or "s" in fields) and "y" not in fields and "y" in other:
        fields["y"] = other["y"]
    return len(fields) > before


def _span(words: Sequence[Word], others: Sequence[Word]) -> Reading | None:
    pair = _pair(words, others)
    if pair is None:
        return None
    edtf = f"{pair.one.edtf}{pair.one_mark}/{pair.other.edtf}{pair.other_mark}"
    return Reading(edtf, pair.one.first, max(pair.one.last, pair.other.last), "span")


def _either(words: Sequence[Word], others: Sequence[Word]) -> Reading | None:
    pair = _pair(words, others)
    return _set(pair, "[{}]", "ambiguous") if pair else None


def _each(words: Sequence[Word], others: Sequence[Word]) -> Reading | None:
    pair = _pair(words, others)
    return _set(pair, "{{{}}}", "span") if pair else None


def _set(pair: _Pair, brackets: str, precision: Precision) -> Reading:
    members = f"{pair.one.edtf}{pair.one_mark},{pair.other.edtf}{pair.other_mark}"
    return Reading(brackets.format(members), pair.one.first, max(pair.one.last, pair.other.last), precision)


def _slashed(words: Sequence[Word], others: Sequence[Word]) -> Reading | None:
    """Return `3/4 May` as one of the two dates, and `1950/1955` as a span, because both ends are complete."""
    pair = _pair(words, others)
    return None if pair is None else _either(words, others) if pair.elided else _span(words, others)


def _before(words: Sequence[Word]) -> Reading | None:
    end = _end(words)
    if end is None or not is_whole(end.fields):
        return None
    found = beside(build(end.fields), -1)
    return Reading(f"../{found.edtf}{end.mark}", None, found.last, "span")


def _until(words: Sequence[Word]) -> Reading | None:
    found = _one(words)
    return Reading(f"../{found.edtf}", None, found.last_day, "span") if found else None


def _after(words: Sequence[Word]) -> Reading | None:
    end = _end(words)
    if end is None or not is_whole(end.fields):
        return None
    found = beside(build(end.fields), 1)
    return Reading(f"{found.edtf}{end.mark}/..", found.first, None, "span")


def _since(words: Sequence[Word]) -> Reading | None:
    found = _one(words)
    return Reading(f"{found.edtf}/..", found.first_day, None, "span") if found else None


def _short(year: Sequence[Word], number: Sequence[Word], rest: Sequence[Word]) -> Reading | None:
    """Return the reading of `1950-51` or `1956-07`; if both are possible, one of the years that both cover."""
    about, (one, two), kind = year[:-1], (year[-1][1], number[0][1]), number[0][0]
    turn = one - one % 100 + two if two > one % 100 else one + 1 if (one % 100, two) == (99, 0) else 0
    if kind == "N" and not turn:
        return None
    if turn and kind == "h" and (two <= 12 or 20 < two <= WINTER):
        return Reading(f"[{one:04}..{turn:04}]", f"{one:04}-01-01", f"{turn:04}-12-31", "ambiguous")
    if turn:
        return _span([*about, ("Y", one)], [("Y", turn), *rest])
    place = "S" if two > 20 else "M"
    if place == "S" and two > WINTER:
        raise ValueError
    return _one([*about, ("Y", one), (place, two), *rest])


def _winter(
    season: Sequence[Word], year: Sequence[Word], number: Sequence[Word], rest: Sequence[Word]
) -> Reading | None:
    """Return `Winter 1961/62` as the winter that begins in the first year."""
    one, two = year[0][1], number[0][1]
    if season[-1] != ("S", WINTER) or two not in (one + 1, (one + 1) % 100):
        raise ValueError
    return _one([*season, *year, *rest])


def _week_of(words: Sequence[Word]) -> Reading | None:
    """Return the week of a day as the month that contains it, whichever day it begins with; or as two months."""
    day = _one(words)
    if day is None or day.precision != "day" or day.first_day is None:
        return None
    middle = datetime.date.fromisoformat(day.first_day)
    first, last = (middle + datetime.timedelta(step) for step in (-6, 6))
    if first.month == last.month:
        return Reading(*build({"y": first.year, "m": first.month}))
    ends = [build({"y": border.year, "m": border.month}) for border in (first, last)]
    return Reading(f"{ends[0].edtf}/{ends[1].edtf}", ends[0].first, ends[1].last, "span")


_E = "([^LOWBbFfT&/hi]+)"
"""One end of a date."""
# Only the first rule that matches the whole string of kinds counts.
_RULES = (
    (r"U([?A]?(?:MNY|NMY|YMN|dmY|mdY|Ymd)[?A]?)", _week_of),
    (_E, _one),
    (r"([A?]*Y)([hi])([A?]*)", _short),
    (r"([A?]*Y)L(N)([A?]*)", _short),
    (r"([A?]*S)(Y)[L/](N|Y)([A?]*)", _winter),
    (r"([A?]*S)(Y)([hi])([A?]*)", _winter),
    (rf"B{_E}|{_E}[O&]B", lambda one, other: _before(one) if one else _until(other)),
    (rf"[bL]{_E}", _until),
    (rf"T/{_E}", _until),
    (rf"F{_E}|{_E}[O&]F", lambda one, other: _after(one) if one else _since(other)),
    (rf"f{_E}", _since),
    (rf"f?{_E}(?:[L/&O]?T|L)", _since),
    (rf"f?{_E}L{_E}", _span),
    (rf"W{_E}[L&]{_E}", _span),
    (rf"{_E}/{_E}", _slashed),
    (rf"{_E}O{_E}", _either),
    (rf"{_E}&{_E}", _each),
)


@cache  # nearly all dates are read without these
def _rules() -> list[tuple[re.Pattern[str], Callable[..., Reading | None]]]:
    return [(re.compile(pattern), then) for pattern, then in _RULES]

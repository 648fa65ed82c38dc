"""A search request: words, filters, order, page. Equal requests have equal addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from .search_dates import Period, extract_dates, format_period, from_edtf, read_date
from .search_syntax import SearchQuery, parse_query

if TYPE_CHECKING:
    from collections.abc import Iterable

TERMS = ("language", "person", "place", "subject", "contributor", "collection", "donor")
"""Facets that are terms; several of one narrow down."""
ONE_EACH = ("kind", "sender", "recipient", "source")
"""Facets of which a document has one value at most; several of one are alternatives."""
FACETS = ("kind", "sender", "recipient", "party", *TERMS, "source", "listing", "gone")
"""What filters go by. `party` is a sender or recipient, so that two parties are a correspondence."""
ORDERS = ("relevance", "date", "newest", "changed")
PAGE = 20
MOST_ON_A_PAGE = 200
LONGEST = 1000
UNSTATED = "-"
"""The value for what a document does not state, such as a kind that no title states."""
OTHERS = {"q", "in", "year", "from", "to", "order", "page", "size"}
"""Parameters besides the facets."""
TYPED = {"kind": "kind", "language": "language", "year": "", "date": ""}
"""Prefixes before a colon in the search box that are filters, not words."""
_TYPED = re.compile(rf"""(?<!\S)({"|".join(TYPED)}):(?:"([^"]*)"|([^\s"]+))""", re.IGNORECASE)


@dataclass(frozen=True)
class SearchRequest:
    """A search request. `start` and `end`: the span of dates, each `1956`, `1956-10` or `1956-10-23`."""

    q: str = ""
    start: str | None = None
    end: str | None = None
    chosen: tuple[tuple[str, str], ...] = ()
    order: str = "relevance"
    page: int = 1
    size: int = PAGE
    notes: tuple[str, ...] = field(default=(), compare=False)

    @cached_property
    def _typed(self) -> tuple[str, Period, tuple[tuple[str, str], ...], tuple[str, ...]]:
        """The search box parted into words, a period, filters, and remarks on how it was read."""
        return _read_typed(self.q)

    @cached_property
    def words(self) -> SearchQuery:
        """The words as a parsed query."""
        return parse_query(self._typed[0])

    @property
    def period(self) -> Period:
        """The days searched, by the filter and by dates among the words."""
        return from_edtf(self.start, self.end).within(self._typed[1])

    @property
    def filters(self) -> tuple[tuple[str, str], ...]:
        """The filters that are chosen or typed."""
        return tuple(dict.fromkeys((*self.chosen, *self._typed[2])))

    @property
    def remarks(self) -> list[str]:
        """Remarks to the user on how the request was read."""
        return [*self.notes, *self._typed[3], *self.words.notes]

    @property
    def narrowed(self) -> bool:
        """Whether there is a filter."""
        return bool(self.chosen or self.start or self.end)

    @property
    def sorted_by(self) -> str:
        """The order in effect: by date in place of relevance, if there are no words to rank by."""
        return "date" if self.order == "relevance" and not self.words.ranked else self.order

    @property
    def what(self) -> tuple[Any, ...]:
        """What identifies the set of results, independent of order and page."""
        return self.q, self.start, self.end, self.chosen

    def of(self, facet: str) -> list[str]:
        """Return what is chosen of one facet."""
        return [value for name, value in self.filters if name == facet]

    def pairs(self) -> list[tuple[str, str]]:
        """Return the question as the parameters of its address, always in the same order."""
        dates = [("from", self.start), ("to", self.end)]
        if self.start is not None and self.start == self.end and len(self.start) == 4:
            dates = [("year", self.start)]
        order = self.order if self.order != "relevance" else ""
        page = str(self.page) if self.page > 1 else ""
        size = str(self.size) if self.size != PAGE else ""
        named: list[tuple[str, str | None]] = [("q", self.q), *dates, *sorted(self.chosen)]
        named += [("order", order), ("page", page), ("size", size)]
        return [(name, value) for name, value in named if value]

    def query(self, **changes: Any) -> str:
        """Return the query string with some fields changed, for the first page of results."""
        return urlencode(replace(self, **{"page": 1, **changes}).pairs())

    def with_(self, facet: str, value: str) -> str:
        """Return the query that narrows down to a value, too."""
        return self.query(chosen=(*self.chosen, (facet, value)))

    def without(self, facet: str, value: str) -> str:
        """Return the query without a value."""
        return self.query(chosen=tuple(pair for pair in self.chosen if pair != (facet, value)))

    def includes(self, year: int) -> bool:
        """Return whether a year is within the period searched."""
        period = self.period
        after = period.start is None or f"{year:04}-12-31" >= period.start
        return after and (period.end is None or f"{year:04}-01-01" <= period.end)


def read_request(args: Any) -> SearchRequest:
    """Return the request in the parameters of an address; what is not valid is left out, with a remark."""
    notes: list[str] = []
    start, end = _dates(args, notes)
    chosen = {(facet, value) for facet in FACETS for value in args.getlist(facet) if value}
    unknown = sorted({name for name in args if name not in OTHERS and name not in FACETS and not name.startswith("_")})
    if unknown:
        notes.append(f"There is no filter {', '.join(f'“{name[:40]}”' for name in unknown[:5])}: it was left out.")
    typed = " ".join((args.get("q") or "").split())
    if len(typed) > LONGEST:
        notes.append(f"Only the first {LONGEST:,} letters were read.")
    return SearchRequest(
        typed[:LONGEST],
        start,
        end,
        _valid_filters(chosen, notes),
        _order(args.get("order"), notes),
        _number(args.get("page"), 1),
        min(_number(args.get("size"), PAGE), MOST_ON_A_PAGE),
        tuple(notes),
    )


def _read_typed(q: str) -> tuple[str, Period, tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Return the words, period, filters and remarks in the search box: `kind:Telegram`, `year:1956`, dates."""
    notes, chosen, dates = [], [], []
    for found in list(_TYPED.finditer(q))[::-1]:
        name, value = found[1].lower(), found[2] or found[3] or ""
        date = None if TYPED[name] else read_date(value)
        if TYPED[name] and value:
            chosen.append((TYPED[name], value))
        elif date:
            dates.append(date)
        else:
            continue
        q = q[: found.start()] + q[found.end() :]
    rest, typed_dates = extract_dates(q)
    for text, _ in typed_dates:
        notes.append(f"“{text}” was read as a date: put it in quotation marks to look for it as words.")
    dates += [date for _, date in typed_dates]
    if not dates:
        return rest, Period(), tuple(chosen), tuple(notes)
    start, end = min(date[0] for date in dates), max(date[1] for date in dates)
    notes.append(f"Only documents of {format_period(start, end)}.")
    return rest, from_edtf(start, end), tuple(chosen), tuple(notes)


def _dates(args: Any, notes: list[str]) -> tuple[str | None, str | None]:
    """Return the first and last date of the filters; swapped if they are the wrong way round."""
    year, first, last = (_date(args.get(name), notes) for name in ("year", "from", "to"))
    start, end = first and first[0], last and last[1]
    if year:
        if first or last:
            notes.append("A year and a span were named: the year holds.")
        return year
    return (last[0], first[1]) if first and last and start and end and start > end else (start, end)


def _date(value: str | None, notes: list[str]) -> tuple[str, str] | None:
    text = (value or "").strip()
    found = read_date(text) if text else None
    if text and not found:
        notes.append(f"“{text[:40]}” is no year and no date: write it as 1956, 1956-10, 1956-10-23 or 23 October 1956.")
    return found


def _order(value: str | None, notes: list[str]) -> str:
    if value and value not in ORDERS:
        notes.append(f"There is no order “{value[:40]}”: there are {', '.join(ORDERS)}.")
    return value if value in ORDERS else "relevance"


def _number(value: str | None, otherwise: int) -> int:
    return int(value) if value and re.fullmatch(r"[1-9]\d{0,8}", value, re.ASCII) else otherwise


def _valid_filters(chosen: Iterable[tuple[str, str]], notes: list[str]) -> tuple[tuple[str, str], ...]:
    """Return the filters that are valid, with remarks on the others."""
    known = []
    for facet, value in sorted(chosen):
        if facet == "listing" and not re.fullmatch(r"\d{1,15}", value, re.ASCII):
            notes.append(f"“{value[:40]}” is no listing's number.")
        elif facet == "gone" and value not in ("yes", "no"):
            notes.append("Gone is yes or no.")
        else:
            known.append((facet, value))
    return tuple(known)

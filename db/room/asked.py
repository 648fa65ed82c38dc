"""What is asked of search: words, filters, order, page. One question has one address, whoever asks it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from .words import Words, read

if TYPE_CHECKING:
    from collections.abc import Iterable

TERMS = ("language", "person", "place", "subject")
"""Facets that are terms; several of one narrow down."""
FACETS = ("kind", *TERMS, "listing", "gone")
ORDERS = ("relevance", "date", "newest", "changed")
PAGE = 20
LAST_PAGE = 1000
LONGEST = 1000
UNSTATED = "-"
"""Stands for a kind that no title states."""


@dataclass(frozen=True)
class Asked:
    """One question."""

    q: str = ""
    year_from: int | None = None
    year_to: int | None = None
    chosen: tuple[tuple[str, str], ...] = ()
    order: str = "relevance"
    page: int = 1
    notes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def words(self) -> Words:
        """Give what the words mean."""
        return read(self.q)

    @property
    def sorted_by(self) -> str:
        """Give the order that holds: without words nothing is more relevant than anything else."""
        return "date" if self.order == "relevance" and not self.words.groups else self.order

    @property
    def what(self) -> tuple[Any, ...]:
        """Give what is asked for, whatever the order and the page."""
        return self.q, self.year_from, self.year_to, self.chosen

    def is_within(self, year: int | None) -> bool:
        """Say whether a year is asked for."""
        if self.year_from is None and self.year_to is None:
            return True
        return year is not None and (self.year_from or 0) <= year <= (9999 if self.year_to is None else self.year_to)

    def of(self, facet: str) -> list[str]:
        """Give what is chosen of one facet."""
        return [value for name, value in self.chosen if name == facet]

    def pairs(self) -> list[tuple[str, str]]:
        """Give the question as the parameters of its address, always in the same order."""
        years = [("from", self.year_from), ("to", self.year_to)]
        if self.year_from is not None and self.year_from == self.year_to:
            years = [("year", self.year_from)]
        order = self.order if self.order != "relevance" else ""
        page = str(self.page) if self.page > 1 else ""
        named: list[tuple[str, Any]] = [("q", self.q), *years, *sorted(self.chosen), ("order", order), ("page", page)]
        return [(name, str(value)) for name, value in named if value not in ("", None)]

    def query(self, **changes: Any) -> str:
        """Give the address's query, with some things asked differently; back on the first page."""
        return urlencode(replace(self, **{"page": 1, **changes}).pairs())

    def with_(self, facet: str, value: str) -> str:
        """Give the query that narrows down to a value, too."""
        return self.query(chosen=(*self.chosen, (facet, value)))

    def without(self, facet: str, value: str) -> str:
        """Give the query that takes a value back."""
        return self.query(chosen=tuple(pair for pair in self.chosen if pair != (facet, value)))


def asked(args: Any) -> Asked:
    """Read a question from an address; what cannot be meant is left out, and said."""
    notes: list[str] = []
    start, end = _years(args, notes)
    chosen = {(facet, value) for facet in FACETS for value in args.getlist(facet) if value}
    return Asked(
        " ".join((args.get("q") or "").split())[:LONGEST],
        start,
        end,
        _known(chosen, notes),
        _order(args.get("order"), notes),
        _page(args.get("page")),
        tuple(notes),
    )


def _years(args: Any, notes: list[str]) -> tuple[int | None, int | None]:
    """Read one year, or a first and a last one; the wrong way round they mean the same."""
    one = _year(args.get("year"), notes)
    if one is not None:
        return one, one
    start, end = _year(args.get("from"), notes), _year(args.get("to"), notes)
    return (end, start) if start is not None and end is not None and start > end else (start, end)


def _order(value: str | None, notes: list[str]) -> str:
    if value and value not in ORDERS:
        notes.append(f"There is no order “{value}”: there are {', '.join(ORDERS)}.")
    return value if value in ORDERS else "relevance"


def _page(value: str | None) -> int:
    return min(int(value), LAST_PAGE) if value and re.fullmatch(r"[1-9]\d{0,8}", value, re.ASCII) else 1


def _year(value: str | None, notes: list[str]) -> int | None:
    text = (value or "").strip()
    if re.fullmatch(r"\d{1,4}", text, re.ASCII):
        return int(text)
    if text:
        notes.append(f"“{text}” is no year: write it in figures, as 1956.")
    return None


def _known(chosen: Iterable[tuple[str, str]], notes: list[str]) -> tuple[tuple[str, str], ...]:
    """Leave out what no filter understands."""
    known = []
    for facet, value in sorted(chosen):
        if facet == "listing" and not re.fullmatch(r"\d{1,15}", value, re.ASCII):
            notes.append(f"“{value}” is no listing's number.")
        elif facet == "gone" and value not in ("yes", "no"):
            notes.append("Gone is yes or no.")
        else:
            known.append((facet, value))
    return tuple(known)

"""Notices that a site has changed: its pages are read, but hold much less than they did in the runs before."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from harvester.pages.page import DocumentPage, Problem, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlite_utils import Database

    from harvester.pages.page import Page, Record

RUNS_BEFORE = 5
"""The median of so many runs is what is usual: a change that is here to stay is told of three times, not for ever."""
FEWEST = {"records": 50, "pages": 10}
"""Fewer records, or pages, than these say nothing of the whole."""
SHARE, POINTS = 0.6, 0.25
"""A field has fallen away if it is filled less than this share of what is usual, and by so many points less."""
LISTED = {"date": "dates", "summary": "summaries"}
DESCRIBED = {**LISTED, "archive": "archives", "terms": "terms"}
"""The fields that are watched, and what they are called: of listings, of document pages."""
OF_PAGES = {"pages": "readable pages", "records": "records"}

Scope = tuple[str, "str | None", "int | None"]
"""Source, form (of document pages), listing: what is compared with the runs before."""


@dataclass
class Fill:
    """How full the pages were that one run has parsed."""

    filled: Counter[tuple[Scope, str]] = field(default_factory=Counter)
    of: Counter[tuple[Scope, str]] = field(default_factory=Counter)

    def count(self, page: Page, source: str, listing: int | None) -> None:
        """Count a page that was parsed."""
        self._add((source, None, None), "pages", [not isinstance(page, Refused)])
        if isinstance(page, DocumentPage):
            self._records((source, page.form, None), DESCRIBED, [page.record])
        elif not isinstance(page, Refused) and listing is not None:
            self._add((source, None, listing), "records", [len(page.records)])
            self._records((source, None, listing), LISTED, page.records)

    def _records(self, scope: Scope, names: Iterable[str], records: Sequence[Record]) -> None:
        for name in names:
            values = [record.date.text if name == "date" else getattr(record, name) for record in records]
            self._add(scope, name, [bool(value) for value in values])

    def _add(self, scope: Scope, name: str, filled: Sequence[int]) -> None:
        self.filled[scope, name] += sum(filled)
        self.of[scope, name] += len(filled)


def keep_fill(db: Database, run: int, fill: Fill) -> list[Problem]:
    """Keep how full the pages of a run were; give what has fallen away since the runs before."""
    sql = "INSERT INTO fill (run_id, source, form, listing_id, field, filled, records) VALUES (?, ?, ?, ?, ?, ?, ?)"
    counted = [(*scope, name, fill.filled[scope, name], of) for (scope, name), of in fill.of.items()]
    rows = [(run, *row) for row in counted if row[-1] >= _fewest(row[3])]
    fallen = [_problem(db, row, usual) for row in rows if (usual := _usual(db, row)) and _has_fallen(row, usual)]
    db.conn.executemany(sql, rows)
    return fallen


Row = tuple[int, str, "str | None", "int | None", str, int, int]


def _fewest(name: str) -> int:
    return FEWEST["pages" if name in OF_PAGES else "records"]


def _usual(db: Database, row: Row) -> float | None:
    sql = """SELECT 1.0 * filled / records FROM fill
        WHERE source = ? AND form IS ? AND listing_id IS ? AND field = ? ORDER BY run_id DESC LIMIT ?"""
    rates = [rate for (rate,) in db.execute(sql, [*row[1:5], RUNS_BEFORE])]
    return median(rates) if rates else None


def _has_fallen(row: Row, usual: float) -> bool:
    now = row[5] / row[6]
    return now < SHARE * usual and usual - now >= POINTS


def _problem(db: Database, row: Row, usual: float) -> Problem:
    _, source, form, listing, name, filled, of = row
    place = _name(db, listing) if listing else f"the document pages of {source}" if form else source
    if name in OF_PAGES:
        told = f"{filled / of:.2g} {OF_PAGES[name]} a page asked for, {usual:.2g} in the runs before"
    else:
        told = f"{DESCRIBED[name]} in {filled / of:.0%} of {of} records, {usual:.0%} in the runs before"
    hint = "has the site changed? See what is read: harvester parse FILE, of a page that is kept or saved"
    return Problem("error", "rot", f"{place}: {told}; {hint}")


def _name(db: Database, listing: int) -> str:
    return str(db.execute("SELECT name FROM listings WHERE id = ?", [listing]).fetchone()[0])

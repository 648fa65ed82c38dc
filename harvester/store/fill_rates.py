"""Detects that a site has changed: its pages are filled much less than before."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from harvester.model import DocumentPage, Problem, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlite_utils import Database

    from harvester.model import Page, Record

RUNS_BEFORE = 5
"""The usual rate is the median of so many runs: a lasting change is reported three times, not for ever."""
FEWEST = {"records": 50, "pages": 10}
"""With fewer records, or pages, than these a rate means nothing."""
USUAL_SHARE, POINTS = 0.6, 0.25
"""A rate has dropped if it is below this share of the usual one, and by so many points less."""
LISTED = {"date": "dates", "summary": "summaries"}
DESCRIBED = {**LISTED, "archive": "archives", "terms": "terms"}
"""The fields that are watched, with their names in messages: of listings, of document pages."""
OF_PAGES = {"pages": "readable pages", "records": "records"}

Scope = tuple[str, "str | None", "int | None"]
"""Source, form (of document pages), listing: the rates of one scope are compared with each other."""


@dataclass
class FillRates:
    """How full the pages were that a run has parsed."""

    filled: Counter[tuple[Scope, str]] = field(default_factory=Counter)
    totals: Counter[tuple[Scope, str]] = field(default_factory=Counter)

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
        self.totals[scope, name] += len(filled)


def store_fill_rates(db: Database, run: int, fill: FillRates) -> list[Problem]:
    """Write the fill rates of a run; return a problem for each that has dropped since the runs before."""
    sql = "INSERT INTO fill_rates (run_id, source, form, listing_id, field, filled, total) VALUES (?, ?, ?, ?, ?, ?, ?)"
    counted = [(*scope, name, fill.filled[scope, name], of) for (scope, name), of in fill.totals.items()]
    rows = [(run, *row) for row in counted if row[-1] >= _fewest(row[3])]
    drops = [
        _drop_problem(db, row, usual) for row in rows if (usual := _usual_rate(db, row)) and _has_fallen(row, usual)
    ]
    db.conn.executemany(sql, rows)
    return drops


Row = tuple[int, str, "str | None", "int | None", str, int, int]


def _fewest(name: str) -> int:
    return FEWEST["pages" if name in OF_PAGES else "records"]


def _usual_rate(db: Database, row: Row) -> float | None:
    sql = """SELECT 1.0 * filled / total FROM fill_rates
        WHERE source = ? AND form IS ? AND listing_id IS ? AND field = ? ORDER BY run_id DESC LIMIT ?"""
    rates = [rate for (rate,) in db.execute(sql, [*row[1:5], RUNS_BEFORE])]
    return median(rates) if rates else None


def _has_fallen(row: Row, usual: float) -> bool:
    now = row[5] / row[6]
    return now < USUAL_SHARE * usual and usual - now >= POINTS


def _drop_problem(db: Database, row: Row, usual: float) -> Problem:
    _, source, form, listing, name, filled, of = row
    place = _listing_name(db, listing) if listing else f"the document pages of {source}" if form else source
    if name in OF_PAGES:
        rates = f"{filled / of:.2g} {OF_PAGES[name]} a page asked for, {usual:.2g} in the runs before"
    else:
        rates = f"{DESCRIBED[name]} in {filled / of:.0%} of {of} records, {usual:.0%} in the runs before"
    hint = "has the site changed? See what is read: harvester parse FILE, of a page that is kept or saved"
    return Problem("error", "fill-rate-drop", f"{place}: {rates}; {hint}")


def _listing_name(db: Database, listing: int) -> str:
    return str(db.execute("SELECT name FROM listings WHERE id = ?", [listing]).fetchone()[0])

"""Detects that a site has changed: pages are filled much less than before, or a field of many records differs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from statistics import median
from typing import TYPE_CHECKING

from harvester.model import DocumentPage, Problem, Refused
from harvester.registry import load_sources
from harvester.store.documents import update_document
from harvester.store.keys import is_different

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlite_utils import Database

    from harvester.model import Page, Record
    from harvester.store.run import Run


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


FROM_RECORDS = 10
SHARE = 10
"""In walks of so many records or more, a field that changes in more than one of so many replaces no value."""
MESSAGE = (
    "shows another {field} for {count} of {records} records than before: the site may have changed. The values held "
    "stay until the documents' own pages have been read; look at one of them if none can be"
)
_WALK = """SELECT walks.listing_id, walks.started_at, walks.finished_at, listings.url, count(DISTINCT document_id)
    FROM walks JOIN listings ON listings.id = walks.listing_id LEFT JOIN walk_pages ON walk_pages.walk_id = walks.id
    LEFT JOIN sightings ON sightings.capture_id = walk_pages.capture_id WHERE walks.id = ?"""
_NEWS = """SELECT document_id, field FROM unconfirmed_changes WHERE listing_id = ? AND observed_at BETWEEN ? AND ?
    ORDER BY document_id"""


def suppress_news(run: Run, walk: int) -> None:
    """Suppress the news of a finished walk for fields that changed in too many records, and revert their documents."""
    listing, first_at, last_at, uri, records = run.db.execute(_WALK, [walk]).fetchone()
    if records < FROM_RECORDS:
        return
    changed: dict[str, list[int]] = {}
    for document, column in run.db.execute(_NEWS, [listing, first_at, last_at]):
        changed.setdefault(column, []).append(document)
    others = _other_items(run, changed)
    for column, documents in changed.items():
        if len(set(documents) - others) * SHARE > records:
            sql = """INSERT INTO site_changes (listing_id, field, first_at, last_at) VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET last_at = excluded.last_at"""
            run.db.execute(sql, [listing, column, first_at, last_at])
            for document in documents:
                _revert(run, document)
            name = column.removesuffix("_text")
            message = MESSAGE.format(field=name, count=len(documents), records=records)
            run.add_run_problem(Problem("warning", "site-changed", message), uri)


def _other_items(run: Run, changed: dict[str, list[int]]) -> set[int]:
    """Return the documents at whose addresses a listing shows neither title nor date as before.

    The address of each probably belongs to another item now; if there are very many, the site has changed instead.
    """
    retitled = changed.get("title", [])
    sql = f"SELECT id FROM documents WHERE date_text IS NULL AND id IN ({','.join(map(str, retitled))})"
    undated = {document for (document,) in run.db.execute(sql)}
    found = {*retitled} & {*changed.get("date_text", []), *undated}
    return found if len(found) < FROM_RECORDS else set()


def _revert(run: Run, document: int) -> None:
    """Restore the values that a document had before the walk, as if this run had not changed it."""
    (name,) = run.db.execute("SELECT source FROM documents WHERE id = ?", [document]).fetchone()
    had_changed = _has_changed(run, document)
    update_document(run.db, document, load_sources()[name], run.id)
    _delete_detours(run, document)
    if had_changed and not _has_changed(run, document):
        run.counts["changed"] -= 1
        run.counts["unchanged"] += 1


def _has_changed(run: Run, document: int) -> bool:
    sql = "SELECT 1 FROM changes WHERE run_id = ? AND document_id = ? AND kind = 'changed'"
    return run.db.execute(sql, [run.id, document]).fetchone() is not None


def _delete_detours(run: Run, document: int) -> None:
    """Delete the changes of this run by which a field of a document left a value that it has again."""
    sql = """SELECT field, id, before, after FROM changes WHERE run_id = ? AND document_id = ?
        AND kind IN ('filled', 'changed') AND merged_from IS NULL ORDER BY field, id"""
    for _, rows in groupby(run.db.execute(sql, [run.id, document]).fetchall(), key=itemgetter(0)):
        steps = [(change, before, after) for _, change, before, after in rows]
        final = steps[-1][2]
        values = [steps[0][1], *(after for _, _, after in steps)]
        needless = steps[next(number for number, value in enumerate(values) if not is_different(value, final)) :]
        run.db.conn.executemany("DELETE FROM changes WHERE id = ?", [(change,) for change, *_ in needless])

"""A run: one harvest, from its start to its verdict. Each page is taken in one transaction."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from harvester.clock import stamp
from harvester.pages.page import Listing, Problem, Refused
from harvester.store.captures import Place, find_same_bytes, find_same_content, host_of, keep_capture, keep_read
from harvester.store.database import transaction
from harvester.store.records import RecordTaker
from harvester.store.search import index

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlite_utils import Database

    from harvester.capture import Capture
    from harvester.pages.page import DocumentPage, Page
    from harvester.source import Source
    from harvester.store.captures import KnownCapture

COUNTS = ("pages", "records", "new", "changed", "unchanged", "problems", "skipped", "ignored", "refused")
Status = Literal["complete", "partial", "failed", "interrupted"]


class Run:
    """One harvest into one database. `id` is its row in `runs`; what it counts is written with each page."""

    def __init__(self, db: Database, command: str) -> None:
        self.db = db
        self.counts: Counter[str] = Counter()
        self.errors = 0
        with transaction(db):
            cursor = db.execute("INSERT INTO runs (command, started_at) VALUES (?, ?)", [command, stamp()])
        self.id = int(cursor.lastrowid or 0)

    def known(self, capture: Capture, sources: Iterable[Source]) -> bool:
        """Say whether these bytes were read before; if so, this reading is kept and no parsing is needed."""
        known = find_same_bytes(self.db, capture, sources)
        if known is None:
            return False
        with self._page():
            self._reread(capture, known)
        return True

    def take(self, capture: Capture, page: Page, source: Source) -> None:
        """Take one page: its records, its problems and the fact that it was read, or none of these."""
        with self._page():
            known = find_same_content(self.db, capture, page, source)
            if known:
                self._reread(capture, known)
                return
            capture_id = keep_capture(self.db, capture, page, source)
            keep_read(self.db, self.id, capture_id, capture)
            if isinstance(page, Refused):
                self._refuse(capture, page)
            else:
                self._take_records(capture, capture_id, page, source)

    def problem(self, problem: Problem, uri: str | None = None) -> None:
        """Keep a problem that belongs to no page."""
        with transaction(self.db):
            self._problem(problem, uri)
            self._write_counts()

    def ignore(self, count: int) -> None:
        """Count files that are no pages by their name."""
        self.counts["ignored"] += count

    @property
    def verdict(self) -> Status:
        """`complete` if everything asked for was taken, else `partial`."""
        return "partial" if self.counts["refused"] or self.errors else "complete"

    def finish(self, status: Status, reason: str | None = None) -> None:
        """End the run."""
        if status != "failed":
            index(self.db)
        with transaction(self.db):
            sql = "UPDATE runs SET finished_at = ?, status = ?, reason = ? WHERE id = ?"
            self.db.execute(sql, [stamp(), status, reason, self.id])
            self._write_counts()

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Keep a failure as the run's end, as far as the database still can; then let it be reported."""
        try:
            yield
        except BaseException as error:
            status: Status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            try:
                self.finish(status, f"{type(error).__name__}: {error}")
            except sqlite3.Error as second:
                error.add_note(f"the run could not be marked {status}: {second}")
            raise

    def row(self) -> dict[str, Any]:
        """Give the run's row, with its walks."""
        run = next(iter(self.db.query("SELECT * FROM runs WHERE id = ?", [self.id])))
        return {**run, "walks": list(self.db.query("SELECT * FROM walks WHERE run_id = ? ORDER BY id", [self.id]))}

    def _take_records(self, capture: Capture, capture_id: int, page: Listing | DocumentPage, source: Source) -> None:
        observed_at = stamp(capture.captured_at) if capture.captured_at else None
        place = Place(source, self.id, capture_id, capture.uri, page.form, host_of(capture.uri), observed_at)
        taker = RecordTaker(self.db, place)
        outcome = taker.take(page.records) if isinstance(page, Listing) else taker.take_document(page)
        self.counts.update(outcome + Counter(records=len(page.records) if isinstance(page, Listing) else 1))
        for problem in page.problems:
            self._problem(problem, capture.uri)

    def _refuse(self, capture: Capture, page: Refused) -> None:
        self.counts["refused"] += 1
        self._problem(Problem("error", page.code, page.message, extract=page.extract), capture.uri)

    def _reread(self, capture: Capture, known: KnownCapture) -> None:
        keep_read(self.db, self.id, known.id, capture)
        self.counts.update(skipped=1, records=known.records, unchanged=known.records)
        if known.errors:
            self.errors += known.errors
            self.counts["refused"] += known.refused is not None
            code = known.refused or "still-incomplete"
            self._problem(Problem("notice", code, "not taken whole before, and still the same bytes"), capture.uri)

    def _problem(self, problem: Problem, uri: str | None) -> None:
        self.counts["problems"] += 1
        self.errors += problem.severity == "error"
        sql = """INSERT INTO problems (run_id, uri, position, severity, code, message, extract)
            VALUES (?, ?, ?, ?, ?, ?, ?)"""
        values = (problem.position, problem.severity, problem.code, problem.message, problem.extract or None)
        self.db.execute(sql, [self.id, uri, *values])

    @contextmanager
    def _page(self) -> Iterator[None]:
        """Take one page or nothing: what was counted for a page that failed is not counted."""
        counts, errors = self.counts.copy(), self.errors
        try:
            with transaction(self.db):
                self.counts["pages"] += 1
                yield
                self._write_counts()
        except BaseException:
            self.counts, self.errors = counts, errors
            raise

    def _write_counts(self) -> None:
        assignments = ", ".join(f"{name} = ?" for name in COUNTS)
        values = [self.counts[name] for name in COUNTS]
        self.db.execute(f"UPDATE runs SET {assignments} WHERE id = ?", [*values, self.id])

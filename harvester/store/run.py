"""A run: one harvest, from its start to its outcome."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from harvester.model import Problem
from harvester.store.batch import WriteBatch
from harvester.store.captures import update_spans
from harvester.store.fill_rates import store_fill_rates
from harvester.store.page_batch import PageBatches
from harvester.store.presence import mark_all_not_found
from harvester.store.run_pages import ANOTHER_DOCUMENT, CLAIM, RunPages
from harvester.store.search_index import purge_deleted, update_index
from harvester.store.statements import open_claims
from harvester.store.walks import mark_interrupted
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

    from harvester.store.page_batch import ReadPage
    from harvester.store.run_pages import PageResult

Status = Literal["complete", "partial", "failed", "interrupted"]
INDEX_SECONDS = 30
"""How old full text may become while pages are fetched, so that searches meanwhile find the new documents."""


def load_run(db: Database, run: int | None = None) -> dict[str, Any]:
    """Return the row of a run (by default the newest), with its walks and its number of problems by severity."""
    sql = "SELECT * FROM runs WHERE id = coalesce(?, (SELECT max(id) FROM runs))"
    row = next(iter(db.query(sql, [run])))
    walks = list(db.query("SELECT * FROM walks WHERE run_id = ? ORDER BY id", [row["id"]]))
    sql = "SELECT severity, count(*) FROM problems WHERE run_id = ? GROUP BY severity ORDER BY severity"
    return {**row, "walks": walks, "severities": dict(db.execute(sql, [row["id"]]).fetchall())}


def latest_runs(db: Database) -> Iterator[dict[str, Any]]:
    """Yield the rows of the runs, newest first."""
    return db.query("SELECT * FROM runs ORDER BY id DESC")


def first_message(db: Database, run: int, code: str) -> str | None:
    """Return the message of the first problem of a run that has this code; None if there is none."""
    sql = "SELECT message FROM problems WHERE run_id = ? AND code = ? ORDER BY id LIMIT 1"
    row = db.execute(sql, [run, code]).fetchone()
    return None if row is None else str(row[0])


class Run(RunPages):
    """One harvest into one database. `id` is its row in `runs`; its counts are written with each page.

    Each page is written in one transaction; pages of saved files several in one (`batch`).
    """

    def __init__(self, db: Database, command: str, *, live: bool = False) -> None:
        if live:  # what was fetched must not be fetched again, not even after a power cut
            db.execute("PRAGMA synchronous = FULL")
        super().__init__(db, command)
        self._pages = PageBatches(self)
        self.batch = WriteBatch(self.transaction, self._pages.add)
        self._indexed = time.monotonic()

    def add_read_page(self, page: ReadPage) -> PageResult:
        """Add one page in a transaction of its own, as a plain one if it is; return what was added."""
        with self.ensure_transaction():
            return self._pages.add_one(page)

    @property
    def verdict(self) -> Status:
        """`complete` if everything requested was stored, else `partial`."""
        sql = "SELECT 1 FROM walks WHERE run_id = ? AND coalesce(status, 'partial') NOT IN ('complete', 'bounded')"
        unproven = self.db.execute(sql, [self.id]).fetchone()
        return "partial" if unproven or self.errors else "complete"

    def refusal(self, capture_id: int) -> str | None:
        """Return the code with which a capture was refused."""
        row = self.db.execute("SELECT refusal_code FROM captures WHERE id = ?", [capture_id]).fetchone()
        return row[0] if row else None

    def refresh_index(self) -> None:
        """Update full text if it is older than INDEX_SECONDS."""
        if time.monotonic() - self._indexed > INDEX_SECONDS:
            update_index(self.db)
            self._indexed = time.monotonic()

    def finish(self, status: Status, reason: str | None = None) -> None:
        """End the run: update full text, write its fill rates, open claims and status."""
        if status != "failed":
            update_index(self.db)
        with self.transaction():
            mark_interrupted(self.db, self.id)
            update_spans(self.db)
            self.counts["gone"] += mark_all_not_found(self.db, self.id)
            drops = store_fill_rates(self.db, self.id, self.fill)
            for problem in drops:
                self.add_problem(problem, None)
            claims = open_claims(self.db, self.id)
            for uri in claims:
                self.add_problem(Problem("error", ANOTHER_DOCUMENT, CLAIM), uri)
            if (drops or claims) and status == "complete":
                status, reason = "partial", reason or (drops[0].message if drops else f"{claims[0]} {CLAIM}")
            sql = "UPDATE runs SET finished_at = ?, status = ?, reason = ? WHERE id = ?"
            self.db.execute(sql, [utc_timestamp(), status, reason and self.withdrawn.redacted(reason), self.id])
        if self.hidden and status != "failed":
            purge_deleted(self.db)

    @contextmanager
    def recording_failure(self) -> Iterator[None]:
        """Write a failure as the run's outcome, as far as the database still can, and raise it again."""
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
        """Return the run's row, with its walks."""
        return load_run(self.db, self.id)

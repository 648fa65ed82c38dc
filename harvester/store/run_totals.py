"""The counts and problems of a run, written together with its pages."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from harvester.model import REFERENCE_READING
from harvester.store.database import transaction
from harvester.store.withdrawal.names import WithdrawnNames
from harvester.store.withdrawal.secret import check_secret
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

    from sqlite_utils import Database

    from harvester.model import Problem

REFERENCE_READINGS = "reference_readings"
COUNTS = (
    *("pages", "records", "new", "changed", "unchanged", "gone", "returned"),
    *("problems", "skipped", "ignored", "refused", REFERENCE_READINGS),
)


class RunTotals:
    """The row of a run. `errors`: how many of the requested items could not be stored."""

    def __init__(self, db: Database, command: str) -> None:
        self.db = db
        self.counts: Counter[str] = Counter()
        self.errors = 0
        check_secret(db)
        self.withdrawn = WithdrawnNames.of(db)
        with transaction(db):
            # The name of a file need not be text.
            command = command.encode(errors="backslashreplace").decode()
            values = [self.withdrawn.redacted(command), utc_timestamp()]
            cursor = db.execute("INSERT INTO runs (command, started_at) VALUES (?, ?)", values)
        self.id = int(cursor.lastrowid or 0)

    def add_problem(self, problem: Problem, uri: str | None) -> None:
        """Write a problem, within the open transaction."""
        self.counts["problems"] += 1
        self.errors += problem.severity == "error"
        sql = """INSERT INTO problems (run_id, uri, position, severity, code, message, extract)
            VALUES (?, ?, ?, ?, ?, ?, ?)"""
        if uri and self.withdrawn.occurs_in(uri):
            uri = None
        message, extract = map(self.withdrawn.redacted, (problem.message, problem.extract or ""))
        values = (problem.position, problem.severity, problem.code, message, extract or None)
        self.db.execute(sql, [self.id, uri, *values])

    def add_page_problems(self, problems: Iterable[Problem], uri: str) -> None:
        """Write the problems of a page; count whether not the fast engine's reading was taken."""
        for problem in problems:
            self.add_problem(problem, uri)
            self.counts[REFERENCE_READINGS] += problem.code == REFERENCE_READING

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write in one transaction, all or nothing: if it fails, the counts are restored too."""
        counts, errors = self.counts.copy(), self.errors
        try:
            with transaction(self.db):
                yield
                self._write_counts()
        except BaseException:
            self.counts, self.errors = counts, errors
            raise

    def ensure_transaction(self) -> AbstractContextManager[None]:
        """Return the context of the open transaction, or of a new one."""
        return nullcontext() if self.db.conn.in_transaction else self.transaction()

    def _write_counts(self) -> None:
        assignments = ", ".join(f"{name} = ?" for name in COUNTS)
        values = [self.counts[name] for name in COUNTS]
        self.db.execute(f"UPDATE runs SET {assignments} WHERE id = ?", [*values, self.id])

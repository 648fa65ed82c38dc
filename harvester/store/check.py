"""Says whether the database is sound: a list of small checks, each of which finds one kind of thing that is wrong."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from harvester.errors import HarvesterError
from harvester.store.check_changes import broken_chains, outdated_values
from harvester.store.check_documents import differing
from harvester.store.check_files import unreadable_captures
from harvester.store.check_runs import stale_claims, stale_runs
from harvester.store.check_tables import QUESTIONS
from harvester.store.check_withdrawn import seen_again
from harvester.store.database import explained, open_to_read, open_to_write, transaction
from harvester.store.search import INDEXED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from sqlite_utils import Database

EXAMPLES = 3
REPAIR, REBUILD, RESTORE = "harvester check --repair", "harvester rebuild", "harvester rebuild, or restore a backup"
WITHDRAW = "harvester withdraw DOCUMENT"
FULL_TEXT = "full text"


@dataclass(frozen=True)
class Finding:
    """What is wrong, how often, for example where, and the command that mends it. A notice is no fault."""

    check: str
    message: str
    count: int
    examples: tuple[str, ...]
    mend: str | None
    notice: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Give it as it is printed as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Check:
    """One kind of thing that can be wrong; `find` names each place where it is."""

    name: str
    message: str
    mend: str | None
    find: Callable[[Database], Iterable[str]]
    notice: bool = False

    def look(self, db: Database) -> Iterator[Finding]:
        """Look for it."""
        examples, count = list[str](), 0
        for place in self.find(db):
            count += 1
            examples += [place] if count <= EXAMPLES else []
        if count:
            yield Finding(self.name, self.message, count, tuple(examples), self.mend, self.notice)


def _asked(sql: str) -> Callable[[Database], Iterable[str]]:
    return lambda db: (str(row[0]) for row in db.execute(sql))


def _integrity(db: Database) -> Iterator[str]:
    return (row[0] for row in db.execute("PRAGMA integrity_check") if row[0] != "ok")


CHECKS = (
    Check("integrity", "faults of the file itself", RESTORE, _integrity),
    *(Check(name, message, REPAIR if mended else REBUILD, _asked(sql)) for name, message, mended, sql in QUESTIONS),
    Check("documents", "documents that are not what their pages say", REPAIR, differing),
    Check("changes", "changes that do not follow from the one before", REBUILD, broken_chains),
    Check("changes", "fields whose last change is not what they hold", REBUILD, outdated_values),
    Check("withdrawn", "documents that were withdrawn and can be seen", WITHDRAW, seen_again),
    Check("runs", "runs that ended without a word", REPAIR, stale_runs),
    Check("claims", "claims of runs that have ended", REPAIR, stale_claims),
)
FILES = Check("captures", "captures whose saved page cannot be read again", None, unreadable_captures, notice=True)
"""No fault: what the pages said is in the database. It cannot be read again by a better parser."""


def check(path: Path, *, fast: bool = False) -> list[Finding]:
    """Look at everything; `fast` leaves out the files that pages were read from."""
    with explained(path), open_to_read(path) as db:
        db.execute("BEGIN")  # all checks see one state, whatever a harvest writes meanwhile
        found = [finding for one in (*CHECKS, *(() if fast else (FILES,))) for finding in _looked(one, db)]
        db.rollback()
    return [*found, *_full_text(path)]


def _looked(one: Check, db: Database) -> list[Finding]:
    try:
        return list(one.look(db))
    except sqlite3.DatabaseError as error:
        return [Finding(one.name, "tables that cannot be read", 1, (str(error),), RESTORE)]


def _full_text(path: Path) -> list[Finding]:
    """Compare full text with what it was made of. SQLite does that only for those who may write."""
    try:
        with open_to_write(path) as db:
            return [finding for table in INDEXED for finding in _index(db, table)]
    except (sqlite3.OperationalError, HarvesterError) as error:
        return [Finding(FULL_TEXT, "indexes that were not looked at", len(INDEXED), (str(error),), None, notice=True)]
    except sqlite3.DatabaseError as error:
        return [Finding(FULL_TEXT, "indexes that cannot be read", 1, (str(error),), REPAIR)]


def _index(db: Database, table: str) -> Iterator[Finding]:
    behind = db.execute(f"SELECT count(*) FROM {table}_unindexed").fetchone()[0]
    busy = db.execute("SELECT 1 FROM runs WHERE status = 'running'").fetchone() is not None
    if behind:  # a harvest under way will see to it
        message = f"rows of {table} that search does not know yet"
        yield Finding(FULL_TEXT, message, behind, (), None if busy else REPAIR, notice=busy)
    elif not in_step(db, table):
        yield Finding(FULL_TEXT, f"indexes out of step with {table}", 1, (f"{table}_fts",), REPAIR)


def in_step(db: Database, table: str) -> bool:
    """Say whether the full text of a table holds exactly what the table does."""
    try:
        with transaction(db):
            db.execute(f"INSERT INTO {table}_fts ({table}_fts, rank) VALUES ('integrity-check', 1)")
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return False
    return True

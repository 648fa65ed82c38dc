"""The list of integrity checks, and the functions that run them. Each check finds one kind of fault."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from harvester.store.database import explained, open_to_read
from harvester.store.digests import otherwise_written
from harvester.store.integrity.derived import broken_chains, differing, outdated_values
from harvester.store.integrity.files import unreadable_captures
from harvester.store.integrity.finding import REBUILD, REPAIR, RESTORE, WITHDRAW, Check, Finding
from harvester.store.integrity.invariants import QUESTIONS
from harvester.store.integrity.runs import stale_claims, stale_runs
from harvester.store.integrity.search import look_at_search
from harvester.store.integrity.withdrawn import broken_seals, seen_again
from harvester.store.rebuild.previous import DERIVED
from harvester.store.user_objects import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from sqlite_utils import Database


def _asked(sql: str) -> Callable[[Database], Iterable[str]]:
    return lambda db: (str(row[0]) for row in db.execute(sql))


def _integrity(db: Database) -> Iterator[str]:
    return (row[0] for row in db.execute("PRAGMA integrity_check") if row[0] != "ok")


def _written(*, derived: bool) -> Callable[[Database], Iterable[str]]:
    return lambda db: otherwise_written(db, [name for name in schema().counted if (name in DERIVED) is derived])


OTHERWISE = "tables in which something else than the harvester has written"
CHECKS = (
    Check("integrity", "faults of the file itself", RESTORE, _integrity),
    Check("digests", OTHERWISE, REBUILD, _written(derived=True)),
    Check("digests", OTHERWISE, RESTORE, _written(derived=False)),
    *(Check(name, message, REPAIR if mended else REBUILD, _asked(sql)) for name, message, mended, sql in QUESTIONS),
    Check("documents", "documents that are not what their pages say", REPAIR, differing),
    Check("changes", "changes that do not follow from the one before", REBUILD, broken_chains),
    Check("changes", "fields whose last change is not what they hold", REBUILD, outdated_values),
    Check("withdrawn", "documents that were withdrawn and can be seen", WITHDRAW, seen_again),
    Check("withdrawn", "documents whose hidden keys are not as they were written", RESTORE, broken_seals),
    Check("runs", "runs that ended without a word", REPAIR, stale_runs),
    Check("claims", "claims of runs that have ended", REPAIR, stale_claims),
)
FILES = Check("captures", "captures whose saved page cannot be read again", None, unreadable_captures, notice=True)
"""A notice, no fault: the content of the pages is in the database, but a better parser could not read them again."""


def check(path: Path, *, fast: bool = False) -> list[Finding]:
    """Run all checks; `fast` leaves out the files that pages were read from."""
    with explained(path), open_to_read(path) as db:
        db.execute("BEGIN")  # all checks see one state, whatever a harvest writes meanwhile
        found = list(findings(db, fast=fast))
        db.rollback()
    return [*found, *look_at_search(path)]


def findings(db: Database, *, fast: bool = False) -> Iterator[Finding]:
    """Run all checks except that of full text."""
    for one in (*CHECKS, *(() if fast else (FILES,))):
        yield from _looked(one, db)


def _looked(one: Check, db: Database) -> list[Finding]:
    try:
        return list(one.run(db))
    except sqlite3.DatabaseError as error:
        return [Finding(one.name, "tables that cannot be read", 1, (str(error),), RESTORE)]
    except (ValueError, TypeError, KeyError, AttributeError) as error:  # a row with values that no harvest writes
        return [Finding(one.name, "rows that cannot be understood", 1, (f"{type(error).__name__}: {error}",), REBUILD)]

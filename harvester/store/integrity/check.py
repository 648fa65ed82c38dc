"""The list of integrity checks, and the functions that run them. Each check finds one kind of fault."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from harvester.store.database import open_to_read, translate_errors
from harvester.store.digests import find_foreign_writes
from harvester.store.integrity.derived import broken_chains, find_differing, outdated_values
from harvester.store.integrity.files import unreadable_captures
from harvester.store.integrity.finding import REBUILD, REPAIR, RESTORE, WITHDRAW, Check, Finding
from harvester.store.integrity.invariants import INVARIANTS
from harvester.store.integrity.runs import stale_claims, stale_runs
from harvester.store.integrity.search import check_search
from harvester.store.integrity.withdrawn import broken_seals, visible_withdrawn
from harvester.store.rebuild.previous import DERIVED_TABLES
from harvester.store.user_objects import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from sqlite_utils import Database


def _query(sql: str) -> Callable[[Database], Iterable[str]]:
    return lambda db: (str(row[0]) for row in db.execute(sql))


def _integrity(db: Database) -> Iterator[str]:
    return (row[0] for row in db.execute("PRAGMA integrity_check") if row[0] != "ok")


def _foreign_writes(*, derived: bool) -> Callable[[Database], Iterable[str]]:
    return lambda db: find_foreign_writes(
        db, [name for name in schema().counted if (name in DERIVED_TABLES) is derived]
    )


FOREIGN_WRITES = "tables in which something else than the harvester has written"
CHECKS = (
    Check("integrity", "faults of the file itself", RESTORE, _integrity),
    Check("digests", FOREIGN_WRITES, REBUILD, _foreign_writes(derived=True)),
    Check("digests", FOREIGN_WRITES, RESTORE, _foreign_writes(derived=False)),
    *(Check(name, message, REPAIR if mended else REBUILD, _query(sql)) for name, message, mended, sql in INVARIANTS),
    Check("documents", "documents that are not what their pages say", REPAIR, find_differing),
    Check("changes", "changes that do not follow from the one before", REBUILD, broken_chains),
    Check("changes", "fields whose last change is not what they hold", REBUILD, outdated_values),
    Check("withdrawn", "documents that were withdrawn and can be seen", WITHDRAW, visible_withdrawn),
    Check("withdrawn", "documents whose hidden keys are not as they were written", RESTORE, broken_seals),
    Check("runs", "runs that ended without a word", REPAIR, stale_runs),
    Check("source_locks", "locks of runs that have ended", REPAIR, stale_claims),
)
FILES = Check("captures", "captures whose saved page cannot be read again", None, unreadable_captures, notice=True)
"""A notice, no fault: the content of the pages is in the database, but a better parser could not read them again."""


def run_checks(path: Path, *, fast: bool = False) -> list[Finding]:
    """Run all checks; `fast` leaves out the files that pages were read from."""
    with translate_errors(path), open_to_read(path) as db:
        db.execute("BEGIN")  # all checks see one state, whatever a harvest writes meanwhile
        findings = list(run_table_checks(db, fast=fast))
        db.rollback()
    return [*findings, *check_search(path)]


def run_table_checks(db: Database, *, fast: bool = False) -> Iterator[Finding]:
    """Run all checks except that of full text."""
    for check in (*CHECKS, *(() if fast else (FILES,))):
        yield from _run_check(check, db)


def _run_check(check: Check, db: Database) -> list[Finding]:
    try:
        return list(check.run(db))
    except sqlite3.DatabaseError as error:
        return [Finding(check.name, "tables that cannot be read", 1, (str(error),), RESTORE)]
    except (ValueError, TypeError, KeyError, AttributeError) as error:  # a row with values that no harvest writes
        return [
            Finding(check.name, "rows that cannot be understood", 1, (f"{type(error).__name__}: {error}",), REBUILD)
        ]

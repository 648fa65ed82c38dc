"""Whether full text holds exactly what the tables do that it was made of."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from sqlite_utils import Database

from harvester.errors import HarvesterError
from harvester.store.backup import beside, copy_into
from harvester.store.database import transaction
from harvester.store.finding import REPAIR, Finding
from harvester.store.search import INDEXED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FULL_TEXT = "full text"


def look_at_search(path: Path) -> list[Finding]:
    """Compare full text with what it was made of: in a copy, for SQLite holds up all who write meanwhile."""
    try:
        with beside(path.with_name(f"{path.name}-check")) as copy:
            copy_into(path, copy)
            with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
                return [finding for table in INDEXED for finding in _index(Database(connection), table)]
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

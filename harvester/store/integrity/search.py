"""Checks that full text contains exactly the words of the documents."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from sqlite_utils import Database

from harvester.db.pages.folding import register as register_fold
from harvester.errors import HarvesterError
from harvester.store.backup import copy_into, temporary_sibling
from harvester.store.database import open_to_read
from harvester.store.integrity.finding import REPAIR, Finding
from harvester.store.search_index import FOLDED_VIEW, count_unindexed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FULL_TEXT = "full text"
_CONTENT = ('content = ""', 'content = "document_words_folded", content_rowid = "id"')


def check_search(path: Path) -> list[Finding]:
    """Compare full text with the documents; return the findings."""
    try:
        with closing(open_to_read(path).conn) as connection:
            return list(_check_index(Database(connection), path))
    except (sqlite3.OperationalError, HarvesterError) as error:
        return [Finding(FULL_TEXT, "indexes that could not be looked at", 1, (str(error),), None)]
    except sqlite3.DatabaseError as error:
        return [Finding(FULL_TEXT, "indexes that cannot be read", 1, (str(error),), REPAIR)]


def _check_index(db: Database, path: Path) -> Iterator[Finding]:
    missing = count_unindexed(db)
    busy = db.execute("SELECT 1 FROM runs WHERE status = 'running'").fetchone() is not None
    if missing:  # a running harvest will update it
        message = "documents that search does not know yet"
        yield Finding(FULL_TEXT, message, missing, (), None if busy else REPAIR, notice=busy)
    elif not is_index_current(path):
        yield Finding(FULL_TEXT, "indexes out of step with documents", 1, ("documents_fts",), REPAIR)


def is_index_current(path: Path) -> bool:
    """Return whether full text contains exactly the words of the documents.

    The check works on a copy, because SQLite blocks all writers meanwhile. In the copy the index, which has no content
    of its own, gets a content table; else SQLite would have nothing to compare it with.
    """
    with temporary_sibling(path.with_name(f"{path.name}-check")) as copy:
        copy_into(path, copy)
        with closing(sqlite3.connect(copy, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous = OFF")
            register_fold(db)
            db.execute(FOLDED_VIEW)
            db.execute("PRAGMA writable_schema = ON")
            db.execute("UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = 'documents_fts'", _CONTENT)
            db.execute("PRAGMA writable_schema = RESET")
            try:
                db.execute("INSERT INTO documents_fts (documents_fts, rank) VALUES ('integrity-check', 1)")
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                return False
    return True

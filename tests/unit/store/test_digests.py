"""Rows of growing tables are counted at the end of a transaction, whatever has become of them in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from harvester.store.database import open_to_write, transaction
from harvester.store.digests import digest_of, find_foreign_writes
from harvester.store.user_objects import schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlite_utils import Database

ROWS = "INSERT INTO changes (run_id, document_id, kind, after) VALUES (1, 1, 'changed', ?)"
TEXT = "INSERT INTO texts (document_id, kind, text, capture_id) VALUES (1, 'transcript', 'Comrade Mao …', 1)"
LAST = "id = (SELECT max(id) FROM changes)"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """Return a database with three changes that are counted."""
    with closing(open_to_write(tmp_path / "harvest.db")) as database:
        write(database, ROWS, ROWS, ROWS)
        yield database


def write(db: Database, *statements: str) -> None:
    """Run statements in one transaction."""
    with transaction(db):
        for number, statement in enumerate(statements):
            db.execute(statement, [f"value {number}"] if "?" in statement else [])


@pytest.mark.parametrize(
    ("statements", "rows"),
    [
        ([ROWS, TEXT, TEXT], 4),
        ([ROWS, f"UPDATE changes SET after = 'other' WHERE {LAST}", "UPDATE changes SET after = 'all'"], 4),
        ([ROWS, f"DELETE FROM changes WHERE {LAST}"], 3),
        ([f"DELETE FROM changes WHERE {LAST}", ROWS], 3),  # the id is given again
        (["DELETE FROM changes WHERE id = 1", ROWS, f"DELETE FROM changes WHERE {LAST}", ROWS], 3),
        (["DELETE FROM changes WHERE id = 2", f"DELETE FROM changes WHERE {LAST}", ROWS, ROWS], 3),
        (["DELETE FROM changes", ROWS], 1),
    ],
)
def test_digests_are_those_of_the_rows(db: Database, statements: list[str], rows: int) -> None:
    write(db, *statements)
    assert digest_of(db, "changes")[0] == rows
    assert list(find_foreign_writes(db, schema().counted)) == []


def test_what_is_rolled_back_is_not_counted(db: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        write(db, ROWS, "INSERT INTO changes (run_id, document_id, kind) VALUES (1, 1, 'unknown')")
    write(db, ROWS)
    assert list(find_foreign_writes(db, schema().counted)) == []


def test_rows_of_others_are_not_counted(db: Database, tmp_path: Path) -> None:
    """Two harvests take turns, and a stranger writes between them."""
    with closing(open_to_write(tmp_path / "harvest.db")) as other:
        write(other, ROWS)
        write(db, ROWS, ROWS)
        write(other, ROWS)
    assert list(find_foreign_writes(db, schema().counted)) == []
    db.execute("DROP TABLE temp.counted_to")
    write(db, ROWS)
    assert list(find_foreign_writes(db, schema().counted)) == ["changes: 1 too many"]

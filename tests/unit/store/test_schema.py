"""The schema is made once, whole or not at all, and leaves room for what users add."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from harvester.cli import run
from harvester.db import migrations as schema
from harvester.db.migrations import migrations, names
from harvester.errors import DatabaseError
from harvester.store.database import open_to_read, open_to_write
from harvester.store.integrity.check import run_checks
from tests.support.archive_pages import document_page, listing_page, make_items
from tests.support.forks import FORKS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = names()
STATEMENTS = sum(len([*schema.statements_of(path.read_text("utf-8"))]) for path in schema.FOLDER.glob("[0-9]*.sql"))


def open_and_die(path: Path, statements: int) -> None:
    """Open a database, and be killed after so many statements of its schema."""
    left, statements_of = [statements], schema.statements_of

    def counted(sql: str) -> Iterator[str]:
        for statement in statements_of(sql):
            yield statement
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    schema.statements_of = counted
    open_to_write(path)


@pytest.mark.parametrize("part", [0.0, 0.3, 0.6, 1.0])
def test_a_schema_whose_making_was_killed_is_made_again(part: float, tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    process = FORKS.Process(target=open_and_die, args=(path, max(1, round(part * STATEMENTS))))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    with open_to_write(path) as db:
        assert [migration.name for migration in migrations().applied(db)] == NAMES
    assert [one for one in run_checks(path, fast=True) if not one.notice] == []


def test_four_that_open_a_new_database_at_once_make_its_schema_once(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    openers = [FORKS.Process(target=open_to_write, args=(path,)) for _ in range(4)]
    for process in openers:
        process.start()
    for process in openers:
        process.join()
    assert [process.exitcode for process in openers] == [0] * 4
    with open_to_read(path) as db:
        assert [migration.name for migration in migrations().applied(db)] == NAMES


def test_a_table_of_the_users_in_the_way_is_named_and_nothing_is_touched(tmp_path: Path) -> None:
    path = tmp_path / "mine.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript("CREATE TABLE source_locks (mine TEXT); INSERT INTO source_locks VALUES ('to keep')")
        before = list(db.iterdump())
    with pytest.raises(DatabaseError, match="source_locks"):
        open_to_write(path)
    with closing(sqlite3.connect(path)) as db:
        assert list(db.iterdump()) == before
        db.execute("ALTER TABLE source_locks RENAME TO my_locks")
    with open_to_write(path) as db:
        assert migrations().pending(db) == []
        assert db.execute("SELECT * FROM my_locks").fetchall() == [("to keep",)]


def test_a_harvest_goes_on_in_tables_with_columns_of_the_users(tmp_path: Path) -> None:
    path, items = tmp_path / "mine.db", make_items(20, seed=14)
    with open_to_write(path) as db:
        for table in db.table_names():
            if "_fts" not in table and not table.endswith("_unindexed") and table != "_sqlite_migrations":
                db.execute(f"ALTER TABLE {table} ADD COLUMN mine TEXT DEFAULT 'of mine'")
    (tmp_path / "pages" / "document").mkdir(parents=True)
    (tmp_path / "pages" / "listing.html").write_bytes(listing_page(items, 1, 20))
    (tmp_path / "pages" / "document" / f"{items[0].slug}.html").write_bytes(document_page(items[0]))
    assert run(["harvest", str(tmp_path / "pages"), "--db", str(path)]) == 0
    with open_to_read(path) as db:
        assert db.execute("SELECT count(*) FROM documents WHERE mine = 'of mine'").fetchone() == (20,)
    assert run_checks(path) == []

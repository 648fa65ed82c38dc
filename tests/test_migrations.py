"""Every earlier schema, with data in it and things of the user's, is brought to the newest, and nothing is lost."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from sqlite_utils import Database

from harvester.cli import run
from harvester.db import migrations as schema
from harvester.db.migrations import migrations
from harvester.errors import DatabaseError
from harvester.store.backup import back_up
from harvester.store.database import open_to_read, open_to_write
from harvester.store.search import index
from harvester.store.soundness.check import check
from tests.archive_pages import document_page, listing_page, make_items

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
NAMES = [migration.name for migration in migrations().pending(Database(memory=True))]
OURS = ("_sqlite_migrations", "sqlite_sequence")
USERS = """
    CREATE TABLE notes (id INTEGER PRIMARY KEY, document_id INTEGER REFERENCES documents (id), note TEXT, photo BLOB);
    INSERT INTO notes (document_id, note, photo) SELECT id, 'on ' || title, x'00ff00' FROM documents;
    CREATE VIEW my_view AS SELECT note, title FROM notes JOIN documents ON documents.id = document_id;
    CREATE INDEX my_index ON documents (title);
    CREATE TRIGGER my_trigger AFTER INSERT ON notes BEGIN UPDATE notes SET note = 'new' WHERE id = new.id; END;
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    items = make_items(10, seed=13)
    (folder / "document").mkdir()
    (folder / "listing.html").write_bytes(listing_page(items, 1, 10))
    for item in items[:4]:
        (folder / "document" / f"{item.slug}.html").write_bytes(document_page(item))
    return folder


@pytest.fixture(scope="module")
def harvested(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("harvested") / "newest.db"
    assert run(["harvest", "seeds", str(pages), "--db", str(path)]) == 0
    with open_to_write(path) as db:  # an old database knows nothing of what was read from pages later
        db.execute("UPDATE statements SET content = json_remove(content, '$.uploaded', '$.credit')")
        db.execute("UPDATE documents SET uploaded = NULL, credit = NULL")
        db.execute("DELETE FROM changes WHERE field IN ('uploaded', 'credit')")
    return path


def old(path: Path, number: int, harvested: Path) -> dict[str, list[dict[str, Any]]]:
    """Make a database as it was after so many migrations, with what it could hold then; give what it holds."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        db = Database(connection)
        if number:
            migrations().apply(db, stop_before=NAMES[number : number + 1])
        connection.execute("ATTACH ? AS newest", [str(harvested)])
        for table in ours(db):
            newest = {row[0] for row in db.execute("SELECT name FROM pragma_table_info(?, 'newest')", [table])}
            columns = ", ".join(f'"{c.name}"' for c in db.table(table).columns if c.name in newest)
            if columns and not table.endswith("_unindexed"):
                db.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newest.{table}")
        connection.execute("DETACH newest")
        if number > 1:
            index(db)
        connection.executescript(USERS)
        for table in ours(db):
            if not table.endswith("_unindexed"):
                db.execute(f"ALTER TABLE {table} ADD COLUMN mine TEXT DEFAULT 'of mine'")
        db.execute("UPDATE documents SET mine = 'mine: ' || title")
        return held(db)


def ours(db: Database) -> list[str]:
    return [name for name in db.table_names() if "_fts" not in name and name not in (*OURS, "notes")]


def held(db: Database) -> dict[str, list[dict[str, Any]]]:
    """Give all rows of all tables but the index, those of the user's included."""
    tables = [*ours(db), "notes", "my_view"]
    return {name: list(db.query(f'SELECT * FROM "{name}" ORDER BY 1, 2')) for name in tables}


def lost(before: dict[str, list[dict[str, Any]]], db: Database) -> list[str]:
    """Name every table of which a row or a column is not as it was."""
    after = held(db)
    return [
        name
        for name, rows in before.items()
        if [{column: row[column] for column in rows[n]} for n, row in enumerate(after[name])] != rows
    ]


def users(db: Database) -> set[str]:
    sql = "SELECT name FROM sqlite_master WHERE name IN ('notes', 'my_view', 'my_index', 'my_trigger')"
    return {row[0] for row in db.execute(sql)}


@pytest.fixture(params=range(1, len(NAMES) + 1), ids=lambda number: NAMES[number - 1][:4])
def number(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def test_all_data_and_all_that_is_the_users_is_kept(number: int, harvested: Path, pages: Path, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    before = old(path, number, harvested)
    assert len(before["documents"]) == 62
    if number < len(NAMES):
        with pytest.raises(DatabaseError, match="older version"):
            open_to_read(path)
    back_up(path, tmp_path / "before.db")  # as it is: that is what one wants before it is brought up
    with closing(sqlite3.connect(tmp_path / "before.db")) as copy:
        assert lost(before, Database(copy)) == []
        assert len(migrations().applied(Database(copy))) == number
    with open_to_write(path) as db:
        assert migrations().pending(db) == []
        assert lost(before, db) == []
        assert users(db) == {"notes", "my_view", "my_index", "my_trigger"}
    assert run(["harvest", "seeds", str(pages), "--db", str(path)]) == 0
    with open_to_read(path) as db:
        new, changed = db.execute("SELECT new, changed FROM runs ORDER BY id DESC LIMIT 1").fetchone()
        assert (new, changed) == (0, 0)
        assert db.execute("SELECT count(*) FROM documents_fts WHERE documents_fts MATCH 'Kovalev'").fetchone()[0] > 3
        assert lost({name: before[name] for name in ("documents", "notes", "my_view", "identities")}, db) == []
    assert check(path) == []


def test_a_harvest_goes_on_in_tables_with_columns_of_the_users(harvested: Path, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    old(path, len(NAMES), harvested)
    items = make_items(30, seed=14)[10:]
    (tmp_path / "more" / "document").mkdir(parents=True)
    (tmp_path / "more" / "listing.html").write_bytes(listing_page(items, 1, 20))
    (tmp_path / "more" / "document" / f"{items[0].slug}.html").write_bytes(document_page(items[0]))
    assert run(["harvest", str(tmp_path / "more"), "--db", str(path)]) == 0
    with open_to_read(path) as db:
        assert db.execute("SELECT count(*) FROM documents WHERE mine = 'of mine'").fetchone() == (20,)
    assert check(path) == []


def test_a_table_of_the_users_in_the_way_is_told_and_nothing_is_touched(harvested: Path, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    old(path, NAMES.index("0005_live"), harvested)
    with closing(sqlite3.connect(path)) as db:
        db.executescript("CREATE TABLE claims (mine TEXT); INSERT INTO claims VALUES ('to keep')")
        before = list(db.iterdump())
    with pytest.raises(DatabaseError, match="claims"):
        open_to_write(path)
    with closing(sqlite3.connect(path)) as db:
        assert list(db.iterdump()) == before
        db.execute("ALTER TABLE claims RENAME TO my_claims")
    with open_to_write(path) as db:
        assert migrations().pending(db) == []
        assert db.execute("SELECT * FROM my_claims").fetchall() == [("to keep",)]


def open_and_die(path: Path, statements: int) -> None:
    """Open a database, and be killed after so many statements of its migrations."""
    left, given = [statements], schema.statements_of

    def counted(sql: str) -> Iterator[str]:
        for statement in given(sql):
            yield statement
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    schema.statements_of = counted
    open_to_write(path)


def statements_from(number: int) -> int:
    files = sorted(schema.FOLDER.glob("[0-9]*.sql"))[number:]
    return sum(len([*schema.statements_of(file.read_text("utf-8"))]) for file in files)


@pytest.mark.parametrize("part", [0.0, 0.3, 0.6, 1.0])
@pytest.mark.parametrize("number", [0, 2, NAMES.index("0010_reading")])
def test_a_migration_that_was_killed_begins_again(number: int, part: float, harvested: Path, tmp_path: Path) -> None:
    path, most = tmp_path / "old.db", statements_from(number)
    before = old(path, number, harvested) if number else {}
    process = FORKS.Process(target=open_and_die, args=(path, max(1, round(part * most))))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with open_to_write(path) as db:
        assert [migration.name for migration in migrations().applied(db)] == NAMES
        assert not before or lost(before, db) == []
    assert [one for one in check(path, fast=True) if not one.notice] == []


def test_two_that_open_an_old_database_at_once_migrate_it_once(harvested: Path, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    before = old(path, 2, harvested)
    both = [FORKS.Process(target=open_to_write, args=(path,)) for _ in range(4)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0] * 4
    with open_to_write(path) as db:
        assert [migration.name for migration in migrations().applied(db)] == NAMES
        assert lost(before, db) == []

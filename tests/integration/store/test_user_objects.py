"""What users add to a database is the same before and after it is made again, undone, published and backed up."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from harvester.cli import run
from harvester.store.integrity.check import run_checks
from tests.soak.withdrawal_changes import OTHERS, SECRET, Change, Trial
from tests.support.live_processes import Aim, in_process

if TYPE_CHECKING:
    from pathlib import Path

OBJECTS = """
    ALTER TABLE documents ADD COLUMN stars INTEGER;
    ALTER TABLE documents ADD COLUMN shelf TEXT DEFAULT 'A';
    ALTER TABLE documents ADD COLUMN title_length INTEGER GENERATED ALWAYS AS (length(title)) VIRTUAL;
    ALTER TABLE texts ADD COLUMN checked INTEGER;
    ALTER TABLE sightings ADD COLUMN "my note" TEXT;
    UPDATE documents SET stars = id % 5 + 1, shelf = 'B';
    UPDATE texts SET checked = 1;
    UPDATE sightings SET "my note" = 'seen ' || position;
    CREATE UNIQUE INDEX my_titles ON documents (title, id);
    CREATE INDEX my_stars ON documents (stars) WHERE stars > 3;
    CREATE TABLE notes (id INTEGER PRIMARY KEY, about INTEGER REFERENCES documents (id), note TEXT) STRICT;
    CREATE TABLE text_notes (text_id INTEGER REFERENCES texts (id), note TEXT, PRIMARY KEY (text_id)) WITHOUT ROWID;
    INSERT INTO notes (about, note) SELECT id, 'on ' || title FROM documents WHERE slug <> 'telegram-to-moscow';
    INSERT INTO text_notes SELECT id, substr(text, 1, 30) FROM texts;
    CREATE TABLE log (what TEXT);
    CREATE TRIGGER my_cascade AFTER DELETE ON documents BEGIN DELETE FROM notes WHERE about = old.id; END;
    CREATE TRIGGER my_log AFTER UPDATE ON documents BEGIN INSERT INTO log VALUES (old.title); END;
    CREATE TRIGGER my_text AFTER INSERT ON texts BEGIN INSERT INTO log VALUES (new.kind); END;
    CREATE VIEW my_view AS SELECT id, title, stars FROM documents;
    CREATE TRIGGER my_instead INSTEAD OF UPDATE ON my_view BEGIN
        UPDATE documents SET stars = new.stars WHERE id = new.id; END;
    CREATE VIRTUAL TABLE my_fts USING fts5 (note, content = 'notes', content_rowid = 'id');
    INSERT INTO my_fts (my_fts) VALUES ('rebuild');
"""
MINE = ("notes", "text_notes", "log", "my_view")


def mine(path: Path) -> dict[str, Any]:
    """Return everything that is a user's own: objects, rows, columns."""
    with closing(sqlite3.connect(path)) as db:
        found: dict[str, Any] = {name: sorted(db.execute(f"SELECT * FROM {name}"), key=str) for name in MINE}
        columns = {
            "documents": "id, slug, stars, shelf, title_length",
            "texts": "id, document_id, kind, language, text, checked",
            "sightings": 'capture_id, position, "my note"',
        }
        for table, names in columns.items():
            found[table] = sorted(db.execute(f"SELECT {names} FROM {table}"), key=str)
        found["found"] = db.execute("SELECT rowid FROM my_fts WHERE my_fts MATCH 'on'").fetchall()
        sql = (
            "SELECT type, name, sql FROM sqlite_master WHERE name LIKE 'my%' OR name IN ('notes', 'text_notes', 'log')"
        )
        found["objects"] = sorted(db.execute(sql), key=str)
        return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    trial = Trial(tmp_path, Change("", ()))
    trial.sync()
    with closing(sqlite3.connect(trial.db)) as db:
        db.executescript(OBJECTS)
    return trial.db


def test_made_again_all_of_it_is_the_same(path: Path) -> None:
    before = mine(path)
    assert len(before["text_notes"]) > 3
    assert run(["rebuild", "--db", str(path)]) == 0
    assert mine(path) == before
    assert run_checks(path) == []


def test_a_withdrawal_undone_brings_all_of_it_back(path: Path) -> None:
    before = mine(path)
    assert run(["withdraw", SECRET.slug, "--db", str(path)]) == 0
    between = mine(path)
    assert (between["notes"], between["log"]) == (before["notes"], before["log"])
    assert run(["rebuild", "--db", str(path)]) == 0
    assert mine(path) == between
    assert run(["withdraw", SECRET.slug, "--undo", "--db", str(path)]) == 0
    assert mine(path) == before
    assert run_checks(path) == []


def test_own_rows_about_a_withdrawn_text_go_with_it_and_come_back(path: Path) -> None:
    before = mine(path)
    assert run(["withdraw", OTHERS[0].slug, "--db", str(path)]) == 0
    assert len(before["text_notes"]) - len(mine(path)["text_notes"]) == 2
    assert run_checks(path) == []
    assert run(["withdraw", OTHERS[0].slug, "--undo", "--db", str(path)]) == 0
    assert mine(path) == before


def test_published_and_backed_up_it_is_the_same(path: Path, tmp_path: Path) -> None:
    before = mine(path)
    assert run(["backup", str(tmp_path / "copy.db"), "--db", str(path)]) == 0
    assert run(["publish", str(tmp_path / "public"), "--yes", "--db", str(path)]) == 0
    assert mine(tmp_path / "copy.db") == before
    assert mine(tmp_path / "public" / "harvest.db") == before


MOMENTS = {
    "rebuild, before any page": (Aim("harvester.rebuild:list_pages"), ["rebuild"]),
    "rebuild, before what is own is kept": (Aim("harvester.rebuild:restore_user_columns"), ["rebuild"]),
    "rebuild, while it is put in place": (Aim("harvester.rebuild:data_version", 3), ["rebuild"]),
    "withdraw": (Aim("harvester.store.withdrawal.withdraw:add_keys"), ["withdraw", SECRET.slug]),
    "undo": (Aim("harvester.store.withdrawal.restore:index_now"), ["withdraw", OTHERS[0].slug, "--undo"]),
    "backup": (Aim("harvester.store.backup:_check_copy"), ["backup", "{folder}/copy.db"]),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_in_the_middle_all_of_it_is_the_same(path: Path, moment: str) -> None:
    assert run(["withdraw", OTHERS[0].slug, "--db", str(path)]) == 0
    before = mine(path)
    aim, command = MOMENTS[moment]
    arguments = [part.format(folder=path.parent) for part in command]
    done = in_process(path.parent, [*arguments, "--db", str(path)], aim)
    assert done.status == -signal.SIGKILL, done.err
    assert mine(path) == before
    half_done = {"withdrawn"} if moment == "withdraw" else set()  # the file beside knows of it already
    assert {finding.check for finding in run_checks(path, fast=True) if not finding.notice} == half_done
    assert run(["rebuild", "--db", str(path)]) == 0
    assert mine(path) == before


def test_an_own_index_that_objects_is_no_damage(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.executescript("CREATE UNIQUE INDEX my_order ON changes (kind, field, document_id, id)")
        db.executescript(
            "CREATE TRIGGER my_ban BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'no more runs here'); END"
        )
    assert run(["harvest", "seeds", "--db", str(path)]) == 1
    err = capsys.readouterr().err
    assert "no more runs here" in err
    assert "damaged" not in err


def test_what_cannot_be_kept_is_refused_before_anything_is_replaced(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(path)) as db:
        last = db.execute("SELECT max(id) FROM runs").fetchone()[0]
    capsys.readouterr()
    assert run(["rebuild", "--without", "1", "--db", str(path)]) == 1
    err = capsys.readouterr().err
    assert "your own columns" in err
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT max(id) FROM runs").fetchone()[0] == last


def test_an_earlier_schema_is_met_with_one_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("ALTER TABLE withdrawn DROP COLUMN seal")
        before = dump_of(db)
    for command in (["status"], ["check"], ["harvest", "seeds"], ["rebuild"]):
        assert run([*command, "--db", str(path)]) == 1
        err = capsys.readouterr().err.strip().splitlines()
        assert len(err) == 1
        assert "earlier version" in err[0]
    with closing(sqlite3.connect(path)) as db:
        assert dump_of(db) == before


def dump_of(db: sqlite3.Connection) -> list[str]:
    return list(db.iterdump())

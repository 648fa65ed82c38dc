"""Connections to one database in one process: a file that is closed takes the locks of the whole process with it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from harvester.errors import DatabaseError
from harvester.store.database import open_to_read, open_to_write

PASS_BY = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("SELECT count(*) FROM runs").fetchone()
db.close()
"""
"""Another process, as the command `sqlite3`: whoever closes last writes the log into the database and deletes it."""


def open_files(path: Path) -> int:
    return sum(1 for one in Path("/proc/self/fd").iterdir() if one.is_symlink() and one.readlink() == path)


def test_a_second_connection_that_is_closed_leaves_the_first_its_locks(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(open_to_write(path)) as first:
        first.execute("INSERT INTO runs (command, started_at) VALUES ('c', 's')")
        open_to_read(path).close()
        open_to_write(path).close()
        subprocess.run([sys.executable, "-c", PASS_BY, str(path)], check=True)
        assert (tmp_path / "a.db-wal").stat().st_size > 0
        first.execute("INSERT INTO runs (command, started_at) VALUES ('d', 's')")
    with closing(open_to_read(path)) as db:
        assert [row[0] for row in db.execute("SELECT command FROM runs ORDER BY id")] == ["c", "d"]


@pytest.mark.parametrize("content", [b"<html>" * 1000, b"note", b"x"])
def test_what_is_no_database_is_left_as_it_is_and_closed(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(content)
    for opened in (open_to_read, open_to_write):
        with pytest.raises(DatabaseError, match="is no SQLite database and was left as it is"):
            opened(path)
        assert open_files(path) == 0
    assert path.read_bytes() == content
    assert [one.name for one in tmp_path.iterdir()] == ["a.db"]

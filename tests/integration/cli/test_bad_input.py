"""Bad input: one clear line, the right exit status, and nothing lost."""

from __future__ import annotations

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harvester.cli import run
from harvester.db.migrations import SET_NAME
from harvester.store.backup import copy_into
from harvester.store.database import check_shareable, open_to_read, open_to_write

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = Path("seeds/000_31c5458d84f41e75.txt")
PAGE = GOOD.read_bytes()
FORM_C = b"1893-1976\n\n(372) documents\n\n-\n\nJuly 9, 1956\n\nMao and Mikoyan discuss the situation.\n"
CP1252 = PAGE.replace(b"Mao's", b"Mao\x92s").replace(b"Stalin", b"\x93Stalin\x94", 1)


class Result:
    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err
        self.row = json.loads(out) if out.startswith("{") else None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pages = tmp_path / "pages"
    pages.mkdir()
    shutil.copy(GOOD, pages)
    return pages


def harvest(capsys: pytest.CaptureFixture[str], *arguments: object) -> Result:
    status = run(["harvest", *map(str, arguments), "--json"])
    captured = capsys.readouterr()
    return Result(status, captured.out, captured.err)


def one_line(text: str) -> bool:
    return text.count("\n") == 1 and "Traceback" not in text


def test_a_missing_path_is_found_before_any_work(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = harvest(capsys, folder, tmp_path / "none.txt", "--db", tmp_path / "x.db")
    assert result.status == 2
    assert one_line(result.err)
    assert "none.txt" in result.err
    assert not (tmp_path / "x.db").exists()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary"),
        (b"Dear reader,\n\nthis is a letter.\n", "not-a-listing"),
        (FORM_C, "degraded"),
    ],
)
def test_what_is_no_listing_is_refused_and_the_rest_is_harvested(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], body: bytes, code: str
) -> None:
    (folder / "bad.txt").write_bytes(body)
    result = harvest(capsys, folder, "--db", tmp_path / "x.db")
    assert (result.status, result.err) == (3, "")
    assert result.row is not None
    assert (result.row["status"], result.row["new"], result.row["refused"]) == ("partial", 10, 1)
    problems = open_to_read(tmp_path / "x.db").query("SELECT * FROM problems WHERE severity = 'error'")
    assert [(row["code"], Path(row["uri"]).name) for row in problems] == [(code, "bad.txt")]


def test_a_refusal_that_is_known_is_a_notice_and_still_not_complete(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.txt").write_bytes(FORM_C)
    harvest(capsys, folder, "--db", tmp_path / "x.db")
    result = harvest(capsys, folder, "--db", tmp_path / "x.db")
    assert result.status == 3
    problems = open_to_read(tmp_path / "x.db").query("SELECT severity, code FROM problems WHERE run_id = 2")
    assert [tuple(row.values()) for row in problems] == [("notice", "degraded")]


def test_windows_1252_is_read_rightly_with_a_notice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.txt"
    page.write_bytes(CP1252)
    result = harvest(capsys, page, "--db", tmp_path / "x.db")
    assert result.status == 0
    db = open_to_read(tmp_path / "x.db")
    [(summary,)] = db.execute("SELECT summary FROM documents WHERE date = '1959-12-24'").fetchall()
    assert "Mao’s personality cult" in summary
    assert db.execute("SELECT severity, code FROM problems").fetchall() == [("notice", "encoding")]


def test_a_huge_file_is_refused_in_bounded_memory(folder: Path, tmp_path: Path) -> None:
    with (folder / "huge.txt").open("wb") as file:
        file.write(PAGE)
        file.truncate(200 * 1024 * 1024)
    code = (
        "import resource, sys; from harvester.cli import run; status = run(sys.argv[1:]);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr); sys.exit(status)"
    )
    command = [sys.executable, "-c", code, "harvest", str(folder), "--db", str(tmp_path / "x.db"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    row = json.loads(done.stdout)
    assert (row["new"], row["refused"]) == (10, 1)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert int(done.stderr) < own + 100 * 1024  # KiB: far less than the file
    assert open_to_read(tmp_path / "x.db").execute("SELECT code FROM problems").fetchall() == [("too-large",)]


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.db"
    path.write_text("not a database, but somebody's notes")
    result = harvest(capsys, "seeds", "--db", path)
    assert result.status == 1
    assert one_line(result.err)
    assert path.read_text() == "not a database, but somebody's notes"


def test_a_database_of_a_newer_version_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.db"
    with open_to_write(path) as db:
        newer = {"migration_set": SET_NAME, "name": "9999_future", "applied_at": "2030-01-01"}
        db.table("_sqlite_migrations").insert(newer)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.read_bytes()
    result = harvest(capsys, "seeds", "--db", path)
    assert result.status == 1
    assert "another version" in result.err
    assert one_line(result.err)
    assert path.read_bytes() == before


def test_a_strangers_database_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as stranger:
        stranger.execute("CREATE TABLE documents (mine)")
    stranger.close()
    before = path.read_bytes()
    result = harvest(capsys, "seeds", "--db", path)
    assert result.status == 1
    assert one_line(result.err)
    assert path.read_bytes() == before


def test_the_users_own_tables_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as mine:
        mine.execute("CREATE TABLE notes (text)")
        mine.execute("INSERT INTO notes VALUES ('remember')")
    mine.close()
    assert harvest(capsys, "seeds", "--db", path).status == 0
    assert open_to_read(path).execute("SELECT text FROM notes").fetchall() == [("remember",)]


def test_a_read_only_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    # The superuser may write into any folder but one that is no real one.
    folder = Path("/proc/self/fd") if os.geteuid() == 0 else locked
    result = harvest(capsys, "seeds", "--db", folder / "x.db")
    assert result.status == 1
    assert one_line(result.err)
    assert "permissions" in result.err


@pytest.mark.parametrize("command", [("withdraw", "1"), ("withdraw", "1", "--undo"), ("check", "--repair")])
def test_a_misspelt_database_is_not_made_by_what_only_mends_one(command: tuple[str, ...], tmp_path: Path) -> None:
    missing = tmp_path / "x.db"
    line = [sys.executable, "-m", "harvester", *command, "--db", str(missing)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, list(tmp_path.iterdir())) == (1, [])
    assert one_line(done.stderr)
    assert f"no database at {missing}" in done.stderr


def test_a_locked_database_is_waited_for_and_then_its_holder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    open_to_write(path).close()
    code = (
        f"import sqlite3, sys; c = sqlite3.connect({str(path)!r}, isolation_level=None);"
        "c.execute('BEGIN EXCLUSIVE'); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        command = [sys.executable, "-m", "harvester", "harvest", "seeds", "--db", str(path), "--wait", "0.2"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        holder.stdin.close()
    assert done.returncode == 1
    assert one_line(done.stderr)
    assert f"process {holder.pid}" in done.stderr


def test_a_lock_that_ends_in_time_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    open_to_write(path).close()
    code = (
        f"import sqlite3, time; c = sqlite3.connect({str(path)!r}, isolation_level=None);"
        "c.execute('BEGIN EXCLUSIVE'); print('held', flush=True); time.sleep(1.5); c.execute('COMMIT')"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        command = [sys.executable, "-m", "harvester", "harvest", "seeds", "--db", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_folder_without_pages_is_not_called_complete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pages").mkdir()
    result = harvest(capsys, tmp_path / "pages", "--db", tmp_path / "x.db")
    assert result.status == 3
    assert result.row is not None
    assert result.row["status"] == "partial"


def test_a_database_without_tables_is_called_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.db").touch()
    assert run(["status", "--db", str(tmp_path / "x.db")]) == 1
    err = capsys.readouterr().err
    assert one_line(err)
    assert "is still empty: harvest something" in err


def _as_nobody(work: Callable[[], object]) -> str:
    """Return what goes wrong for a user who may not write here; empty if nothing does."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - the parent judges it
            os.write(writer, str(error).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as found:
        return found.read().decode()


def test_a_database_in_a_folder_that_cannot_be_written_can_be_read(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as place:  # pytest's own folders are closed to others
        db, copy = Path(place, "closed", "x.db"), Path(place, "open", "copy.db")
        db.parent.mkdir()
        copy.parent.mkdir()
        assert run(["harvest", str(folder), "--db", str(db)]) == 0
        copy.parent.chmod(0o777)
        db.parent.chmod(0o555)
        Path(place).chmod(0o755)
        db.chmod(0o444)
        assert _as_nobody(lambda: open_to_read(db).execute("SELECT count(*) FROM documents").fetchone()) == ""
        assert _as_nobody(lambda: copy_into(db, copy)) == ""
        with open_to_read(copy) as found:
            assert found.execute("SELECT count(*) FROM documents").fetchone() == (10,)
        assert "harvester backup" in _as_nobody(lambda: check_shareable(db))
        assert _as_nobody(lambda: check_shareable(copy)) == ""
        db.parent.chmod(0o755)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_what_is_written_into_a_pipe_is_utf_8_whatever_the_locale(encoding: str) -> None:
    command = [sys.executable, "-m", "harvester", "parse", "--title", "Letter from Włodek to Сталин"]
    done = subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PYTHONIOENCODING": encoding})
    assert "sender     Włodek" in done.stdout.decode()


def test_a_disk_that_is_full_is_named_with_what_to_do() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "harvester", "status", "--help"]
        done = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode != 0
    assert "free some disk space" in done.stderr


def test_a_folder_that_cannot_be_made_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    page = GOOD.absolute()

    def harvest_there() -> None:
        with redirect_stderr(StringIO()) as printed:
            run(["harvest", str(page)])
        raise ValueError(printed.getvalue())

    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o555)
        monkeypatch.chdir(place)
        monkeypatch.delenv("HARVESTER_DB", raising=False)
        error = _as_nobody(harvest_there)
        Path(place).chmod(0o755)
    assert one_line(error)
    assert error == "Error: db: Permission denied: check the permissions, or name another place\n"

"""`harvester backup`: a whole copy whatever goes on meanwhile, and never over what is there."""

from __future__ import annotations

import fcntl
import resource
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harvester.cli import run
from harvester.errors import DatabaseError
from harvester.store.backup import back_up
from harvester.store.database import open_to_read, open_to_write
from tests.support.archive_pages import listing_page, make_items
from tests.support.forks import FORKS
from tests.support.harvesting import dump, sound

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

PAGES = 60
"""Enough for a harvest that writes many times, on any machine: pages are taken several in one transaction."""


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    path = tmp_path / "seeds.db"
    assert run(["harvest", "seeds", "--db", str(path)]) == 0
    return path


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a backup that must not be made; give the one line that it ends in."""
    capsys.readouterr()
    assert run(["backup", *arguments]) in (1, 2)
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    return err


def test_the_copy_is_the_database_in_one_file(seeds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "backups" / "monday.db"
    target.parent.mkdir()
    capsys.readouterr()
    assert run(["backup", str(target), "--db", str(seeds)]) == 0
    assert capsys.readouterr().out == f"{target}: {target.stat().st_size:,} bytes, a checked copy of {seeds}\n"
    assert [file.name for file in target.parent.iterdir()] == ["monday.db"]
    target.chmod(0o444)
    with open_to_read(seeds) as db, open_to_read(target) as copy:
        assert dump(copy) == dump(db)
    assert run(["status", "--db", str(target)]) == 0


def test_what_lies_in_the_log_is_in_the_copy(seeds: Path, tmp_path: Path) -> None:
    with open_to_write(seeds) as db:
        db.execute("UPDATE runs SET reason = 'not yet in the file itself'")
        assert Path(f"{seeds}-wal").stat().st_size
        back_up(seeds, tmp_path / "copy.db")
    with open_to_read(tmp_path / "copy.db") as copy:
        assert copy.execute("SELECT reason FROM runs").fetchall() == [("not yet in the file itself",)]


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(
    seeds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "letter.odt"
    target.write_text("not to be lost")
    assert "--force" in refused(capsys, str(target), "--db", str(seeds))
    assert target.read_text() == "not to be lost"
    assert run(["backup", str(target), "--db", str(seeds), "--force"]) == 0
    with open_to_read(target) as copy:
        assert sound(open_to_write(target))
        assert copy.execute("SELECT count(*) FROM documents").fetchone() == (52,)


def test_it_never_writes_over_the_database_or_beside_a_log(
    seeds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = seeds.read_bytes()
    (tmp_path / "link.db").symlink_to(seeds)
    for name in ("seeds.db", "link.db", "", "nowhere/x.db"):
        refused(capsys, str(tmp_path / name), "--db", str(seeds), "--force")
    (tmp_path / "used.db-wal").write_bytes(b"pages of another database")
    assert "used.db-wal" in refused(capsys, str(tmp_path / "used.db"), "--db", str(seeds), "--force")
    assert seeds.read_bytes() == before
    assert "no database" in refused(capsys, str(tmp_path / "x.db"), "--db", str(tmp_path / "none.db"))


def test_a_damaged_database_gives_no_copy(seeds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_to_write(seeds) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'documents_date'").fetchone()
    with seeds.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\x0a\x00\x00\x00\x01\xff\xff")
    assert "damaged" in refused(capsys, str(tmp_path / "copy.db"), "--db", str(seeds))
    assert not (tmp_path / "copy.db").exists()
    assert not list(tmp_path.glob(".*"))


def test_a_full_disk_leaves_nothing_behind(
    seeds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # half a compiled module would stay, and fail ever after
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        line = refused(capsys, str(tmp_path / "copy.db"), "--db", str(seeds))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert "space" in line
    assert sorted(file.name for file in tmp_path.glob("*copy*")) == []


def test_what_a_killed_backup_left_is_in_nobodys_way(seeds: Path, tmp_path: Path) -> None:
    for ending in ("", "-wal", "-journal"):
        (tmp_path / f".copy.db.part{ending}").write_bytes(b"half a copy" * 1000)
    back_up(seeds, tmp_path / "copy.db")
    assert [file.name for file in tmp_path.glob("*copy*")] == ["copy.db"]
    assert sound(open_to_write(tmp_path / "copy.db"))


def harvest_pages(folder: Path, db: Path, pages: int) -> None:
    """Write a listing of so many pages and harvest it."""
    items = make_items(pages * 10, seed=5)
    folder.mkdir()
    for number in range(pages):
        page = listing_page(items[number * 10 : number * 10 + 10], number * 10 + 1, len(items))
        (folder / f"page-{number:03}.html").write_bytes(page)
    run(["harvest", str(folder), "--db", str(db), "--listing", "all", "--json"])


def harvesting(tmp_path: Path, db: Path) -> BaseProcess:
    process = FORKS.Process(target=harvest_pages, args=(tmp_path / "pages", db, PAGES))
    process.start()
    return process


def test_copies_taken_while_a_harvest_writes_are_each_a_state_it_was_in(seeds: Path, tmp_path: Path) -> None:
    process, states = harvesting(tmp_path, seeds), []
    while process.is_alive():
        back_up(seeds, tmp_path / "copy.db", replace=True)
        with open_to_read(tmp_path / "copy.db") as copy:
            sql = """SELECT pages, records, (SELECT count(*) FROM reads WHERE run_id = runs.id),
                (SELECT count(*) FROM sightings JOIN reads USING (capture_id) WHERE reads.run_id = runs.id)
                FROM runs WHERE id > 1"""
            states += copy.execute(sql).fetchall()
    process.join()
    assert process.exitcode == 0
    assert states == sorted(states)
    assert {pages for pages, _, _, _ in states} - {0, PAGES}, "no copy was taken in the middle"
    assert [state for state in states if state != (state[0], state[0] * 10, state[0], state[0] * 10)] == []
    with open_to_read(seeds) as db:
        assert db.execute("SELECT status, pages FROM runs").fetchall() == [("complete", 5), ("complete", PAGES)]


def test_two_backups_into_one_file_do_not_mix(seeds: Path, tmp_path: Path) -> None:
    with (tmp_path / ".copy.db.part").open("wb") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        with pytest.raises(DatabaseError, match="is writing"):
            back_up(seeds, tmp_path / "copy.db")
    back_up(seeds, tmp_path / "copy.db")

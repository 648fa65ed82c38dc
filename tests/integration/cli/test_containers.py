"""Archives from the command line: the same database as from the files, and damage in words and in the exit status."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from harvester.cli import run
from tests.support.paths import ROOT

SEEDS = ROOT / "seeds"


def harvested(target: Path, db: Path) -> tuple[int, set[tuple[object, ...]]]:
    status = run(["harvest", str(target), "--db", str(db)])
    with sqlite3.connect(db) as database:
        documents = set(database.execute("SELECT key, title, date, summary FROM documents"))
        documents |= set(database.execute("SELECT name, declared_total, held, missing FROM coverage"))
    database.close()
    return status, documents


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "in" / "seeds"
    folder.mkdir(parents=True)
    for seed in SEEDS.glob("*.txt"):
        shutil.copy(seed, folder)
    return folder


@pytest.mark.parametrize("form", ["zip", "tar", "gztar"])
def test_the_seeds_in_an_archive_give_the_same_database(tmp_path: Path, pages: Path, form: str) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "seeds"), form, pages.parent, "seeds"))
    status, documents = harvested(archive, tmp_path / "archive.db")
    assert (status, documents) == (0, harvested(pages, tmp_path / "files.db")[1])
    assert len(documents) == 52 + 5


def test_a_download_that_broke_off_gives_what_is_whole_and_says_what_is_not(
    tmp_path: Path, pages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "seeds"), "gztar", pages.parent, "seeds"))
    archive.write_bytes(archive.read_bytes()[:5000])
    status, documents = harvested(archive, tmp_path / "archive.db")
    assert (status, len(documents)) == (3, 27 + 3)
    assert capsys.readouterr().out.startswith("partial: 3 pages")
    with sqlite3.connect(tmp_path / "archive.db") as database:
        [(uri, message)] = database.execute("SELECT uri, message FROM problems WHERE severity = 'error'")
    database.close()
    assert uri == archive.as_uri()
    assert message.startswith("cut off in seeds/003_2c252857a8a618ac.txt, at byte 5,000")


def test_several_first_harvests_into_one_new_database_wait_for_each_other(tmp_path: Path) -> None:
    seeds = sorted(SEEDS.glob("*.txt"))[:3]
    command = [sys.executable, "-m", "harvester", "harvest"]
    all_of_them = [subprocess.Popen([*command, str(seed), "--db", str(tmp_path / "a.db")]) for seed in seeds]
    assert [process.wait(120) for process in all_of_them] == [0, 0, 0]
    with sqlite3.connect(tmp_path / "a.db") as database:
        assert database.execute("SELECT count(*), sum(new) FROM runs").fetchone() == (3, 27)  # three stand on two pages
    database.close()
    assert run(["check", "--db", str(tmp_path / "a.db")]) == 0


def test_a_row_that_is_no_json_is_one_line_that_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = min(SEEDS.glob("*.txt"))
    run(["harvest", str(seed), "--db", str(tmp_path / "a.db")])
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("UPDATE statements SET content = '{broken'")
    database.close()
    other = tmp_path / "again.txt"
    other.write_bytes(seed.read_bytes().replace(b"Soviet", b"SOVIET"))
    capsys.readouterr()
    assert run(["harvest", str(other), "--db", str(tmp_path / "a.db")]) == 1
    err = capsys.readouterr().err
    assert (err.count("\n"), "harvester check" in err, "unexpected" in err) == (1, True, False), err

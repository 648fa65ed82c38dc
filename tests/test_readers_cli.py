"""Archives from the command line: the same database as from the files, and damage in words and in the exit status."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from harvester.cli import run

SEEDS = Path(__file__).parent.parent / "seeds"


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

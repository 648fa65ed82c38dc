"""The five seeds, end to end. Every expected value was read off the pages."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harvester.cli import run
from harvester.store.database import open_to_read, open_to_write
from tests.support.harvesting import documents, dump, fresh, harvest_files, sighted, sound
from tests.support.trials import trials

if TYPE_CHECKING:
    from sqlite_utils import Database

SEEDS = sorted(Path("seeds").glob("*.txt"))


def harvested(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    status = run(["harvest", *arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


@pytest.fixture
def db_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "seeds.db"
    status, row = harvested(capsys, "seeds", "--db", str(path))
    assert status == 0
    assert row["status"] == "complete"
    return path


@pytest.fixture
def db(db_path: Path) -> Database:
    return open_to_write(db_path)


def test_a_run_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, row = harvested(capsys, "seeds", "--db", str(tmp_path / "a.db"))
    assert status == 0
    wanted = {"status": "complete", "pages": 5, "records": 60, "new": 52, "changed": 0, "unchanged": 8, "ignored": 1}
    assert {name: row[name] for name in wanted} == wanted
    assert row["walks"] == []


def test_52_documents_of_60_records(db: Database) -> None:
    assert db.table("documents").count == 52
    assert db.table("sightings").count == 60
    assert sound(db)


def test_no_problem_is_above_a_notice(db: Database) -> None:
    assert {row["severity"] for row in db.query("SELECT severity FROM problems")} == {"notice"}


@pytest.mark.parametrize(
    ("condition", "title"),
    [
        ("date IS NULL", "CC CPSU Information on Chinese Foreign Policy Issues"),
        (
            "date_precision = 'month'",
            "From the Diary of S. V. Chervonenko, Memorandum of Conversation with the General Secretary of the CC CCP, "
            "Deng Xiaoping, 17 May 1960",
        ),
        ("summary IS NULL", "Telegram, Mao Zedong to Liu Shaoqi, 18 December 1949"),
    ],
)
def test_one_document_is(db: Database, condition: str, title: str) -> None:
    assert [row[0] for row in db.execute(f"SELECT title FROM documents WHERE {condition}")] == [title]


def test_eight_documents_were_seen_twice(db: Database) -> None:
    sql = "SELECT title FROM documents WHERE (SELECT count(*) FROM sightings WHERE document_id = documents.id) = 2"
    assert sorted(row[0][:40] for row in db.execute(sql)) == [
        "Cable, Liu Shaoqi to Mao Zedong",
        "Diary of Soviet Official K. A. Krutikov,",
        "Letter, to the Deputy Chair of the Sovie",
        "Meeting of the Representatives of the Ch",
        "Protocol No. 1 of the Joint Meeting of t",
        "Report on Meetings Between Chinese and S",
        "Telegram, Mao Zedong to Liu Shaoqi",
        "Telegram, Mao Zedong to the Central Comm",
    ]


def test_zero_padding_is_no_change(db: Database) -> None:
    rows = db.query("SELECT id, date, date_text FROM documents WHERE title LIKE 'Letter, to the Deputy Chair%'")
    [row] = rows
    assert (row["date"], row["date_text"]) == ("1957-04-02", "April 2, 1957")
    printed = db.execute("SELECT date_text FROM sightings WHERE document_id = ? ORDER BY 1", [row["id"]])
    assert [text for (text,) in printed] == ["April 02, 1957", "April 2, 1957"]
    assert db.execute("SELECT count(*) FROM changes WHERE kind <> 'new'").fetchone() == (0,)


def test_coverage(db: Database) -> None:
    found = {row["name"]: row for row in db.query("SELECT * FROM coverage")}
    names = ("held", "declared_total", "missing", "first_missing", "basis", "complete")
    assert {name: tuple(row[n] for n in names) for name, row in found.items()} == {
        "000_31c5458d84f41e75.txt": (10, 11, 1, 11, "positions", 0),
        "001_9764009bf4381e3e.txt": (10, 173, 163, 1, "positions", 0),
        "002_00e7ceb9e6167759.txt": (10, 10, 0, None, "positions", 1),
        "003_2c252857a8a618ac.txt": (10, 1250, 1240, 1, "positions", 0),
        "Sino-Soviet Relations": (20, None, None, None, "positions", None),
    }


@pytest.mark.parametrize(("name", "first", "last"), [("001_%", 161, 170), ("003_%", 711, 720)])
def test_positions_are_those_of_the_whole_listing(db: Database, name: str, first: int, last: int) -> None:
    sql = """SELECT min(position), max(position), captures.first, captures.last FROM sightings
        JOIN captures ON captures.id = capture_id JOIN listings ON listings.id = listing_id WHERE name LIKE ?"""
    assert db.execute(sql, [name]).fetchone() == (first, last, first, last)


def test_again_writes_nothing_but_the_run_and_its_reads(db_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = dump(open_to_read(db_path), "runs", "reads")
    status, row = harvested(capsys, "seeds", "--db", str(db_path))
    assert (status, row["new"], row["changed"], row["unchanged"], row["pages"]) == (0, 0, 0, 60, 5)
    after = open_to_read(db_path)
    assert dump(after, "runs", "reads") == before
    assert after.execute("SELECT run_id, count(*) FROM reads GROUP BY 1").fetchall() == [(1, 5), (2, 5)]


def test_a_copy_elsewhere_is_known_by_its_bytes(
    db_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "copy.txt").write_bytes(SEEDS[0].read_bytes())
    before = dump(open_to_read(db_path), "runs", "reads")
    harvested(capsys, str(tmp_path / "copy.txt"), "--db", str(db_path))
    assert dump(open_to_read(db_path), "runs", "reads") == before


def test_any_order_gives_the_same_documents(tmp_path: Path) -> None:
    wanted: tuple[Any, Any] | None = None
    for order in itertools.islice(itertools.permutations(SEEDS), 0, None, trials(19, 1)):
        db = fresh(tmp_path)
        harvest_files(db, order)
        found = documents(db), sighted(db)
        wanted = wanted or found
        assert found == wanted
        db.close()
    assert wanted is not None
    assert len(wanted[0]) == 52


def test_one_by_one_gives_the_same_documents(tmp_path: Path, db: Database) -> None:
    single = fresh(tmp_path)
    for file in reversed(SEEDS):
        harvest_files(single, [file])
    assert documents(single) == documents(db)
    assert sighted(single) == sighted(db)


@pytest.mark.parametrize(
    ("query", "count"),
    [("taiwan", 3), ('"Huang Hua"', 0), ("chargé", 1), ("CHARGE", 1), ("telegrams", 11), ("title: telegram", 11)],
)
def test_search(db: Database, query: str, count: int) -> None:
    assert db.execute("SELECT count(*) FROM documents_fts WHERE documents_fts MATCH ?", [query]).fetchone() == (count,)

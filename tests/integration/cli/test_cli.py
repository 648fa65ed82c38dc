"""The command line: what it prints, and what it ends with."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harvester.cli import run
from harvester.store.database import open_to_read
from tests.support.live_processes import Aim, in_process

SEEDS = sorted(Path("seeds").glob("*.txt"))


@pytest.fixture
def db_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "seeds.db"
    assert run(["harvest", "seeds", "--db", str(path)]) == 0
    assert capsys.readouterr().out.startswith("complete: 5 pages, 60 records: 52 new, 0 changed, 8 unchanged")
    return path


def test_a_misspelt_command_is_answered_with_the_right_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["harvst", "seeds"]) == 2
    assert "Did you mean “harvest”?" in capsys.readouterr().err


def test_no_target_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["harvest"]) == 2
    assert "harvester harvest seeds" in capsys.readouterr().err


def test_an_unknown_source_is_wrong_usage(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["harvest", "seeds", "--source", "wilsn", "--db", str(tmp_path / "x.db")]) == 2
    assert "wilson" in capsys.readouterr().err


def test_the_environment_names_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HARVESTER_DB", str(tmp_path / "named.db"))
    assert run(["harvest", "seeds"]) == 0
    assert run(["status"]) == 0
    assert "52 documents" in capsys.readouterr().out


def test_the_default_database_gets_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = Path("seeds").absolute()
    monkeypatch.delenv("HARVESTER_DB", raising=False)
    monkeypatch.chdir(tmp_path)
    assert run(["harvest", str(seeds)]) == 0
    assert (tmp_path / "db" / "harvest.db").is_file()
    assert capsys.readouterr().err == ""


def test_status_of_the_seeds_is_healthy(db_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--db", str(db_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["healthy"], found["documents"], len(found["coverage"])) == (True, 52, 5)
    assert [(run["status"], run["pages"]) for run in found["runs"]] == [("complete", 5)]


def test_status_of_a_partial_run_is_not_healthy(
    db_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.txt").write_text("no listing")
    assert run(["harvest", str(tmp_path / "bad.txt"), "--db", str(db_path)]) == 3
    assert "harvester status" in capsys.readouterr().out
    assert run(["status", "--db", str(db_path)]) == 1
    out = capsys.readouterr().out
    assert "not healthy: the last run (2) is partial" in out
    assert "bad.txt" in out


def test_status_without_a_database_says_how_to_make_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--db", str(tmp_path / "none.db")]) == 1
    assert "harvester harvest" in capsys.readouterr().err
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("name", ["Cable, Liu Shaoqi to Mao Zedong", "cable, liu shaoqi to mao zedong"])
def test_history_finds_a_document_by_its_title(db_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert run(["history", name, "--db", str(db_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["document"]["date"] == "1949-07-18"
    assert [(change["kind"], change["run_id"]) for change in found["changes"]] == [("new", 1)]
    for other in (str(found["document"]["id"]), found["document"]["key"]):
        assert run(["history", other, "--db", str(db_path), "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == found


def test_history_of_a_title_that_several_have_asks_which(db_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["history", "Telegram, Mao Zedong to Liu Shaoqi", "--db", str(db_path)]) == 2
    assert "3 documents" in capsys.readouterr().err


def test_parse_prints_one_object_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["parse", *map(str, SEEDS), "--json"]) == 0
    pages = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(p["form"], p["first"], p["last"], p["declared_total"], len(p["records"])) for p in pages] == [
        ("A", 1, 10, 11, 10),
        ("B", 161, 170, 173, 10),
        ("A", 1, 10, 10, 10),
        ("A", 711, 720, 1250, 10),
        ("D", None, None, None, 20),
    ]
    assert set(pages[0]) == {"uri", "form", "first", "last", "declared_total", "records", "refused", "problems"}
    assert set(pages[0]["records"][0]) == {"position", "date_text", "date", "title", "summary", "url"}


def test_parse_explains_how_a_title_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    title = "Cable, Filippov [Stalin] to Mao Zedong"
    assert run(["parse", "--title", title, "--json"]) == 0
    read = json.loads(capsys.readouterr().out)
    rules = read.pop("rules")
    assert read == {"title": title, "kind": "Cable", "sender": "Filippov [Stalin]", "recipient": "Mao Zedong"}
    assert "“Cable”" in rules["kind"]
    assert "behind the kind" in rules["sender"]
    assert "“to”" in rules["recipient"]
    assert run(["parse", "--title", "Prague Spring"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Prague Spring",
        "  kind       -",
        "  sender     -",
        "  recipient  -",
    ]


def test_parse_of_nothing_says_what_to_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["parse"]) == 2
    assert "--title TEXT" in capsys.readouterr().err


def test_parse_says_why_a_page_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.txt").write_text("no listing")
    assert run(["parse", str(tmp_path / "bad.txt"), "--json"]) == 3
    [page] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert page["refused"]["code"] == "not-a-listing"
    assert page["records"] == []


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m harvester parse seeds | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr


def test_an_unexpected_error_is_one_line_and_debug_shows_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("made up")

    monkeypatch.setattr("harvester.ingest.parse", fail)
    assert run(["harvest", "seeds", "--db", str(tmp_path / "x.db")]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "ZeroDivisionError" in err
    assert run(["--debug", "harvest", "seeds", "--db", str(tmp_path / "x.db")]) == 1
    assert "Traceback" in capsys.readouterr().err
    rows = open_to_read(tmp_path / "x.db").execute("SELECT status, reason FROM runs").fetchall()
    assert rows == [("failed", "ZeroDivisionError: made up")] * 2


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_finishes_the_page_in_hand_and_the_next_run_goes_on(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    for copy in range(40):
        (pages / f"{copy:04}.txt").write_bytes(SEEDS[0].read_bytes() + b"\n" * (copy + 1))
    db = tmp_path / "x.db"
    asked = Aim("harvester.ingest:read_page", 3, {signal.SIGINT: "interrupt", signal.SIGTERM: "term"}[number])
    done = in_process(tmp_path, ["harvest", str(pages), "--db", str(db), "--json"], asked)
    assert done.status == status
    row = json.loads(done.out)
    assert (row["status"], done.err) == ("interrupted", "")
    with open_to_read(db) as database:
        assert (row["pages"], database.execute("SELECT count(*) FROM reads").fetchone()[0]) == (3, 3)
    assert "run it again" in row["reason"]
    assert run(["harvest", str(pages), "--db", str(db)]) == 0
    with open_to_read(db) as database:
        assert database.execute("SELECT count(DISTINCT uri) FROM reads").fetchone()[0] == 40


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("https://web.archive.org/web/20240101000000/https://elsewhere.example/search", "is at elsewhere.example"),
        ("https://web.archive.org/web/*/elsewhere.example", "with id_ behind the time"),
        ("https://web.archive.org/save/https://elsewhere.example/", "no archive known is at web.archive.org"),
        ("https://elsewhere.example/search", "save its pages, and harvest the files"),
        ("http://[", "no file, folder or archive"),
    ],
)
def test_an_address_that_cannot_be_harvested_gets_the_line_that_helps(
    target: str, hint: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["harvest", target, "--db", str(tmp_path / "a.db")]) == 2
    err = capsys.readouterr().err
    assert (err.count("\n"), hint in err) == (1, True), err

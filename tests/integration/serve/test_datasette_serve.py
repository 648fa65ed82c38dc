"""Starting and ending: `harvester serve` in every way that can go wrong, and the folder by itself."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from harvester.cli import run
from tests.support.hostile_sample import make_sample
from tests.support.publishing import (
    DATASETTE_ALONE,
    configuration_with,
    harvester_serve,
    harvester_serve_alone,
    running,
)

if TYPE_CHECKING:
    from pathlib import Path


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run `harvester serve` and give the one line that it ends in."""
    assert run(["serve", *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def answer(folder: Path, path: str) -> str:
    """Return one page of `datasette FOLDER`, without a server."""
    command = [sys.executable, "-c", DATASETTE_ALONE, "serve", str(folder), "--get", path]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_missing_database_is_named_with_the_way_to_make_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(capsys, "--db", str(tmp_path / "none.db"))
    assert "none.db" in line
    assert "harvester harvest" in line
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.db").write_text("a text, not a database")
    assert "no SQLite database" in refused(capsys, "--db", str(tmp_path / "text.db"))
    assert (tmp_path / "text.db").read_text() == "a text, not a database"


def test_a_folder_is_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--db" in refused(capsys, "--db", str(tmp_path))


def test_a_path_that_datasette_cannot_open_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "rename" in refused(capsys, "--db", str(make_sample(tmp_path / "what?.db")))


def test_a_busy_port_is_refused_with_the_option_for_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = make_sample(tmp_path / "x.db")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = refused(capsys, "--db", str(database), "--port", port)
    assert port in line
    assert "--port" in line


def test_an_address_of_another_machine_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = make_sample(tmp_path / "x.db")
    assert "--host" in refused(capsys, "--db", str(database), "--host", "192.0.2.1")


def test_a_port_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    assert run(["serve", "--db", str(tmp_path / "x.db"), "--port", "70000"]) == 2


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, -signal.SIGTERM)])
def test_it_ends_quietly(tmp_path: Path, sent: signal.Signals, status: int) -> None:
    with harvester_serve_alone(make_sample(tmp_path / "x.db")) as (site, server):
        site.text("/")
        server.process.send_signal(sent)
        assert server.process.wait(timeout=20) == status
        assert server.complained.read_text() == ""
        assert len(server.printed.read_text().splitlines()) == 1


def test_asking_for_what_is_not_there_does_not_fill_the_log(tmp_path: Path) -> None:
    with harvester_serve(make_sample(tmp_path / "x.db")) as (site, server):
        for path in ("/nothing", "/DB/nothing", "/DB/documents/999", "/DB/documents?_sort=nothing"):
            assert site.get(path)[0] >= 400
        assert server.complained.read_text() == ""


def test_it_opens_the_browser_where_it_listens(tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    command = [sys.executable, "-m", "harvester", "serve", "--db", str(make_sample(tmp_path / "x.db")), "--port", "0"]
    with running([*command, "--open"], BROWSER=str(browser)) as server:
        address = server.address()
        until = time.monotonic() + 20
        while time.monotonic() < until and not (opened.exists() and opened.read_text()):
            time.sleep(0.05)
    assert opened.read_text().strip() == address


def test_the_folder_without_a_database_says_what_to_do(tmp_path: Path) -> None:
    assert "harvester harvest seeds" in answer(configuration_with(tmp_path / "db"), "/")


def test_a_harvest_beside_others_looks_the_same(tmp_path: Path) -> None:
    folder = configuration_with(tmp_path / "db", make_sample(tmp_path / "cia.db"), make_sample(tmp_path / "harvest.db"))
    assert answer(folder, "/").count("12 documents") == 2
    for name in ("cia", "harvest"):
        facets = json.loads(answer(folder, f"/{name}/documents.json"))["facet_results"]
        assert set(facets) == {"year", "kind"}


def test_a_strangers_database_is_left_as_datasette_shows_it(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as db:
        db.execute("CREATE TABLE documents (a)")
    folder = configuration_with(tmp_path / "db", tmp_path / "other.db")
    assert "Also here" in answer(folder, "/")
    assert "date_from" not in answer(folder, "/other/documents")

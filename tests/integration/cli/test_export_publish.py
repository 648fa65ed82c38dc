"""`harvester export`, `harvester publish`, and serving behind a proxy."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import rispy
from bibtexparser.entrypoint import parse_string as parse_bibtex

from harvester.cli import run
from harvester.store.redaction import FolderNumbers
from tests.support.hostile_sample import DOCUMENTS, make_sample
from tests.support.paths import ROOT
from tests.support.publishing import datasette_alone, harvester_serve

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = ROOT / "seeds"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sample(tmp_path_factory.mktemp("sample") / "harvest.db")


def exported(capsys: pytest.CaptureFixture[str], database: Path, *arguments: str) -> str:
    assert run(["export", *arguments, "--db", str(database)]) == 0
    return capsys.readouterr().out


def test_every_format_has_every_document(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    number = len(DOCUMENTS)
    assert len(parse_bibtex(exported(capsys, database, "bibtex")).entries) == number
    assert len(rispy.loads(exported(capsys, database, "ris"))) == number
    assert len(json.loads(exported(capsys, database, "csl-json"))) == number
    assert len(exported(capsys, database, "jsonl").splitlines()) == number
    rows = list(csv.reader(io.StringIO(exported(capsys, database, "csv").removeprefix("\ufeff"), newline="")))
    assert len(rows) == number + 1
    assert "'=HYPERLINK(1)" in {row[1] for row in rows}


def test_only_what_a_search_finds_is_exported(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = exported(capsys, database, "jsonl", "--search", "сталин*", "--from", "1940", "--kind", "Telegram")
    assert [json.loads(line)["title"] for line in found.splitlines()] == ["Телеграмма Сталину"]
    assert json.loads(exported(capsys, database, "csl-json", "--search", "nowhere")) == []


def test_export_into_a_file(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exported(capsys, database, "ris", "--output", str(tmp_path / "x.ris")) == ""
    assert (tmp_path / "x.ris").read_bytes().count(b"ER  - \r\n") == len(DOCUMENTS)


def test_publish_shows_the_rights_and_asks(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert run(["publish", str(tmp_path / "public"), "--db", str(database)]) != 0
    assert "12 documents: nothing is stated" in capsys.readouterr().out
    assert not (tmp_path / "public").exists()


def test_what_is_published_is_served_the_same_by_datasette_alone(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "public"
    for _ in range(2):  # the second time it is written anew
        assert run(["publish", str(folder), "--db", str(database), "--yes"]) == 0
    paths = ("/", "/search?q=Stalin", "/document/k3", "/coverage", "/harvest/documents", "/-/health")
    with datasette_alone(folder) as (site, _), harvester_serve(database) as (original, _):
        for path in paths:
            here, there = (text_without_times(one.get(path)[1], one.address) for one in (site, original))
            assert here == there
    assert {"Containerfile", "README.md", "requirements.txt"} <= {path.name for path in folder.iterdir()}


def text_without_times(text: str, address: str) -> str:
    return text.replace(address, "/").replace(quote(address, safe=""), quote("/", safe="")).split("this page took")[0]


def test_no_folder_of_this_machine_is_published(tmp_path: Path) -> None:
    pages, packed = tmp_path / "ann's private" / "pages", tmp_path / "packed"
    for number, seed in enumerate(sorted(SEEDS.glob("00*.txt"))):
        folder = packed if number < 2 else pages
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(seed, folder / seed.name)
    shutil.make_archive(str(tmp_path / "more"), "zip", packed)
    (pages / "damaged.warc").write_bytes(b"WARC/1.0\r\n")
    own = tmp_path / "secret.db"
    run(["harvest", str(pages), str(tmp_path / "more.zip"), "--source", "wilson", "--db", str(own)])
    assert tmp_path.name.encode() in own.read_bytes()
    assert run(["publish", str(tmp_path / "public"), "--db", str(own), "--yes"]) == 0
    for file in (tmp_path / "public").rglob("*"):
        held = file.read_bytes() if file.is_file() else b""
        assert tmp_path.name.encode() not in held, file
        assert b"private" not in held or file.suffix != ".db", file
    with closing(sqlite3.connect(tmp_path / "public" / "harvest.db")) as db:
        uris = {uri for (uri,) in db.execute("SELECT uri FROM captures")}
        assert len(uris) == 5
        assert all(re.fullmatch(r"file:\d/(00\d_\w+\.txt|more\.zip#00\d_\w+\.txt)", uri) for uri in uris)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("file:///home/ann/a%20b/1.html", "file:1/1.html"),
        ("/home/ann/a#b/1.html", "1/1.html"),
        ("wilson:file:file:///home/ann/2.html", "wilson:file:file:1/2.html"),
        ("file:///home/ann/m.tar.zst#folder/1.html", "file:1/m.tar.zst#folder/1.html"),
        ("file:///C:/Users/ann/x.html", "file:1/x.html"),
        (r"C:\Users\ann\x.html", "1/x.html"),
        ("https://archive.example/a/b?page=1", "https://archive.example/a/b?page=1"),
        ("wilson:https://archive.example/search?q=file:///a/b", "wilson:https://archive.example/search?q=file:///a/b"),
    ],
)
def test_of_a_place_only_the_folder_is_hidden(place: str, shown: str) -> None:
    assert FolderNumbers().redact_path(place) == shown


def test_nothing_else_is_written_over(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert run(["publish", str(tmp_path), "--db", str(database), "--yes"]) in (1, 2)
    assert "left as it is" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_below_a_path_every_link_stays_below_it(database: Path) -> None:
    with harvester_serve(database, "--base-url", "archive", "--https", "--robots", "--cache", "60") as (site, _):
        for path in ("archive/", "archive/search?q=Stalin", "archive/document/k3", "archive/coverage"):
            text = site.text(path)
            assert 'href="/search' not in text
            assert 'href="/archive/search' in text
        assert "https://127.0.0.1" in site.text("archive/feed.atom")
        assert "Disallow: /search" in site.text("archive/robots.txt")
        assert site.get("archive/search")[2]["Cache-Control"] == "max-age=60"

"""A definition in `sources/` is a source like those shipped: for Scrapy, schedules, the reading room and exports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest
import yaml

from harvester.cli import run
from harvester.cli.serve import name_archives
from harvester.db.pages.databases import read_metadata
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Answer, Site, html, item_of
from tests.support.dressed_site import DressedSite
from tests.support.live_processes import in_process, rows
from tests.support.paths import PLATFORMS, ROOT
from tests.support.platform_pages import DRESSES
from tests.support.publishing import harvester_serve

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.live_processes import Done

TITLE = "City archive of Example"
DEFINED = f'platform = "atom"\ntitle = "{TITLE}"\naddress = "https://archive.example.org"\n[pager]\nsize = 10\n'
COMPLETE = [("complete", "twice", "range")]


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with the definition of an archive beside a configuration."""
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "city.toml").write_text(DEFINED, "utf-8")
    (tmp_path / "harvester.toml").write_text("", "utf-8")
    monkeypatch.setenv("HARVESTER_CONFIG", str(tmp_path / "harvester.toml"))
    return tmp_path


def configured(folder: Path, arguments: list[str]) -> Done:
    return in_process(folder, ["--config", str(folder / "harvester.toml"), *arguments])


def scrapy(*arguments: str) -> str:
    command = [sys.executable, "-m", "scrapy", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=os.environ)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_scrapy_and_a_schedule_harvest_it_and_the_reading_room_shows_it(
    city: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = DressedSite(DRESSES["atom"], 12)
    item = item_of(site.listing.records[4])
    database = city / "a.db"
    verdicts = "SELECT status, proof, checked_against FROM walks ORDER BY id DESC LIMIT 1"
    with ArchiveServer(site) as server:
        asked = f'[sources.city]\nbase_url = "{server.base}"\ndelay = 0\n\n[schedules.nightly]\nharvest = "city"\n'
        (city / "harvester.toml").write_text(f'{asked}every = "1d"\n', "utf-8")
        crawl = ["crawl", "city", "-a", f"base_url={server.base}", "-a", f"db={city / 'crawled.db'}"]
        scrapy(*crawl, "-a", "delay=0", "-a", "documents=no")
        assert rows(city / "crawled.db", verdicts) == COMPLETE
        done = configured(city, ["schedule", "run", "--once", "--db", str(database)])
        assert (done.status, done.err) == (0, "")
    assert rows(database, verdicts) == COMPLETE
    same = "SELECT title, date, url FROM documents ORDER BY title"
    assert rows(database, same) == rows(city / "crawled.db", same)

    with harvester_serve(database) as (room, _):
        assert TITLE in room.text("/about")
        assert "checked against the ranges and the total that it declares" in room.text("/coverage")
        page = room.text(f"/document/{item.slug}")
        assert TITLE in page
        assert "Archival history" in page  # a label of the archive's own, with its value
        assert item.location
        assert item.location in page
        word = item.location.split()[0].strip(",.")
        assert any(row["title"] == item.title for row in room.json(f"/search.json?q=%22{word}%22")["results"])
        assert room.json("/search.json?source=city")["total"] == 12
    assert run(["export", "bibtex", "--db", str(database)]) == 0
    assert TITLE in capsys.readouterr().out
    assert run(["publish", str(city / "public"), "--db", str(database), "--yes"]) == 0
    described = yaml.safe_load((city / "public" / "metadata.yaml").read_text("utf-8"))
    assert described["plugins"]["reading-room"]["archives"] == {"city": TITLE}


@pytest.mark.parametrize(
    ("asserted", "reason"),
    [
        ("min_records = 15", "12 records in the listing, at least 15 are asserted: compare with the archive"),
        ("min_dated = 13", "12 dated records in the listing, at least 13 are asserted: compare with the archive"),
        ("min_records = 12\nmin_dated = 12", None),
    ],
)
def test_a_run_that_finds_less_than_is_asserted_is_partial(city: Path, asserted: str, reason: str | None) -> None:
    (city / "sources" / "city.toml").write_text(f"{DEFINED}[assert]\n{asserted}\n", "utf-8")
    site = DressedSite(DRESSES["atom"], 12)
    with ArchiveServer(site) as server:
        command = ["harvest", "city", "--base-url", server.base, "--delay", "0", "--no-documents"]
        done = configured(city, [*command, "--db", str(city / "a.db")])
    assert sum(item_of(name).date is not None for name in site.listing.records) == 12
    assert done.status == (3 if reason else 0)
    problems = rows(city / "a.db", "SELECT code, message FROM problems WHERE severity = 'error'")
    assert problems == ([("fewer-than-asserted", reason)] if reason else [])
    assert rows(city / "a.db", "SELECT status FROM runs") == [("partial" if reason else "complete",)]


def test_a_broken_definition_keeps_no_database_from_being_shown(city: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (city / "sources" / "city.toml").write_text("title = City\n", "utf-8")
    assert name_archives(read_metadata()) == {"wilson": "Wilson Center Digital Archive"}
    assert "archives are called by their short names: " in capsys.readouterr().err


class SpecimenSite(Site):
    """Answers with the specimens of a platform, at the paths and queries of their addresses."""

    def __init__(self, name: str) -> None:
        super().__init__(0)
        folder = PLATFORMS / name
        pages = json.loads((folder / "expected.json").read_text("utf-8"))["pages"]
        self.pages = {page["url"].split("/", 3)[3]: (folder / page["file"]).read_bytes() for page in pages}

    def answer(self, target: str, headers: dict[str, str]) -> Answer:
        del headers
        if target == "/robots.txt":
            return Answer(200, b"User-agent: *\nDisallow: /private\n", {"Content-Type": "text/plain"})
        body = self.pages.get(target.removeprefix("/"))
        return html(200, body) if body else html(404, b"<h1>Not found</h1>")


def test_an_archive_is_learned_from_the_addresses_of_two_pages(tmp_path: Path) -> None:
    """Each is asked for once, with the harvester's own name, after robots.txt, which is obeyed."""
    (tmp_path / "harvester.toml").write_text('contact = "me@example.org"\n[sources.city]\ndelay = 1\n', "utf-8")
    output = tmp_path / "sources" / "city.toml"
    learned = ["learn", "--name", "city", "--output", str(output)]
    site = SpecimenSite("vufind")
    paths = [f"/{path}" for path in site.pages if path.startswith("vufind/Search/Results")][:2]
    with ArchiveServer(site) as server:
        forbidden = configured(tmp_path, [*learned, f"{server.base}/private/list"])
        assert (forbidden.status, server.requested("/private")) == (1, [])
        assert "robots.txt forbids /private/list" in forbidden.err
        done = configured(tmp_path, [*learned, *(server.base + path for path in paths)])
        log = server.log[1:]
    assert done.status == 0, done.err
    content = tomllib.loads(output.read_text("utf-8"))
    assert (content["platform"], content["address"]) == ("vufind", f"{server.base}/vufind")
    assert [requested.target for requested in log] == ["/robots.txt", *paths]
    agents = {requested.headers["user-agent"] for requested in log}
    assert len(agents) == 1
    assert "(+me@example.org)" in agents.pop()

"""`scrapy crawl` puts the same into the database as `harvester harvest`, from files and over HTTP."""

from __future__ import annotations

import functools
import http.server
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from scrapy.settings import default_settings
from scrapy.spiderloader import get_spider_loader
from scrapy.utils.project import get_project_settings

from harvester.cli import run
from harvester.crawl import settings
from harvester.registry import load_sources
from harvester.store.database import open_to_read
from tests.support.forks import program
from tests.support.harvesting import documents, sighted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import CompletedProcess

SEEDS = sorted(Path("seeds").absolute().glob("*.txt"))


def crawl(*arguments: str) -> CompletedProcess[str]:
    return program("scrapy", "crawl", "wilson", *arguments)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "site"
    folder.mkdir()
    for seed in SEEDS:
        shutil.copy(seed, folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def offline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert run(["harvest", "seeds", "--db", str(tmp_path / "offline.db")]) == 0
    capsys.readouterr()
    return tmp_path / "offline.db"


def test_scrapy_lists_the_archive() -> None:
    done = program("scrapy", "list")
    assert "wilson" in done.stdout.split()


def test_files_through_scrapy_are_the_same_as_without_it(tmp_path: Path, offline: Path) -> None:
    start = " ".join(seed.as_uri() for seed in SEEDS)
    done = crawl("-a", f"start={start}", "-a", f"db={tmp_path / 'crawl.db'}")
    assert (done.returncode, done.stderr) == (0, "")
    one, other = open_to_read(tmp_path / "crawl.db"), open_to_read(offline)
    assert documents(one) == documents(other)
    assert sighted(one) == sighted(other)
    sql = "SELECT status, pages, records, new, unchanged, problems FROM runs"
    assert one.execute(sql).fetchall() == other.execute(sql).fetchall() == [("complete", 5, 60, 52, 8, 4)]


def test_pages_over_http_are_the_same_documents(tmp_path: Path, offline: Path, site: str) -> None:
    start = " ".join(f"{site}/{seed.name}" for seed in SEEDS)
    done = crawl("-a", f"start={start}", "-a", f"db={tmp_path / 'crawl.db'}", "-a", "delay=0")
    assert (done.returncode, done.stderr) == (0, "")
    one, other = open_to_read(tmp_path / "crawl.db"), open_to_read(offline)
    assert documents(one) == documents(other)
    assert one.execute("SELECT DISTINCT http_status FROM reads").fetchall() == [(200,)]
    assert one.execute("SELECT count(*) FROM captures WHERE captured_at LIKE '20%Z'").fetchone() == (5,)


def test_an_address_without_an_answer_makes_the_run_partial(tmp_path: Path, site: str) -> None:
    start = f"{site}/{SEEDS[0].name} http://127.0.0.1:1/none"
    crawl("-a", f"start={start}", "-a", f"db={tmp_path / 'crawl.db'}", "-a", "delay=0")
    db = open_to_read(tmp_path / "crawl.db")
    assert db.execute("SELECT status, new FROM runs").fetchall() == [("partial", 10)]
    assert db.execute("SELECT severity, code FROM problems").fetchall() == [("error", "no-answer")]


def test_an_error_page_is_no_listing(tmp_path: Path, site: str) -> None:
    crawl("-a", f"start={site}/none.txt", "-a", "delay=0", "-a", f"db={tmp_path / 'crawl.db'}")
    db = open_to_read(tmp_path / "crawl.db")
    assert db.execute("SELECT status, refused FROM runs").fetchall() == [("failed", 1)]
    assert db.execute("SELECT http_status FROM reads").fetchall() == [(404,)]


def test_scrapy_says_why_a_harvest_failed(tmp_path: Path) -> None:
    done = crawl("-a", "base_url=http://127.0.0.1:1", "-a", "delay=0", "-a", f"db={tmp_path / 'crawl.db'}")
    assert "failed: no answer from 127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_spider_declares_a_source_of_its_own_name() -> None:
    for name, source in load_sources().items():
        assert source.name == name
        assert source.hosts
        assert source.forms


def test_each_archive_has_a_spider_of_its_name() -> None:
    loader = get_spider_loader(get_project_settings())
    assert sorted(loader.list()) == sorted(load_sources())
    assert all(loader.load(name).source is source for name, source in load_sources().items())  # type: ignore[attr-defined]


def test_saved_pages_are_read_without_scrapy(tmp_path: Path) -> None:
    program = "import sys; from harvester.cli import run; run(sys.argv[1:]); print('scrapy' in sys.modules)"
    command = [sys.executable, "-c", program, "harvest", str(SEEDS[0]), "--db", str(tmp_path / "x.db")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1] == "False"


def test_every_spider_is_small() -> None:
    for path in Path("spiders").glob("*.py"):
        assert len(path.read_text("utf-8").splitlines()) <= 60, path


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DOWNLOAD_VERIFY_CERTIFICATES", True),
        ("ROBOTSTXT_OBEY", True),
    ],
)
def test_the_settings_are_safe(name: str, value: bool) -> None:
    assert getattr(settings, name) is value


def test_nothing_listens_while_a_crawl_runs_and_nothing_but_the_web_is_asked() -> None:
    assert {name.rpartition(".")[2] for name in get_project_settings()["EXTENSIONS_BASE"]} == {
        "CoreStats",
        "MemoryUsage",
        "CloseSpider",
        "FeedExporter",
        "LogStats",
    }
    assert {name for name in default_settings.DOWNLOAD_HANDLERS_BASE if name not in settings.DOWNLOAD_HANDLERS} == {
        "file",
        "http",
        "https",
    }

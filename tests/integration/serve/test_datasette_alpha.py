"""The newest alpha of Datasette 1.0 serves the same as 0.65: a published folder by itself, and `harvester serve`.

It lives in an environment of its own, which is made once, kept in the user's cache, and renewed once a day.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harvester.cli import run
from tests.support.for_each import for_each
from tests.support.hostile_sample import make_sample
from tests.support.paths import ROOT
from tests.support.publishing import Site, datasette_alone, harvester_serve, running

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = ("datasette>=1.0a41,<1.1", "pyroaring>=1.0")
UNREACHABLE = re.compile(r"resolution|unreachable|timed out|refused|Retrying|Could not fetch URL", re.IGNORECASE)
DAY = 86_400
# Its own packages come first; behind them those of the tests, without Datasette's 0.65 being found before.
SERVE = """
import sys
sys.path += [{packages!r}, {root!r}]
from harvester.cli import run
sys.exit(run(sys.argv[1:]))
"""
PATHS = (
    "/",
    "/search?q=Stalin",
    "/search/kind",
    "/browse",
    "/about",
    "/document/k3",
    "/document/k3.txt",
    "/coverage",
    "/syncs",
    "/feed.atom",
    "/DB",
    "/DB/documents",
    "/DB/documents?_search=letter",
    "/DB/documents/3",
    "/DB/changes",
    "/DB/coverage",
    "/DB/upcoming",
    "/DB/as_known?document=3&date=2026-11-27",
    "/DB/as_observed?document=3&date=2026-11-27",
    "/DB?sql=select+1",
)
SAME = ("/search.json?q=letter", "/search.csv?q=letter", "/document/k3.ris", "/document/k3.bib", "/DB/documents.bib")


@pytest.fixture(scope="session")
def alpha() -> Path:
    """Return the Python of the environment that holds the newest alpha."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "archive-harvester"
    folder = cache / f"datasette-alpha-{sys.version_info.major}.{sys.version_info.minor}"
    python, renewed = folder / "bin" / "python", folder / "renewed"
    if renewed.exists() and time.time() - renewed.stat().st_mtime < DAY:
        return python
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
    install = [str(python), "-m", "pip", "install", "-q", "--pre", "--upgrade", "--retries", "1", *PACKAGES]
    made = subprocess.run(install, capture_output=True, text=True, check=False)
    if made.returncode and not UNREACHABLE.search(made.stderr):
        pytest.fail(made.stderr)
    if made.returncode and not renewed.exists():
        pytest.skip("no package registry can be reached, and no alpha of Datasette was installed before")
    renewed.touch()
    return python


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("alpha") / "harvest.db"
    make_sample(database)
    return database


@pytest.fixture(scope="session")
def folder(database: Path) -> Path:
    folder = database.with_name("public")
    assert run(["publish", str(folder), "--db", str(database), "--yes"]) == 0
    return folder


@pytest.fixture(scope="session", params=["harvester serve", "datasette FOLDER"])
def pair(request: pytest.FixtureRequest, alpha: Path, database: Path, folder: Path) -> Iterator[tuple[Site, Site]]:
    """Serve the same by 0.65 and by the alpha."""
    code = SERVE.format(packages=sysconfig.get_paths()["purelib"], root=str(ROOT))
    if request.param == "harvester serve":
        command = [str(alpha), "-c", code, "serve", "--db", str(database), "--port", "0"]
        stable = harvester_serve(database)
    else:
        command = [str(alpha), "-m", "datasette", "serve", str(folder), "--port", "0"]
        stable = datasette_alone(folder)
    with stable as (old, _), running(command) as server:
        yield old, Site(server.address(), "harvest")


def heading(page: str) -> list[str]:
    """Return a page's headings, as text."""
    found = re.findall(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in found]


def test_it_is_an_alpha(alpha: Path) -> None:
    version = subprocess.run([str(alpha), "-m", "datasette", "--version"], capture_output=True, text=True, check=True)
    assert "version 1.0" in version.stdout


@for_each("path", PATHS)
def test_every_page_is_there_with_the_same_heading(pair: tuple[Site, Site], path: str) -> None:
    old, new = (site.text(path) for site in pair)
    assert heading(new) == heading(old)


@for_each("path", SAME)
def test_data_is_the_same(pair: tuple[Site, Site], path: str) -> None:
    old, new = (site.text(path).replace(site.address, "/") for site in pair)
    assert new == old


@for_each("path", ["/nothing", "/DB/nothing", "/document/nothing", "/DB/documents/99999"])
def test_errors_are_the_same(pair: tuple[Site, Site], path: str) -> None:
    (status, old, _), (newer, new, _) = (site.get(path) for site in pair)
    assert (newer, heading(new)) == (status, heading(old)) == (404, ["There is no such page"])


def test_tables_show_the_same_rows_and_columns(pair: tuple[Site, Site]) -> None:
    for table in ("documents", "changes", "listings", "coverage"):
        old, new = (
            [re.sub(r"<[^>]+>|\s", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", page, re.DOTALL)]
            for page in (site.text(f"/DB/{table}") for site in pair)
        )
        assert new == old, table


def test_settings_hold(pair: tuple[Site, Site]) -> None:
    """1.0 does not read settings.json: without datasette.yaml a page would show 1.0's own number of rows."""
    for site in pair:
        assert json.loads(site.text("/DB/documents.json?_size=max"))["rows"]
        assert "1,000" not in site.text("/DB/documents?_size=5")

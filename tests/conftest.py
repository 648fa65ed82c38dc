"""Sites and a browser that several modules of tests ask; each is started once."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from harvester import registry
from tests.support.forks import leave_loaded_alone
from tests.support.hostile_sample import make_sample
from tests.support.publishing import Site, configuration_with, datasette_alone, harvester_serve
from tests.support.trials import trials

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.support.archive_server_site import Site as Archive
    from tests.support.browsing import Visit
    from tests.support.live_processes import Harvests


settings.register_profile("trials", max_examples=trials(15, 100))
settings.load_profile("trials")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark all integration tests as slow: each starts processes, servers or a browser."""
    for item in items:
        if "integration" in item.path.parts:
            item.add_marker(pytest.mark.slow)


def pytest_sessionstart() -> None:
    """Look for no garbage while tests are collected: all of it stays."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Leave modules and tests alone from here on."""
    leave_loaded_alone()


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the configuration of commands that ran in this process before: its sources would be known here."""
    monkeypatch.setattr(registry, "config_file", None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Debian's browser, for one module: while it runs, nothing else in this process can use asyncio."""
    from tests.support.browsing import chromium

    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def seeds_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve the harvested seeds."""
    from tests.support.browsing import harvest_seeds

    with harvester_serve(harvest_seeds(tmp_path_factory.mktemp("seeds") / "harvest.db")) as (site, _):
        yield site


@pytest.fixture
def visit(browser: Browser, seeds_site: Site) -> Iterator[Visit]:
    """Open the front page of the harvested seeds; in the end nothing must have gone wrong."""
    from tests.support.browsing import visiting

    with visiting(browser, seeds_site.address) as visit:
        visit.page.goto("/")
        yield visit


@pytest.fixture(scope="session", params=["harvester serve", "datasette FOLDER"])
def sample_site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve a database of hostile documents, in both ways."""
    folder = tmp_path_factory.mktemp("site")
    if request.param == "harvester serve":
        with harvester_serve(make_sample(folder / "my own.v2.db")) as (site, _):
            yield site
    else:
        with datasette_alone(configuration_with(folder / "db", make_sample(folder / "harvest.db"))) as (site, _):
            yield site


@pytest.fixture
def archive(tmp_path: Path, site: Archive) -> Iterator[Harvests]:
    """Serve a module's archive, its fixture `site`, and harvest it into a folder."""
    from tests.support.archive_server import ArchiveServer
    from tests.support.live_processes import Harvests

    with ArchiveServer(site) as server:
        yield Harvests(tmp_path, server)

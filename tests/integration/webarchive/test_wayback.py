"""The Internet Archive's dialect: an archive captured at five times is as if its WARC files had been harvested."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.captured_archive import captures_of, write_warcs
from tests.support.wayback_server import WaybackServer
from tests.support.web_archives import facts_of, harvest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.captured_archive import Captured

RECORDS = 30


@pytest.fixture(scope="module")
def crawls() -> list[list[Captured]]:
    return captures_of(RECORDS)


@pytest.fixture(scope="module")
def from_files(crawls: list[list[Captured]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    write_warcs(folder / "warcs", crawls)
    assert harvest(folder, str(folder / "warcs"), db="files.db").status == 0
    return folder / "files.db"


@pytest.fixture
def server(crawls: list[list[Captured]]) -> Iterator[WaybackServer]:
    with WaybackServer([one for crawl in crawls for one in crawl], most_lines=60, out_of_time=200) as server:
        yield server


def test_it_is_as_if_the_warc_files_had_been_harvested(server: WaybackServer, from_files: Path, tmp_path: Path) -> None:
    done = harvest(tmp_path, "wilson", "--web-archive", server.url, "--delay", "0")
    assert (done.status, done.err) == (0, "")
    assert facts_of(tmp_path / "a.db") == facts_of(from_files)

"""pywb is as if its WARC files had been harvested (`python -m tests.soak.web_archives`: 150 records)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from harvester.webarchive.index_lines import read_index
from tests.support.captured_archive import TIMES, captures_of, states, write_warcs
from tests.support.pywb_server import pywb
from tests.support.web_archives import facts_of, harvest, rows, untrue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RECORDS = 16


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pywb")


@pytest.fixture(scope="module")
def from_files(folder: Path) -> Path:
    write_warcs(folder / "warcs", captures_of(RECORDS))
    assert harvest(folder, str(folder / "warcs"), "--captured-at", "2024-01-01", db="files.db").status == 0
    return folder / "files.db"


@pytest.fixture(scope="module")
def place(folder: Path, from_files: Path) -> Iterator[str]:
    (folder / "served").mkdir()
    with pywb(folder / "served", sorted((folder / "warcs").iterdir())) as place:
        yield place


def test_pywb_is_as_if_its_files_had_been_harvested(place: str, from_files: Path, tmp_path: Path) -> None:
    done = harvest(tmp_path, "wilson", "--web-archive", place, "--delay", "0")
    assert (done.status, done.err) == (0, "")
    facts = facts_of(tmp_path / "a.db")
    assert facts == facts_of(from_files)
    verdict = "SELECT dialect, not_playable, not_requested FROM web_archive_runs"
    assert rows(tmp_path / "a.db", verdict) == [("cdxj", 0, 0)]
    assert untrue(facts, RECORDS) == []


def test_the_index_of_its_folder_leads_to_the_same(place: str, from_files: Path, tmp_path: Path) -> None:
    """As it was made by pywb itself, with the WARC files in the folder beside it."""
    index = from_files.parent / "served" / "collections" / "test" / "indexes" / "index.cdxj"
    done = harvest(tmp_path, str(index), "--captured-at", "2024-01-01")
    assert (done.status, done.err) == (0, "")
    assert facts_of(tmp_path / "a.db") == facts_of(from_files)


@pytest.mark.parametrize("kind", ["timemap/link/", "timemap/json/", "cdx?output=json&url=", "cdx?url="])
def test_each_list_of_pywb_is_read(place: str, from_files: Path, kind: str) -> None:
    one = states(RECORDS)[0][-1].url
    found = read_index(httpx.get(f"{place}/{kind}{one}").text)
    assert found is not None
    assert ({line.address for line in found.lines}, found.unreadable) == ({one}, [])
    assert [line.captured_at for line in found.lines] == [*TIMES]

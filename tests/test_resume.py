"""A live harvest that was stopped goes on where it was: nothing is lost, nothing is fetched twice."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from harvester.clock import stamp
from harvester.store.database import open_to_read, open_to_write
from tests.archive_server import ArchiveServer
from tests.archive_server_site import Manner, Site
from tests.live_kills import aims_at, kill_and_resume, told
from tests.live_processes import Aim, Harvests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RECORDS = 35
PHASES = ("half written", "synced", "verdict kept in the WARC", "document page before commit", "indexing")
"""All phases, many times: `python -m tests.live_soak --kills 100`."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harvests]:
    with ArchiveServer(Site(RECORDS, "kills", Manner(etags=True))) as server:
        yield Harvests(tmp_path_factory.mktemp("resume"), server)


@pytest.fixture(scope="module")
def whole(archive: Harvests) -> dict[str, Any]:
    assert archive.live("whole.db").status == 0
    return told(archive.folder / "whole.db")


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with open_to_read(path) as db:
        return list(db.execute(sql))


@pytest.mark.parametrize("phase", PHASES)
def test_a_killed_harvest_ends_as_if_nothing_had_happened(archive: Harvests, whole: dict[str, Any], phase: str) -> None:
    aims = aims_at(phase, 1, random.Random(phase))[0]
    killed = kill_and_resume(archive, f"{phase.replace(' ', '-')}.db", phase, aims)
    assert killed.wrong(whole) == []
    runs = rows(killed.path, "SELECT status FROM runs ORDER BY id")
    assert runs == [("interrupted",), ("complete",)]


@pytest.mark.parametrize(("what", "status"), [("interrupt", 130), ("term", 143)])
def test_asked_to_stop_it_finishes_the_page_in_hand(
    archive: Harvests, whole: dict[str, Any], what: str, status: int
) -> None:
    name = f"{what}.db"
    done = archive.live(name, aim=Aim("synced", 3, what))
    assert done.status == status
    assert rows(archive.folder / name, "SELECT status, pages FROM runs") == [("interrupted", 3)]
    assert rows(archive.folder / name, "SELECT status FROM walks") == [("interrupted",)]
    assert "the next run goes on from here" in done.out
    since = len(archive.server.log)
    assert archive.live(name).status == 0
    asked = [item.target[-6:] for item in archive.server.log[since:] if "/search" in item.target]
    assert asked == ["page=2", "page=3", "page=0"]
    assert told(archive.folder / name) == whole


def test_a_listing_that_moved_meanwhile_is_walked_afresh(tmp_path: Path) -> None:
    site = Site(RECORDS, "moves")
    with ArchiveServer(site) as server:
        archive = Harvests(tmp_path, server)
        archive.live("a.db", "--no-documents", aim=Aim("committed", 2))
        site.listing.insert()
        since = len(server.log)
        assert archive.live("a.db", "--no-documents").status == 0
        asked = [item.target[-6:] for item in server.log[since + 1 :]]
        assert asked == ["page=1", "page=0", "page=1", "page=2", "page=3", "page=0"]
        assert rows(tmp_path / "a.db", "SELECT reason FROM steps WHERE reason = 'seam'") == [("seam",)]
        assert rows(tmp_path / "a.db", "SELECT status, distinct_records FROM walks") == [("complete", RECORDS + 1)]


def test_a_walk_too_old_to_go_on_with_is_begun_afresh(tmp_path: Path) -> None:
    with ArchiveServer(Site(RECORDS, "old")) as server:
        archive = Harvests(tmp_path, server)
        archive.live("a.db", "--no-documents", aim=Aim("committed", 2))
        with open_to_write(tmp_path / "a.db") as db:
            db.execute("UPDATE walks SET started_at = ?", [stamp(datetime.now(UTC) - timedelta(hours=5))])
        archive.live("a.db", "--no-documents", aim=Aim("committed", 1))
        statuses = rows(tmp_path / "a.db", "SELECT status FROM walks ORDER BY id")
        assert statuses == [(None,)]
        assert archive.live("a.db", "--no-documents", "--resume-within", "4").status == 0
        statuses = rows(tmp_path / "a.db", "SELECT status FROM walks ORDER BY id")
        assert statuses == [("interrupted",), ("complete",)]


def test_asked_to_stop_when_nothing_is_left_to_do_it_is_done(tmp_path: Path) -> None:
    with ArchiveServer(Site(RECORDS, "end")) as server:
        archive = Harvests(tmp_path, server)
        done = archive.live("a.db", "--no-documents", aim=Aim("committed", 5, "interrupt"))
        assert done.status == 0
        assert rows(tmp_path / "a.db", "SELECT status, pages FROM runs") == [("complete", 5)]

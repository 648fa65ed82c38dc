"""A live harvest that was stopped goes on where it was: nothing is lost, nothing is fetched twice."""

from __future__ import annotations

import random
import signal
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from harvester.store.database import open_to_write
from harvester.utils import utc_timestamp
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Manner, Site, html, item_of
from tests.support.kills import aims_at, kill_and_resume, outcome
from tests.support.live_crawls import UNORDERED
from tests.support.live_processes import Aim, Harvests, rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RECORDS = 35
PHASES = ("half written", "synced", "verdict kept in the WARC", "document page before commit", "indexing")
"""All phases, many times: `python -m tests.soak.live --kills 100`."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harvests]:
    with ArchiveServer(Site(RECORDS, "kills", Manner(etags=True))) as server:
        yield Harvests(tmp_path_factory.mktemp("resume"), server)


@pytest.fixture(scope="module")
def whole(archive: Harvests) -> dict[str, Any]:
    assert archive.live("whole.db").status == 0
    return outcome(archive.folder / "whole.db")


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
    requested = [item.target[-6:] for item in archive.server.log[since:] if "/search" in item.target]
    assert requested == ["page=2", "page=3", "page=0"]
    assert outcome(archive.folder / name) == whole


def test_a_listing_that_moved_meanwhile_is_walked_afresh(tmp_path: Path) -> None:
    site = Site(RECORDS, "moves")
    with ArchiveServer(site) as server:
        archive = Harvests(tmp_path, server)
        archive.live("a.db", "--no-documents", aim=Aim("committed", 2))
        site.listing.insert()
        since = len(server.log)
        assert archive.live("a.db", "--no-documents").status == 0
        requested = [item.target[-6:] for item in server.log[since + 1 :]]
        assert requested == ["page=1", "page=0", "page=1", "page=2", "page=3", "page=0"]
        assert rows(tmp_path / "a.db", "SELECT reason FROM walk_pages WHERE reason = 'seam'") == [("seam",)]
        assert rows(tmp_path / "a.db", "SELECT status, distinct_records FROM walks") == [("complete", RECORDS + 1)]


DOCUMENT_PAGE = 10
"""An answer of the run's that is a document page: the walk has come to its proof before."""


@pytest.mark.parametrize(
    ("target", "edit"),
    [("wilson", "insert"), ("wilson", "remove"), ("wilson", "replace"), (UNORDERED, "insert"), (UNORDERED, "replace")],
)
def test_cut_short_among_the_document_pages_it_looks_at_the_listing_again(
    tmp_path: Path, target: str, edit: str
) -> None:
    """A listing that has moved meanwhile is walked: what it was before the kill is no proof of what it is now.

    Without an order a record that was replaced on a page other than the one that is read again does not show: the walk
    then counts as of the time when it was made, and the summary says so.
    """
    ordered = target == "wilson"
    site = Site(RECORDS, "edited")
    with ArchiveServer(site) as server:
        archive = Harvests(tmp_path, server)
        killed = archive.live("a.db", aim=Aim("committed", DOCUMENT_PAGE + 5 * (not ordered)), target=target)
        assert killed.status == -signal.SIGKILL
        getattr(site.listing, edit)()
        since = len(server.log)
        done = archive.live("a.db", target=target)
        assert done.status == 0, done.err
        requested = [item.target for item in server.log[since:] if "page=" in item.target]
        held = {row[0] for row in rows(tmp_path / "a.db", "SELECT slug FROM documents")}
        moved = edit != "replace" or ordered
        assert (len(requested) > 1, "walked by" in done.out) == (moved, not moved)
        if moved:
            assert {item_of(name).slug for name in site.listing.records} - held == set()
            walk = rows(tmp_path / "a.db", "SELECT status, distinct_records FROM walks ORDER BY id DESC LIMIT 1")
            assert walk == [("complete", len(site.listing.records))]


def test_where_nothing_has_moved_one_page_of_the_listing_is_read_and_the_time_of_the_walk_is_said(
    tmp_path: Path,
) -> None:
    site = Site(RECORDS, "stands")
    with ArchiveServer(site) as server:
        archive = Harvests(tmp_path, server)
        archive.live("a.db", aim=Aim("committed", DOCUMENT_PAGE))
        since = len(server.log)
        done = archive.live("a.db")
        stated = "complete (proof: ordered), checked against the ranges and the total that it declares, walked by 20"
        assert (done.status, stated in done.out) == (0, True), done.out
        assert [item.target[-6:] for item in server.log[since:] if "page=" in item.target] == ["page=0"]


def test_a_budget_that_ends_among_the_document_pages_is_no_other_case(tmp_path: Path) -> None:
    site = Site(RECORDS, "budget")
    with ArchiveServer(site) as server:
        archive = Harvests(tmp_path, server)
        assert archive.live("a.db", "--max-requests", "12").status == 0
        site.listing.insert()
        done = archive.live("a.db")
        assert (done.status, f"{RECORDS + 1} of {RECORDS + 1} records, complete" in done.out) == (0, True), done.out
        assert rows(tmp_path / "a.db", "SELECT count(*) FROM documents") == [(RECORDS + 1,)]


def test_a_listing_that_cannot_be_looked_at_again_ends_the_run(tmp_path: Path) -> None:
    site = Site(RECORDS, "away")
    with ArchiveServer(site) as server:
        archive = Harvests(tmp_path, server)
        archive.live("a.db", aim=Aim("committed", DOCUMENT_PAGE))
        answer = site.answer
        site.answer = lambda target, headers: (  # type: ignore[method-assign]
            html(200, b"") if "page=" in target else answer(target, headers)
        )
        since = len(server.log)
        done = archive.live("a.db")
        assert done.status == 1, done.out
        assert [item.target for item in server.log[since:] if "/document/" in item.target] == []
        site.answer = answer  # type: ignore[method-assign]
        done = archive.live("a.db")
        assert (done.status, "walked by" in done.out) == (0, True), done.out


def test_a_walk_too_old_to_go_on_with_is_begun_afresh(tmp_path: Path) -> None:
    with ArchiveServer(Site(RECORDS, "old")) as server:
        archive = Harvests(tmp_path, server)
        archive.live("a.db", "--no-documents", aim=Aim("committed", 2))
        with open_to_write(tmp_path / "a.db") as db:
            db.execute("UPDATE walks SET started_at = ?", [utc_timestamp(datetime.now(UTC) - timedelta(hours=5))])
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


def test_what_was_kept_is_recovered_after_however_many_other_runs(tmp_path: Path) -> None:
    with ArchiveServer(Site(RECORDS, "later")) as server:
        archive = Harvests(tmp_path, server)
        archive.live("a.db", "--no-documents", aim=Aim("synced", 2))
        with open_to_write(tmp_path / "a.db") as db:
            for _ in range(60):
                db.execute("INSERT INTO runs (command, started_at, status) VALUES ('x', '2030-01-01', 'complete')")
        since = len(server.log)
        assert archive.live("a.db", "--no-documents").status == 0
        requested = [item.target[-6:] for item in server.log[since:] if "page=" in item.target]
        assert requested == ["page=1", "page=2", "page=3", "page=0"]

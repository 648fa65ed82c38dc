"""A run that has used up its budget stops between two pages; it is no failure, and the next one goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.archive_server_site import Manner, Site
from tests.support.kills import outcome

if TYPE_CHECKING:
    from tests.support.live_processes import Harvests

SIZE = 35
PAGES = 4


@pytest.fixture
def site() -> Site:
    return Site(SIZE, "budget", Manner(etags=True))


def test_a_walk_ends_by_its_budget_and_the_next_run_goes_on(archive: Harvests) -> None:
    first = archive.live("a.db", "--max-requests", "3", "--no-documents")
    assert first.status == 0
    assert len(archive.server.log) == 3
    why = "its budget of 3 requests is used up; the next run goes on from here"
    assert archive.rows("SELECT status, reason, pages FROM runs") == [("complete", why, 2)]
    assert archive.rows("SELECT status, proof, reason FROM walks") == [("bounded", None, why)]
    assert archive.live("a.db", "--no-documents").status == 0
    assert archive.rows("SELECT status, distinct_records, run_id FROM walks") == [("complete", SIZE, 2)]
    pages = [requested.target.rpartition("=")[2] for requested in archive.server.requested("/search")]
    assert pages == ["0", "1", "1", "2", "3", "0"]  # the seam once more; the proof


def test_documents_left_by_the_budget_are_read_by_the_next_runs(archive: Harvests) -> None:
    runs = 0
    while runs == 0 or archive.rows("SELECT reason FROM runs ORDER BY id DESC")[0][0]:
        assert archive.live("a.db", "--max-requests", "12").status == 0
        runs += 1
    documents = [requested.target for requested in archive.server.requested("/document/")]
    assert (len(documents), len(set(documents))) == (SIZE, SIZE)
    assert runs == 4  # 5 pages of the listing and 35 documents, 11 a run beside robots.txt
    archive.live("b.db")
    assert outcome(archive.folder / "a.db") == outcome(archive.folder / "b.db")


def test_a_time_budget_ends_a_run_as_well(archive: Harvests) -> None:
    done = archive.live("a.db", "--max-seconds", "1", "--no-documents", delay="0.6")
    assert done.status == 0
    ((status, reason),) = archive.rows("SELECT status, reason FROM runs")
    assert (status, reason) == ("complete", "its budget of 1 seconds is used up; the next run goes on from here")
    assert len(archive.server.requested("/search")) < PAGES + 1

"""What a first harvest says of itself: everything is new, nothing has changed, in however many parts it came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.store.database import open_to_read
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Manner, Site
from tests.support.live_processes import Harvests, in_process
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = ROOT / "seeds"
RECORDS = 35
NIGHTS = 3
A_NIGHT = 15
"""Requests: robots.txt, four pages, the first page again and 35 documents are 41 in all, and each night has its own."""


def counts(path: Path) -> list[tuple[int, int, int, int]]:
    with open_to_read(path) as db:
        return list(db.execute("SELECT new, changed, gone, returned FROM runs ORDER BY id"))


def kinds(path: Path) -> dict[str, int]:
    """Return how many changes of which kind are kept; what only fills a document is none."""
    with open_to_read(path) as db:
        return dict(db.execute("SELECT kind, count(*) FROM changes WHERE kind <> 'filled' GROUP BY kind").fetchall())


def test_the_seeds_are_52_documents_all_new(tmp_path: Path) -> None:
    path = tmp_path / "seeds.db"
    assert in_process(tmp_path, ["harvest", str(SEEDS), "--db", str(path)]).status == 0
    assert counts(path) == [(52, 0, 0, 0)]
    assert kinds(path) == {"new": 52}


def test_a_first_harvest_in_three_budgeted_nights_changes_nothing(tmp_path: Path) -> None:
    with ArchiveServer(Site(RECORDS, "nights", Manner(etags=True))) as server:
        harvests = Harvests(tmp_path, server)
        for night in range(NIGHTS):
            before = len(server.log)
            harvests.live("a.db", "--max-requests", str(A_NIGHT))
            assert 0 < len(server.log) - before <= A_NIGHT, night
        document_pages = {requested.target for requested in server.requested("/document/")}
    assert len(document_pages) == RECORDS
    found = counts(tmp_path / "a.db")
    assert [sum(column) for column in zip(*found, strict=True)] == [RECORDS, 0, 0, 0]
    assert kinds(tmp_path / "a.db") == {"new": RECORDS}

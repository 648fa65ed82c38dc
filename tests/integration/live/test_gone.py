"""Documents that leave an archive, and those that return: what proves it, and what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harvester.store.database import open_to_read, open_to_write
from harvester.store.listing_members import recount_members
from tests.support.archive_server_site import Answer, Manner, Site, html, item_of
from tests.support.kills import outcome

if TYPE_CHECKING:
    from tests.support.live_processes import Harvests

SIZE = 35


class Losing(Site):
    """An archive of which single pages are no more there, or cannot be had."""

    def __init__(self) -> None:
        super().__init__(SIZE, "gone", Manner(etags=True))
        self.lost: set[str] = set()
        self.challenged: set[str] = set()

    def answer(self, target: str, headers: dict[str, str]) -> Answer:
        slug = target.removeprefix("/document/")
        if slug in self.lost:
            return html(404, b"<h1>Not found</h1>")
        return self._challenge() if slug in self.challenged else super().answer(target, headers)

    def take_off(self, place: int) -> str:
        """Remove a record from the listing; return its slug."""
        return item_of(self.listing.records.pop(place)).slug


@pytest.fixture
def site() -> Losing:
    return Losing()


def gone(archive: Harvests) -> list[str]:
    return [row[0] for row in archive.rows("SELECT slug FROM documents WHERE gone_at IS NOT NULL ORDER BY slug")]


def kinds(archive: Harvests, slug: str) -> list[str]:
    sql = "SELECT changes.kind FROM changes JOIN documents d ON d.id = document_id WHERE slug = ? ORDER BY changes.id"
    return [row[0] for row in archive.rows(sql, slug)]


def asked_for(archive: Harvests, slug: str) -> int:
    return sum(requested.target.endswith(f"/{slug}") for requested in archive.server.log)


def test_two_walks_and_a_missing_page_prove_that_a_document_is_gone(archive: Harvests, site: Losing) -> None:
    archive.live("a.db")
    slug = site.take_off(7)
    site.lost.add(slug)
    archive.live("a.db")
    assert gone(archive) == []
    assert asked_for(archive, slug) == 1
    assert archive.live("a.db").status == 0
    assert gone(archive) == [slug]
    assert asked_for(archive, slug) == 2
    assert archive.rows("SELECT gone, returned, status FROM runs ORDER BY id") == [
        (0, 0, "complete"),
        (0, 0, "complete"),
        (1, 0, "complete"),
    ]
    assert archive.live("a.db").status == 0
    assert asked_for(archive, slug) == 2, "it has left: nobody asks again"


def test_one_that_returns_says_so(archive: Harvests, site: Losing) -> None:
    archive.live("a.db")
    name = site.listing.records[7]
    slug = site.take_off(7)
    site.lost.add(slug)
    archive.live("a.db")
    archive.live("a.db")
    site.lost.clear()
    site.listing.records.insert(0, name)
    archive.live("a.db")
    assert gone(archive) == []
    assert kinds(archive, slug)[-2:] == ["gone", "returned"]
    assert archive.rows("SELECT returned FROM runs ORDER BY id DESC LIMIT 1") == [(1,)]
    assert archive.rows("SELECT count(*) FROM listing_members WHERE left_at IS NOT NULL OR missed_walks > 0") == [(0,)]


def test_a_page_that_still_answers_vetoes_and_is_asked_once(archive: Harvests, site: Losing) -> None:
    archive.live("a.db")
    slug = site.take_off(3)
    for _ in range(4):
        assert archive.live("a.db").status == 0
    assert gone(archive) == []
    assert asked_for(archive, slug) == 2
    assert archive.rows("SELECT count(*) FROM listing_members WHERE left_at IS NOT NULL") == [(1,)]


def test_a_page_that_cannot_be_had_decides_nothing(archive: Harvests, site: Losing) -> None:
    archive.live("a.db")
    slug = site.take_off(3)
    site.challenged.add(slug)
    archive.live("a.db")
    archive.live("a.db")
    assert gone(archive) == []
    assert archive.rows("SELECT count(*) FROM listing_members WHERE left_at IS NOT NULL") == [(0,)]
    site.challenged.clear()
    site.lost.add(slug)
    archive.live("a.db")
    assert gone(archive) == [slug]


def test_walks_after_a_document_has_left_are_not_counted_when_its_sightings_move(
    archive: Harvests, site: Losing
) -> None:
    archive.live("a.db", "--no-documents")
    slug = site.take_off(3)
    for _ in range(4):
        archive.live("a.db", "--no-documents")
    missed = "SELECT missed_walks, left_at IS NOT NULL FROM listing_members WHERE missed_walks > 0"
    assert archive.rows(missed) == [(2, 1)]
    with open_to_write(archive.folder / "a.db") as db:
        recount_members(db, [row[0] for row in db.execute("SELECT id FROM documents WHERE slug = ?", [slug])])
    assert archive.rows(missed) == [(2, 1)]


def test_many_that_leave_at_once_are_held_back_until_it_is_accepted(archive: Harvests, site: Losing) -> None:
    archive.live("a.db")
    site.lost = {site.take_off(0) for _ in range(4)}
    assert archive.live("a.db").status == 0
    done = archive.live("a.db")
    assert (done.status, gone(archive)) == (3, [])
    message = archive.rows("SELECT message FROM problems WHERE code = 'many-removals'")[0][0]
    assert message.startswith("4 of 35 records")
    assert "--accept-removals" in message
    assert archive.live("a.db", "--accept-removals").status == 0
    assert gone(archive) == sorted(site.lost)


def test_a_total_that_falls_is_named_and_proves_nothing(archive: Harvests, site: Losing) -> None:
    archive.live("a.db")
    older = list(site.listing.records)
    site.listing.insert()
    archive.live("a.db")
    site.listing.records[:] = older
    assert archive.live("a.db").status == 0
    message = archive.rows("SELECT message FROM problems WHERE code = 'total-fell'")[0][0]
    assert message.startswith("declares 35 records, 1 fewer")
    assert "restored to an older state" in message
    assert gone(archive) == []


def test_a_listed_document_whose_page_is_missing_is_not_gone(archive: Harvests, site: Losing) -> None:
    slug = item_of(site.listing.records[2]).slug
    site.lost.add(slug)
    for _ in range(3):
        assert archive.live("a.db").status == 0
    assert gone(archive) == []
    assert archive.rows("SELECT severity FROM problems WHERE code = 'http-404'")[0] == ("warning",)


def test_captures_tell_of_the_same_removals(archive: Harvests, site: Losing) -> None:
    archive.live("a.db")
    site.lost.add(site.take_off(7))
    site.take_off(3)
    archive.live("a.db")
    archive.live("a.db")
    name = site.listing.records[5]
    site.take_off(5)
    archive.live("a.db")
    archive.live("a.db")
    site.listing.records.insert(0, name)
    archive.live("a.db")
    assert len(gone(archive)) == 1
    assert outcome(archive.offline("a.db")) == outcome(archive.folder / "a.db")


def test_two_proofs_in_one_run_are_one_removal_and_captures_tell_the_same(archive: Harvests, site: Losing) -> None:
    archive.live("a.db")
    slug = site.take_off(7)
    site.lost.add(slug)
    archive.live("a.db", "--refresh-after", "0")
    archive.live("a.db")
    assert asked_for(archive, slug) == 3
    assert archive.rows("SELECT gone FROM runs ORDER BY id") == [(0,), (0,), (1,)]
    assert kinds(archive, slug).count("gone") == 1
    assert outcome(archive.offline("a.db")) == outcome(archive.folder / "a.db")


def test_two_answers_without_a_walk_prove_the_same_of_captures(archive: Harvests, site: Losing) -> None:
    archive.live("a.db")
    slug = site.take_off(7)
    site.lost.add(slug)
    archive.live("a.db", "--refresh-after", "0", "--max-pages", "1")
    archive.live("a.db", "--refresh-after", "0", "--max-pages", "1")
    assert gone(archive) == [slug]
    with open_to_read(archive.offline("a.db")) as db:
        assert db.execute("SELECT slug FROM documents WHERE gone_at IS NOT NULL").fetchall() == [(slug,)]

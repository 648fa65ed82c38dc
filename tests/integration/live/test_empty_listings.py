"""Live: what passes after a while (waiting rooms, “nothing found” out of a cache), and listings that are empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harvester.rebuild import rebuild
from harvester.store.integrity.check import run_checks
from tests.support.archive_pages import listing_page
from tests.support.archive_server_site import Answer, Manner, Site, html, item_of
from tests.support.kills import outcome

if TYPE_CHECKING:
    from tests.support.live_processes import Done, Harvests

SIZE = 35
MINUTES = 20


class Passing(Site):
    """An archive that answers some addresses with something else, so many times."""

    def __init__(self) -> None:
        super().__init__(SIZE, "passing", Manner(etags=True))
        self.instead: dict[str, tuple[int, Answer]] = {}

    def answer(self, target: str, headers: dict[str, str]) -> Answer:
        for part, (left, answer) in self.instead.items():
            if part in target and left:
                self.instead[part] = left - 1, answer
                return answer
        return super().answer(target, headers)


@pytest.fixture
def site() -> Passing:
    return Passing()


def walks(archive: Harvests) -> list[tuple[Any, ...]]:
    return archive.rows("SELECT status, declared_total, distinct_records FROM walks ORDER BY id")


def live(archive: Harvests, *more: str) -> Done:
    return archive.live("a.db", "--no-documents", *more)


def queue(site: Passing) -> Answer:
    return site._waiting()


def nothing(_site: Passing) -> Answer:
    return html(200, listing_page([], 1, 0))


def test_it_is_waited_for_twenty_minutes() -> None:
    from harvester.politeness import BACK_OFF_SECONDS, PATIENT_LOOKS

    assert sum(BACK_OFF_SECONDS * 2**look for look in range(PATIENT_LOOKS)) > MINUTES * 60


@pytest.mark.parametrize(("answer", "page"), [(queue, "page=2"), (nothing, "page=2"), (nothing, "page=0")])
def test_what_passes_is_waited_for(archive: Harvests, site: Passing, page: str, answer: Any) -> None:
    assert live(archive).status == 0
    site.instead[page] = 6, answer(site)
    done = live(archive)
    assert done.status == 0, done.out
    assert walks(archive) == [("complete", SIZE, SIZE)] * 2
    assert outcome(archive.offline("a.db")) == outcome(archive.folder / "a.db")


@pytest.mark.parametrize("answer", [queue, nothing])
def test_what_does_not_pass_is_named_and_never_the_end_of_the_list(
    archive: Harvests, site: Passing, answer: Any
) -> None:
    site.instead["page=2"] = 10**6, answer(site)
    done = live(archive)
    assert (done.status, "21-30" in done.out) == (3, True), done.out
    assert walks(archive) == [("partial", SIZE, 25)]
    codes = {code for (code,) in archive.rows("SELECT DISTINCT code FROM problems")}
    assert codes & {"waiting-room", "nothing-found"}
    refused = archive.rows("SELECT uri, refusal_code FROM captures WHERE refusal_code IS NOT NULL")
    rebuild(archive.folder / "a.db", "harvester rebuild", progress=lambda: None)
    assert archive.rows("SELECT uri, refusal_code FROM captures WHERE refusal_code IS NOT NULL") == refused
    assert [str(finding) for finding in run_checks(archive.folder / "a.db")] == []
    assert outcome(archive.offline("a.db")) == outcome(archive.folder / "a.db")
    site.instead.clear()
    assert live(archive).status == 0
    assert walks(archive)[1:] == [("complete", SIZE, SIZE)]


def test_a_listing_that_has_become_empty_is_looked_at_often_once_and_alarms_nobody_twice(
    archive: Harvests, site: Passing
) -> None:
    search = ("--search", "Letter")
    assert live(archive, *search).status == 0
    site.instead["Letter"] = 10**6, nothing(site)
    counts, statuses, problems = list[int](), list[int | None](), list[Any]()
    for _ in range(3):
        since = len(archive.server.log)
        statuses.append(live(archive, *search).status)
        counts.append(sum("page=" in requested.target for requested in archive.server.log[since:]))
        run = "SELECT severity, code FROM problems WHERE run_id = (SELECT max(id) FROM runs) AND severity <> 'notice'"
        problems.append(archive.rows(run))
    assert statuses == [0] * 3
    assert [status for status, _, _ in walks(archive)] == ["complete"] * 4
    assert counts[0] > 9
    assert counts[1:] == [2, 2]
    assert {code for _, code in problems[0]} == {"nothing-found", "total-fell"}
    assert problems[1:] == [[], []]
    assert outcome(archive.offline("a.db")) == outcome(archive.folder / "a.db")


def test_a_search_that_never_finds_anything_alarms_nobody(archive: Harvests) -> None:
    for _ in range(2):
        assert live(archive, "--search", "Zanzibar").status == 0
    assert len(archive.server.requested("page=")) == 2 * 2
    assert archive.rows("SELECT * FROM problems") == []


def test_a_page_of_the_listing_that_is_cut_each_time_makes_each_run_partial(archive: Harvests, site: Passing) -> None:
    """The bytes are known the second time; that a summary is not whole still holds."""
    whole = site.answer("/search?sort_bef_combine=created_DESC&page=3", {}).body
    last = item_of(site.listing.records[-1])
    at = whole.index(f'/document/{last.slug}"'.encode())
    cut = whole[: whole.index(b"</h4>", at) + len("</h4>")] + b'<div class="description"><p>It is said that'
    site.instead["page=3"] = 10**6, html(200, cut)
    for _ in range(2):
        assert live(archive).status == 3
    assert archive.rows("SELECT DISTINCT status FROM runs") == [("partial",)]
    site.instead.clear()
    assert live(archive).status == 0


def test_a_listing_at_the_address_of_a_document_is_not_that_document(archive: Harvests, site: Passing) -> None:
    """A site that has lost a page may show its search there, with status 200."""
    slug = item_of(site.listing.records[3]).slug
    site.instead[f"/document/{slug}"] = 10**6, html(200, site.answer("/search?page=0", {}).body)
    assert archive.live("a.db", "--max-pages", "1").status == 3
    assert archive.rows("SELECT code, severity, uri FROM problems") == [
        ("another-page", "error", f"https://digitalarchive.wilsoncenter.org/document/{slug}")
    ]
    site.instead.clear()
    assert archive.live("a.db", "--max-pages", "1").status == 0


def addresses(site: Passing, *numbers: int) -> list[str]:
    return [f"/document/{item_of(site.listing.records[number]).slug}" for number in numbers]


def test_a_document_page_behind_a_waiting_room_is_waited_for(archive: Harvests, site: Passing) -> None:
    (address,) = addresses(site, 3)
    site.instead[address] = 6, queue(site)
    done = archive.live("a.db")
    assert done.status == 0, done.out
    assert len(archive.server.requested(address)) == 7
    assert archive.rows("SELECT * FROM problems") == []
    assert archive.rows("SELECT count(*), count(record_id) FROM documents") == [(SIZE, SIZE)]
    assert outcome(archive.offline("a.db")) == outcome(archive.folder / "a.db")


def test_a_waiting_room_that_lets_nobody_in_is_named_and_no_document(archive: Harvests, site: Passing) -> None:
    one, other = addresses(site, 3, 20)
    for address in (one, other):
        site.instead[address] = 10**6, queue(site)
    done = archive.live("a.db")
    assert (done.status, "2 pages refused" in done.out) == (3, True), done.out
    assert sorted(len(archive.server.requested(address)) for address in (one, other)) == [3, 9]
    assert archive.rows("SELECT severity, code FROM problems") == [("error", "waiting-room")] * 2
    assert archive.rows("SELECT count(*), count(record_id) FROM documents") == [(SIZE, SIZE - 2)]
    assert outcome(archive.offline("a.db")) == outcome(archive.folder / "a.db")
    site.instead.clear()
    assert archive.live("a.db").status == 0
    assert archive.rows("SELECT count(*), count(record_id) FROM documents") == [(SIZE, SIZE)]


def test_nothing_found_at_the_address_of_a_document_says_nothing_of_it(archive: Harvests, site: Passing) -> None:
    assert archive.live("a.db").status == 0
    before = outcome(archive.folder / "a.db")
    (address,) = addresses(site, 3)
    site.instead[address] = 10**6, nothing(site)
    again = ("--refresh-after", "0")
    assert archive.live("a.db", *again).status == 3
    assert archive.rows("SELECT severity, code, count(*) FROM problems") == [("error", "another-page", 1)]
    assert archive.rows("SELECT count(*) FROM documents WHERE gone_at IS NOT NULL") == [(0,)]
    assert outcome(archive.folder / "a.db")["documents"] == before["documents"]
    site.instead.clear()
    assert archive.live("a.db", *again).status == 0
    assert len(archive.server.requested(address)) == 3

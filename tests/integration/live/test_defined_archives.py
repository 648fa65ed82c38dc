"""Live walks of archives that only a definition describes, in the dress of platforms: the same proofs and verdicts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harvester.learn.definition import learn
from harvester.model import Capture
from tests.support.archive_server_site import item_of
from tests.support.dressed_site import WALK, DressedSite, harvest, harvest_captures, held, titles_of
from tests.support.live_processes import Aim, next_second, rows
from tests.support.platform_pages import DRESSES

if TYPE_CHECKING:
    from pathlib import Path

WALKED = ("atom", "dspace", "diary", "register", "cursor", "cards", "form")
"""Those walked here: two platforms, each way to page and to declare. All: `python -m tests.soak.defined_archives`."""
SAID = {
    "range": "checked against the ranges and the total that it declares",
    "total": "checked against the total that it declares",
    "pages": "checked against the number of pages that it declares; it declares no total",
    "nothing": "it declares nothing: two equal walks are all that proves it",
}


@pytest.mark.parametrize("name", WALKED)
def test_a_defined_archive_is_walked_to_its_proof_and_says_what_was_checked(tmp_path: Path, name: str) -> None:
    dress = DRESSES[name]
    site = DressedSite(dress, 23)
    documents = [] if name in ("atom", "cursor") else ["--no-documents"]

    done = harvest(tmp_path, site, *documents, "--captures", str(tmp_path / "captures"))

    assert (done.status, done.err) == (0, "")
    total = 23 if dress.checked in ("range", "total") else None
    assert rows(tmp_path / "a.db", WALK) == [("complete", "twice", total, 23, dress.checked, None)]
    assert f"complete (proof: twice), {SAID[dress.checked]}" in done.out
    found = held(tmp_path)
    assert [title for title, *_ in found] == titles_of(site)
    # The captures of the walk give the same records and the same verdict, without the archive.
    again = harvest_captures(tmp_path)
    assert (again.status, again.err) == (0, "")
    assert held(tmp_path, "b.db") == found
    assert rows(tmp_path / "b.db", WALK) == rows(tmp_path / "a.db", WALK)


def test_items_that_the_query_addresses_have_one_address_each(tmp_path: Path) -> None:
    site = DressedSite(DRESSES["cursor"], 12)
    harvest(tmp_path, site, "--no-documents")
    items = [item_of(one) for one in site.listing.records]
    addresses = {f"https://archive.example.org/letters/show.php?id={item.record_id}" for item in items}
    assert {url for _, _, url, _ in held(tmp_path)} == addresses


def test_an_archive_without_https_keeps_its_addresses(tmp_path: Path) -> None:
    site = DressedSite(DRESSES["cards"], 3)
    harvest(tmp_path, site, "--no-documents")
    assert all(url.startswith("http://127.0.0.1:") and "/card/" in url for _, _, url, _ in held(tmp_path))


def test_a_walk_by_links_stops_at_a_page_that_cannot_be_read_and_goes_on_there(tmp_path: Path) -> None:
    site = DressedSite(DRESSES["cursor"], 33)
    site.missing = {2}
    done = harvest(tmp_path, site, "--no-documents")
    assert done.status != 0
    [(status, *_, reason)] = rows(tmp_path / "a.db", WALK)
    assert (status, reason.startswith("page 3 could not be read, and nothing else links to the pages behind")) == (
        "interrupted",
        True,
    )
    site.missing = set()
    assert harvest(tmp_path, site, "--no-documents").status == 0
    assert rows(tmp_path / "a.db", WALK) == [("complete", "twice", 33, 33, "total", None)]


def test_a_correction_and_a_removal_are_noticed_where_nothing_is_declared(tmp_path: Path) -> None:
    site = DressedSite(DRESSES["diary"], 23)
    harvest(tmp_path, site, "--no-documents")
    corrected, removed = item_of(site.listing.records[3]), item_of(site.listing.records[20])
    site.corrected[corrected.slug] = type(corrected)(**{**vars(corrected), "title": "A letter, corrected"})
    del site.listing.records[20]
    site.removed.add(removed.slug)
    for _ in range(2):
        next_second()  # what is read in one second is not known to be later
        assert harvest(tmp_path, site, "--no-documents").status == 0
    changes = "SELECT kind, field, after FROM changes WHERE kind IN ('changed', 'gone') ORDER BY id"
    assert rows(tmp_path / "a.db", changes)[0] == ("changed", "title", "A letter, corrected")
    assert rows(tmp_path / "a.db", "SELECT slug FROM documents WHERE gone_at IS NOT NULL") == [(removed.slug,)]


@pytest.mark.parametrize("name", ["diary", "cursor"])
def test_a_walk_of_an_open_listing_goes_on_where_it_was_cut_short(tmp_path: Path, name: str) -> None:
    site = DressedSite(DRESSES[name], 33)
    assert harvest(tmp_path, site, "--no-documents", "--max-requests", "4").status != 1
    assert harvest(tmp_path, site, "--no-documents").status == 0
    assert rows(tmp_path / "a.db", WALK)[0][:2] == ("complete", "twice")
    assert rows(tmp_path / "a.db", "SELECT count(*) FROM walks") == [(1,)]


def test_a_walk_of_a_platform_goes_on_after_a_kill(tmp_path: Path) -> None:
    site = DressedSite(DRESSES["atom"], 33)
    assert harvest(tmp_path, site, "--no-documents", aim=Aim("committed", 3)).status == -9
    assert rows(tmp_path / "a.db", "SELECT count(*) FROM reads") == [(3,)]
    assert harvest(tmp_path, site, "--no-documents").status == 0
    assert rows(tmp_path / "a.db", WALK) == [("complete", "twice", 33, 33, "range", None)]
    assert [title for title, *_ in held(tmp_path)] == titles_of(site)


def test_a_page_of_another_size_than_defined_says_what_to_write(tmp_path: Path) -> None:
    dress = DRESSES["atom"]
    site = DressedSite(replace(dress, definition='platform = "atom"\n'), 123)
    assert harvest(tmp_path, site, "--no-documents").status == 3
    [(status, *_, reason)] = rows(tmp_path / "a.db", WALK)
    advice = (
        "the first page shows 10 of 123 records, and 50 were expected: write size = 10 under [pager] in its definition"
    )
    assert (status, reason.startswith(advice)) == ("partial", True)


@pytest.mark.parametrize(
    ("name", "second"),
    [("atom", "/informationobject/browse?page=2"), ("diary", "/page/2/"), ("catalogue", "/suche?seite=2")],
)
def test_an_archive_is_walked_to_its_proof_by_what_two_of_its_pages_taught(
    tmp_path: Path, name: str, second: str
) -> None:
    """Of known software, a weblog that declares nothing, and a table of unknown software."""
    site = DressedSite(DRESSES[name], 12)
    dress, items = site.dress, [item_of(one) for one in site.listing.records]
    addresses = [f"{dress.base}{path}" for path in (dress.listing_path, second)]
    pages = [Capture(uri=f"https://archive.example.org{one}", body=site.answer(one, {}).body) for one in addresses]
    learned = learn(pages, name)
    assert learned is not None
    assert learned.doubts == ()

    done = harvest(tmp_path, site, "--no-documents", written=learned.text)

    assert (done.status, done.err) == (0, "")
    total = 12 if dress.checked == "range" else None
    assert rows(tmp_path / "a.db", WALK) == [("complete", "twice", total, 12, dress.checked, None)]
    at = f"https://archive.example.org{dress.base}"
    wanted = {(item.title, None if name == "diary" else item.date, at + dress.path(item)) for item in items}
    assert set(rows(tmp_path / "a.db", "SELECT title, date_text, url FROM documents")) == wanted  # no diary has dates

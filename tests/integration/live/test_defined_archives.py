"""Live walks of archives that only a definition describes, in the dress of platforms: the same proofs and verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import item_of
from tests.support.dressed_site import DressedSite
from tests.support.live_processes import Done, in_process, rows
from tests.support.platform_pages import DRESSES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.live_processes import Aim

WALKED = ("atom", "dspace", "diary", "register", "cursor", "cards", "form")
"""Those walked here: two platforms, each way to page and to declare. All: `python -m tests.soak.defined_archives`."""
WALK = "SELECT status, proof, declared_total, distinct_records, checked_against, reason FROM walks ORDER BY id DESC"
SAID = {
    "range": "checked against the ranges and the total that it declares",
    "total": "checked against the total that it declares",
    "pages": "checked against the number of pages that it declares; it declares no total",
    "nothing": "it declares nothing: two equal walks are all that proves it",
}


def harvest(folder: Path, site: DressedSite, *more: str, db: str = "a.db", aim: Aim | None = None) -> Done:
    """Harvest a site by its definition; the one without https is asked at its own address."""
    (folder / "sources").mkdir(exist_ok=True)
    (folder / "harvester.toml").write_text("", "utf-8")
    name = site.dress.name
    with ArchiveServer(site) as server:
        own = name == "cards"
        written = site.dress.toml(server.base) if own else site.dress.toml()
        (folder / "sources" / f"{name}.toml").write_text(written, "utf-8")
        arguments = ["--config", str(folder / "harvester.toml"), "harvest", name, "--db", str(folder / db)]
        arguments += [] if own else ["--base-url", server.base]
        return in_process(folder, [*arguments, "--delay", "0", *more], aim)


def titles(folder: Path, db: str = "a.db") -> list[tuple[str, ...]]:
    return rows(folder / db, "SELECT title, date, url, record_id FROM documents WHERE gone_at IS NULL ORDER BY title")


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
    found = titles(tmp_path)
    assert [title for title, *_ in found] == sorted(item_of(one).title for one in site.listing.records)
    # The captures of the walk give the same records and the same verdict, without the archive.
    offline = ["--config", str(tmp_path / "harvester.toml"), "harvest", str(tmp_path / "captures")]
    again = in_process(tmp_path, [*offline, "--db", str(tmp_path / "b.db")])
    assert (again.status, again.err) == (0, "")
    assert titles(tmp_path, "b.db") == found
    assert rows(tmp_path / "b.db", WALK) == rows(tmp_path / "a.db", WALK)


def test_items_that_the_query_addresses_have_one_address_each(tmp_path: Path) -> None:
    site = DressedSite(DRESSES["cursor"], 12)
    harvest(tmp_path, site, "--no-documents")
    items = [item_of(one) for one in site.listing.records]
    addresses = {f"https://archive.example.org/letters/show.php?id={item.record_id}" for item in items}
    assert {url for _, _, url, _ in titles(tmp_path)} == addresses


def test_an_archive_without_https_keeps_its_addresses(tmp_path: Path) -> None:
    site = DressedSite(DRESSES["cards"], 3)
    harvest(tmp_path, site, "--no-documents")
    assert all(url.startswith("http://127.0.0.1:") and "/card/" in url for _, _, url, _ in titles(tmp_path))


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

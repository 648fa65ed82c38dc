"""The specimen pages of archive platforms agree with what was written down about them.

Nothing here reads a page as the harvester does: the pages are searched for what `expected.json` says they show.
"""

from __future__ import annotations

import json
import re
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin

import pytest
from bs4 import BeautifulSoup

from tests.support.paths import PLATFORMS

if TYPE_CHECKING:
    from pathlib import Path

FOLDERS = sorted(path.parent for path in PLATFORMS.glob("*/expected.json"))
LARGEST = 12 * 1024
_PARTED = re.compile(r"(?<!\d)\d{1,3}(?:[.,'\u2019\u00a0\u202f]\d{3})+(?!\d)|\d+")


def _expected(folder: Path) -> dict[str, Any]:
    expected: dict[str, Any] = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return expected


def _listings(folder: Path) -> list[dict[str, Any]]:
    return [page for page in _expected(folder)["pages"] if page["kind"] == "listing"]


def _tree(folder: Path, page: dict[str, Any]) -> BeautifulSoup:
    tree = BeautifulSoup((folder / page["file"]).read_text(encoding="utf-8"), "lxml")
    for element in tree(["head", "script", "style"]):
        element.decompose()
    return tree


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _links(tree: BeautifulSoup, base: str) -> list[str]:
    return [
        quote(urljoin(base, href), safe="%/:=&?~#+!$,;'@()*[]")
        for href in (str(link["href"]) for link in tree("a", href=True))
    ]


def _numbers(text: str) -> set[int]:
    """Return the whole numbers of a text, thousands parted by a point, a comma, an apostrophe or a space included."""
    parted = _PARTED.findall(text)
    return {int(re.sub(r"\D", "", number)) for number in parted}


def _values(record: dict[str, Any]) -> list[str]:
    """Return everything that a record or a document shows, paragraph by paragraph."""
    values = [record["title"], record["date"], record["summary"], *chain(*record["fields"].values())]
    return [line for value in values if value for line in value.splitlines() if line]


def test_there_are_specimens_of_the_platforms_that_archives_run() -> None:
    platforms = {"atom", "archivesspace", "omeka-classic", "omeka-s", "dspace", "vufind", "drupal-views", "blacklight"}
    assert platforms <= {folder.name for folder in FOLDERS}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_platform_has_listings_a_document_and_a_page_of_neither_kind(folder: Path) -> None:
    pages = _expected(folder)["pages"]
    kinds = [page["kind"] for page in pages]

    assert kinds.count("listing") >= 2
    assert {"document", "other"} < set(kinds)
    assert sorted(page["file"] for page in pages) == sorted(path.name for path in folder.glob("*.html"))
    assert all((folder / page["file"]).stat().st_size <= LARGEST for page in pages)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_a_page_is_expected_to_show_stands_in_it(folder: Path) -> None:
    for page in _expected(folder)["pages"]:
        text = _squeezed(_tree(folder, page).get_text())
        records = {"listing": page.get("records", []), "document": [page], "other": []}[page["kind"]]
        missing = [value for record in records for value in _values(record) if _squeezed(value) not in text]
        missing += [label for label in page.get("fields", {}) if label not in text]
        assert missing == [], page["file"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_records_of_a_listing_are_linked_in_their_order_and_so_is_the_next_page(folder: Path) -> None:
    for page in _listings(folder):
        links = _links(_tree(folder, page), page["url"])
        if page["next"] is not None:
            assert (page["next"] in links) == page.get("next_linked", True), page["file"]
        rest = iter(links)
        unlinked = [record["url"] for record in page["records"] if record["url"] and record["url"] not in rest]
        assert unlinked == [], page["file"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_a_listing_declares_is_printed_and_adds_up(folder: Path) -> None:
    for page in _listings(folder):
        printed = _numbers(_tree(folder, page).get_text())
        declared = [page[name] for name in ("first", "last", "total") if page[name] is not None]
        assert set(declared) <= printed, page["file"]
        if page["first"] is not None:
            assert page["last"] - page["first"] + 1 == len(page["records"]), page["file"]
        if page["next"] is None and page["total"] is not None and page["last"] is not None:
            assert page["last"] == page["total"], page["file"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_pages_of_a_listing_meet_and_hold_no_record_twice(folder: Path) -> None:
    listings = _listings(folder)
    assert any(before["next"] == after["url"] for before, after in pairwise(listings))
    for before, after in pairwise(listings):
        if before["next"] != after["url"]:
            continue
        assert before["total"] == after["total"]
        assert before["last"] is None or after["first"] == before["last"] + 1
        records = [
            record["url"] or (record["title"], record["date"]) for page in (before, after) for record in page["records"]
        ]
        assert len(set(records)) == len(records)

"""Live harvests of an archive that moves a withdrawn document: whose a record is, its page is asked for once."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest

from harvester.cli import run
from harvester.store.integrity.check import run_checks
from tests.support.archive_pages import Item, document_page, listing_page, make_items
from tests.support.archive_server_site import Answer, Manner, Site, html
from tests.support.walks import SIZE

if TYPE_CHECKING:
    from tests.support.live_processes import Harvests

SECRET = Item(7, "telegram-to-moscow", "Telegram, Qxvarlo to Moscow", "March 4, 1961", ("On Qxvoruk, in the north.",))
NAMESAKE = replace(SECRET, number=300, slug="another-telegram", summary=("Of harvests in the south only.",))
FRIENDS = [replace(item, number=100 + n) for n, item in enumerate(make_items(14, seed=5))]
FRIEND = FRIENDS[2]


class Shelf(Site):
    """An archive of a few items, the newest first."""

    def __init__(self, items: list[Item]) -> None:
        super().__init__(0, "shelf", Manner(etags=True))
        self.items = items

    def answer(self, target: str, headers: dict[str, str]) -> Answer:
        parts = urlsplit(target)
        if parts.path == "/search":
            first = int(dict(parse_qsl(parts.query)).get("page", "0")) * SIZE
            shown = self.items[first : first + SIZE]
            return self._tagged(listing_page(shown, first + 1, len(self.items)), f"{first} {self.items}", headers)
        for item in self.items:
            if parts.path == f"/document/{item.slug}":
                return self._tagged(document_page(item), repr(item), headers)
        return html(404, b"<h1>Not found</h1>")

    def change(self, number: int, slug: str) -> None:
        """Change the address of an item, in the second after the last harvest: of one second all readings are equal."""
        time.sleep(1 - time.time() % 1)
        self.items = [replace(item, slug=slug) if item.number == number else item for item in self.items]


@pytest.fixture
def site() -> Shelf:
    return Shelf([*FRIENDS[:4], SECRET, *FRIENDS[4:]])


@pytest.fixture
def withdrawn(archive: Harvests) -> Harvests:
    """Harvest an archive, and withdraw a document."""
    assert archive.live("a.db").status == 0
    assert run(["withdraw", SECRET.slug, "--db", str(archive.folder / "a.db")]) == 0
    return archive


def read_by(archive: Harvests) -> list[str]:
    """Harvest once more; return the slugs of the document pages that were asked for."""
    since = len(archive.server.log)
    done = archive.live("a.db")
    assert done.status == 0, done.err + done.out
    targets = [requested.target for requested in archive.server.log[since:]]
    return [target.rpartition("/")[2] for target in targets if "/document/" in target]


def titles(archive: Harvests) -> dict[str, str]:
    return dict(archive.rows("SELECT slug, title FROM documents"))


def hidden(archive: Harvests) -> bool:
    """Return whether the database is sound, and all others can be seen, but not the withdrawn document."""
    assert run_checks(archive.folder / "a.db") == []
    held = titles(archive)
    assert {friend.title for friend in FRIENDS} <= {*held.values()}
    return not any("Qxv" in title and slug != NAMESAKE.slug for slug, title in held.items())


def test_at_a_new_address_it_is_asked_for_once_and_stays_hidden(site: Shelf, withdrawn: Harvests) -> None:
    site.change(SECRET.number, "cable-to-moscow")
    assert read_by(withdrawn) == ["cable-to-moscow"]
    assert hidden(withdrawn)
    assert withdrawn.rows("SELECT count(*) FROM problems WHERE code = 'withheld'") == [(1,)]
    assert read_by(withdrawn) == []
    assert hidden(withdrawn)
    assert withdrawn.rows("SELECT status, distinct_records FROM walks") == [("complete", 15)] * 3


def test_a_namesake_is_asked_for_once_and_can_be_seen(site: Shelf, withdrawn: Harvests) -> None:
    site.items = [NAMESAKE, *site.items]
    assert read_by(withdrawn) == [NAMESAKE.slug]
    for _ in range(2):
        assert titles(withdrawn)[NAMESAKE.slug] == NAMESAKE.title
        assert hidden(withdrawn)
        assert read_by(withdrawn) == []


def test_swapped_with_another_each_page_is_asked_for_once(site: Shelf, withdrawn: Harvests) -> None:
    site.change(SECRET.number, FRIEND.slug)
    site.change(FRIEND.number, SECRET.slug)
    assert sorted(read_by(withdrawn)) == sorted([FRIEND.slug, SECRET.slug])
    for _ in range(2):
        read = read_by(withdrawn)
        assert hidden(withdrawn)
        assert titles(withdrawn)[SECRET.slug] == FRIEND.title
    assert read == []
    site.change(SECRET.number, SECRET.slug)
    site.change(FRIEND.number, FRIEND.slug)
    for _ in range(3):
        read = read_by(withdrawn)
        assert hidden(withdrawn)
    assert titles(withdrawn)[FRIEND.slug] == FRIEND.title
    assert read == []


def test_two_withdrawn_documents_that_swap_addresses_are_asked_for_no_more(site: Shelf, withdrawn: Harvests) -> None:
    assert run(["withdraw", FRIEND.slug, "--db", str(withdrawn.folder / "a.db")]) == 0
    site.change(SECRET.number, FRIEND.slug)
    site.change(FRIEND.number, SECRET.slug)
    for _ in range(3):
        read = read_by(withdrawn)
        held = titles(withdrawn)
        assert {SECRET.slug, FRIEND.slug} & held.keys() == set()
        assert {SECRET.title, FRIEND.title} & {*held.values()} == set()
    assert read == []
    assert run_checks(withdrawn.folder / "a.db") == []

"""The items of the test archive in other dresses, so that whole walks can be tried on each.

Five are platforms: markup, pagers and sentences are those of the specimens in `tests/fixtures/platforms` (see FACTS.md
there). The others (`plain`) are of no platform: each way to page, to address items and to declare. A dress makes the
bytes of a listing page from items, the position of the first, the total and the base address; and those of a document
page from its item and that address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.platform_pages import atom, blacklight, dspace, omeka_s, plain, vufind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.support.archive_pages import Item

    Numbers = Callable[[str, dict[str, str]], int | None]


@dataclass(frozen=True)
class Dress:
    """How an archive shows its items. All paths begin behind the host.

    `base`: where it begins. `listing_path`: behind it, the first page of everything. `number`: the number from 0 of the
    page that a path behind `base` and its parameters mean, None if it is no listing's. `search`: the parameter of a
    search. `path`: where the page of an item is, behind `base`. `definition`: what a user writes besides title and
    address. `checked`: what its listings declare.
    """

    name: str
    base: str
    listing_path: str
    number: Numbers
    search: str
    path: Callable[[Item], str]
    listing: Callable[[Sequence[Item], int, int, str], bytes]
    document: Callable[[Item, str], bytes]
    definition: str
    checked: str = "range"

    def toml(self, host: str = "https://archive.example.org") -> str:
        """Return the whole definition."""
        return f'title = "An archive"\naddress = "{host}{self.base}"\n{self.definition}'


def counted(listing_path: str, parameter: str, begin: int, step: int = 1) -> Numbers:
    """Return the reader of addresses whose pages are counted by a parameter."""

    def number(path: str, query: dict[str, str]) -> int | None:
        return (int(query.get(parameter, begin)) - begin) // step if path == listing_path else None

    return number


def in_path(path: str, _query: dict[str, str]) -> int | None:
    """Return the number of a page that stands in its path: `/page/2/`."""
    if path in ("", "/"):
        return 0
    parts = path.strip("/").split("/")
    return int(parts[1]) - 1 if len(parts) == 2 and parts[0] == "page" and parts[1].isdecimal() else None


def by_cursor(path: str, query: dict[str, str]) -> int | None:
    return plain.number_of(query.get("cursor", "")) if path == "/list.php" else None


def by_form(path: str, query: dict[str, str]) -> int | None:
    """Return the number of a page; without what the form posts there is no listing."""
    if path != "/find" or not plain.FORM.items() <= query.items():
        return None
    return int(query.get("seite", "0"))


_PLATFORMS = (
    ("atom", "", "/informationobject/browse", "page", "query", atom),
    ("omeka-s", "/s/papers", "/item", "page", "fulltext_search", omeka_s),
    ("dspace", "", "/search", "spc.page", "query", dspace),
    ("vufind", "/vufind", "/Search/Results", "page", "lookfor", vufind),
    ("blacklight", "", "/catalog", "page", "q", blacklight),
)
PLATFORM_DRESSES = {
    name: Dress(
        name,
        base,
        listing_path,
        counted(listing_path, parameter, 1),
        search,
        pages.path,
        pages.listing,
        pages.document,
        f'platform = "{name}"\n[pager]\nsize = 10\n',
    )
    for name, base, listing_path, parameter, search, pages in _PLATFORMS
}
_DOCUMENT = "[document]\n"
_PLAIN = (
    Dress(
        "diary",
        "",
        "/",
        in_path,
        "s",
        plain.diary_path,
        plain.diary,
        plain.document,
        'items = "/{slug}"\n[pager]\npath = "/"\npage_path = "/page/{page}/"\nsize = 10\n'
        '[listing]\ndeclares = "nothing"\nrecord = "article"\n' + _DOCUMENT,
        "nothing",
    ),
    Dress(
        "register",
        "",
        "/register",
        counted("/register", "page", 1),
        "q",
        plain.card_path,
        plain.register,
        plain.document,
        '[pager]\npath = "/register"\nbegin = 1\nsize = 10\n'
        '[listing]\ndeclares = "Seite {page} von {pages}"\nrecord = "tr"\nkey = "record_id"\n'
        '[listing.columns]\n"Signatur" = "record_id"\n"Titel" = "title"\n"Datum" = "date"\n',
        "pages",
    ),
    Dress(
        "cursor",
        "/letters",
        "/list.php",
        by_cursor,
        "q",
        plain.query_path,
        plain.cursor,
        plain.document,
        'items = "/show.php?id={record_id}"\n[pager]\npath = "/list.php"\nnext = "a.more"\nsize = 10\n'
        '[listing]\ndeclares = "{total} letters"\n' + _DOCUMENT,
        "total",
    ),
    Dress(
        "cards",
        "",
        "/cards",
        counted("/cards", "ab", 1, 10),
        "q",
        plain.card_path,
        plain.cards,
        plain.document,
        'items = "/card/{slug}"\n[pager]\npath = "/cards"\noffset = "ab"\nbegin = 1\nsize = 10\n'
        '[listing]\ndeclares = "range"\n' + _DOCUMENT,
    ),
    Dress(
        "catalogue",
        "/opac",
        "/suche",
        counted("/suche", "seite", 1),
        "wort",
        plain.catalogue_path,
        plain.catalogue,
        plain.document,
        'items = "/titel?nr={record_id}"\n[pager]\npath = "/suche"\npage = "seite"\nbegin = 1\nsize = 10\n'
        '[listing]\ndeclares = "range"\nrecord = "tr + tr"\n[listing.columns]\n"2" = "title"\n"3" = "date"\n'
        + _DOCUMENT,
    ),
    Dress(
        "form",
        "/archiv",
        "/find?was=alles&modus=liste",
        by_form,
        "text",
        plain.form_path,
        plain.form,
        plain.document,
        'items = "/detail?nr={slug}"\n[pager]\npath = "/find"\npage = "seite"\nbegin = 0\nsize = 10\n'
        'query = { was = "alles", modus = "liste" }\n'
        '[listing]\ndeclares = "Treffer {first} bis {last} von {total}"\n' + _DOCUMENT,
    ),
)
DRESSES = PLATFORM_DRESSES | {dress.name: dress for dress in _PLAIN}

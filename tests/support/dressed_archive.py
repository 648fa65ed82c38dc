"""Local archives in the dress of a platform: the same records, in that software's markup, with its pager."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from tests.support.archive_server_site import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

Row = tuple[str, str]
"""The name in an item's address, and its title."""


@dataclass(frozen=True)
class Dress:
    """How a platform shows a page of a listing: `number` counts from 0, `rows` are those of the page."""

    definition: str
    size: int
    number: Callable[[str, dict[str, str]], int | None]
    """The page's number from the path and the parameters of an address; None if it is no listing's."""
    page: Callable[[list[Row], int, int], str]
    """The HTML of rows, the first one's position from 1, and how many there are in all."""


@dataclass
class DressedArchive:
    """Answers requests for the listing of some records."""

    dress: Dress
    records: list[Row]
    unread: set[int] = field(default_factory=set)
    """Numbers of pages that are answered with an error."""

    def answer(self, target: str, _headers: dict[str, str]) -> Answer:
        """Return the answer to a request."""
        parts = urlsplit(target)
        number = self.dress.number(parts.path, dict(parse_qsl(parts.query)))
        if number is None:
            return Answer(404)
        if number in self.unread:
            return Answer(404, b"<h1>Not found</h1>", {"Content-Type": "text/html"})
        first = number * self.dress.size
        rows = self.records[first : first + self.dress.size]
        if number and not rows:
            return Answer(404, b"<h1>Not found</h1>", {"Content-Type": "text/html"})
        body = self.dress.page(rows, first + 1, len(self.records))
        return Answer(200, body.encode(), {"Content-Type": "text/html; charset=utf-8"})


def counted(path: str, parameter: str, begin: int) -> Callable[[str, dict[str, str]], int | None]:
    """Return the reader of addresses whose pages are counted by a parameter."""
    return lambda there, query: int(query.get(parameter, begin)) - begin if there == path else None


def whole(main: str, sign: str = "") -> str:
    return f'<!DOCTYPE html><html><title>Archive</title><body class="{sign}"><main>{main}</main></body></html>'


def atom(rows: list[Row], first: int, total: int) -> str:
    items = "".join(
        f'<article class="search-result row"><div class="gap-2"><a class="h5" href="/{name}">{escape(title)}</a></div>'
        f'<div class="flex-wrap"><span class="text-primary">HY {name}</span><span class="text-muted mx-2">·</span>'
        f'<span class="text-muted">Pièce</span></div></article>'
        for name, title in rows
    )
    count = f'<div class="result-count">Résultats {first} à {first + len(rows) - 1} sur {total}</div>'
    return whole(f"<h1>Affichage de {total} résultats</h1>{items}{count}", "informationobject browse")


def omeka(rows: list[Row], first: int, total: int) -> str:
    items = "".join(
        f'<div class="item record"><h2><a href="/items/show/{name}">{escape(title)}</a></h2></div>'
        for name, title in rows
    )
    onward = f'<a rel="next" href="/items/browse?page={(first - 1) // 10 + 2}">Next</a>'
    more = onward if first + len(rows) <= total else ""
    return whole(f"<h1>Browse Items ({total} total)</h1>{items}{more}", "items browse")


def dspace(rows: list[Row], first: int, total: int) -> str:
    items = "".join(
        f'<li><a class="item-list-title" href="/items/{name}">{escape(title)}</a> '
        '(<span class="item-list-date">1889-11-16</span>)</li>'
        for name, title in rows
    )
    last = first + len(rows) - 1
    info = f'<div class="pagination-info"><span>Mostrando </span><span>{first} - {last} de {total:,}</span></div>'
    return whole(f'{info}<ul data-test="objects">{items}</ul>')


def diary(rows: list[Row], first: int, total: int) -> str:
    """Return a page of a weblog: it declares nothing, and leads on by a link with the number in the path."""
    items = "".join(f'<article><h2><a href="/{name}/">{escape(title)}</a></h2></article>' for name, title in rows)
    onward = f'<a href="/page/{(first - 1) // 5 + 2}/">Older</a>' if first + len(rows) <= total else ""
    return whole(f"<div>{items}</div><p>{onward}</p>")


def register(rows: list[Row], first: int, total: int) -> str:
    """Return a table without links, which says only how many pages there are."""
    items = "".join(f"<tr><td>{name}</td><td>{escape(title)}</td><td>3.4.1950</td></tr>" for name, title in rows)
    pages = -(-total // 10)
    head = "<tr><th>Signatur</th><th>Titel</th><th>Datum</th></tr>"
    return whole(f"<table>{head}{items}</table><p>Seite {(first - 1) // 10 + 1} von {pages}</p>")


def in_path(path: str, query: dict[str, str]) -> int | None:
    """Return the number of a page that stands in its path: `/page/2/`."""
    if path in ("", "/"):
        return 0
    parts = path.strip("/").split("/")
    return int(parts[1]) - 1 if len(parts) == 2 and parts[0] == "page" and parts[1].isdecimal() else None


HEAD = 'title = "An archive"\naddress = "https://archive.example.org"\n'
DRESSES = {
    "atom": Dress(
        f'platform = "atom"\n{HEAD}[pager]\nsize = 10\n', 10, counted("/informationobject/browse", "page", 1), atom
    ),
    "omeka-classic": Dress(f'platform = "omeka-classic"\n{HEAD}', 10, counted("/items/browse", "page", 1), omeka),
    "dspace": Dress(f'platform = "dspace"\n{HEAD}', 10, counted("/search", "spc.page", 1), dspace),
    "diary": Dress(
        f'{HEAD}items = "/{{slug}}"\n[pager]\npath = "/"\npage_path = "/page/{{page}}/"\nsize = 5\n'
        '[listing]\ndeclares = "nothing"\nrecord = "article"\n',
        5,
        in_path,
        diary,
    ),
    "register": Dress(
        f'{HEAD}dates = "day-month"\n[pager]\npath = "/register"\nbegin = 1\nsize = 10\n'
        '[listing]\ndeclares = "Seite {page} von {pages}"\nrecord = "tr"\nkey = "record_id"\n'
        '[listing.columns]\n"Signatur" = "record_id"\n"Titel" = "title"\n"Datum" = "date"\n',
        10,
        counted("/register", "page", 1),
        register,
    ),
}

"""The items of the test archive on pages of no platform: each way to page, to address items and to declare once."""

from __future__ import annotations

from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING

from tests.support.archive_pages import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.archive_pages import Item


def _whole(title: str, main: str) -> bytes:
    return f"<!DOCTYPE html><html><title>{title}</title><body><main>{main}</main></body></html>".encode()


def _number(first: int) -> int:
    """Return a page's number from 0."""
    return (first - 1) // PAGE_SIZE


def _is_last(items: Sequence[Item], first: int, total: int) -> bool:
    return first + len(items) > total


def document(item: Item, base: str) -> bytes:
    date = f"<p class='date'>{escape(item.date)}</p>" if item.date else ""
    facts = "".join(f"<dt>Subject</dt><dd>{escape(subject)}</dd>" for subject in item.subjects)
    return _whole(escape(item.title), f"<h1>{escape(item.title)}</h1>{date}<dl>{facts}</dl><a href='{base}/'>All</a>")


def diary_path(item: Item) -> str:
    return f"/{item.slug}"


def diary(items: Sequence[Item], first: int, total: int, base: str) -> bytes:
    """Render a page of a weblog: it declares nothing, and leads on by a link with the number in the path."""
    shown = "".join(
        f'<article><h2><a href="{base}/{item.slug}/">{escape(item.title)}</a></h2></article>' for item in items
    )
    onward = "" if _is_last(items, first, total) else f'<a href="{base}/page/{_number(first) + 2}/">Older</a>'
    return _whole("Diary", f"<div>{shown}</div><p>{onward}</p>")


def register(items: Sequence[Item], first: int, total: int, _base: str) -> bytes:
    """Render a table without links, which says only how many pages there are."""
    rows = "".join(
        f"<tr><td>{item.record_id}</td><td>{escape(item.title)}</td><td>{item.date or ''}</td></tr>" for item in items
    )
    head = "<tr><th>Signatur</th><th>Titel</th><th>Datum</th></tr>"
    pages = -(-total // PAGE_SIZE)
    return _whole("Register", f"<table>{head}{rows}</table><p>Seite {_number(first) + 1} von {pages}</p>")


def token(number: int) -> str:
    """Return what the address of a page holds instead of its number."""
    return sha256(f"page {number}".encode()).hexdigest()[:12]


def number_of(cursor: str) -> int | None:
    return next((number for number in range(200) if cursor == (token(number) if number else "")), None)


def query_path(item: Item) -> str:
    return f"/show.php?id={item.record_id}"


def cursor(items: Sequence[Item], first: int, total: int, _base: str) -> bytes:
    """Render a page that only its total and the link on it tell of, and items that only the query addresses."""
    shown = "".join(
        f'<li><a href="show.php?lang=en&amp;id={item.record_id}&amp;from={first}">{escape(item.title)}</a></li>'
        for item in items
    )
    link = f'<a class="more" href="list.php?cursor={token(_number(first) + 1)}">More</a>'
    onward = "" if _is_last(items, first, total) else link
    return _whole("Letters", f"<p>{total} letters</p><ul>{shown}</ul>{onward}")


def cards(items: Sequence[Item], first: int, total: int, base: str) -> bytes:
    """Render a page whose range is Russian, and whose address counts records from 1."""
    shown = "".join(
        f'<div class="card"><a href="{base}/card/{item.slug}">{escape(item.title)}</a></div>' for item in items
    )
    return _whole("Cards", f"<p>Записи {first} – {first + len(items) - 1} из {total}</p>{shown}")


def card_path(item: Item) -> str:
    return f"/card/{item.slug}"


def form(items: Sequence[Item], first: int, total: int, base: str) -> bytes:
    """Render a page of a search whose form posts what the address of a page may say as well."""
    fields = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in FORM.items())
    button = f'<button name="seite" value="{_number(first) + 1}">Weiter</button>'
    shown = "".join(
        f'<p class="hit"><a href="{base}/detail?nr={item.slug}">{escape(item.title)}</a></p>' for item in items
    )
    onward = (
        "" if _is_last(items, first, total) else f'<form method="post" action="{base}/find">{fields}{button}</form>'
    )
    return _whole("Find", f"<p>Treffer {first} bis {first + len(items) - 1} von {total}</p>{shown}{onward}")


def catalogue(items: Sequence[Item], first: int, total: int, base: str) -> bytes:
    """Render a page of software that nobody knows: a menu, a table with stripes, and numbered links."""
    menu = "".join(f'<li><a href="{base}/{name}">{name}</a></li>' for name in ("Hilfe", "Kontakt", "Konto"))
    kinds = ("Zeile", "AndereZeile") * PAGE_SIZE
    rows = "".join(
        f'<tr class="{kind}"><td><a href="{base}/titel?nr={item.record_id}"><span class="{kind}Nr">{item.record_id}'
        f'</span></a></td><td><span class="{kind}Titel">{escape(item.title)}</span></td><td>{item.date or ""}</td></tr>'
        for kind, item in zip(kinds, items, strict=False)
    )
    head = "<tr><td>Nr.</td><td>Titel</td><td>Datum</td></tr>"
    shown = f"<p>Treffer {first} bis {first + len(items) - 1} von {total}</p><table>{head}{rows}</table>"
    numbers = range(1, -(-total // PAGE_SIZE) + 1)
    pager = " ".join(f'<a href="{base}/suche?seite={number}">{number}</a>' for number in numbers)
    return _whole("Suche | Katalog", f"<ul>{menu}</ul>{shown}<p>{pager}</p>")


def catalogue_path(item: Item) -> str:
    return f"/titel?nr={item.record_id}"


FORM = {"was": "alles", "modus": "liste"}
"""What the form posts besides the page's number."""


def form_path(item: Item) -> str:
    return f"/detail?nr={item.slug}"

"""What the dresses of all platforms share: the page around, values by their labels, and the numbers of a pager."""

from __future__ import annotations

from html import escape

from tests.support.archive_pages import PAGE_SIZE, Item

Fields = list[tuple[str, list[str]]]


def summary(item: Item) -> str:
    return " ".join(item.summary)


def values_of(item: Item, labels: dict[str, str]) -> Fields:
    """Return the labels and values that an item has; `labels`: label by the name of an item's attribute."""
    found: Fields = []
    for name, label in labels.items():
        value = summary(item) if name == "summary" else getattr(item, name)
        values = [value] if isinstance(value, str) else list(value or ())
        if any(values):
            found.append((label, [escape(text) for text in values]))
    return found


def page_numbers(first: int, total: int) -> tuple[int, int, list[int]]:
    """Return the page's number from 1, how many pages there are, and the numbers that a pager links around it."""
    page, pages = (first - 1) // PAGE_SIZE + 1, -(-total // PAGE_SIZE)
    return page, pages, list(range(max(1, page - 3), min(pages, page + 3) + 1))


def page_html(title: str, body: str, main: str, *, head: str = "") -> bytes:
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(title)} - Papers of the Cold War</title>{head}</head>
<body class="{body}"><a class="visually-hidden-focusable" href="#main-content">Skip to main content</a>
<header><a href="/">Papers of the Cold War</a><form action="/find" role="search"><input name="q" type="search">
<button>Search</button></form><nav><ul><li><a href="/about">About 1 - 10 of 99 collections</a></li></ul></nav></header>
<main id="main-content">{main}</main>
<footer><p>Results 1 to 2 of 3 years of work</p><a href="/contact">Contact</a></footer></body></html>""".encode()

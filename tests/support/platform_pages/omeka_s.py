"""The items of the test archive on pages of an Omeka S site."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from tests.support.platform_pages.shared import page_html, page_numbers, summary, values_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.archive_pages import Item

LABELS = {
    "title": "Title",
    "contributors": "Creator",
    "summary": "Description",
    "date": "Date",
    "kind": "Type",
    "subjects": "Subject",
    "places": "Spatial Coverage",
    "language": "Language",
    "location": "Source",
}


def path(item: Item) -> str:
    return f"/item/{item.node_id}"


def listing(items: Sequence[Item], first: int, total: int, base: str) -> bytes:
    """Render a page of the site's items."""
    page, pages, _ = page_numbers(first, total)
    rows = f"{first}\N{EN DASH}{first + len(items) - 1} of {total}"
    pager = _pager(page, pages, rows, base) if total else "0 results"
    pager = f'<nav class="pagination" aria-label="Pagination">{pager}</nav>'
    main = f"""<div id="content" role="main"><h2>Items</h2><div class="browse-controls">{pager}
<a class="advanced-search" href="{base}/item/search">Advanced search</a></div>
<ul class="resource-list">{"".join(_record(item, base) for item in items)}</ul>{pager}</div>"""
    return page_html("Items", "item resource browse", main)


def _record(item: Item, base: str) -> str:
    name = f'<span class="resource-name">{escape(item.title)}</span>'
    description = f'<div class="description">{escape(summary(item))}</div>' if item.summary else ""
    return f"""
<li class="item resource"><a class="resource-link" href="{base}{path(item)}">{name}</a>
 {description}</li>"""


def _pager(page: int, pages: int, rows: str, base: str) -> str:
    def button(name: str, number: int, *, live: bool) -> str:
        if not live:
            return f'<span class="{name} o-icon-{name[:4]} button inactive"></span>'
        address = f"{base}/item?page={number}".replace("/", "&#x2F;").replace("?", "&#x3F;")
        return f'<a class="{name}&#x20;o-icon-{name[:4]}&#x20;button" aria-label="{name.title()}" href="{address}"></a>'

    return f"""<form method="GET" action=""><input type="text" name="page" class="page-input-top" value="{page}">
<span class="page-count">of {pages}</span></form><div class="pagination-buttons">
{button("previous", page - 1, live=page > 1)}{button("next", page + 1, live=page < pages)}</div>
<span class="row-count">{rows}</span>"""


def document(item: Item, base: str) -> bytes:
    """Render the page of one item."""
    properties = "".join(_property(label, values) for label, values in values_of(item, LABELS))
    sets = f'<dt>Item sets</dt><dd class="value"><a href="{base}/item-set/4">Papers</a></dd>'
    main = f"""<div id="content" role="main"><h2>{escape(item.title)}</h2><h3>Item</h3><dl>{properties}</dl>
<dl class="item-sets"><div class="property">{sets}</div></dl></div>"""
    return page_html(item.title, "item resource show", main)


def _property(label: str, values: Sequence[str]) -> str:
    shown = "".join(
        f'<dd class="value literal" lang="">\n <span class="value-content">{value}</span>\n</dd>' for value in values
    )
    return f'<div class="property"><dt>\n {label} </dt>{shown}</div>\n'

"""The items of the test archive on pages of DSpace 7 to 9, rendered on the server."""

from __future__ import annotations

import uuid
from html import escape
from typing import TYPE_CHECKING

from tests.support.platform_pages.shared import page_html, page_numbers, summary, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.support.archive_pages import Item

LABELS = {
    "date": "Date",
    "contributors": "Authors",
    "archive": "Publisher",
    "summary": "Abstract",
    "location": "Description",
    "subjects": "Keywords",
}
_MORE = '<button class="btn btn-link p-0 expandButton"><span class="ms-1">Show more</span></button>'


def path(item: Item) -> str:
    return f"/items/{uuid.uuid5(uuid.NAMESPACE_URL, item.slug)}"


def listing(items: Sequence[Item], first: int, total: int, base: str) -> bytes:
    """Render a page of the search; its pager has no addresses."""
    page, pages, near = page_numbers(first, total)
    last = first + len(items) - 1
    results = f"""<div id="p-spc"><div class="pagination-masked clearfix top"><div class="col-auto pagination-info">
<span class="align-middle hidden-xs-down">Now showing </span>
<span class="align-middle">{first} - {last} of {total}</span>
</div></div><ul class="list-unstyled" data-test="objects">{"".join(_record(item, base) for item in items)}
</ul>{_pager(page, near) if pages > 1 else ""}</div>"""
    nothing = """<div>Your search returned no results. Having trouble finding what you're looking for? Try putting
<a href="/search?query=%22%22">quotes around it</a></div>"""
    main = f"""<ds-search><ds-search-filters><h2>Filters</h2><h4>Author</h4>
<a rel="nofollow" href="{base}/search?f.author=Mao,equals"><span class="badge">{total}</span> Mao </a>
</ds-search-filters>
<ds-search-results><h1>Search Results</h1>{results if items else nothing}</ds-search-results></ds-search>"""
    return page_html("Search", "", main)


def _record(item: Item, base: str) -> str:
    address = base + path(item)
    issued = f'<span>, </span><span class="item-list-date">{escape(item.date)}</span>) ' if item.date else ""
    publisher = f'<span class="item-list-publisher">{escape(item.archive or "")}</span>{issued}'
    authors = "<span>; </span>".join(f"<span>{escape(name)}</span>" for name in item.contributors)
    abstract = f'<div class="item-list-abstract"><span>{escape(summary(item))}</span>{_MORE}</div>'
    return f"""
<li class="mt-4 mb-4 d-flex border-bottom"><div class="row"><div class="col-3"><a tabindex="-1" href="{address}">
<div class="thumbnail-placeholder"> No Thumbnail Available </div></a></div>
<div class="col-9"><span class="badge">Item</span>
<a class="lead item-list-title dont-break-out" href="{address}">{escape(item.title)}</a>
<span class="text-muted"> ({publisher}<span class="item-list-authors">{authors}</span>{_MORE}</span>
{abstract if item.summary else ""}</div></div></li>"""


def _pager(page: int, near: Iterable[int]) -> str:
    def link(text: str, label: str = "", name: str = "") -> str:
        return f'<li class="page-item {name}"><a{label} class="page-link" href="">{text}</a></li>'

    numbers = "".join(link(str(number), name="active" * (number == page)) for number in near)
    ends = link("«", ' aria-label="Previous"'), link("»", ' aria-label="Next"')
    return f'<ngb-pagination role="navigation"><ul class="pagination">{ends[0]}{numbers}{ends[1]}</ul></ngb-pagination>'


def document(item: Item, base: str) -> bytes:
    """Render the page of one item."""
    between = '<span class="separator">, </span>'
    fields = "".join(
        f"""<div class="simple-view-element"><h2 class="simple-view-element-header">{label}</h2>
<div class="simple-view-element-body">{between.join(f"<span>{value}</span>" for value in values)}</div></div>\n"""
        for label, values in values_of(item, LABELS)
    )
    title = f'<h1 class="item-page-title-field"><span class="dont-break-out">{escape(item.title)}</span></h1>'
    main = f"""<ds-item-page>{title}
{fields}<div><a class="btn" href="{base}{path(item)}/full"> Full item page </a></div></ds-item-page>"""
    return page_html(item.title, "", main)

"""The items of the test archive on pages of Blacklight."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from tests.support.platform_pages.shared import page_html, page_numbers, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.support.archive_pages import Item


_BLACKLIGHT = {
    "contributors": "Author",
    "kind": "Format",
    "language": "Language",
    "date": "Published",
    "summary": "Summary",
}


def path(item: Item) -> str:
    return f"/catalog/{item.slug}"


def listing(items: Sequence[Item], first: int, total: int, base: str) -> bytes:
    """Render a page of Blacklight's catalogue; on the last page the next page's link leads to `#`."""
    page, pages, near = page_numbers(first, total)
    last = first + len(items) - 1
    entries = f"<strong>{first:,}</strong> - <strong>{last:,}</strong> of <strong>{total:,}</strong>"
    entries = "<strong>1</strong> entry found" if total == 1 else entries if items else "No entries found"
    records = "".join(_record(first + place, item, base) for place, item in enumerate(items))
    nothing = '<h2>No results found for your search</h2><div id="documents" class="noresults"></div>'
    main = f"""<section id="content"><div id="sortAndPerPage" role="navigation"><div class="page-links">
<span class="page-entries">\n {entries} </span></div></div><h2 class="visually-hidden">Search Results</h2>
{f'<div id="documents" class="documents-list">{records}</div>' if items else nothing}
{_pager(page, pages, near, base) if pages > 1 else ""}</section>
<section id="sidebar"><div class="facet-limit">
<a class="facet-select" href="{base}/catalog?f%5Bformat%5D%5B%5D=Letter">Letter</a>
<span class="facet-count">{total:,}</span></div></section>"""
    head = f'<meta name="totalResults" content="{total}"><link rel="search" href="{base}/catalog/opensearch.xml">'
    return page_html("Blacklight Search Results", "blacklight-catalog blacklight-catalog-index", main, head=head)


def _fields(item: Item, labels: dict[str, str]) -> str:
    return "".join(
        f'<dt class="blacklight-{label.lower()} col-md-3"> {label}:\n</dt>'
        + "".join(f'<dd class="col-md-9 blacklight-{label.lower()}">{value}</dd>' for value in values)
        for label, values in values_of(item, labels)
    )


def _record(number: int, item: Item, base: str) -> str:
    address = f"{base}{path(item)}"
    return f"""
<article data-document-counter="{number}" class="document document-position-{number}">
<div class="document-main-section">
<header class="documentHeader row"><h3 class="index_title document-title-heading col h5">
<span class="document-counter">{number}. </span><a data-context-href="{address}/track?counter={number}" itemprop="name"
 href="{address}">{escape(item.title)}</a></h3></header>
<dl class="document-metadata dl-invert row">{_fields(item, _BLACKLIGHT)}</dl></div></article>"""


def _pager(page: int, pages: int, near: Iterable[int], base: str) -> str:
    def link(number: int, text: str, rel: str = "") -> str:
        address = f"{base}/catalog?page={number}" if 0 < number <= pages else "#"
        rel = f' rel="{rel}"' if rel else ""
        return f'<li class="page-item"><a{rel} class="page-link" href="{address}">{text}</a></li>'

    numbers = "".join(link(number, f"{number:,}", "next" * (number == page + 1)) for number in near)
    ends = link(page - 1, "&laquo; Previous", "prev"), link(page + 1, "Next &raquo;", "next")
    return f'<nav class="paginate-section"><ul class="pagination">{ends[0]}{numbers}{ends[1]}</ul></nav>'


def document(item: Item, base: str) -> bytes:
    """Render Blacklight's page of one record."""
    labels = {"title": "Title", **_BLACKLIGHT, "subjects": "Subject", "location": "Source"}
    main = f"""<section class="show-document"><div class="page-links"><strong>1</strong> of <strong>2,345</strong></div>
<div id="document" class="document"><header class="documentHeader row"><h1>
<span itemprop="name">{escape(item.title)}</span></h1></header>
<dl class="document-metadata dl-invert row">{_fields(item, labels)}</dl></div></section>
<section class="page-sidebar"><h2>Tools</h2><a href="{base}{path(item)}/citation">Cite</a></section>"""
    return page_html(item.title, "blacklight-catalog blacklight-catalog-show", main)

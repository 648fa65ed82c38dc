"""The items of the test archive on pages of VuFind."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from tests.support.platform_pages.shared import page_html, page_numbers, summary, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.support.archive_pages import Item

LABELS = {
    "contributors": "Main Author",
    "kind": "Format",
    "language": "Language",
    "date": "Published",
    "subjects": "Subjects",
    "location": "Source",
}


def path(item: Item) -> str:
    return f"/Record/{item.record_id}"


def listing(items: Sequence[Item], first: int, total: int, base: str) -> bytes:
    """Render a page of results: the range stands there twice, links carry the search's number."""
    page, pages, near = page_numbers(first, total)
    last = first + len(items) - 1
    shown = f"Showing <strong>{first:,} - {last:,}</strong> results of <strong>{total:,}</strong>"
    spoken = f'<span class="sr-only" role="heading" aria-level="1">{shown}</span>' if items else ""
    stats = f'<span class="js-search-stats">{shown}</span><span class="search-query-time">, query time: 0.07s</span>'
    nothing = "<p>Your search - <strong></strong> - did not match any resources.</p>"
    records = "".join(_record(first + place, item, base) for place, item in enumerate(items))
    main = f"""{spoken}<h1 class="sr-only">Search Results</h1>
<div class="mainbody right"><div class="search-header hidden-print">
<div class="search-stats" data-record-total="{total}">{stats if items else "<h2>No Results!</h2>"}</div></div>
{f'<ol class="record-list" start="{first}">{records}</ol>' if items else nothing}
{_pager(page, pages, near) if pages > 1 else ""}</div>
<div class="sidebar left" id="search-sidebar"><h2>Refine Results</h2>
<a class="facet" href="?filter%5B%5D=format%3A%22Letter%22"><span class="text">Letter</span>
<span class="badge">{total:,}</span></a></div>"""
    return page_html("Search Results", "template-dir-search template-name-results", main)


def _record(number: int, item: Item, base: str) -> str:
    address = base + path(item)
    author = f'<a href="{base}/Author/Home" class="result-author">'
    authors = ",".join(f"{author}{escape(name)}</a>" for name in item.contributors)
    snippet = f"<strong>Abstract:</strong> “...{escape(summary(item))}...”<br>" if item.summary else ""
    return f"""
<li class="result" data-record-number="{number}"><div class="record-number">\n {number} </div>
<input type="hidden" value="{item.record_id}" class="hiddenId">
<div class="media"><div class="media-body"><div class="result-body">
<h2><a href="{address}?sid=83412" class="title getFull" data-view="full">\n {escape(item.title)} </a>
<span class="authors">\n by {authors}</span></h2>
<div>{f"Published {escape(item.date)}" if item.date else ""}</div>{snippet}
<div class="result-formats"><span class="format">{escape(item.kind or "")}</span></div></div>
<div class="result-links hidden-print"><a href="{address}/Save" class="save-record">Save to List</a></div>
</div></div></li>"""


def _pager(page: int, pages: int, near: Iterable[int]) -> str:
    def link(number: int, text: str, name: str = "") -> str:
        address = f"?lookfor=&amp;type=AllFields{f'&amp;page={number}' if number > 1 else ''}"
        return f'<li class="page-item {name}"><a class="page-link" href="{address}">\n {text} </a></li>'

    before = link(page - 1, "Prev", "page-prev") if page > 1 else ""
    after = link(page + 1, "Next", "page-next") + link(pages, f"[{pages}]", "page-last") if page < pages else ""
    numbers = "".join(link(number, str(number), "active" * (number == page)) for number in near)
    return f'<nav aria-label="Pagination"><ul class="pagination">{before}{numbers}{after}</ul></nav>'


def document(item: Item, base: str) -> bytes:
    """Render the page of one record."""
    rows = "".join(
        f"<tr><th>{label}:</th><td>{'<br>'.join(values)}</td></tr>\n" for label, values in values_of(item, LABELS)
    )
    abstract = f"<p>{escape(summary(item))}</p>" if item.summary else ""
    main = f"""<div class="record sourceSolr"><input type="hidden" value="{item.record_id}" class="hiddenId">
<div class="media-body"><h1 property="name">{escape(item.title)}  </h1>{abstract}
<div class="savedLists"><strong>Saved in:</strong></div>
<table class="table table-striped"><caption class="sr-only">Bibliographic Details</caption>{rows}</table></div>
<ul class="nav nav-tabs"><li><a href="{base}{path(item)}/Details#tabnav">Staff View</a></li></ul></div>"""
    return page_html(item.title, "template-dir-record template-name-view", main)

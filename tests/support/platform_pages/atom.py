"""The items of the test archive on pages of AtoM."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from tests.support.platform_pages.shared import Fields, page_html, page_numbers, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.support.archive_pages import Item

LABELS = {
    "title": "Title",
    "contributors": "Name of creator",
    "archive": "Repository",
    "location": "Archival history",
    "language": "Language of material",
    "subjects": "Subject access points",
    "places": "Place access points",
}
CLASSES = {
    "Reference code": "referenceCode",
    "Title": "title",
    "Date(s)": "creationDates",
    "Level of description": "levelOfDescription",
    "Scope and content": "scopeAndContent",
}
"""The classes of values that have one."""


def path(item: Item) -> str:
    return f"/{item.slug}"


def listing(items: Sequence[Item], first: int, total: int, base: str) -> bytes:
    """Render a page of the browse page."""
    page, pages, near = page_numbers(first, total)
    heading = f"Showing {total} results" if total else "No results found"
    pager = _pager(first, first + len(items) - 1, total, page, pages, near, base) if pages > 1 else ""
    records = "".join(_record(item, base) for item in items)
    content = f'<div id="content">{records}</div>' if total else ""
    main = f"""
<div id="sidebar"><h2>Narrow your results by:</h2><div class="accordion-item aggregation"><a class="list-group-item"
 href="{base}/informationobject/browse?levels=231" title="Item, {total} results{total}">Item<span
 class="visually-hidden">, {total} results</span></a></div></div>
<div id="main-column" role="main"><div class="multiline-header"><h1 class="mb-0">{heading}</h1>
<span class="small" id="heading-label">Archival description</span></div>{content}{pager}</div>"""
    return page_html("Archival description", "informationobject browse", main)


def _record(item: Item, base: str) -> str:
    parts = [f'<span class="text-primary">F {item.number}</span>', '<span class="text-muted">Item</span>']
    parts += [f'<span class="text-muted">\n {escape(item.date)} </span>'] if item.date else []
    scope = "".join(f"<p>{escape(text)}</p>" for text in item.summary)
    title = escape(item.title)
    return f"""
<article class="search-result row g-0 p-3 border-bottom"><div class="col-12 d-flex flex-column gap-1">
 <div class="d-flex align-items-center gap-2"><a class="h5 mb-0 text-truncate" href="{base}{path(item)}"
  title="{title}">{title}</a><button class="btn clipboard"><span class="visually-hidden">Add to clipboard</span>
</button></div>
 <div class="d-flex flex-column gap-2"><div class="d-flex flex-column"><div class="d-flex flex-wrap">
 {'<span class="text-muted mx-2"> · </span>'.join(parts)}</div>
 <span class="text-muted">Part of <a href="{base}/papers" title="Papers">Papers</a></span></div>
 {f'<span class="text-block d-none">{scope}</span>' if scope else ""}
 <span class="text-muted">{escape(item.contributors[0])}</span></div></div></article>"""


def _pager(first: int, last: int, total: int, page: int, pages: int, near: Iterable[int], base: str) -> str:
    def link(number: int, text: str) -> str:
        address = f"{base}/informationobject/browse?page={number}"
        return f'<li class="page-item"><a class="page-link" href="{address}">{text}</a></li>'

    def disabled(text: str) -> str:
        return f'<li class="page-item disabled"><a class="page-link" href="#" tabindex="-1">{text}</a></li>'

    here = f'<li class="page-item active" aria-current="page"><span class="page-link">{page}</span></li>'
    numbers = "".join(here if number == page else link(number, str(number)) for number in near)
    before = link(page - 1, "Previous") if page > 1 else disabled("Previous")
    after = link(page + 1, "Next") if page < pages else disabled("Next")
    return f"""
<nav aria-label="Page navigation"><div class="result-count text-center mb-2">
 Results {first} to {last} of {total} </div>
<ul class="pagination justify-content-center">{before}{numbers}{after}</ul></nav>"""


def document(item: Item, base: str) -> bytes:
    """Render the page of one description."""
    dates = [f"{escape(item.date)} (Creation)"] if item.date else []
    scope = "".join(f"<p>{escape(text)}</p>" for text in item.summary)
    fields: Fields = [("Reference code", [f"F {item.number}"]), *values_of(item, LABELS), ("Date(s)", dates)]
    fields += [("Level of description", ["Item"]), ("Scope and content", [scope] if scope else [])]
    shown = "".join(
        f'<div class="field text-break row g-0"><h3 class="h6 lh-base m-0 text-muted col-3">{label}</h3>'
        f'<div class="{CLASSES.get(label, "")} col-9 p-2">{_listed(values, label)}</div></div>\n'
        for label, values in fields
        if values
    )
    main = f"""<div id="main-column" role="main"><h1>Item F {item.number} - {escape(item.title)}</h1>
<nav aria-label="breadcrumb" id="breadcrumb"><ol><li><a href="{base}/papers">Papers</a></li></ol></nav>
<div id="content"><section id="identityArea"><h2>Identity area</h2>{shown}</section></div></div>"""
    return page_html(item.title, "informationobject index", main)


def _listed(values: Sequence[str], label: str) -> str:
    return (
        values[0]
        if len(values) == 1 and label != "Date(s)"
        else "<ul>" + "".join(f"<li>{value}</li>" for value in values) + "</ul>"
    )

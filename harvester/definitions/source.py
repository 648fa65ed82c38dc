"""Makes the Source of a definition."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harvester.definitions.templates import (
    RANGE_TEMPLATES,
    address_pattern,
    any_of,
    line_pattern,
    literal_of,
    name_pattern,
    parameters_of,
)
from harvester.source import MAIN, Addresses, DocumentForm, HtmlListing, Minimum, Pager, Selectors, Source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harvester.definitions.model import AssertTable, Definition, DocumentTable, ListingTable, PagerTable


def source_of(definition: Definition, name: str) -> Source:
    """Return the source that a definition describes."""
    parts = urlsplit(definition.address)
    labels = tuple(definition.labels.items())
    forms = (
        *([_document(definition.document, labels)] if definition.document else []),
        *([_listing(definition.listing, labels)] if definition.listing else []),
    )
    if definition.pager and definition.pager.next:  # the link may stand anywhere on the page
        forms = tuple(replace(form, slices=()) for form in forms)
    return Source(
        name=name,
        title=definition.title,
        hosts=(str(parts.hostname), *definition.hosts),
        forms=forms,
        pager=_pager(definition.pager, parts.path) if definition.pager else None,
        paths=tuple(address_pattern(path, parts.path) for path in definition.pages),
        addresses=_addresses(definition, parts.path),
        span_days=definition.span_days,
        date_order=definition.dates,
        origin=f"{parts.scheme}://{parts.netloc.lower()}",
        short_years=definition.short_years,
        minimum=_minimum(definition.assertions),
        verified=definition.verified,
        declares_nothing=definition.listing is not None and "nothing" in definition.listing.declares,
    )


def _addresses(definition: Definition, base: str) -> Addresses | None:
    if not definition.items:
        return None
    addressed = (*definition.items, *definition.files)
    return Addresses(
        tuple(dict.fromkeys(map(_in_links, definition.items))),
        any_of(address_pattern(item, base) for item in definition.items),
        any_of(address_pattern(file, base) for file in definition.files) or None,
        parameters=tuple(dict.fromkeys(name for item in addressed for name in parameters_of(item))),
    )


def _in_links(item: str) -> str:
    """Return a text that each link to such an item contains; a link may be no more than a query."""
    parameter = next((f"{name}=" for name in parameters_of(item)), None)
    return parameter or literal_of(item).lstrip("/") or "/"


def _pager(table: PagerTable, base: str) -> Pager:
    return Pager(
        base + table.path if table.path != "/" else base,
        table.size,
        parameter=table.offset or table.page or "page",
        start=(1 if table.page_path else 0) if table.begin is None else table.begin,
        step=table.size if table.offset else 1,
        filters=any_of(name_pattern(name) for name in table.filters) if table.filters else r"f\[\d*\]",
        text=table.search,
        order=table.order,
        newest_first=table.newest_first,
        ceiling=table.ceiling,
        query=tuple(table.query.items()),
        page_path=table.page_path,
        next=table.next,
    )


def _listing(table: ListingTable, labels: tuple[tuple[str, str], ...]) -> HtmlListing:
    return HtmlListing(
        "listing",
        marks=_bytes(table.signs),
        labels=labels,
        range_line=any_of(line_pattern(line) for line in _declared(table.declares)) or None,
        single=any_of(map(line_pattern, table.single)) or None,
        noise=tuple(map(line_pattern, table.noise)),
        ends_at=table.ends_at,
        date_behind_title=table.date_after_title,
        labelled_values=True,
        nothing_found=tuple(map(line_pattern, table.empty)),
        heading=table.heading,
        slices=_slices(table.between, table.record or ""),
        keeps_others=True,
        date_as=any_of(map(line_pattern, table.date_as)) or None,
        selectors=_selectors(table),
    )


def _selectors(table: ListingTable) -> Selectors | None:
    if table.record is None:
        return None
    fields, columns, above = (tuple((one or {}).items()) for one in (table.fields, table.columns, table.above))
    return Selectors(table.record, fields, columns, table.key, table.label, table.spans, above)


def _declared(lines: Iterable[str]) -> list[str]:
    """Return the templates of the lines, the words `range` and `nothing` replaced by what they stand for."""
    words = {"range": RANGE_TEMPLATES, "nothing": ()}
    return [template for line in lines for template in words.get(line, (line,))]


def _document(table: DocumentTable, labels: tuple[tuple[str, str], ...]) -> DocumentForm:
    return DocumentForm(
        "document",
        marks=_bytes(table.signs),
        labels=labels,
        title=table.title,
        date=table.date,
        summary=table.summary,
        credit=table.credit,
        fields=table.blocks,
        label=table.label,
        value=table.value,
        panes=table.texts,
        summary_is_field=True,
        node_path=r"node/(\d{1,12})" if table.drupal else None,
        slices=_slices(table.between),
        keeps_others=True,
        date_as=any_of(map(line_pattern, table.date_as)) or None,
    )


def _minimum(table: AssertTable) -> Minimum | None:
    wanted = Minimum(table.min_records or 0, table.min_dated or 0)
    return wanted if wanted != Minimum() else None


def _slices(pairs: Iterable[tuple[str, str]], record: str = "") -> tuple[tuple[bytes, bytes], ...]:
    """Return between which bytes all stands that is read. A selector of steps may begin outside of what is usual."""
    usual = () if any(sign in record.strip() for sign in " >+") else MAIN
    return (*((begin.encode(), end.encode()) for begin, end in pairs), *usual)


def _bytes(texts: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(text.encode() for text in texts)

"""Writes what pages teach as a definition in TOML, each choice with its evidence as a comment."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Literal

from harvester.definitions.templates import LONGEST
from harvester.learn.confirm import hundred_years
from harvester.learn.learner import date_order_of
from harvester.learn.words import DAY_FIRST
from harvester.parsers.dates_within import RECENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harvester.learn.archive import Archive
    from harvester.learn.learner import Learned
    from harvester.learn.rows import Place
    from harvester.learn.selectors import Fields
    from harvester.source import DateOrder

Selected = Literal["nothing", "blocks", "fields"]
"""What a definition selects; the rest is read by its structure."""
BY_COUNTRY = "as the country of its host writes them; no page shows it"
_LONGEST_COMMENT = 100
PARAMETER = re.compile(r"[\w.\[\]:-]{1,80}")
"""A parameter whose name can be written in `query`."""


def write(
    pages: Sequence[Learned],
    archive: Archive,
    fields: Fields,
    *,
    title: str,
    doubts: Sequence[str],
    selected: Selected,
    place: Place | None,
) -> str:
    """Return the definition that pages of one listing teach. `doubts`: why it is not verified; none if it is.

    `place`: where the records begin. `selected`: whether they, or they and their fields, are selected; the rest is
    read by its structure.
    """
    learned = pages[0]
    lines = [
        *head_of(len(pages), doubts),
        line_of("title", title),
        line_of("address", archive.origin, "" if archive.is_known else "no page states it: write it here"),
        *([line_of("hosts", list(archive.hosts), "records link there, too")] if archive.hosts else []),
        *_items(pages, archive),
        *_dates(pages, archive, fields),
        *_pager(learned, archive),
        *_listing(learned, fields, place if selected != "nothing" else None, selected),
        *_labels(fields, selected),
        "[assert]",
        line_of("min_records", len(learned.records), "as many as the first page has"),
    ]
    return "\n".join(lines) + "\n"


def head_of(pages: int, doubts: Sequence[str]) -> Iterator[str]:
    """Yield the first lines of a definition that is learned from so many pages: how sure it is."""
    yield f"# Learned from {_number(pages, 'page')}: correct what is wrong, and check it with"
    yield "# `harvester sources check NAME PAGE…`."
    yield from (f"# Not verified: {_comment(doubt)}" for doubt in doubts)
    if doubts:
        yield line_of("verified", False, "a harvest by it is never called complete")


def _items(pages: Sequence[Learned], archive: Archive) -> Iterator[str]:
    records = [record for page in pages for record in page.records]
    linked = sum(record.href is not None for record in records)
    if archive.items:
        items = list(archive.items)
        yield line_of("items", items[0] if len(items) == 1 else items, f"{linked} of {len(records)} records link there")


def date_order_by(pages: Sequence[Learned], archive: Archive, fields: Fields) -> tuple[DateOrder | None, str]:
    """Return in which order dates of numbers are written, and what shows it; the country of a host is a guess only."""
    order = date_order_of(pages)
    if order:
        return order, "as all days after the twelfth show"
    if fields.has_dotted_dates:
        return "day-month", "numbers with dots are written so"
    if not fields.has_ambiguous_dates:
        return None, ""
    if fields.sorted_order:
        return fields.sorted_order, "so read they are sorted, and only so"
    language = pages[0].tree.language
    if DAY_FIRST.match(language):
        return "day-month", f"so are they written in the language of the page, {language}"
    return archive.date_order, BY_COUNTRY


def _dates(pages: Sequence[Learned], archive: Archive, fields: Fields) -> Iterator[str]:
    order, why = date_order_by(pages, archive, fields)
    if order:
        yield line_of("dates", order, why)
    if fields.has_short_years:
        years = hundred_years(pages)
        why = "their years have two digits" + ("" if years else ", and no other year shows of which hundred they are")
        yield line_of("short_years", years or RECENT, why)


def _pager(learned: Learned, archive: Archive) -> Iterator[str]:
    pager = learned.pager
    if pager is None or archive.listing is None:
        yield "# No [pager]: how its pages are addressed is not shown; it is read from saved pages."
        return
    why = "links show the numbers of their pages" if pager.agrees else "a link leads to the next page"
    yield "[pager]"
    yield line_of("path", archive.listing)
    yield line_of("size", learned.size, "records on a full page")
    if pager.kind == "next":
        yield line_of("next", pager.next, why)
        return
    if pager.kind == "page_path":
        yield line_of("page_path", archive.page_path, why)
    else:
        yield line_of(pager.kind, pager.name, why)
    yield line_of("begin", pager.begin)
    other = {name: value for name, value in pager.other if value.strip() and PARAMETER.fullmatch(name)}
    if other:
        pairs = ", ".join(f"{json.dumps(name)} = {_value(value)}" for name, value in other.items())
        yield f"query = {{ {pairs} }}"


def _listing(learned: Learned, fields: Fields, place: Place | None, selected: Selected) -> Iterator[str]:
    declared = learned.declared
    yield "[listing]"
    if declared is None:
        yield line_of("declares", "nothing", "no line states how many there are: only two equal walks prove a harvest")
    elif declared.kind == "range" and declared.known_words:
        yield line_of("declares", "range", f"“{declared.line}”")
    elif len(template := _shortened(declared.template)) <= LONGEST:
        yield line_of("declares", template, f"“{declared.line}”")
    else:
        yield line_of("declares", "nothing", f"too long to be written as a template: “{declared.line}”")
    if place:
        yield line_of("record", place.selector, f"{len(learned.records)} alike blocks")
        if selected == "fields" and fields.key:
            yield line_of("key", "record_id", "its records have no links")
        if place.spans:
            yield line_of("spans", True, "each with what follows it")
        yield from _fields(fields) if selected == "fields" else ()


def _shortened(template: str) -> str:
    """Return a template that is too long without what follows its last number that counts."""
    end = max(template.rfind(f"{{{name}}}") + len(name) + 2 for name in ("first", "last", "total", "page", "pages"))
    return template if len(template) <= LONGEST else template[:end] + "{*}"


def _fields(fields: Fields) -> Iterator[str]:
    columns = fields.named_columns
    selectors = {} if columns else fields.selectors
    if columns:
        yield "[listing.columns]"
        for head, (field, why) in columns.items():
            yield f"{json.dumps(head, ensure_ascii=False)} = {_value(field)}{_remark(why)}"
    if selectors:
        yield "[listing.fields]"
        yield from (line_of(field, selector, why) for field, (selector, why) in selectors.items())
    if fields.above:
        yield "[listing.above]"
        yield line_of("date", fields.above.slot.selector, fields.above.why)


def _labels(fields: Fields, selected: Selected) -> Iterator[str]:
    named = fields.named_labels if selected == "fields" else {}
    others = [slot.heading for slot in fields.labels if slot.heading not in named]
    if named:
        yield "[labels]"
        yield from (f"{_value(label)} = {_value(field)}  # stands before it" for label, field in named.items())
    if others:
        yield f"# Labels that its records have: {_comment(', '.join(others))}"


def line_of(key: str, value: object, why: str = "") -> str:
    """Return a line of a definition, with its evidence as a comment."""
    return f"{key} = {_value(value)}{_remark(why)}"


def _value(value: object) -> str:
    """Return a value as TOML has it: JSON's texts, numbers and lists are TOML's, too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _remark(why: str) -> str:
    return f"  # {_comment(why)}" if why else ""


def _comment(text: str) -> str:
    """Return a text of a page as part of a comment: one line, without control characters."""
    line = " ".join(re.sub(r"[^\w\s!-~–—“”‘’«»…]", "", text).split())
    return line if len(line) <= _LONGEST_COMMENT else line[: _LONGEST_COMMENT - 1] + "…"


def _number(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("s" if number != 1 else "")

"""Prints records as the archive's text forms do. It follows the archive, and knows nothing of the parser."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Item:
    """A record as the archive holds it: the title's lines, and the lines of each paragraph of the summary."""

    date: str | None
    title: tuple[str, ...]
    summary: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Seen:
    """A record as a reader of the page would write it down."""

    date: str | None
    title: str
    summary: str | None


def seen(item: Item) -> Seen:
    paragraphs = ["\n".join(line.strip() for line in lines) for lines in item.summary]
    return Seen(item.date, " ".join(line.strip() for line in item.title), "\n\n".join(paragraphs) or None)


def blocks_of(item: Item) -> list[str]:
    date = [] if item.date is None else [item.date]
    return [*date, *("\n".join(lines) for lines in (item.title, *item.summary))]


def form_a(items: list[Item], *, first: int = 1, total: int | None = None) -> str:
    """Print a page of the new site. A listing of a single page has no pager."""
    last = first + len(items) - 1
    total = last if total is None else total
    header = ["Skip to content", "Results:", f"{first} - {last} of {total}", "Documents"]
    pager = ["Pagination"] if total > len(items) else []
    return "\n\n".join([*header, *(block for item in items for block in blocks_of(item)), *pager])


def form_b(items: list[Item], *, first: int = 1, total: int | None = None) -> str:
    """Print the same page by the extractor that drops every line of one word."""
    return "\n".join(drop_lone_words(form_a(items, first=first, total=total).split("\n")))


def drop_lone_words(lines: list[str]) -> list[str]:
    return [line for line in lines if len(line.split()) != 1]


def lost_in_b(item: Item) -> Item:
    """Return a record without what form B loses. A lost title is empty."""
    summary = (tuple(drop_lone_words(list(lines))) for lines in item.summary)
    date = item.date and next(iter(drop_lone_words([item.date])), None)
    return Item(date, tuple(drop_lone_words(list(item.title))), tuple(lines for lines in summary if lines))


def old_site(item: Item) -> Item:
    """Return a record with its date as the old site prints it: `July 09, 1956`, and `March, 1960` with a comma."""
    if item.date is None:
        return item
    padded = re.sub(r" (\d),", r" 0\1,", item.date)
    return replace(item, date=re.sub(rf"^({MONTH}) (\d{{4}})$", r"\1, \2", padded))


def form_d(items: list[Item]) -> str:
    """Print a page of the old site: a bullet opens each record, the rest is indented."""
    header = ["Search in", "Digital Archive International History Declassified", "No image found.", "Some Collection"]
    about = "Sources on a subject, collected from archives in many countries."
    return "\n\n".join([*header, about, *(_bulleted(old_site(item)) for item in items)])


def _bulleted(item: Item) -> str:
    first, *rest = blocks_of(item)
    indented = ["    " + block.replace("\n", "\n    ") for block in rest]
    return "\n\n".join(["  • " + first.replace("\n", "\n    "), *indented])


def one_line_each(item: Item) -> Item:
    """Return a record as it is on a page with one line for each part."""
    flat = tuple(" ".join(lines) for lines in item.summary)
    return replace(item, title=(" ".join(item.title),), summary=((" ".join(flat),),) if flat else ())


def form_e(items: list[Item]) -> str:
    """Print a page of the old site's search: a hyphen opens each record."""
    records = ("\n".join(["-", *blocks_of(one_line_each(old_site(item)))]) for item in items)
    return "\n".join(["SEARCH RESULTS", *records])

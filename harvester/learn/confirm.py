"""What speaks against a definition: what it reads in the pages that it was learned from, beside what was seen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harvester.learn.fields import MOST_ROWS
from harvester.model import Listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harvester.learn.learner import Learned
    from harvester.model import Page, Record

ONE_PAGE = "one page only: give a second one of the same listing"
_MOSTLY = 0.8
_MOST_SHARED = 0.5
"""Records that two pages may share, if the archive grew between them; more are boxes that every page has."""


def doubts_of(pages: Sequence[Learned], read: Sequence[Page]) -> list[str]:
    """Return why a definition is not verified; none if two pages confirm it. `read`: the pages as it reads them."""
    found = [doubt for page, listing in zip(pages, read, strict=True) for doubt in _of_page(page, listing)]
    if len(pages) < 2:
        return [*dict.fromkeys(found), ONE_PAGE]
    listings = [page for page in read if isinstance(page, Listing)]
    return list(dict.fromkeys([*found, *(_of_two(listings[0], listings[1]) if len(listings) > 1 else ())]))


def _of_page(page: Learned, read: Page) -> Iterator[str]:
    if not isinstance(read, Listing):
        yield f"a page is not read: {getattr(read, 'message', 'it is no listing')}"
        return
    if len(read.records) != len(page.records):
        yield f"{len(read.records)} records are read of {len(page.records)} that were seen"
    if page.declared is not None and page.declared.count not in (None, len(read.records)):
        yield f"“{page.declared.line}” declares {page.declared.count} records, {len(read.records)} are read"
    if not page.verdict.convinced:
        yield "a page may be no listing"
    yield from (problem.message for problem in read.problems if problem.severity == "error")
    yield from _of_fields(page, read.records)


def _of_fields(page: Learned, read: Sequence[Record]) -> Iterator[str]:
    pairs = [(record.title, seen.title) for record, seen in zip(read, page.records, strict=False) if seen.title]
    if sum(same_words(title, seen) for title, seen in pairs) < _MOSTLY * len(pairs):
        yield "titles were seen that are not read"
    if len({record.title for record in read}) < _MOSTLY * len(read):
        yield "many records have the same title"
    if _dated(page) >= _MOSTLY > _share(read):
        yield "dates were seen that are not read"


def same_words(one: str, other: str) -> bool:
    """Return whether two texts have the same words; what stands between them may differ."""
    return re.findall(r"\w+", one) == re.findall(r"\w+", other)


def _dated(page: Learned) -> float:
    return len(page.date.slot.values) / min(len(page.records), MOST_ROWS) if page.date else 0.0


def _share(records: Sequence[Record]) -> float:
    return sum(bool(record.date.edtf) for record in records) / max(1, len(records))


def _of_two(one: Listing, other: Listing) -> Iterator[str]:
    """Yield what speaks against two listings being two pages of one."""
    keys = [{record.url or record.record_id for record in page.records} for page in (one, other)]
    shared = len(keys[0] & keys[1])
    if shared > _MOST_SHARED * min(map(len, keys)):
        yield f"both pages have the same {shared} records: give another page of the listing"
    filled = [_share(page.records) for page in (one, other)]
    if abs(filled[0] - filled[1]) > 1 - _MOSTLY:
        yield "one page has dates, the other has none"
    ranges = [(page.first, page.last, page.declared_total) for page in (one, other)]
    if all(first is not None for first, _, _ in ranges) and ranges[0][2] == ranges[1][2]:
        first, second = sorted((start or 0, last or 0) for start, last, _ in ranges)
        if second[0] <= first[1]:
            yield "the pages' ranges overlap: give another page of the listing"

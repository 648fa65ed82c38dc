"""What speaks against a definition: what it reads in the pages that it was learned from, beside what was seen."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from harvester.config.toml_file import SettingsError
from harvester.learn.archive import are_of_one
from harvester.learn.fields import MOST_ROWS
from harvester.model import Listing
from harvester.parsers.dates import read_date
from harvester.parsers.dates_within import only_date, short_years
from harvester.parsers.parse import parse
from harvester.registry import load_definition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harvester.learn.learner import Learned
    from harvester.learn.selectors import Fields
    from harvester.model import Capture, Page, Record
    from harvester.parsers.html.forms import EngineChoice

ONE_PAGE = "one page only: give a second one of the same listing"
LARGE = 200_000
"""Bytes of a page that the reference engine takes long to read."""
_FEW, _OFTEN, _MOSTLY = 0.05, 0.6, 0.8
_NEARLY_ALL = 0.9
_SHORT_PAGE = 3
"""Records of a last page, which may have the same title by chance."""
_LONG = 20
"""Records of a listing that has one page only."""
_LONGEST_TITLES = 200
"""Characters of titles on average, from which on they are none."""


def doubts_of(pages: Sequence[Learned], fields: Fields, read: Sequence[Page]) -> list[str]:
    """Return why a definition is not verified; none if two pages confirm it. `read`: the pages as it reads them."""
    found = [
        doubt
        for at, (page, listing) in enumerate(zip(pages, read, strict=True))
        for doubt in (*_of_page(page, listing, at), *_of_fields(fields, at, listing))
    ]
    if fields.has_short_years and hundred_years(pages) is None:
        found.append("years have two digits, and nothing shows of which hundred they are: write `short_years`")
    if len(pages) < 2:
        return [*dict.fromkeys(found), ONE_PAGE]
    if not are_of_one(*pages[:2]):
        found.append("nothing shows that both pages are of one archive: give two of one listing")
    one, other = read[:2]
    if isinstance(one, Listing) and isinstance(other, Listing):
        found += _of_dates_of_two(one, other)
        found += () if _has_grown(pages[:2], (one, other)) else _of_pages(one, other)
    found += _of_what_stands_apart(pages)
    return list(dict.fromkeys(found))


def _has_grown(pages: Sequence[Learned], read: Sequence[Listing]) -> bool:
    """Return whether two pages are one of different times: a listing of one page, nearly all of which it is, that grew.

    What is on both is read alike, and has dates: menus have none, and boxes of news are a small part of a page.
    """
    one, other = ({key_of(record): (record.title, record.date) for record in page.records} for page in read)
    shared = one.keys() & other.keys()
    return (
        not any(page.pager or page.declared or page.evidence.share < _OFTEN for page in pages)
        and min(map(_dated, read)) >= _NEARLY_ALL
        and len(shared) * 2 >= min(len(one), len(other)) >= _LONG
        and one.keys() != other.keys()
        and sum(one[key] == other[key] for key in shared) >= _NEARLY_ALL * len(shared)  # an archive corrects some
    )


def doubts_of_listings(read: Sequence[Listing]) -> list[str]:
    """Return why pages do not confirm a definition that is known to read all their records; none if two of them do."""
    found = [doubt for page in read for doubt in _of_dates(page)]
    return list(dict.fromkeys([*found, *(_of_pages(read[0], read[1]) if len(read) > 1 else [ONE_PAGE])]))


def read_by(text: str, name: str, captures: Sequence[Capture], engine: EngineChoice = "auto") -> tuple[Page, ...]:
    """Return the pages as a definition in TOML reads them; none if it is no definition."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"{name}.toml")
        file.write_text(text, encoding="utf-8")
        try:
            source = load_definition(file)
        except SettingsError:  # a page says something that the language cannot
            return ()
    return tuple(parse(capture, source, engine) for capture in captures)


def hundred_years(pages: Sequence[Learned]) -> int | None:
    """Return the first of the hundred years of dates: the addresses of records show it, or else the whole pages."""
    addresses = [link.href.encode() for page in pages for link in page.links]
    return short_years(addresses) or short_years(page.data for page in pages)


def agreement(fields: Fields, read: Sequence[Page]) -> float:
    """Return the share of the titles and dates that were seen which are read; 0 if other records are read."""
    wanted = right = 0
    for at, (rows, page) in enumerate(zip(fields.pages, read, strict=True)):
        if not isinstance(page, Listing) or len(page.records) != len(rows.group.blocks):
            return 0.0
        for number, record in enumerate(page.records[:MOST_ROWS]):
            title, date = fields.title_of(at, number), fields.date_of(at, number)
            wanted += 2 * bool(title) + _is_dated(date)
            right += 2 * (bool(title) and same_words(record.title, title))
            right += _is_dated(date) and _is_read(date or "", record)
    return right / wanted if wanted else 1.0


def _is_dated(text: str | None) -> bool:
    return only_date(text or "") is not None


def _is_read(seen: str, record: Record) -> bool:
    """Return whether the date that was seen in a text is read; its year may be written in full."""
    numbers = re.findall(r"\d+", record.date.text or "")
    return bool(record.date.edtf) and all(number[-2:].lstrip("0") in seen for number in numbers)


def _of_page(page: Learned, read: Page, at: int) -> Iterator[str]:
    if not isinstance(read, Listing):
        yield f"a page is not read: {getattr(read, 'message', 'it is no listing')}"
        return
    if len(read.records) != len(page.records):
        yield f"{len(read.records)} records are read of {len(page.records)} that were seen"
    if page.declared is not None and page.declared.count not in (None, len(read.records)):
        yield f"“{page.declared.line}” declares {page.declared.count} records, {len(read.records)} are read"
    if page.unread is not None and page.unread.count not in (None, len(read.records)):
        yield f"“{page.unread.line}” is not read, and declares {page.unread.count} records"
    if at == 0 and not page.verdict.convinced:  # a further page may be the last one, with two records
        yield "a page may be no listing"
    twice = len({(key_of(one), one.title) for one in read.records}) - len(set(map(key_of, read.records)))
    if twice > _FEW * len(read.records):  # a few documents are of two cases
        yield f"{twice} records stand twice on a page, with different titles"
    yield from _of_errors(read)


def _of_errors(read: Listing) -> Iterator[str]:
    """Yield the errors of a page, but those that say nothing against what is read of it, and that harvests repeat.

    These are that the page is cut off, and a few rows without a link: records that have none yet.
    """
    errors = [problem for problem in read.problems if problem.severity == "error" and problem.code != "cut-off"]
    unlinked = sum(problem.code == "row-without-link" for problem in errors)
    few = unlinked <= _FEW * len(read.records)
    yield from (problem.message for problem in errors if not (few and problem.code == "row-without-link"))


def _of_what_stands_apart(pages: Sequence[Learned]) -> Iterator[str]:
    """Yield what looks like a record outside of the listing, on one page only and where no range says how many."""
    for page in pages:
        others = {link.key for other in pages if other is not page for link in other.all_links}
        ranged = page.declared is not None and page.declared.count is not None
        apart = [title for key, title in page.apart.items() if key not in others and title]
        if apart and not ranged:
            yield f"“{apart[0][:60]}” stands apart from the records, and may be one: {len(apart)} such on a page"


def _of_fields(fields: Fields, at: int, page: Page) -> Iterator[str]:
    """Yield what is not read of the fields that were seen on a page, or cannot be what it is taken for."""
    read = page.records if isinstance(page, Listing) else ()
    pairs = [(record, fields.title_of(at, number)) for number, record in enumerate(read)]
    titled = [(record.title, seen) for record, seen in pairs if seen]
    if sum(same_words(title, seen) for title, seen in titled) < _MOSTLY * len(titled):
        yield "titles were seen that are not read"
    if fields.title and len(titled) < _OFTEN * min(len(read), MOST_ROWS):
        yield "on one page no titles are seen where the others have them"
    titles = [record.title for record in read]
    distinct = fields.title.slot.distinct if fields.title and len(titles) <= _SHORT_PAGE else 0.0  # of all pages
    if len(set(titles)) < _OFTEN * len(titles) and distinct < _OFTEN:
        yield "many records have the same title"
    if read and sum(map(len, titles)) / len(titles) > _LONGEST_TITLES:
        yield "what is taken for titles is prose"
    dated = [record for number, record in enumerate(read) if _is_dated(fields.date_of(at, number))]
    if sum(bool(record.date.edtf) for record in dated) < _NEARLY_ALL * len(dated):
        yield "dates were seen that are not read"
    yield from _of_dates(page) if isinstance(page, Listing) else ()


def _of_dates(page: Listing) -> Iterator[str]:
    other = sum(_is_other(only_date(record.title), record) for record in page.records)
    if other * 2 > len(page.records):
        yield "most titles hold other dates than those that are read: say which are the records' own"
    if any(record.date.precision == "ambiguous" for record in page.records):
        yield "3/4/1950 may be a day of March or of April: write `dates`"


def _is_other(printed: str | None, record: Record) -> bool:
    """Return whether the date in a title is surely not that of its record."""
    found = read_date(printed)
    return found.precision == "day" and record.date.precision == "day" and found.edtf != record.date.edtf


def key_of(record: Record) -> str | None:
    """Return what identifies a record of a listing."""
    return record.url or record.record_id


def same_words(one: str, other: str) -> bool:
    """Return whether two texts have the same words; what stands between them may differ."""
    return re.findall(r"\w+", one) == re.findall(r"\w+", other)


def _dated(page: Listing) -> float:
    return sum(bool(record.date.edtf) for record in page.records) / max(1, len(page.records))


def _of_dates_of_two(one: Listing, other: Listing) -> Iterator[str]:
    filled = [_dated(page) for page in (one, other)]
    if abs(filled[0] - filled[1]) > 1 - _MOSTLY:
        yield "one page has dates, the other has none"


def _of_pages(one: Listing, other: Listing) -> Iterator[str]:
    """Yield what speaks against two listings being two pages of one."""
    keys = [set(map(key_of, page.records)) for page in (one, other)]
    shared = len(keys[0] & keys[1])
    if shared:
        yield f"both pages have the same {shared} records: give another page of the listing"
    ranges = [(page.first, page.last, page.declared_total) for page in (one, other)]
    if all(first is not None for first, _, _ in ranges) and ranges[0][2] == ranges[1][2]:
        first, second = sorted((start or 0, last or 0) for start, last, _ in ranges)
        if second[0] <= first[1]:
            yield "the pages' ranges overlap: give another page of the listing"

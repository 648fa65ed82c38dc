"""A page of a listing: header, records, end, and what was not as it should be."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harvester.pages.dates import looks_like_date, read_date
from harvester.pages.grammar import MOST_BLOCKS_PER_RECORD, Entry, Promise, Reading, ends_sentence
from harvester.pages.grammar import read_counted, read_marked
from harvester.pages.page import Listing, Problem, Record, Refused
from harvester.pages.text import Block, blocks_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harvester.source import Form

MOST_RECORDS_ON_A_PAGE = 1000
"""No archive shows more; a range line that claims more is not believed."""
LONGEST_TITLE_AFTER_LOSS = 120
"""In a form that loses titles, a lone sentence longer than this is a summary."""


@dataclass(frozen=True)
class Range:
    """`711 - 720 of 1250`."""

    first: int
    last: int
    total: int

    @property
    def count(self) -> int:
        """How many records the page promises."""
        return self.last - self.first + 1 if self.total else 0

    @property
    def possible(self) -> bool:
        """Say whether such a page can be."""
        return 0 <= self.count <= MOST_RECORDS_ON_A_PAGE and self.last <= self.total


def number(text: str) -> int:
    """Read a count printed with or without thousands separators."""
    return int(re.sub(r"\D", "", text))


def read_listing(text: str, form: Form) -> Listing | Refused:
    """Read a page of a form that has been recognised."""
    blocks = blocks_of(text, form)
    if form.range_pattern is None:
        return _read_marked_page(blocks, form, _is_open(text))
    for index, block in enumerate(blocks):
        found = form.range_pattern.fullmatch(block.text)
        if found:
            stated = Range(*(number(found[name]) for name in ("first", "last", "total")))
            return _read_ranged_page(blocks[index + 1 :], stated, form, _is_open(text))
    return Refused("no-range-line", "no line like “711 - 720 of 1250”: not a listing, or a damaged one", text[:200])


def _is_open(text: str) -> bool:
    """Say whether the last line may be cut off: nothing ends it."""
    return not text.endswith("\n")


def _read_ranged_page(blocks: list[Block], stated: Range, form: Form, open_end: bool) -> Listing | Refused:
    if not stated.possible:
        return Refused("range-impossible", f"the range line says {stated.first} - {stated.last} of {stated.total}")
    while blocks and form.is_noise(blocks[0].text):
        blocks = blocks[1:]
    blocks, ended = _until_end(blocks, form)
    if len(blocks) > MOST_BLOCKS_PER_RECORD * (stated.count + 1):
        return Refused("too-many-blocks", f"{len(blocks)} blocks of text for {stated.count} records: not a listing")
    expected_pager = form.ends_at is not None and stated.total > stated.count
    blocks, problems = (blocks, []) if ended else _without_fragment(blocks, open_end)
    dates = sum(looks_like_date(block.text) for block in blocks)
    whole = ended or not open_end
    promise = Promise(max(stated.count, dates), ended, "one-word lines" in form.loses)
    reading = read_counted(blocks, promise)
    short = len(reading.entries) < stated.count
    cut = not ended and (expected_pager or short or not (whole or _finished(reading)))
    page = _assemble(reading, form, stated.first, cut=cut, open_title=not ended and open_end)
    problems += _reading_problems(reading)
    problems += _count_problems(stated, len(reading.entries), cut)
    return replace(
        page,
        first=stated.first,
        last=stated.last,
        declared_total=stated.total,
        problems=(*problems, *page.problems),
    )


def _read_marked_page(blocks: list[Block], form: Form, open_end: bool) -> Listing | Refused:
    start = next((index for index, block in enumerate(blocks) if block.marked), None)
    if start is None:
        return Refused(
            "no-records", "the header of a listing without any record", " / ".join(b.text for b in blocks)[:200]
        )
    records, problems = _without_fragment(blocks[start:], open_end)
    reading = read_marked(records)
    cut = open_end and not _finished(reading)
    page = _assemble(reading, form, 1, cut=cut, open_title=open_end)
    if cut:
        problems.append(_cut_problem(len(reading.entries)))
    return replace(page, heading=_heading(blocks[:start], form), problems=(*problems, *page.problems))


def _heading(blocks: Sequence[Block], form: Form) -> str | None:
    names = [block.text for block in blocks if not form.is_noise(block.text)]
    if form.heading_after in names[:-1]:
        return names[names.index(form.heading_after) + 1]
    return None


def _until_end(blocks: list[Block], form: Form) -> tuple[list[Block], bool]:
    ends = [index for index, block in enumerate(blocks) if block.text == form.ends_at]
    return (blocks[: ends[-1]], True) if ends else (blocks, False)


def _without_fragment(blocks: list[Block], open_end: bool) -> tuple[list[Block], list[Problem]]:
    """Take off a last block that nothing ends, after a finished summary: a date or a title that was cut off."""
    if not open_end or len(blocks) < 2 or blocks[-1].marked:
        return blocks, []
    before, last = blocks[-2:]
    if not ends_sentence(before.text) or ends_sentence(last.text) or looks_like_date(last.text):
        return blocks, []
    message = "the page ends inside a line; what is left of that line was not read"
    return blocks[:-1], [Problem("warning", "fragment", message, extract=last.text[:200])]


def _finished(reading: Reading) -> bool:
    """Say whether the last record ends as summaries do."""
    return bool(reading.entries and reading.entries[-1].summary) and ends_sentence(reading.entries[-1].summary[-1].text)


def _assemble(reading: Reading, form: Form, first: int, *, cut: bool, open_title: bool) -> Listing:
    """Make records of entries; entries without a title are kept as problems."""
    records: list[Record] = []
    problems: list[Problem] = []
    for place, entry in enumerate(reading.entries):
        last = place == len(reading.entries) - 1
        if _lost_title(entry, form):
            problems.append(_title_problem(first + place, entry, cut=cut and last))
            continue
        record = _record(entry, form, first + place)
        records.append(replace(record, cut=cut, open_title=_title_open(entry, open_title)) if last else record)
    problems += _date_problems(records)
    return Listing(form.name, tuple(records), problems=tuple(problems))


def _title_open(entry: Entry, open_end: bool) -> bool:
    return open_end and not entry.summary


def _lost_title(entry: Entry, form: Form) -> bool:
    if entry.title is None:
        return True
    text = entry.title.text
    lone = not entry.summary and ends_sentence(text) and len(text) > LONGEST_TITLE_AFTER_LOSS
    return lone and "capitals" in form.loses


def _record(entry: Entry, form: Form, position: int) -> Record:
    assert entry.title is not None  # noqa: S101 - _assemble has sorted out the others
    return Record(
        position,
        title=entry.title.text,
        date=read_date(entry.date.text if entry.date else None),
        summary="\n\n".join(block.paragraph for block in entry.summary) or None,
        loses_date="years" in form.loses,
    )


def _title_problem(position: int, entry: Entry, *, cut: bool) -> Problem:
    parts = [block for block in (entry.date, entry.title, *entry.summary) if block]
    why = "the page is cut off before its title" if cut else "its title is missing in this form of the page"
    extract = " / ".join(block.text for block in parts)[:200]
    return Problem("warning", "title-missing", f"not taken as a record: {why}", position, extract)


def _date_problems(records: Sequence[Record]) -> Iterator[Problem]:
    for record in records:
        if record.date.text and not record.date.edtf:
            yield Problem("warning", "no-such-date", "no such day; kept as printed", record.position, record.date.text)
        elif record.loses_date and not record.date.text:
            message = "no date printed here; this form loses dates that are only a year"
            yield Problem("notice", "date-not-shown", message, record.position, record.title[:200])


def _reading_problems(reading: Reading) -> list[Problem]:
    if reading.tie:
        message = "the records can be told apart in several ways; the first was kept: compare with the page"
        return [Problem("warning", "ambiguous", message)]
    if reading.rivals:
        return [Problem("notice", "told-by-shape", "where an undated record begins was told by the shape of its title")]
    return []


def _count_problems(stated: Range, found: int, cut: bool) -> list[Problem]:
    problems = [_cut_problem(stated.first + found - 1)] if cut and found else []
    if found < stated.count:
        message = f"the page promises {stated.count} records and holds {found}: get a whole copy of it"
        problems.append(Problem("error", "records-missing", message, stated.first + found))
    elif found > stated.count:
        problems.append(
            Problem("error", "more-records", f"the page promises {stated.count} records, {found} stand there")
        )
    return problems


def _cut_problem(position: int) -> Problem:
    message = "the page is cut off in this record; what it says fills gaps only"
    return Problem("warning", "cut-off", message, position)

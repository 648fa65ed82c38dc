"""Problems of a page that could be read: what was missing, unclear or odd."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.model import Listing, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harvester.model import Page, Record
    from harvester.parsers.blocks import Block, PageEnd
    from harvester.parsers.grammar import Placed, Reading
    from harvester.parsers.range_lines import Range
    from harvester.source import Form


def of_entries(placed: Sequence[Placed], reading: Reading, form: Form) -> Iterator[Problem]:
    """Yield the problems of single records."""
    if reading.header and form.range_line:
        message = "text before the first record was not read"
        yield Problem("notice", "header", message, extract=_extract(reading.header))
    for one in placed:
        yield from _of_one(one, form, tie=reading.tie)


def _of_one(one: Placed, form: Form, *, tie: bool) -> Iterator[Problem]:
    entry, at = one.entry, one.position
    if entry.by_shape and entry.title:
        yield _by_shape(at, entry.title, tie=tie)
    if entry.unclear:
        message = "this may be more of the summary or an undated record; on a page that is cut off it is not taken"
        yield Problem("warning", "unclear", message, at, _extract(entry.unclear))
    if "one-word lines" in form.loses and _lost_line(one):
        yield Problem("notice", "line-lost", "this form of the page has lost a line of one word here", at)
    if one.record is None:
        message = "not taken as a record: its title is missing, lost in this form of the page or cut off"
        parts = [block for block in (entry.date, entry.title, *entry.summary) if block]
        yield Problem("warning", "title-missing", message, at, _extract(parts))
    else:
        yield from of_date(one.record)


def _by_shape(position: int, title: Block, *, tie: bool) -> Problem:
    if tie:
        message = "an undated record may begin here or elsewhere, both are as likely: compare with the page"
        return Problem("warning", "ambiguous", message, position, title.text[:200])
    message = "that an undated record begins here was told by the shape of its title"
    return Problem("notice", "undated-guess", message, position, title.text[:200])


def _lost_line(one: Placed) -> bool:
    """Return whether an additional blank line shows a loss. Before the first record the header lost it."""
    before = [] if one.is_first or one.entry.date is None else [one.entry.date]
    return any(block.gap > 1 for block in (*before, *one.entry.summary))


def of_dates(records: Iterable[Record]) -> Iterator[Problem]:
    """Yield the problems of the dates that the records show."""
    for record in records:
        if record.date.text and not record.date.edtf:
            yield from of_date(record)


def of_date(record: Record) -> Iterator[Problem]:
    """Yield the problems of a record's date."""
    if record.date.text and not record.date.edtf:
        message = "no date that can be, or none that can be read; kept as printed"
        yield Problem("warning", "no-such-date", message, record.position, record.date.text)
    elif record.loses_date and not record.date.text:
        message = "no date printed here; this form loses dates that are only a year"
        yield Problem("notice", "date-not-shown", message, record.position, record.title[:200])


def of_rows(rows: Iterable[tuple[int, str]]) -> Iterator[Problem]:
    """Yield a problem for each row of a listing that has no link to a document; `rows` are positions with texts."""
    for position, text in rows:
        message = "a row without a link to a document: not taken as a record; look at the page"
        yield Problem("error", "row-without-link", message, position, text[:200])


def of_empty_fields(labels: Iterable[str]) -> Iterator[Problem]:
    """Yield a problem for each label of a document page without a value."""
    for label in labels:
        yield Problem("notice", "field-empty", "a label without a value", 1, label)


def of_document_end(*, shown: bool, whole: bool) -> Iterator[Problem]:
    """Yield a problem if a document page ends early, or lacks its last end tag though all fields are closed."""
    if not whole:
        message = "the page is cut off: what it says fills gaps only, and its last field is left out; get a whole copy"
        yield Problem("error", "cut-off", message, 1)
    elif not shown:
        yield Problem("notice", "end-not-shown", "the page lacks its last end tag; all its fields are closed", 1)


def of_ending(placed: Sequence[Placed], ending: PageEnd, *, cut: bool) -> Iterator[Problem]:
    """Yield the problems of a page's end. `cut`: something shows that the page was cut off."""
    position = placed[-1].position if placed else None
    if ending.fragment:
        message = "the page ends inside a line; what is left of that line was not read"
        yield Problem("warning", "fragment", message, extract=ending.fragment.text)
    yield from of_end(position, proven=ending.proven, cut=cut)


def of_end(position: int | None, *, proven: bool, cut: bool) -> Iterator[Problem]:
    """Yield the problems of a page's end that concern its last record."""
    if position is None:
        return
    if cut:
        message = "the page is cut off in this record, what it says fills gaps only: get a whole copy of the page"
        yield Problem("error", "cut-off", message, position)
    elif not proven:
        message = "nothing shows that the page ends here; what this record says fills gaps only"
        yield Problem("notice", "end-not-shown", message, position)


def fits(page: Page) -> bool:
    """Return whether a page contains as many records as its range line declares."""
    return isinstance(page, Listing) and not {"records-missing", "more-records"} & {one.code for one in page.problems}


def of_total(stated: Range) -> Iterator[Problem]:
    """Yield the problems of the declared total."""
    if stated.overshoots:
        message = "the range line goes beyond its own total: the records that stand there were counted"
        yield Problem(
            "notice", "range-overshoots", message, extract=f"{stated.first} - {stated.last} of {stated.total}"
        )
    if stated.kind == "ceiling":
        message = f"the site shows no more than {stated.total:,} records: harvest it in parts"
        yield Problem("warning", "total-ceiling", message)
    elif stated.kind != "exact":
        what = "at least" if stated.kind == "floor" else "about"
        yield Problem("notice", f"total-{stated.kind}", f"the site says that there are {what} {stated.total:,} records")


def of_left_out(count: int) -> Iterator[Problem]:
    """Yield that blocks of records were left out because the page has too many of them."""
    if count:
        message = (
            f"{count:,} more blocks stand there than are read of a page: select the records only, or save less a page"
        )
        yield Problem("error", "too-many-records", message)


def of_count(stated: Range, found: int) -> Iterator[Problem]:
    """Yield the differences between the range line and the records found."""
    yield from of_total(stated)
    if stated.size is None or stated.first is None:
        if stated.total is not None and stated.kind == "exact" and found > stated.total:
            message = f"the page promises {stated.total} records in all, {found} stand there"
            yield Problem("error", "more-records", message)
        return
    if found < stated.size:
        message = f"the page promises {stated.size} records and holds {found}: get a whole copy of it"
        yield Problem("error", "records-missing", message, stated.first + found)
    elif found > stated.size:
        message = f"the page promises {stated.size} records, {found} stand there"
        yield Problem("error", "more-records", message)


def _extract(blocks: Sequence[Block]) -> str:
    return " / ".join(block.text[:200] for block in blocks[:5])[:200]

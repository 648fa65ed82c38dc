"""The grammar of listings: which blocks belong to which record. The only module to change when the format changes.

A record is a date, a title and a summary of any number of blocks; date and summary may be missing. Marks or dates
open records. Records without either are found among the summaries' blocks (`undated`), as many as the page declares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from harvester.model import Record
from harvester.parsers.blocks import Entry
from harvester.parsers.dates import looks_like_date, may_be_date, read_date
from harvester.parsers.undated import (
    BlockPosition,
    UndatedTitles,
    ends_sentence,
    find_undated,
    first_doubtful,
    is_no_title,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from harvester.parsers.blocks import Block, PageEnd, Promise
    from harvester.source import DateOrder, Form


class Reading(NamedTuple):
    """Entries in page order. `header`: the blocks before the first. `tie`: another reading fits as well as this."""

    entries: tuple[Entry, ...]
    header: tuple[Block, ...] = ()
    tie: bool = False


Lines = tuple[str, ...]
"""The lines of a block, where a link shows the title and nothing else need be known of them."""


class Linked(NamedTuple):
    """Date and summary, found around a title that is a link."""

    date: Lines | None
    summary: Sequence[Lines]


def read_marked(blocks: Sequence[Block], *, whole: bool) -> Reading:
    """Return the reading of blocks of which each marked one opens a record.

    `whole`: an end marker proves that nothing is cut off. Without it the shape of the last block proves nothing: it may
    be half of the summary after a title that names a year.
    """
    openers = {at for at, block in enumerate(blocks) if block.marked}
    unread = {at for at in openers if _is_unread_date(blocks, at) and (whole or at + 2 < len(blocks))}
    return _read(blocks, openers, unread, loses_lines=False)


def read_linked(
    before: Sequence[Lines], after: Sequence[Lines], *, date_behind: bool, place: DatePlace | None = None
) -> Linked:
    """Return the date, before or after a title that is a link, and the summary.

    `place`: the position of the dates of the page's other records; a block there is a date, whatever it looks like.
    """
    for lines in reversed(before):
        if looks_like_date(" ".join(lines)):
            return Linked(lines, after)
    if date_behind and after and looks_like_date(" ".join(after[0])):
        return Linked(after[0], after[1:])
    if place and len(before) == place.parts:
        return Linked(before[place.at], after)
    if before and may_be_date(" ".join(before[-1])):
        return Linked(before[-1], after)
    if date_behind and after and may_be_date(" ".join(after[0])):
        return Linked(after[0], after[1:])
    return Linked(None, after)


class DatePlace(NamedTuple):
    """The position of dates before a title: the index of the part, and the number of parts."""

    parts: int
    at: int


def date_place(before: Sequence[Lines]) -> DatePlace | None:
    """Return the position of a date before a title; None if there is none."""
    for at in reversed(range(len(before))):
        if looks_like_date(" ".join(before[at])):
            return DatePlace(len(before), at)
    return None


def read_counted(blocks: Sequence[Block], promise: Promise) -> Reading:
    """Return the reading of blocks in which dates open records; undated records are found by their shape.

    Blocks that may be unreadable dates are dates if the page then has as many records as it declares, and fewer lines
    that look like titles are left in summaries.
    """
    openers = _dates(blocks, loses_lines=promise.loses_lines)
    unread = _unread_dates(blocks, openers, promise)
    if len(openers) + len(unread) == promise.records:
        return _read_promised(blocks, openers, unread, promise)
    reading = _read_promised(blocks, openers, set(), promise)
    if not unread:
        return reading
    dated = _read_promised(blocks, openers, unread, promise)
    if len(dated.entries) != promise.records:
        return reading
    fits_better = len(reading.entries) != promise.records or _title_like(dated) < _title_like(reading)
    return dated if fits_better else reading


def _title_like(reading: Reading) -> int:
    return sum(not ends_sentence(block.text) for entry in reading.entries for block in entry.summary)


def _read_promised(
    blocks: Sequence[Block], dates: Collection[int], unread: Collection[int], promise: Promise
) -> Reading:
    """Return the reading of blocks of which these are dates; if records are missing then, undated ones are searched."""
    openers = {*dates, *unread}
    if len(openers) < promise.records and _begins_undated(blocks, promise):
        openers.add(0)
    reading = _read(blocks, openers, unread, loses_lines=promise.loses_lines)
    missing = promise.records - len(openers)
    if missing <= 0:
        return reading
    found = find_undated(reading.entries, missing, promise)
    entries = _split(reading.entries, found)
    if len(entries) < promise.records and not promise.whole:
        _set_doubtful_apart(entries, promise)
    return Reading(tuple(entries), reading.header, found.tie)


def _dates(blocks: Sequence[Block], *, loses_lines: bool) -> set[int]:
    """Return the positions of dates that open records. The block after one is a title, whatever it looks like."""
    openers: set[int] = set()
    for at, block in enumerate(blocks):
        is_title = at - 1 in openers and not (loses_lines and block.gap > 1)
        if looks_like_date(block.text) and not is_title:
            openers.add(at)
    return openers


def _unread_dates(blocks: Sequence[Block], openers: Collection[int], promise: Promise) -> set[int]:
    """Return the positions of possible dates that cannot be read, if they are no more than the records without a date.

    On a page that is cut off the count proves nothing: a title that names a year would be taken for a date.
    """
    if len(openers) >= promise.records or not promise.may_be_whole:
        return set()
    found = {at for at in range(len(blocks)) if at not in openers and at - 1 not in openers}
    found = {at for at in found if _is_unread_date(blocks, at)}
    return found if len(openers) + len(found) <= promise.records else set()


def _is_unread_date(blocks: Sequence[Block], at: int) -> bool:
    """Return whether a block is where a date is expected and cannot be read: it names a date, before a title.

    A title that names a date is followed by a summary or another date.
    """
    text, behind = blocks[at].text, blocks[at + 1 : at + 2]
    if looks_like_date(text) or not may_be_date(text) or ends_sentence(text) or not behind or behind[0].marked:
        return False
    return not ends_sentence(behind[0].text) and not looks_like_date(behind[0].text)


def _begins_undated(blocks: Sequence[Block], promise: Promise) -> bool:
    """Return whether an undated record follows the header.

    On a page that may be cut off the count proves nothing. Then a lone block may as well be an unknown line of the
    header, unless two lines are lost before it: the header's last one and the date.
    """
    alone = len(blocks) < 2 or looks_like_date(blocks[1].text)
    trace = promise.loses_lines and bool(blocks) and blocks[0].gap > 2
    return bool(blocks) and (promise.whole or trace or not alone)


def _read(blocks: Sequence[Block], openers: Collection[int], unread: Collection[int], *, loses_lines: bool) -> Reading:
    header: list[Block] = []
    entries: list[Entry] = []
    for at, block in enumerate(blocks):
        if at in openers:
            entries.append(Entry(date=block) if at in unread else _open(block, loses_lines=loses_lines))
        elif not entries:
            header.append(block)
        else:
            _add(entries[-1], block, title_lost=loses_lines and block.gap > 1)
    return Reading(tuple(entries), tuple(header))


def _open(block: Block, *, loses_lines: bool) -> Entry:
    if looks_like_date(block.text):
        return Entry(date=block)
    # Where lines are lost, a sentence without a date before it has lost its title, too.
    return Entry(summary=[block]) if loses_lines and ends_sentence(block.text) else Entry(title=block)


def _add(entry: Entry, block: Block, *, title_lost: bool) -> None:
    if entry.title is None and not entry.summary and not title_lost:
        entry.title = block
    else:
        entry.summary.append(block)


def _split(entries: Sequence[Entry], found: UndatedTitles) -> list[Entry]:
    """Begin an undated record at each position found."""
    result: list[Entry] = []
    for number, entry in enumerate(entries):
        result.append(Entry(entry.date, entry.title))
        for at, block in enumerate(entry.summary):
            if BlockPosition(number, at) in found.places:
                result.append(Entry(title=block, by_shape=BlockPosition(number, at) in found.by_shape))
            else:
                result[-1].summary.append(block)
    return result


def _set_doubtful_apart(entries: Sequence[Entry], promise: Promise) -> None:
    """Keep in each summary only the blocks that are no undated record in any reading."""
    for entry in entries:
        at = first_doubtful(entry.summary, promise, last=entry is entries[-1])
        entry.summary, entry.unclear = entry.summary[:at], entry.summary[at:]


FEWEST_TO_JUDGE_BY = 3
"""With fewer records, that all lack a summary proves nothing about the page."""


class Placed(NamedTuple):
    """An entry, its position, and its record: None if its title is missing."""

    position: int
    entry: Entry
    record: Record | None
    is_first: bool


def place(
    entries: Sequence[Entry], form: Form, first: int, ending: PageEnd, order: DateOrder | None
) -> Iterator[Placed]:
    """Yield the record of each entry, with its position."""
    for number, entry in enumerate(entries):
        is_last = number == len(entries) - 1
        open_end = None if not is_last or ending.proven else ending
        record = _record(entry, form, first + number, open_end, order)
        yield Placed(first + number, entry, record, number == 0)


def titles_are_gone(entries: Sequence[Entry]) -> bool:
    """Return whether the page has dates and summaries only: the same text that is one block of all the others."""
    alone = [entry for entry in entries if entry.title and not entry.summary and ends_sentence(entry.title.text)]
    return len(entries) >= FEWEST_TO_JUDGE_BY and len(alone) == len(entries)


def _record(
    entry: Entry, form: Form, position: int, open_end: PageEnd | None, order: DateOrder | None
) -> Record | None:
    """Return the record of an entry; None without a title. `open_end`: nothing proves that it is complete."""
    if entry.title is None or _is_summary(entry, form):
        return None
    return Record(
        position,
        title=entry.title.text,
        date=read_date(entry.date.text if entry.date else None, order),
        summary="\n\n".join(block.paragraph for block in entry.summary) or None,
        cut=open_end is not None or bool(entry.unclear),
        open_title=open_end is not None and not open_end.closed and not entry.summary and not entry.unclear,
        loses_date="years" in form.loses,
    )


def _is_summary(entry: Entry, form: Form) -> bool:
    """Return whether the block in the title's place is a summary, because the form has lost the title."""
    assert entry.title is not None  # noqa: S101 - asked only of entries that have one
    alone = not entry.summary and not entry.unclear and ends_sentence(entry.title.text)
    return is_no_title(entry.title.text) or ("capitals" in form.loses and alone)

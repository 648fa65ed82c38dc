"""The grammar of listings: which blocks belong to which record. The one place to change when the format does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from harvester.model import Record
from harvester.parsers.dates import looks_like_date, may_be_date, read_date
from harvester.parsers.undated import Found, Place, ends_sentence, find_undated, first_doubtful, is_no_title

if TYPE_CHECKING:
    from harvester.parsers.text_listing import Block


@dataclass
class Entry:
    """The blocks of one record. Without a title (lost by the form, or cut off) it is no record.

    `by_shape`: it prints no date, and only the shape of its title says that it begins here.
    `unclear`: blocks that may be more of the summary or an undated record, on a page that is cut off.
    """

    date: Block | None = None
    title: Block | None = None
    summary: list[Block] = field(default_factory=list)
    by_shape: bool = False
    unclear: list[Block] = field(default_factory=list)


@dataclass(frozen=True)
class Reading:
    """Entries in page order. `header`: what stands before the first. `tie`: another reading fits as well as this."""

    entries: tuple[Entry, ...]
    header: tuple[Block, ...] = ()
    tie: bool = False


@dataclass(frozen=True)
class Promise:
    """What the page says of itself: so many records, and whether that binds.

    `whole`: an end marker proves that nothing is cut off. `may_be_whole`: nothing shows that anything is.
    `loses_lines`: the form drops lines of one word, and each leaves one blank line more.
    """

    count: int
    whole: bool
    may_be_whole: bool
    loses_lines: bool = False


if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from harvester.parsers.text_listing import Block


Lines = tuple[str, ...]
"""The lines of a block, where a link shows the title and nothing else need be known of them."""


class Linked(NamedTuple):
    """What stands around a title that a link shows."""

    date: Lines | None
    summary: Sequence[Lines]


def read_marked(blocks: Sequence[Block], *, whole: bool) -> Reading:
    """Read blocks of which each marked one opens a record.

    `whole`: an end marker proves that nothing is cut off. Without it the last block shows nothing by its shape: it may
    be half of the summary behind a title that names a year.
    """
    openers = {at for at, block in enumerate(blocks) if block.marked}
    unread = {at for at in openers if _is_unread_date(blocks, at) and (whole or at + 2 < len(blocks))}
    return _read(blocks, openers, unread, loses_lines=False)


def read_linked(
    before: Sequence[Lines], after: Sequence[Lines], *, date_behind: bool, place: DatePlace | None = None
) -> Linked:
    """Read what stands around a title that a link shows: its date, before it or behind, and the summary.

    `place`: where the other records of the page have their dates; what stands there is a date, whatever it looks like.
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
    """Where dates stand before a title: at which of how many parts."""

    parts: int
    at: int


def date_place(before: Sequence[Lines]) -> DatePlace | None:
    """Return where a date stands before a title, if one does."""
    for at in reversed(range(len(before))):
        if looks_like_date(" ".join(before[at])):
            return DatePlace(len(before), at)
    return None


def read_counted(blocks: Sequence[Block], promise: Promise) -> Reading:
    """Read blocks in which only dates show where a record begins, and undated records show only by their shape.

    What may be dates that cannot be read are dates if the page then has as many records as it promises, and fewer lines
    that look like titles are left in summaries.
    """
    openers = _dates(blocks, loses_lines=promise.loses_lines)
    unread = _unread_dates(blocks, openers, promise)
    if len(openers) + len(unread) == promise.count:
        return _read_promised(blocks, openers, unread, promise)
    reading = _read_promised(blocks, openers, set(), promise)
    if not unread:
        return reading
    dated = _read_promised(blocks, openers, unread, promise)
    if len(dated.entries) != promise.count:
        return reading
    fits_better = len(reading.entries) != promise.count or _title_like(dated) < _title_like(reading)
    return dated if fits_better else reading


def _title_like(reading: Reading) -> int:
    return sum(not ends_sentence(block.text) for entry in reading.entries for block in entry.summary)


def _read_promised(
    blocks: Sequence[Block], dates: Collection[int], unread: Collection[int], promise: Promise
) -> Reading:
    """Read blocks of which these are dates; where records are missing then, undated ones are found by their shape."""
    openers = {*dates, *unread}
    if len(openers) < promise.count and _begins_undated(blocks, promise):
        openers.add(0)
    reading = _read(blocks, openers, unread, loses_lines=promise.loses_lines)
    missing = promise.count - len(openers)
    if missing <= 0:
        return reading
    found = find_undated(reading.entries, missing, promise)
    entries = _split(reading.entries, found)
    if len(entries) < promise.count and not promise.whole:
        _set_doubtful_apart(entries, promise)
    return Reading(tuple(entries), reading.header, found.tie)


def _dates(blocks: Sequence[Block], *, loses_lines: bool) -> set[int]:
    """Give the places of dates that open records. Right after such a date stands a title, whatever it looks like."""
    openers: set[int] = set()
    for at, block in enumerate(blocks):
        is_title = at - 1 in openers and not (loses_lines and block.gap > 1)
        if looks_like_date(block.text) and not is_title:
            openers.add(at)
    return openers


def _unread_dates(blocks: Sequence[Block], openers: Collection[int], promise: Promise) -> set[int]:
    """Return the places of what may be dates that cannot be read: no more than the page has records without a date.

    On a page that is cut off the count proves nothing: a title that names a year would be taken for a date.
    """
    if len(openers) >= promise.count or not promise.may_be_whole:
        return set()
    found = {at for at in range(len(blocks)) if at not in openers and at - 1 not in openers}
    found = {at for at in found if _is_unread_date(blocks, at)}
    return found if len(openers) + len(found) <= promise.count else set()


def _is_unread_date(blocks: Sequence[Block], at: int) -> bool:
    """Say whether a block that is no date we can read stands where one does: it names one, before a title.

    Behind a title that names a date comes a summary or another date.
    """
    text, behind = blocks[at].text, blocks[at + 1 : at + 2]
    if looks_like_date(text) or not may_be_date(text) or ends_sentence(text) or not behind or behind[0].marked:
        return False
    return not ends_sentence(behind[0].text) and not looks_like_date(behind[0].text)


def _begins_undated(blocks: Sequence[Block], promise: Promise) -> bool:
    """Say whether an undated record stands right after the header.

    On a page that may be cut off the count proves nothing. Then a lone block may as well be a line of the header
    that nobody knows, unless two lines are lost before it: the header's last one and the date.
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
    # Where lines are lost, a sentence without a date before it has lost its title too.
    return Entry(summary=[block]) if loses_lines and ends_sentence(block.text) else Entry(title=block)


def _add(entry: Entry, block: Block, *, title_lost: bool) -> None:
    if entry.title is None and not entry.summary and not title_lost:
        entry.title = block
    else:
        entry.summary.append(block)


def _split(entries: Sequence[Entry], found: Found) -> list[Entry]:
    """Let an undated record begin at each place that was found."""
    result: list[Entry] = []
    for number, entry in enumerate(entries):
        result.append(Entry(entry.date, entry.title))
        for at, block in enumerate(entry.summary):
            if Place(number, at) in found.places:
                result.append(Entry(title=block, by_shape=Place(number, at) in found.by_shape))
            else:
                result[-1].summary.append(block)
    return result


def _set_doubtful_apart(entries: Sequence[Entry], promise: Promise) -> None:
    """Keep of each summary what is no undated record in any reading."""
    for entry in entries:
        at = first_doubtful(entry.summary, promise, last=entry is entries[-1])
        entry.summary, entry.unclear = entry.summary[:at], entry.summary[at:]


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harvester.parsers.text_listing import Ending

    from harvester.source import DateOrder, Form

FEWEST_TO_JUDGE_BY = 3
"""Of fewer records it says nothing of the page that all lack a summary."""


@dataclass(frozen=True)
class Placed:
    """An entry at its position, and the record that it is: None if its title is missing."""

    position: int
    entry: Entry
    record: Record | None
    is_first: bool


def place(
    entries: Sequence[Entry], form: Form, first: int, ending: Ending, order: DateOrder | None
) -> Iterator[Placed]:
    """Give each entry its position and its record."""
    for number, entry in enumerate(entries):
        is_last = number == len(entries) - 1
        open_end = None if not is_last or ending.proven else ending
        record = _record(entry, form, first + number, open_end, order)
        yield Placed(first + number, entry, record, number == 0)


def titles_are_gone(entries: Sequence[Entry]) -> bool:
    """Say whether the page has dates and summaries only: the same text that is one block of all the others."""
    alone = [entry for entry in entries if entry.title and not entry.summary and ends_sentence(entry.title.text)]
    return len(entries) >= FEWEST_TO_JUDGE_BY and len(alone) == len(entries)


def _record(entry: Entry, form: Form, position: int, open_end: Ending | None, order: DateOrder | None) -> Record | None:
    """Make the record. Nothing after the last record of a page without a proven end says that it is whole."""
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
    """Say whether what stands in the title's place is a summary, because the form has lost the title."""
    assert entry.title is not None  # noqa: S101 - asked only of entries that have one
    alone = not entry.summary and not entry.unclear and ends_sentence(entry.title.text)
    return is_no_title(entry.title.text) or ("capitals" in form.loses and alone)

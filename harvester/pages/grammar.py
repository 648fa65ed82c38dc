"""The shape of a listing: which blocks belong to which record. The one place to change when the format does.

A record is a date, a title and a summary of any number of blocks; date and summary may be missing. Where a form
marks its records, the marks decide. Elsewhere dates open records, and undated records have to be found: every
reading of the blocks is weighed, the range line's count is binding, and the least unnatural reading wins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from harvester.pages.dates import looks_like_date

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harvester.pages.text import Block

MOST_BLOCKS_PER_RECORD = 50
"""More blocks than this for each record of the count is no listing, and would take long to weigh."""

_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*$")


@dataclass
class Entry:
    """The blocks of one record. Without a title (lost by the form, or cut off) it is no record."""

    date: Block | None = None
    title: Block | None = None
    summary: list[Block] = field(default_factory=list)


@dataclass(frozen=True)
class Reading:
    """Entries in page order. `rivals`: other readings fit the count; `tie`: one of them fits as well as this."""

    entries: tuple[Entry, ...]
    rivals: bool = False
    tie: bool = False


class Role(Enum):
    """What a block is to its record."""

    DATE = "date"
    TITLE = "title"
    UNDATED = "title of an undated record"
    ORPHAN = "summary whose title the form has lost"
    TEXT = "summary"


class _Step(NamedTuple):
    """The best way to reach a block in a role, with so many records opened."""

    cost: int
    ties: int
    fits: int
    came_from: tuple[int, Role] | None


UNNATURAL = 5
"""Cost of what hardly happens (a date as a title, a date without a title): taken only if nothing else fits."""


def ends_sentence(text: str) -> bool:
    """Say whether a text ends as summaries do and titles seldom do."""
    return _SENTENCE_END.search(text[-10:]) is not None


def read_marked(blocks: Sequence[Block]) -> Reading:
    """Read blocks of which each marked one opens a record; what stands before the first mark is header."""
    entries: list[Entry] = []
    for block in blocks:
        if block.marked:
            entries.append(Entry())
        if not entries:
            continue
        _add_marked(entries[-1], block)
    return Reading(tuple(entries))


def _add_marked(entry: Entry, block: Block) -> None:
    if entry.title is not None:
        entry.summary.append(block)
    elif entry.date is None and looks_like_date(block.text):
        entry.date = block
    else:
        entry.title = block


@dataclass(frozen=True)
class Promise:
    """What the page says of itself: so many records, and whether its end is proven by a marker or may be cut off.

    `loses_lines`: the form drops lines of one word, and each leaves one blank line more.
    """

    count: int
    whole: bool
    loses_lines: bool = False

    @property
    def cost_of_missing(self) -> int:
        """Cost of each record short of the count: binding on a whole page; on one that may be cut off, less than

        the cost of taking a sentence for a title, because a record must never be invented from a summary.
        """
        return 2 * UNNATURAL if self.whole else 2


def read_counted(blocks: Sequence[Block], promise: Promise) -> Reading:
    """Read blocks in which only dates show where a record begins."""
    if _dates_decide(blocks, promise.count):
        return Reading(_entries(blocks, _simple_roles(blocks)))
    table = _weigh(blocks, promise)
    if not table or not table[-1]:
        return Reading(())
    last, step = _best_end(table[-1], promise)
    return Reading(_entries(blocks, _path(table, last)), rivals=step.fits > 1, tie=step.ties > 1)


def _dates_decide(blocks: Sequence[Block], count: int) -> bool:
    """Say whether exactly one reading is natural: each date opens a record, and there are as many as promised."""
    dates = [looks_like_date(block.text) for block in blocks]
    adjacent = any(one and other for one, other in zip(dates, dates[1:], strict=False))
    return bool(dates) and dates[0] and not dates[-1] and not adjacent and sum(dates) == count


def _simple_roles(blocks: Sequence[Block]) -> list[Role]:
    roles: list[Role] = []
    for block in blocks:
        after_date = bool(roles) and roles[-1] is Role.DATE
        roles.append(Role.DATE if looks_like_date(block.text) else Role.TITLE if after_date else Role.TEXT)
    return roles


def _choices(block: Block, before: Role | None, promise: Promise, *, last: bool) -> Iterator[tuple[Role, int]]:
    """Give the roles that a block can have after a block in the role `before`, with what each costs."""
    gap = promise.loses_lines and block.gap > 1  # a line of one word stood here
    opened = before not in (None, Role.DATE)
    if looks_like_date(block.text):
        yield Role.DATE, UNNATURAL if before is Role.DATE else 0
        if before is not None:
            yield (Role.TEXT if opened else Role.TITLE), UNNATURAL
    elif before is Role.DATE:
        yield Role.TITLE, UNNATURAL - 1 if gap else 0
        if gap:
            yield Role.ORPHAN, 1
    else:
        sentence = ends_sentence(block.text)
        cut = last and not promise.whole  # rather the beginning of a summary than a title alone
        yield Role.UNDATED, (0 if gap else 1 + 2 * cut) + sentence
        if opened:
            yield Role.TEXT, gap + (not sentence)


_Table = list[dict[tuple[int, Role], _Step]]


def _weigh(blocks: Sequence[Block], promise: Promise) -> _Table:
    table: _Table = []
    before: dict[tuple[int, Role | None], _Step] = {(0, None): _Step(0, 1, 1, None)}
    for number, block in enumerate(blocks, 1):
        here: dict[tuple[int, Role], _Step] = {}
        for (records, role), step in before.items():
            came_from = None if role is None else (records, role)
            for choice, cost in _choices(block, role, promise, last=number == len(blocks)):
                place = (records + (choice in (Role.DATE, Role.UNDATED)), choice)
                if place[0] <= promise.count:
                    here[place] = _better(here.get(place), step, cost, came_from)
        table.append(here)
        before = dict(here)
    return table


def _better(known: _Step | None, step: _Step, cost: int, came_from: tuple[int, Role] | None) -> _Step:
    """Join two ways to one place: the cheaper leads, the first of equals is kept, all natural ones are counted."""
    total, fits = step.cost + cost, step.fits if cost < UNNATURAL - 1 else 0
    if known is None or total < known.cost:
        return _Step(total, step.ties, min(2, fits + (known.fits if known else 0)), came_from)
    ties = known.ties + (step.ties if total == known.cost else 0)
    return _Step(known.cost, min(2, ties), min(2, known.fits + fits), known.came_from)


def _best_end(ends: dict[tuple[int, Role], _Step], promise: Promise) -> tuple[tuple[int, Role], _Step]:
    """Give the end to take, and its step with all that rivals it."""

    def score(place: tuple[int, Role]) -> tuple[int, int]:
        records, role = place
        open_date = UNNATURAL * (role is Role.DATE)
        return ends[place].cost + open_date + promise.cost_of_missing * (promise.count - records), records

    best = min(ends, key=score)
    rivals = [place for place in ends if place != best and place[0] >= best[0]]
    tied = any(score(place)[0] == score(best)[0] for place in rivals)
    step = ends[best]
    fits = min(2, step.fits + sum(ends[place].fits for place in rivals))
    return best, step._replace(ties=2 if tied else step.ties, fits=fits)


def _path(table: _Table, last: tuple[int, Role]) -> list[Role]:
    roles: list[Role] = []
    place: tuple[int, Role] | None = last
    for steps in reversed(table):
        assert place is not None  # noqa: S101 - every block but the first was reached from the one before
        roles.append(place[1])
        place = steps[place].came_from
    return roles[::-1]


def _entries(blocks: Sequence[Block], roles: Sequence[Role]) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    for block, role in zip(blocks, roles, strict=True):
        if role in (Role.DATE, Role.UNDATED):
            entries.append(Entry())
        if role is Role.DATE:
            entries[-1].date = block
        elif role in (Role.TITLE, Role.UNDATED):
            entries[-1].title = block
        else:
            entries[-1].summary.append(block)
    return tuple(entries)

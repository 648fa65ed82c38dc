"""What the grammar makes of blocks, and what it is told about the page that they come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harvester.pages.text import Block


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

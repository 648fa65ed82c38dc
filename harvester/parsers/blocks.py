"""The blocks of a text listing, those of one record, and how the page ends."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from harvester.parsers.dates import looks_like_date, may_begin_date

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harvester.source import Form

MOST_BLOCKS = 60_000
"""More are not even split: no page of an archive has a hundredth of that."""


class Block:
    """Lines that belong together. `gap`: the number of blank lines before; `marked`: it begins with a record mark."""

    def __init__(self, lines: tuple[str, ...], gap: int = 1, *, marked: bool = False) -> None:
        self.lines, self.gap, self.marked = lines, gap, marked

    @cached_property
    def text(self) -> str:
        """The lines, joined by spaces."""
        return " ".join(self.lines)

    @property
    def paragraph(self) -> str:
        """The lines as printed."""
        return "\n".join(self.lines)


def blocks_of(text: str, form: Form) -> list[Block]:
    """Return the blocks of a text, split at blank lines, at record marks or at each line, as its form defines."""
    blocks: list[Block] = []
    lines: list[str] = []
    gap, marked = 0, False

    def close() -> None:
        nonlocal lines, gap, marked
        if lines:
            blocks.append(Block(tuple(lines), gap, marked=marked))
            lines, gap, marked = [], 0, False

    for raw in text.split("\n"):
        if len(blocks) > MOST_BLOCKS:
            break
        mark = form.mark_pattern.match(raw) if form.mark_pattern else None
        line = raw[mark.end() :].strip() if mark else raw.strip()
        if mark or form.one_line_parts or not line:
            close()
        marked = marked or mark is not None
        gap += not line and not mark
        if line:
            lines.append(line)
    close()
    return blocks


class PageEnd(NamedTuple):
    """The end of a page: `proven` by the form's end marker. `closed`: the last block is complete.

    `fragment`: the beginning of a date or of the end marker, if the page was cut off inside it.
    """

    proven: bool
    closed: bool
    fragment: Block | None = None


def take_ending(blocks: Sequence[Block], text: str, form: Form) -> tuple[list[Block], PageEnd]:
    """Return the blocks without what ends the page and belongs to no record, and how the page ends."""
    marker = _end_marker(blocks, form)
    if marker is not None:
        return list(blocks[:marker]), PageEnd(proven=True, closed=True)
    line_ends = text[len(text.rstrip()) :].count("\n")
    if line_ends == 0 and _is_fragment(blocks, form):
        return list(blocks[:-1]), PageEnd(proven=False, closed=True, fragment=blocks[-1])
    return list(blocks), PageEnd(proven=False, closed=line_ends > (not form.one_line_parts))


def _end_marker(blocks: Sequence[Block], form: Form) -> int | None:
    """Return the end marker's block number. The same words near a date are the title of a record."""
    for at in reversed(range(len(blocks))):
        if looks_like_date(blocks[at].text):
            return None
        if blocks[at].text == form.ends_at and not (at and looks_like_date(blocks[at - 1].text)):
            return at
    return None


def _is_fragment(blocks: Sequence[Block], form: Form) -> bool:
    """Return whether the last block may be the beginning of a date or of the end marker, where one is expected."""
    if not blocks or looks_like_date(blocks[-1].text):
        return False
    if form.mark:
        return blocks[-1].marked and may_begin_date(blocks[-1].text)
    title_expected = len(blocks) > 1 and looks_like_date(blocks[-2].text)
    ends = form.ends_at is not None and form.ends_at.startswith(blocks[-1].text)
    return not title_expected and (ends or may_begin_date(blocks[-1].text))


class Entry:
    """The blocks of one record. Without a title (lost by the form, or cut off) it is not a record.

    `by_shape`: it has no date, and only the shape of its title shows that it begins here.
    `unclear`: blocks that may be more of the summary or an undated record, on a page that is cut off.
    """

    def __init__(
        self,
        date: Block | None = None,
        title: Block | None = None,
        summary: list[Block] | None = None,
        *,
        by_shape: bool = False,
    ) -> None:
        self.date, self.title, self.by_shape = date, title, by_shape
        self.summary = [] if summary is None else summary
        self.unclear: list[Block] = []


class Promise(NamedTuple):
    """How many records a page declares, and how reliable that is.

    `whole`: an end marker proves that nothing is cut off. `may_be_whole`: nothing shows that anything is cut off.
    `loses_lines`: the form drops lines of one word, and leaves one more blank line for each.
    """

    records: int
    whole: bool
    may_be_whole: bool
    loses_lines: bool = False

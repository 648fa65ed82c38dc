"""How a page's text stops: at the marker that proves its end, or somewhere, perhaps inside a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harvester.pages.dates import looks_like_date, may_begin_date

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harvester.pages.text import Block
    from harvester.source import Form


@dataclass(frozen=True)
class Ending:
    """`proven`: by the form's end marker. `closed`: the last block is whole, for something else begins after it.

    `fragment`: what is left of a date or of the end marker, where the page was cut off inside of it.
    """

    proven: bool
    closed: bool
    fragment: Block | None = None


def take_ending(blocks: Sequence[Block], text: str, form: Form) -> tuple[list[Block], Ending]:
    """Take off what ends a page and is no part of a record."""
    marker = _end_marker(blocks, form)
    if marker is not None:
        return list(blocks[:marker]), Ending(proven=True, closed=True)
    line_ends = text[len(text.rstrip()) :].count("\n")
    if line_ends == 0 and _is_fragment(blocks, form):
        return list(blocks[:-1]), Ending(proven=False, closed=True, fragment=blocks[-1])
    return list(blocks), Ending(proven=False, closed=line_ends > (not form.one_line_parts))


def _end_marker(blocks: Sequence[Block], form: Form) -> int | None:
    """Give the marker's place. A record may have its very words as title: then a date stands before, or comes after."""
    for at in reversed(range(len(blocks))):
        if looks_like_date(blocks[at].text):
            return None
        if blocks[at].text == form.ends_at and not (at and looks_like_date(blocks[at - 1].text)):
            return at
    return None


def _is_fragment(blocks: Sequence[Block], form: Form) -> bool:
    """Say whether the last block stands where a record or the end marker begins, and may be the beginning of one."""
    if not blocks or looks_like_date(blocks[-1].text):
        return False
    if form.mark:
        return blocks[-1].marked and may_begin_date(blocks[-1].text)
    title_expected = len(blocks) > 1 and looks_like_date(blocks[-2].text)
    ends = form.ends_at is not None and form.ends_at.startswith(blocks[-1].text)
    return not title_expected and (ends or may_begin_date(blocks[-1].text))

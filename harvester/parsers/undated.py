"""Finds undated records: decides which blocks of summaries are titles.

A title seldom ends as a sentence does, and mostly is between two summaries: the one before it and its own. A form that
drops the line of a date leaves one more blank line there. The page's count tells how many titles to find.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harvester.parsers.blocks import Block, Entry, Promise

LONGEST_TITLE = 255
"""The new site's software (Drupal) stores no longer ones; the longest seen has 214 characters."""
MOST_ODD = 2
"""Oddness up to which a block may be a title if the count of a whole page requires one."""

_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*$")


class BlockPosition(NamedTuple):
    """The position of a block of a summary: the number of its entry, and its own within the summary."""

    entry: int
    at: int


class _Candidate(NamedTuple):
    """A block that may be a title. They sort by likelihood: first those with a trace of a lost date before them."""

    without_trace: bool
    oddness: int
    place: BlockPosition

    def likely_as(self, other: _Candidate) -> bool:
        return self[:2] == other[:2]


class UndatedTitles(NamedTuple):
    """Positions of titles. `by_shape`: those found only by their shape. `tie`: others were as likely."""

    places: frozenset[BlockPosition] = frozenset()
    by_shape: frozenset[BlockPosition] = frozenset()
    tie: bool = False


def ends_sentence(text: str) -> bool:
    """Return whether a text ends as summaries do and titles seldom do."""
    return _SENTENCE_END.search(text[-10:]) is not None


def is_no_title(text: str) -> bool:
    """Return whether a text is too long for a title and ends as a summary does."""
    return ends_sentence(text) and len(text) > LONGEST_TITLE


def find_undated(entries: Sequence[Entry], missing: int, promise: Promise) -> UndatedTitles:
    """Return the positions of the titles of as many undated records as are missing, as far as the page is reliable."""
    candidates = sorted(_candidates(entries, promise))
    fitting = _believable(candidates, missing, promise)
    chosen = fitting[:missing]
    others = len(candidates) > len(chosen)
    return UndatedTitles(
        frozenset(one.place for one in chosen),
        frozenset(one.place for one in chosen if others and one.without_trace),
        tie=any(one.likely_as(chosen[-1]) for one in fitting[missing:]),
    )


def _believable(candidates: list[_Candidate], missing: int, promise: Promise) -> list[_Candidate]:
    """Return the candidates that are not too odd; if the page may be cut off, only those that must be titles.

    A record must never be made of a summary. So without a proven end the count matters only if it matches exactly.
    """
    if promise.whole:
        return [one for one in candidates if one.oddness <= MOST_ODD]
    natural = [one for one in candidates if one.oddness == 0]
    if promise.may_be_whole and len(natural) == missing:
        return natural
    return [one for one in natural if not one.without_trace]


def _candidates(entries: Sequence[Entry], promise: Promise) -> Iterator[_Candidate]:
    for number, entry in enumerate(entries):
        for at, block in enumerate(entry.summary):
            last = at == len(entry.summary) - 1
            trace = _line_lost_before(block, promise)
            may_be_cut = last and entry is entries[-1] and not promise.whole and not trace
            if may_be_cut or (at == 0 and entry.title is None):
                continue
            alone = 0 if trace else (at == 0) + last  # without a summary before it, and after it
            yield _Candidate(not trace, _unlike_title(block.text) + alone, BlockPosition(number, at))


def _unlike_title(text: str) -> int:
    return 2 * ends_sentence(text) + 2 * (len(text) > LONGEST_TITLE)


def _line_lost_before(block: Block, promise: Promise) -> bool:
    return promise.loses_lines and block.gap > 1


def first_doubtful(summary: Sequence[Block], promise: Promise, *, last: bool) -> int:
    """Return the number of the first block that may be an undated title instead, on a page that is cut off.

    A lone block is a summary: a record without one, followed by an undated one without one, is too rare to be feared.
    The last block of the last record may be cut off, so that its shape proves nothing.
    """
    for at, block in enumerate(summary):
        cut = last and at == len(summary) - 1
        alike = cut or _unlike_title(block.text) == 0
        if _line_lost_before(block, promise) or (alike and len(summary) > 1):
            return at
    return len(summary)

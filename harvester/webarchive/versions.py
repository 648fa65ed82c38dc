"""Chooses which captures of a page are wanted: pure functions of what an index lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from harvester.readers.warc import PAGE_TYPES
from harvester.store.presence import PROOF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harvester.store.web_captures import WebCapture
    from harvester.webarchive.index_lines import IndexLine

Versions = Literal["newest", "changed", "all"]
READABLE = frozenset({None, 200, 203, 404, 410})
"""Statuses of captures that may say something: of a page, or that there is none. An index may not know the status."""
MISSING = frozenset({404, 410})
REVISIT = "warc/revisit"


def is_wanted_kind(line: IndexLine) -> bool:
    """Return whether a capture may be of a page: no redirect, no error of the moment, no picture."""
    if line.status not in READABLE:
        return False
    return line.status in MISSING or line.media_type == REVISIT or line.media_type in PAGE_TYPES


def choose(captures: Sequence[WebCapture], versions: Versions) -> list[WebCapture]:
    """Return the wanted captures of one page, the newest first. `captures` are all of it, the oldest first.

    `changed`: of captures in a row that have one digest the first, which is when the page began to say so, and the
    newest of all. That a page is missing takes two captures to prove, so the first two. A digest that is not known
    equals no other.
    """
    if versions == "newest":
        return [captures[-1]]
    if versions == "all":
        return [*reversed(captures)]
    wanted: list[WebCapture] = []
    repeated = 0  # how many captures before this one have its digest, in a row
    for number, capture in enumerate(captures):
        before = captures[number - 1].digest if number else None
        repeated = repeated + 1 if capture.digest is not None and capture.digest == before else 0
        first = captures[number - repeated]  # that the page was as before is listed without a status
        is_news = repeated < (PROOF if first.status in MISSING else 1)
        if is_news or number == len(captures) - 1:
            wanted.append(capture)
    return wanted[::-1]

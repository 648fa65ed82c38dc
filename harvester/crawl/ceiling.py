"""Ceilings: how many records a site shows at most, whatever it declares.

A search may declare 16,750 records and show 1,000: behind them its pages fail, are empty, or are those before once
more. Or it declares the ceiling itself. Neither is a listing that was seen whole.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harvester.crawl.proof import PageRequest

if TYPE_CHECKING:
    from collections.abc import Generator

    from harvester.crawl.proof import Pass, WalkPage

MOST_FAILURES = 3
"""Pages in a row that could not be read before the reason is searched: the archive is down, or shows no more."""
MOST_BEHIND = 20
"""Pages that are read behind the last page by the total, where the archive links to them."""
ROUND = frozenset({500, 1_000, 10_000})
"""Totals at which searches stop counting (Elasticsearch at 10,000, many sites at 500 or 1,000)."""
IS_IT_THERE = "is the archive there"
LAST_PAGE = "is the last page there"
BEHIND = "behind the last page by the total"
UNREAD = f"{MOST_FAILURES} pages in a row could not be read; the next run goes on from here"
UNREAD_ROW = f"{MOST_FAILURES} pages in a row could not be read"
UNREAD_BEHIND = "it links to a page behind the last one by the total, which could not be read"
IN_PARTS = "harvest it in parts (--search, or the address of a listing with a filter)"


def as_shown(step: WalkPage, current: Pass) -> WalkPage:
    """Return a page as it counts: as unread if it is empty where records are expected, or repeats a page.

    A page that declares a smaller total is rightly empty: the listing has become shorter.
    """
    if not step.is_read or step.number == 0:
        return step
    shorter = 0 < (step.total or 0) <= step.number * current.size
    blank = not step.keys and not shorter
    repeated = bool(step.keys) and any(step.keys == other.keys for other in current.steps)
    return replace(step, total=None, declares="range", keys=()) if blank or repeated else step


def ends(answer: WalkPage, step: WalkPage, current: Pass) -> bool:
    """Return whether a page shows that the page before it was the last one of a listing that does not say how many.

    `step` is the page as it counts. A page to which the one before links must be there.
    """
    is_open = bool(current.steps) and current.declares == "nothing" and not step.is_read
    return is_open and (answer.is_read or (answer.no_such and not current.last.onward))


def why_unread(current: Pass, pages: int, *, other: bool = False) -> Generator[PageRequest, WalkPage, None]:
    """Find out why `MOST_FAILURES` pages in a row could not be read; stop the pass unless it is only they."""
    read = current.read
    if not read or all(step.busy for step in current.steps[-MOST_FAILURES:]):
        current.stop(UNREAD, "interrupted")
        return
    step = yield PageRequest(read[-1].number, IS_IT_THERE, other)
    if not step.is_read:
        current.stop(step.stop or UNREAD, "interrupted")
        return
    if current.total is None:
        current.stop(UNREAD_ROW, "partial")
        return
    if current.steps[-1].number < pages - 1:
        step = yield PageRequest(pages - 1, LAST_PAGE, other)
        if step.stop:
            current.stop(step.stop, "interrupted")
        if step.stop or as_shown(step, current).is_read:
            return
    current.stop(no_more_than(len(current.keys), current.total), "partial")


def behind(current: Pass, pages: int, *, other: bool = False) -> Generator[PageRequest, WalkPage, None]:
    """Read on behind the last page by the total, as long as pages link to another one that shows other records."""
    number = pages
    while current.stopped is None and current.last.onward and number < pages + MOST_BEHIND:
        step = yield PageRequest(number, BEHIND, other)
        if step.stop:
            current.stop(step.stop, "interrupted")
        elif not step.is_read and not step.no_such:
            current.stop(f"{UNREAD_BEHIND} (page {number + 1})", "partial")
        if not step.is_read or not set(step.keys) - current.keys:
            return
        current.steps.append(step)
        number += 1


def no_more_than(shown: int, total: int) -> str:
    """Return the reason of a walk that has met a ceiling."""
    return f"the site declares {total:,} records and shows no more than {shown:,}: {IN_PARTS}"


def is_suspicious(total: int, ceiling: int | None) -> bool:
    """Return whether a total may be what a site shows at most: `ceiling` as the source defines it, 0 for no limit."""
    return total in ROUND if ceiling is None else total >= ceiling > 0


def suspicion(total: int, ceiling: int | None) -> str:
    """Return the reason of a walk that has seen exactly as many records as a site may show at most."""
    if ceiling is not None:
        return f"the site shows no more than {ceiling:,} records, and has shown as many: {IN_PARTS}"
    return (
        f"exactly {total:,} records are declared, where many sites stop counting: {IN_PARTS}; "
        "if this one has no such limit, say so in its definition (ceiling = 0)"
    )

"""The walk through a listing.

Pure logic: it asks for pages, is told what they hold, and gives a verdict. Records move between pages while a listing
is walked, so a walk goes on, pass after pass, until it has a proof or gives up. What counts as a proof: see `proof`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harvester.crawl.passes import Pass, Status, Verdict
from harvester.crawl.proof import proven_by_order, proven_by_two

if TYPE_CHECKING:
    from collections.abc import Generator

    from harvester.crawl.passes import Proof, Step

MOST_PASSES = 4
"""A listing that changes under every pass will change under the next; the following run begins afresh."""
MOST_GROWTH = 20
"""Pages that a listing may grow by during one pass; a pager that goes on and on is no listing."""
MOST_FAILURES = 3
"""Pages in a row that could not be read before a walk gives up: the archive is down, or does not want us."""
LONGEST_FRONT = 20
"""Pages of new records at the front that are read to repair a pass; beyond, another pass is as cheap."""
ENDLESS = "the pager has no end: the declared total grows with every page"
UNREAD_FRONT = "all was read but the proof: the first page could not be read again"
UNREAD = f"{MOST_FAILURES} pages in a row could not be read; the next run goes on from here"


@dataclass(frozen=True)
class Plan:
    """What is walked: pages of `size` records; `ordered` if new records come first.

    `most_pages`: stop after so many. `until_known`: stop after so many pages in a row without anything new.
    """

    size: int
    ordered: bool = False
    most_pages: int | None = None
    until_known: int | None = None


@dataclass(frozen=True)
class Wanted:
    """A page to be read next, by its number from 0, and why."""

    number: int
    reason: str = "walk"


def walk(plan: Plan) -> Generator[Wanted, Step, Verdict]:
    """Walk a listing: yields the pages wanted, is sent what they held, returns the verdict."""
    before: Pass | None = None
    drift = 0
    for number in range(MOST_PASSES):
        current = yield from _one_pass(plan, "walk" if number == 0 else f"pass {number + 1}", before)
        drift += current.drift
        if current.stopped is not None or not current.totals:
            return stopped(current, drift)
        if plan.ordered and not current.unread:
            verdict = yield from _by_order(current, drift)
            if verdict is not None:
                return verdict
        elif before is not None and proven_by_two(before, current):
            return _complete("twice", current.keys, current.totals[-1], drift)
        if before is not None and current.same_as(before):
            break  # another pass would show no more
        before = current
    return _partial(current, drift)


def _by_order(current: Pass, drift: int) -> Generator[Wanted, Step, Verdict | None]:
    """Look for the proof at the front; give nothing if there is none."""
    front = yield from _front(current)
    if front.stopped is not None:
        return stopped(replace(current, stopped=front.stopped, status=front.status), drift)
    if proven_by_order(current, front):
        return _complete("ordered", frozenset(current.keys | front.keys), front.totals[-1], drift)
    return None


def _one_pass(plan: Plan, reason: str, before: Pass | None) -> Generator[Wanted, Step, Pass]:
    current = Pass(plan.size)
    pages, number, known = _pages(before.steps[-1], plan.size) if before else 1, 0, 0
    while number < pages and current.stopped is None:
        step = yield Wanted(number, reason)
        current.steps.append(step)
        pages = max(pages, _pages(step, plan.size))
        number += 1
        known = known + 1 if step.known else 0
        if number < pages and plan.until_known is not None and known >= plan.until_known:
            current.stop(f"asked to stop after {plan.until_known} pages without anything new", "bounded")
        if number < pages and plan.most_pages is not None and number >= plan.most_pages:
            current.stop(f"asked to stop after {plan.most_pages} pages", "bounded")
        _check(current, pages)
    yield from _repair(current)
    return current


def _repair(current: Pass) -> Generator[Wanted, Step, None]:
    """Ask again for the pages that could not be had, until some in a row cannot be had again."""
    failures = 0
    for step in current.unread if current.totals and current.stopped is None else ():
        again = yield Wanted(step.number, "repair: could not be read")
        current.steps.remove(step)
        current.steps.append(again)
        failures = failures + 1 if again.total is None else 0
        if again.stop:
            current.stop(again.stop, "interrupted")
        if again.stop or failures == MOST_FAILURES:
            return


def pages_of(step: Step, plan: Plan) -> int | None:
    """Say how many pages a walk will read if all goes well: those of the listing and those of the proof."""
    if step.total is None:
        return None
    pages = _pages(step, plan.size)
    if plan.most_pages is not None and plan.most_pages < pages:
        return plan.most_pages
    return pages + 1 if plan.ordered else 2 * pages


def _pages(step: Step, size: int) -> int:
    return -(-step.total // size) if step.total else 1


def _check(current: Pass, pages: int) -> None:
    """Stop a pass that cannot come to an end."""
    failed = [step.total is None for step in current.steps[-MOST_FAILURES:]]
    stop = current.steps[-1].stop
    if stop or (len(failed) == MOST_FAILURES and all(failed)):
        current.stop(stop or UNREAD, "interrupted")
    elif pages > _pages(current.steps[0], current.size) + MOST_GROWTH:
        current.stop(ENDLESS, "partial")


def _front(current: Pass) -> Generator[Wanted, Step, Pass]:
    """Read the first page again, and on while records are new there."""
    front, known = Pass(current.size), current.keys
    number = failures = 0
    while number < LONGEST_FRONT and front.stopped is None:
        step = yield Wanted(number, "repair: new at the front" if number else "proof: the first page again")
        if step.total is None:
            failures += 1
            if step.stop or failures == MOST_FAILURES:
                front.stop(step.stop or UNREAD_FRONT, "interrupted" if step.stop else "partial")
            continue
        front.steps.append(step)
        number += 1
        if number >= _pages(step, current.size) or all(key in known for key in step.keys):
            break
    return front


def _complete(proof: Proof, keys: frozenset[str], total: int, drift: int) -> Verdict:
    return Verdict("complete", proof, None, total, keys, drift)


def stopped(current: Pass, drift: int) -> Verdict:
    """Give the verdict of a pass that did not come to its end."""
    total = current.totals[-1] if current.totals else None
    status: Status = "partial" if current.unread and current.status == "bounded" else current.status
    reason = current.stopped or "no page of the listing could be read"
    return Verdict(status, None, reason, total, current.keys, drift, current.missing())


def _partial(current: Pass, drift: int) -> Verdict:
    return Verdict("partial", None, _why_partial(current), current.totals[-1], current.keys, drift, current.missing())


def _why_partial(current: Pass) -> str:
    if current.unread:
        return f"pages that could not be read: {len(current.unread)}"
    if current.cached:
        return "answers came out of a cache between here and the archive, so they may be of different times"
    if len(set(current.totals)) == 1 and len(current.keys) != current.totals[0]:
        return f"the archive declares {current.totals[0]} records and shows {len(current.keys)}"
    return f"the listing changed during each of {MOST_PASSES} passes"

"""The walk through a listing.

Pure logic: it requests pages, is sent what they contain, and returns a result. Records move between pages while a
listing is walked, so a walk goes on, pass after pass, until it has a proof or gives up. What counts as a proof: see
`proof`; how many records a site shows at most: see `ceiling`. An interrupted walk is resumed by sending it the pages
that it has read, and by reading one of them again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from harvester.crawl.ceiling import MOST_FAILURES, as_shown, behind, ends, is_suspicious, suspicion, why_unread
from harvester.crawl.proof import PageRequest, Pass, Status, WalkResult, proven_by_order, proven_by_two

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from harvester.crawl.proof import Proof, WalkPage
    from harvester.model import Declares


MOST_PASSES = 4
"""A listing that changes under every pass will change under the next; the following run begins afresh."""
MOST_GROWTH = 20
"""Pages that a listing may grow by during one pass; a pager that goes on and on is no listing."""
LONGEST_FRONT = 20
"""Pages of new records at the front that are read to repair a pass; beyond, another pass is as cheap."""
MOST_NAMED = 20
"""Positions that are named one by one."""
ENDLESS = "the pager has no end: the declared total grows with every page"
UNREAD_FRONT = "all was read but the proof: the first page could not be read again"
UNREAD_LINK = "could not be read, and nothing else links to the pages behind it; the next run goes on from here"
SIZES = frozenset({10, 15, 20, 25, 30, 40, 50, 100})
"""Records a page, as sites are set up."""
OTHER_SIZE = (
    "the first page shows {0} of {1} records, and {2} were expected: write size = {0} under [pager] in its definition"
)
LEFT_OVER = "could not be read by the walk before"
OTHER_ORDER = "in another order"


@dataclass(frozen=True)
class WalkLimits:
    """What is walked: pages of `size` records; `ordered` if new records come first.

    `most_pages`: stop after so many. `until_known`: stop after so many pages in a row without anything new.
    `first`: numbers of pages that the walk before could not read; they are requested before all others.
    `reorders`: the listing can be requested in another order, too.
    `settled`: the total at which an earlier walk was complete, so that it is no ceiling if nothing has changed since.
    `ceiling`: how many records the site shows at most as the source defines it; 0 for no limit, None if unknown.
    `linked`: only a page's link tells where the next page is, so that none is reached but through those before it.
    """

    size: int
    ordered: bool = False
    most_pages: int | None = None
    until_known: int | None = None
    first: tuple[int, ...] = ()
    reorders: bool = False
    settled: int | None = None
    ceiling: int | None = None
    linked: bool = False


def walk(plan: WalkLimits) -> Generator[PageRequest, WalkPage, WalkResult]:
    """Walk a listing: yields the requests, is sent the pages, returns the result."""
    for number in plan.first:
        step = yield PageRequest(number, LEFT_OVER)
        if step.stop:
            return WalkResult("interrupted", None, step.stop, None, frozenset())
    current, verdict = yield from _passes(plan)
    doubtful = _is_doubtful(plan, current, verdict)
    if plan.reorders and ((doubtful and plan.ceiling is None) or _is_tied(current, verdict)):
        return (yield from _in_another_order(plan, current, verdict))
    return _doubted(verdict, plan) if doubtful else verdict


def _passes(plan: WalkLimits) -> Generator[PageRequest, WalkPage, tuple[Pass, WalkResult]]:
    """Read the listing, pass after pass; return the last pass and the verdict."""
    before: Pass | None = None
    drift = 0
    for number in range(MOST_PASSES):
        current = yield from _one_pass(plan, "walk" if number == 0 else f"pass {number + 1}", before)
        drift += current.drift
        if current.stopped is not None or not current.read:
            return current, stopped(current, drift)
        if plan.ordered and not current.unread and current.total is not None:
            verdict = yield from _by_order(current, drift)
            if verdict is not None:
                return current, verdict
        elif before is not None and proven_by_two(before, current):
            return current, _complete("twice", current.keys, current.total, drift, current.declares)
        if before is not None and current.same_as(before):
            break  # another pass would show no more
        before = current
    return current, _partial(current, drift)


def _by_order(current: Pass, drift: int) -> Generator[PageRequest, WalkPage, WalkResult | None]:
    """Yield requests for the front again; return the result, or None if it proves nothing."""
    front = yield from _front(current)
    if front.stopped is not None:
        return stopped(replace(current, stopped=front.stopped, status=front.status), drift)
    if proven_by_order(current, front):
        keys = frozenset(current.keys | front.keys)
        return _complete("ordered", keys, front.total, drift, current.declares)
    return None


def _in_another_order(
    plan: WalkLimits, first: Pass, verdict: WalkResult
) -> Generator[PageRequest, WalkPage, WalkResult]:
    """Walk the listing in its other order: it shows records that a tie has hidden, or that are behind a ceiling.

    Two passes that are whole and equal prove what the listing contains. A site that shows the same sequence in both
    orders has only one.
    """
    whole = replace(plan, ordered=False, until_known=None, most_pages=None)
    before = yield from _one_pass(whole, OTHER_ORDER, None, other=True)
    if before.stopped is not None and before.status == "interrupted":
        return stopped(replace(first, stopped=before.stopped, status="interrupted"), verdict.drift)
    same_sequence = [step.keys for step in before.steps] == [step.keys for step in first.steps]
    if not before.whole or same_sequence or before.totals[:1] != [verdict.total]:
        return _doubted(verdict, plan) if verdict.status == "complete" else verdict
    if verdict.status == "complete":
        return verdict if before.keys == verdict.keys else _doubted(verdict, plan)
    reread = yield from _one_pass(whole, f"{OTHER_ORDER}, pass 2", before, other=True)
    if proven_by_two(before, reread) and first.keys <= reread.keys:
        found = _complete("twice", reread.keys, reread.total, verdict.drift, reread.declares)
        return _doubted(found, plan) if is_suspicious(found.total or 0, plan.ceiling) else found
    return verdict


def _is_tied(current: Pass, verdict: WalkResult) -> bool:
    """Return whether only those records are missing in whose positions others were shown twice."""
    if verdict.status != "partial" or current.stopped is not None or current.unread or current.cached:
        return False
    return len(set(current.totals)) == 1 and len(current.keys) < current.totals[0] and bool(current.repeated)


def _is_doubtful(plan: WalkLimits, current: Pass, verdict: WalkResult) -> bool:
    """Return whether a complete walk may have seen no more than what the site shows at most."""
    shown = len(verdict.keys) if verdict.total is None else verdict.total
    if verdict.status != "complete" or not is_suspicious(shown, plan.ceiling):
        return False
    settled = verdict.total is not None and verdict.total == plan.settled and all(step.known for step in current.steps)
    return plan.ceiling is not None or not (settled and verdict.keys == current.keys)


def _one_pass(
    plan: WalkLimits, reason: str, before: Pass | None, *, other: bool = False
) -> Generator[PageRequest, WalkPage, Pass]:
    current = Pass(plan.size)
    pages = _pages(before.last, plan.size, linked=True) if before and not plan.linked else 1
    number = known = failures = 0
    while number < pages and current.stopped is None:
        answer = yield PageRequest(number, reason, other)
        step = as_shown(answer, current)
        if ends(answer, step, current):
            break
        is_open = "nothing" in (step.declares, current.declares)
        current.steps.append(step)
        linked = any(page.onward for page in current.steps)
        pages = max(pages, _pages(step, plan.size, linked=linked), number + 2 if is_open and not step.is_read else 0)
        if plan.linked:
            pages = number + 1 + step.onward
        number += 1
        known = known + 1 if step.known else 0
        _stop_if_due(plan, current, pages, known)
        failures = 0 if step.is_read else failures + 1
        if failures == MOST_FAILURES and current.stopped is None:
            failures = 0
            yield from why_unread(current, pages, other=other)
    yield from _repair(current, other=other)
    yield from behind(current, pages, other=other)
    return current


def _stop_if_due(plan: WalkLimits, current: Pass, pages: int, known: int) -> None:
    """Stop a pass if no page behind its last one is to be read, or can be; `known`: pages in a row with nothing new."""
    step, number = current.steps[-1], len(current.steps)
    if number < pages and plan.until_known is not None and known >= plan.until_known:
        current.stop(f"asked to stop after {plan.until_known} pages without anything new", "bounded")
    if number < pages and plan.most_pages is not None and number >= plan.most_pages:
        current.stop(f"asked to stop after {plan.most_pages} pages", "bounded")
    if step.stop:
        current.stop(step.stop, "interrupted")
    elif number == 1 and _has_other_size(step, plan):
        current.stop(OTHER_SIZE.format(len(step.keys), step.total, plan.size), "partial")
    elif plan.linked and not step.is_read:
        current.stop(f"page {number} {UNREAD_LINK}", "interrupted")
    elif current.declares != "nothing" and pages > _pages(current.steps[0], current.size) + MOST_GROWTH:
        current.stop(ENDLESS, "partial")


def _has_other_size(step: WalkPage, plan: WalkLimits) -> bool:
    """Return whether the first page is full, but of fewer records than the source says."""
    return len(step.keys) in SIZES and len(step.keys) < min(plan.size, step.total or 0)


def _repair(current: Pass, *, other: bool) -> Generator[PageRequest, WalkPage, None]:
    """Request the unread pages again, until several in a row fail again."""
    failures = 0
    for step in current.unread if current.read and current.stopped is None else ():
        reread = yield PageRequest(step.number, "repair: could not be read", other)
        current.steps.remove(step)
        current.steps.append(as_shown(reread, current))
        failures = 0 if reread.is_read else failures + 1
        if reread.stop:
            current.stop(reread.stop, "interrupted")
        if reread.stop or failures == MOST_FAILURES:
            return


def pages_of(step: WalkPage, plan: WalkLimits) -> int | None:
    """Return how many pages a walk will read if all goes well: those of the listing and those of the proof."""
    if not step.is_read or step.declares == "nothing":
        return None
    pages = _pages(step, plan.size)
    if plan.most_pages is not None and plan.most_pages < pages:
        return plan.most_pages
    return pages + 1 if plan.ordered and step.total is not None else 2 * pages


def _pages(step: WalkPage, size: int, *, linked: bool = False) -> int:
    """Return how many pages there are at least, as a page declares it, or as it shows that another one follows.

    `linked`: pages before link to the next one, so that a page that does not is the last.
    """
    if step.declares == "nothing":
        return step.number + 1 + (step.onward or (len(step.keys) >= size and not linked))
    if step.total is None:
        return step.pages or 1
    return -(-step.total // size) or 1


def _front(current: Pass) -> Generator[PageRequest, WalkPage, Pass]:
    """Read the first page again, and on while records are new there."""
    front, known = Pass(current.size), current.keys
    number = failures = 0
    while number < LONGEST_FRONT and front.stopped is None:
        step = yield PageRequest(number, "repair: new at the front" if number else "proof: the first page again")
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


def _complete(proof: Proof, keys: frozenset[str], total: int | None, drift: int, checked: Declares) -> WalkResult:
    return WalkResult("complete", proof, None, total, keys, drift, checked=checked)


def stopped(current: Pass, drift: int) -> WalkResult:
    """Return the verdict of a pass that did not come to its end."""
    status: Status = "partial" if current.unread and current.status == "bounded" else current.status
    reason = current.stopped or "no page of the listing could be read"
    return WalkResult(status, None, reason, current.total, current.keys, drift, current.missing(), current.declares)


def _doubted(verdict: WalkResult, plan: WalkLimits) -> WalkResult:
    """Return a verdict that was complete, but for a ceiling that may hide what lies behind it."""
    return replace(
        verdict, status="partial", proof=None, reason=suspicion(verdict.total or len(verdict.keys), plan.ceiling)
    )


def _partial(current: Pass, drift: int) -> WalkResult:
    why = _why_partial(current)
    return WalkResult("partial", None, why, current.total, current.keys, drift, current.missing(), current.declares)


def _why_partial(current: Pass) -> str:
    if current.unread:
        return f"pages that could not be read: {len(current.unread)}"
    if not current.exact:
        return "the archive declares no exact number of records, so nothing proves that these are all"
    if current.cached:
        return "answers came out of a cache between here and the archive, so they may be of different times"
    if len(set(current.totals)) == 1 and len(current.keys) != current.totals[0]:
        return f"the archive declares {current.totals[0]} records and shows {len(current.keys)}{_twice(current)}"
    if current.declares == "pages" and not current.is_as_declared:
        pages = max(step.pages or 0 for step in current.steps)
        return (
            f"the archive declares {pages} pages; {len(current.read)} were read, not all of them full{_twice(current)}"
        )
    if current.declares == "nothing" and current.repeated:
        return f"the archive shows records more than once{_twice(current)}"
    return f"the listing changed during each of {MOST_PASSES} passes"


def _twice(current: Pass) -> str:
    """Return the positions of records that are at another position, too: others belong there and were not shown."""
    positions = current.repeated
    named = ", ".join(map(str, positions[:MOST_NAMED])) + (" …" if len(positions) > MOST_NAMED else "")
    return f"; shown a second time, in place of others: positions {named}" if positions else ""


SEAM = "seam"
"""Why the page is read at which a walk goes on."""
UNREAD = "the page where the walk goes on could not be read; the next run tries again"


def resumed(plan: WalkLimits, read: Sequence[WalkPage]) -> Generator[PageRequest, WalkPage, WalkResult]:
    """Go on with a walk that was cut short after the pages `read`, or begin one.

    The last page is read again: if it is not as it was, the listing has moved meanwhile, and the walk begins afresh.
    """
    steps, held = walk(plan), _unbroken(read)
    try:
        wanted = next(steps)
        for step in held:
            if (wanted.number, wanted.reason) != (step.number, step.reason):  # walked by another plan
                return (yield from walk(plan))
            seam, wanted = PageRequest(step.number, SEAM, wanted.other), steps.send(step)
        if held:
            reread = yield seam
            if not reread.is_read:  # nothing is known of the listing now: the next run may go on
                return stopped(Pass(plan.size, held, reread.stop or UNREAD, "interrupted"), 0)
            if not reread.same_as(held[-1]):
                return (yield from walk(plan))
        while True:
            wanted = steps.send((yield wanted))
    except StopIteration as end:
        return cast("WalkResult", end.value)


def _unbroken(read: Sequence[WalkPage]) -> list[WalkPage]:
    """Return the pages since the walk last began afresh, without seams and without those at the end that failed."""
    held: list[WalkPage] = []
    for step in read:
        if step.reason != SEAM:
            held.append(step)
            continue
        held = _without_failures(held)
        if held and not step.same_as(held[-1]):
            held = []
    return _without_failures(held)


def _without_failures(steps: list[WalkPage]) -> list[WalkPage]:
    while steps and not steps[-1].is_read:
        steps = steps[:-1]
    return steps

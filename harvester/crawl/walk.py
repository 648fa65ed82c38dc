"""The walk through a listing, and its proof.

Pure logic: it asks for pages, is told what they hold, and gives a verdict. Records move between pages while a listing
is walked, so a matching count proves nothing: one removal behind the walk and one addition ahead of it leave it equal.
Only two things are taken for a proof, and only of pages that did not come out of a cache:

`ordered`: the archive lists new records first. Then additions show at the front and nowhere else. If the total never
fell, grew by exactly the records that are new at the front, and equals the distinct records seen, nothing was removed
and nothing was missed.

`twice`: two whole passes, one after the other, found the same set, as many as declared.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

MOST_PASSES = 4
"""A listing that changes under every pass will change under the next; the following run begins afresh."""
MOST_GROWTH = 20
"""Pages that a listing may grow by during one pass; a pager that goes on and on is no listing."""
MOST_FAILURES = 3
"""Pages in a row that could not be read before a walk gives up: the archive is down, or does not want us."""
SEAM = "seam"
"""Why the page is read at which a walk goes on."""
ASKED = "asked to stop"
"""How the reasons begin for which a walk is bounded, and not a failure."""
LONGEST_FRONT = 20
"""Pages of new records at the front that are read to repair a pass; beyond, another pass is as cheap."""

Proof = Literal["ordered", "twice"]


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


@dataclass(frozen=True)
class Step:
    """A page that was read: the total it declared, and the keys of its records in order.

    `total` is None if the page could not be had or was refused. `known`: all of it was held before, unchanged.
    `stop`: why no further page is to be asked for.
    `cached`: the answer says that it comes out of a cache, so it may show the listing as it was: it proves nothing.
    """

    number: int
    total: int | None
    keys: tuple[str, ...] = ()
    known: bool = False
    cached: bool = False
    stop: str | None = None


@dataclass(frozen=True)
class Verdict:
    """How a walk ended. `missing`: positions (from, to) that no page of the last pass showed."""

    status: Literal["complete", "partial", "bounded"]
    proof: Proof | None
    reason: str | None
    total: int | None
    keys: frozenset[str]
    drift: int = 0
    missing: tuple[tuple[int, int], ...] = ()


@dataclass
class Pass:
    """One passage through all pages."""

    size: int
    steps: list[Step] = field(default_factory=list)
    stopped: str | None = None

    @property
    def totals(self) -> list[int]:
        """The totals declared, in the order in which they were read."""
        return [step.total for step in self.steps if step.total is not None]

    @property
    def keys(self) -> frozenset[str]:
        """All records seen."""
        return frozenset(key for step in self.steps for key in step.keys)

    @property
    def drift(self) -> int:
        """How often the listing was seen to move: the total changed, or a record stood on a second page."""
        changes = sum(one != other for one, other in zip(self.totals, self.totals[1:], strict=False))
        return changes + sum(len(step.keys) for step in self.steps) - len(self.keys)

    @property
    def whole(self) -> bool:
        """Say whether no page is missing and as many records were seen as every page declared."""
        return (
            bool(self.steps)
            and not any(step.total is None or step.cached for step in self.steps)
            and len(set(self.totals)) == 1
            and len(self.keys) == self.totals[0]
        )

    def missing(self) -> tuple[tuple[int, int], ...]:
        """Give the positions that no page showed, as ranges."""
        if not self.totals:
            return ()
        last = self.totals[-1]
        spans = [(step.number * self.size + len(step.keys) + 1, (step.number + 1) * self.size) for step in self.steps]
        return tuple(_joined((first, min(end, last)) for first, end in sorted(spans) if first <= min(end, last)))


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join ranges that touch."""
    joined: list[tuple[int, int]] = []
    for first, last in spans:
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def resumed(plan: Plan, read: Sequence[Step]) -> Generator[Wanted, Step, Verdict]:
    """Go on with a walk that was cut short after the pages `read`, or begin one.

    The last page is read again: if it is not as it was, the listing has moved meanwhile, and the walk begins afresh.
    """
    steps = walk(plan)
    try:
        wanted = next(steps)
        for step in read:
            wanted = steps.send(step)
        if read:
            again = yield Wanted(read[-1].number, SEAM)
            if (again.total, again.keys) != (read[-1].total, read[-1].keys):
                return (yield from walk(plan))
        while True:
            wanted = steps.send((yield wanted))
    except StopIteration as end:
        return cast("Verdict", end.value)


def walk(plan: Plan) -> Generator[Wanted, Step, Verdict]:
    """Walk a listing: yields the pages wanted, is sent what they held, returns the verdict."""
    before: Pass | None = None
    drift = 0
    for number in range(MOST_PASSES):
        current = yield from _one_pass(plan, "walk" if number == 0 else f"pass {number + 1}")
        drift += current.drift
        if current.stopped is not None or not current.totals:
            return _stopped(current, drift)
        if plan.ordered:
            front = yield from _front(current)
            if _proven_by_order(current, front):
                return _complete("ordered", frozenset(current.keys | front.keys), front.totals[-1], drift)
        elif before is not None and before.whole and current.whole and before.keys == current.keys:
            return _complete("twice", current.keys, current.totals[-1], drift)
        before = current
    return _partial(current, drift)


def _one_pass(plan: Plan, reason: str) -> Generator[Wanted, Step, Pass]:
    current = Pass(plan.size)
    pages, number, known = 1, 0, 0
    while number < pages:
        step = yield Wanted(number, reason)
        current.steps.append(step)
        pages = max(pages, _pages(step, plan.size))
        number += 1
        known = known + 1 if step.known else 0
        current.stopped = _why_stop(plan, number, pages, known, current)
        if current.stopped is not None:
            break
    return current


def _pages(step: Step, size: int) -> int:
    return -(-step.total // size) if step.total else 1


def _why_stop(plan: Plan, number: int, pages: int, known: int, current: Pass) -> str | None:
    """Say why a pass stops before its end, if it does."""
    failed = [step.total is None for step in current.steps[-MOST_FAILURES:]]
    if current.steps[-1].stop or (len(failed) == MOST_FAILURES and all(failed)):
        return current.steps[-1].stop or f"{MOST_FAILURES} pages in a row could not be read"
    if plan.most_pages is not None and number >= plan.most_pages and number < pages:
        return f"{ASKED} after {plan.most_pages} pages"
    if plan.until_known is not None and known >= plan.until_known and number < pages:
        return f"{ASKED} after {plan.until_known} pages without anything new"
    if pages > _pages(current.steps[0], plan.size) + MOST_GROWTH:
        return ENDLESS
    return None


ENDLESS = "the pager has no end: the declared total grows with every page"


def _front(current: Pass) -> Generator[Wanted, Step, Pass]:
    """Read the first page again, and on while records are new there."""
    front = Pass(current.size)
    known = current.keys
    for number in range(LONGEST_FRONT):
        step = yield Wanted(number, "proof: the first page again" if number == 0 else "repair: new at the front")
        front.steps.append(step)
        if step.total is None or all(key in known for key in step.keys):
            break
    return front


def _proven_by_order(current: Pass, front: Pass) -> bool:
    """Say whether only additions at the front can have happened, and all of them were seen."""
    steps = [*current.steps, *front.steps]
    if any(step.total is None or step.cached for step in steps):
        return False
    totals = [*current.totals, *front.totals]
    never_fell = all(one <= other for one, other in itertools.pairwise(totals))
    seen = current.keys | front.keys
    new = _new_at_front(current, front)
    return never_fell and len(seen) == totals[-1] and new == totals[-1] - totals[0] and _still(front)


def _new_at_front(current: Pass, front: Pass) -> int:
    """Count the records that stand before the one that was first when the pass began."""
    order = [key for step in front.steps for key in step.keys]
    was_first = current.steps[0].keys[:1]
    if not was_first:
        return len(set(order))
    return order.index(was_first[0]) if was_first[0] in order else -1


def _still(front: Pass) -> bool:
    """Say whether the listing stood still while its front was read again."""
    keys = [key for step in front.steps for key in step.keys]
    return len(set(front.totals)) == 1 and len(set(keys)) == len(keys)


def _complete(proof: Proof, keys: frozenset[str], total: int, drift: int) -> Verdict:
    return Verdict("complete", proof, None, total, keys, drift)


def _stopped(current: Pass, drift: int) -> Verdict:
    total = current.totals[-1] if current.totals else None
    reason = current.stopped or "no page of the listing could be read"
    status: Literal["partial", "bounded"] = "bounded" if reason.startswith(ASKED) else "partial"
    return Verdict(status, None, reason, total, current.keys, drift, current.missing())


def _partial(current: Pass, drift: int) -> Verdict:
    return Verdict("partial", None, _why_partial(current), current.totals[-1], current.keys, drift, current.missing())


def _why_partial(current: Pass) -> str:
    lost = sum(step.total is None for step in current.steps)
    if lost:
        return f"{lost} pages could not be read"
    if any(step.cached for step in current.steps):
        return "answers came out of a cache between here and the archive, so they may be of different times"
    return f"the listing changed during each of {MOST_PASSES} passes"

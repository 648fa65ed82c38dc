"""How a walk that was cut short is gone on with: its pages are told to the walk again, and one is read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from harvester.crawl.passes import Pass, Wanted
from harvester.crawl.walk import stopped, walk

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from harvester.crawl.passes import Step, Verdict
    from harvester.crawl.walk import Plan

SEAM = "seam"
"""Why the page is read at which a walk goes on."""
UNREAD = "the page where the walk goes on could not be read; the next run tries again"


def resumed(plan: Plan, read: Sequence[Step]) -> Generator[Wanted, Step, Verdict]:
    """Go on with a walk that was cut short after the pages `read`, or begin one.

    The last page is read again: if it is not as it was, the listing has moved meanwhile, and the walk begins afresh.
    """
    steps, held = walk(plan), _unbroken(read)
    try:
        wanted = next(steps)
        for step in held:
            if (wanted.number, wanted.reason) != (step.number, step.reason):  # walked by another plan
                return (yield from walk(plan))
            seam, wanted = Wanted(step.number, SEAM, wanted.other), steps.send(step)
        if held:
            again = yield seam
            if again.total is None:  # nothing is known of the listing now: the next run may go on
                return stopped(Pass(plan.size, held, again.stop or UNREAD, "interrupted"), 0)
            if not again.same_as(held[-1]):
                return (yield from walk(plan))
        while True:
            wanted = steps.send((yield wanted))
    except StopIteration as end:
        return cast("Verdict", end.value)


def _unbroken(read: Sequence[Step]) -> list[Step]:
    """Give the pages since the walk last began afresh, without seams and without those at the end that failed."""
    held: list[Step] = []
    for step in read:
        if step.reason != SEAM:
            held.append(step)
            continue
        held = _without_failures(held)
        if held and not step.same_as(held[-1]):
            held = []
    return _without_failures(held)


def _without_failures(steps: list[Step]) -> list[Step]:
    while steps and steps[-1].total is None:
        steps = steps[:-1]
    return steps

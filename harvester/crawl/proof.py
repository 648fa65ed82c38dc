"""What proves that a walk has seen the whole listing.

Records move between pages while a listing is walked, so a matching count proves nothing: one removal behind the walk
and one addition ahead of it leave it equal. Only two things are taken for a proof, and only of pages that did not
come out of a cache:

`ordered`: the archive lists new records first. Then additions show at the front and nowhere else. If the total never
fell, grew by exactly the records that are new at the front, and equals the distinct records seen, nothing was removed
and nothing was missed.

`twice`: two whole passes, one after the other, found the same set, as many as declared.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harvester.crawl.passes import Pass


def proven_by_two(before: Pass, current: Pass) -> bool:
    """Say whether two passes, one after the other, have found the same."""
    return before.whole and current.whole and before.keys == current.keys


def proven_by_order(current: Pass, front: Pass) -> bool:
    """Say whether only additions at the front can have happened, and all of them were seen."""
    if any(step.total is None or step.cached or not step.exact for step in [*current.steps, *front.steps]):
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

"""The proof that a walk has seen the whole listing: its pages, its passes, and the result that follows. Pure data.

Records move between pages while a listing is walked, so a matching count proves nothing: one removal behind the walk
and one addition ahead of it leave it equal. There are two proofs, and only from pages that did not come from a cache:

`ordered`: the archive lists new records first, so additions are seen only at the front. If the total never fell, grew
by exactly the records that are new at the front, and equals the distinct records seen, nothing was removed or missed.

`twice`: two whole passes, one after the other, found the same set, as many as declared. Where a listing declares only
how many pages it has, or nothing, the two passes are all that is compared; the result names what was declared.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harvester.model import Declares


Proof = Literal["ordered", "twice"]
Status = Literal["complete", "partial", "bounded", "interrupted"]
_LEAST_FIRST: tuple[Declares, ...] = ("nothing", "pages", "total", "range")


@dataclass(frozen=True)
class PageRequest:
    """A page to be read next, by its number from 0, and why; `other`: of the listing in its other order."""

    number: int
    reason: str = "walk"
    other: bool = False


@dataclass(frozen=True, slots=True)
class WalkPage:
    """A page that was read: the total it declared, and the keys of its records in order.

    `total` is None if the page could not be fetched or was refused. `known`: all of it was stored before, unchanged.
    `stop`: why no further page is to be requested. `reason`: why it was read.
    `cached`: the response comes from a cache, so it may show an older state: it proves nothing.
    `busy`: the archive did not answer, or was busy: that shows nothing about the page.
    `no_such`: the archive has no such page (404, 410), or responds with another one, or with an empty result.
    `onward`: it links to a later page of the listing. `exact`: its total is a number of records, no estimate and
    no limit. `declares`: what it declares; if that is no total, a page that was read has none. `pages`: how many pages
    it says that there are. `next_page`: the address of the next page, where only a link tells it.
    """

    number: int
    total: int | None
    keys: tuple[str, ...] = ()
    known: bool = False
    cached: bool = False
    stop: str | None = None
    reason: str = "walk"
    onward: bool = False
    busy: bool = False
    no_such: bool = False
    exact: bool = True
    declares: Declares = "range"
    pages: int | None = None
    next_page: str | None = None

    @property
    def is_read(self) -> bool:
        """Whether the page could be fetched and was not refused."""
        return self.total is not None or self.declares in ("nothing", "pages")

    def same_as(self, other: WalkPage) -> bool:
        """Return whether two readings of a page show the same."""
        return (self.total, self.pages, self.keys) == (other.total, other.pages, other.keys)


@dataclass(frozen=True)
class WalkResult:
    """How a walk ended. `missing`: positions (from, to) that no page of the last pass showed.

    `checked`: what the listing declared, so what was compared with what was seen.
    """

    status: Status
    proof: Proof | None
    reason: str | None
    total: int | None
    keys: frozenset[str]
    drift: int = 0
    missing: tuple[tuple[int, int], ...] = ()
    checked: Declares = "range"


@dataclass
class Pass:
    """One passage through all pages."""

    size: int
    steps: list[WalkPage] = field(default_factory=list)
    stopped: str | None = None
    status: Status = "partial"

    def stop(self, reason: str, status: Status) -> None:
        """End the pass here."""
        self.stopped, self.status = reason, status

    @property
    def totals(self) -> list[int]:
        """The totals declared, in the order in which they were read."""
        return [step.total for step in self.steps if step.total is not None]

    @property
    def total(self) -> int | None:
        """The total declared last; None if no page declared one."""
        return self.totals[-1] if self.totals else None

    @property
    def read(self) -> list[WalkPage]:
        """The pages that could be read."""
        return [step for step in self.steps if step.is_read]

    @property
    def declares(self) -> Declares:
        """What all pages that were read declare."""
        return min((step.declares for step in self.read), key=_LEAST_FIRST.index, default="range")

    @property
    def last(self) -> WalkPage:
        """The page with the highest number that was requested."""
        return max(self.steps, key=lambda step: step.number)

    @property
    def keys(self) -> frozenset[str]:
        """All records seen."""
        return frozenset(key for step in self.steps for key in step.keys)

    @property
    def drift(self) -> int:
        """How often the listing changed during the pass: the total changed, or a record appeared on a second page."""
        changes = sum(one != other for one, other in zip(self.totals, self.totals[1:], strict=False))
        return changes + sum(len(step.keys) for step in self.steps) - len(self.keys)

    @property
    def unread(self) -> list[WalkPage]:
        """The pages that could not be fetched."""
        return [step for step in self.steps if not step.is_read]

    @property
    def exact(self) -> bool:
        """Return whether every page declared an exact number of records: no other proves anything."""
        return all(step.exact for step in self.steps)

    @property
    def cached(self) -> bool:
        """Return whether an answer came out of a cache."""
        return any(step.cached for step in self.steps)

    def same_as(self, other: Pass) -> bool:
        """Return whether two passes were shown the same, page by page, by the archive itself."""
        shown, before = (
            [(step.number, step.total, step.pages, step.keys) for step in one.steps] for one in (self, other)
        )
        return shown == before and not self.cached and not other.cached

    @property
    def whole(self) -> bool:
        """Return whether no page is missing and as many records were seen as every page declared."""
        return bool(self.steps) and not self.unread and not self.cached and self.exact and self.is_as_declared

    @property
    def is_as_declared(self) -> bool:
        """Return whether as many records were seen as every page declared.

        Where pages declare less: as many pages, all but the last with as many records as the first; or, if nothing is
        declared, no record twice.
        """
        once = len(self.keys) == sum(len(step.keys) for step in self.steps)
        if self.declares == "nothing":
            return once
        if self.declares == "pages":
            full = {len(step.keys) for step in self.steps if step is not self.last}
            return once and len(full) <= 1 and {step.pages for step in self.steps} == {len(self.steps)}
        return len(set(self.totals)) == 1 and len(self.keys) == self.totals[0]

    @property
    def repeated(self) -> list[int]:
        """The positions of records that an earlier page showed, too: other records are there."""
        seen: set[str] = set()
        positions = []
        for step in sorted(self.steps, key=lambda step: step.number):
            places = enumerate(step.keys, start=step.number * self.size + 1)
            positions += [position for position, key in places if key in seen]
            seen.update(step.keys)
        return positions

    def missing(self) -> tuple[tuple[int, int], ...]:
        """Return the positions that no page showed, as ranges; where the pass was stopped, those behind it, too."""
        if not self.totals:
            return ()
        last = self.totals[-1]
        spans = [(step.number * self.size + len(step.keys) + 1, (step.number + 1) * self.size) for step in self.steps]
        if self.stopped is not None and self.status == "partial":
            spans.append((self.size * (1 + max(step.number for step in self.steps)) + 1, last))
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


def proven_by_two(before: Pass, current: Pass) -> bool:
    """Return whether two passes, one after the other, have found the same."""
    return before.whole and current.whole and before.keys == current.keys


def proven_by_order(current: Pass, front: Pass) -> bool:
    """Return whether only additions at the front can have happened, and all of them were seen."""
    steps = [*current.steps, *front.steps]
    if any(step.total is None or step.cached or not step.exact for step in steps):
        return False
    totals = [*current.totals, *front.totals]
    never_fell = all(one <= other for one, other in itertools.pairwise(totals))
    seen = current.keys | front.keys
    new = _new_at_front(current, front)
    return never_fell and len(seen) == totals[-1] and new == totals[-1] - totals[0] and _is_unchanged(front)


def _new_at_front(current: Pass, front: Pass) -> int:
    """Count the records before the one that was first when the pass began."""
    order = [key for step in front.steps for key in step.keys]
    was_first = current.steps[0].keys[:1]
    if not was_first:
        return len(set(order))
    return order.index(was_first[0]) if was_first[0] in order else -1


def _is_unchanged(front: Pass) -> bool:
    """Return whether the listing did not change while its front was read again."""
    keys = [key for step in front.steps for key in step.keys]
    return len(set(front.totals)) == 1 and len(set(keys)) == len(keys)

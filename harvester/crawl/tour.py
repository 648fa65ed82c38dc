"""The way through an archive: a listing is walked to its verdict, then the document pages that are due are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.addresses import in_other_order, is_ordered, page_url
from harvester.crawl.ceiling import BEHIND, MOST_FAILURES
from harvester.crawl.passes import Wanted
from harvester.crawl.resume import SEAM, UNREAD, resumed
from harvester.crawl.walk import Plan, pages_of
from harvester.pages.page import Problem
from harvester.store.taking import WalkStep

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from harvester.addresses import ListingAddress
    from harvester.crawl.desk import Desk
    from harvester.crawl.items import Fetched
    from harvester.crawl.order import Order
    from harvester.crawl.passes import Step
    from harvester.crawl.visits import Visits
    from harvester.source import Source
    from harvester.store.members import Leaver
    from harvester.store.taking import Taken


class Tour:
    """Goes through an archive as it was ordered, page by page."""

    def __init__(self, order: Order, source: Source, desk: Desk, visits: Visits) -> None:
        self._order = order
        self._source = source
        self._desk = desk
        self._visits = visits
        self.expected: int | None = None
        """How many pages there are, as far as that is known."""
        self._is_walked = False

    async def pages(self) -> AsyncIterator[Fetched]:
        """Give one fetched page after the other; each is to be committed before the next is asked for."""
        listing = self._order.address(self._source)
        async for fetched in self._look_again(listing):
            yield fetched
        if not self._is_walked and not self._visits.given_up:
            async for fetched in self._walk(listing):
                yield fetched
        if self._order.documents and not self._visits.given_up:
            async for fetched in self._documents(listing):
                yield fetched

    async def _look_again(self, listing: ListingAddress) -> AsyncIterator[Fetched]:
        """See whether a listing still stands that the run before walked to its proof and was cut short later.

        Where new records come first its first page tells, with the total. Else the last page that was read is as good
        as any: the walk then counts as of the time when it was made.
        """
        finished = self._desk.finished(listing)
        if finished is None:
            return
        walk, read = finished
        fronts = [step for step in read if step.number == 0] if is_ordered(listing, self._source) else []
        seam = next(step for step in reversed(fronts or read) if step.total is not None)
        async for fetched in self._look(listing, Wanted(seam.number, SEAM), walk):
            yield fetched
        again = await self._visits.step(seam.number)
        if again.total is None:
            self._visits.give_up(again.stop or UNREAD)
        elif again.same_as(seam) and not again.cached:
            self._desk.take_over(walk)
            self._is_walked = True

    async def _documents(self, listing: ListingAddress) -> AsyncIterator[Fetched]:
        """Fetch the document pages that are due; an archive that shows none of them is asked for no more."""
        failures, due = 0, self._desk.documents(listing)
        self.expected = self._desk.run.counts["pages"] + len(due)
        looked_at = len(due)
        for number, address in enumerate(due):  # it grows: a page that is another document's is asked for once more
            fetched = await self._visits.document(address)
            yield fetched
            taken = await fetched.taken
            if taken and taken.claim and number < looked_at:
                due.append(address)
            failures = failures + 1 if taken is None or (taken.refused and not taken.missing) else 0
            if self._visits.given_up:
                return
            if failures == MOST_FAILURES:
                message = f"{failures} document pages in a row could not be read: the next run goes on from here"
                self._desk.problem(Problem("error", "documents-stopped", message), address)
                return

    async def _walk(self, listing: ListingAddress) -> AsyncIterator[Fetched]:
        """Walk a listing to its verdict; one that was cut short goes on."""
        walk, read = self._desk.begin_walk(listing)
        plan = self._plan(listing)
        steps, held = resumed(plan, read), self._desk.documents_held(listing)
        try:
            wanted = next(steps)
            while True:
                async for fetched in self._look(listing, wanted, walk):
                    yield fetched
                step = await self._visits.step(wanted.number)
                foreseen = self._foreseen(step, plan, held)
                self.expected = foreseen - len(read) if foreseen else self.expected
                wanted = steps.send(step)
        except StopIteration as end:
            leaving = self._desk.end_walk(walk, listing, end.value)
            self._visits.heed(end.value)
        async for fetched in self._leaving(walk, listing, leaving):
            yield fetched

    def _foreseen(self, step: Step, plan: Plan, held: int) -> int | None:
        """Say how many pages this will be, if all goes well: document pages of all records that are not held, too."""
        pages = pages_of(step, plan)
        if pages is None or not self._order.documents:
            return pages
        return pages + max(0, min(step.total or 0, pages * plan.size) - held)

    async def _leaving(self, walk: int, listing: ListingAddress, leaving: list[Leaver]) -> AsyncIterator[Fetched]:
        """Ask each document that has left the listing, at its address, whether it is gone; once, then it has left."""
        answers: dict[str, Taken | None] = {}
        for leaver in leaving:
            if leaver.gone and leaver.url:
                fetched = await self._visits.document(leaver.url)
                yield fetched
                answers[leaver.url] = await fetched.taken
        if leaving:
            self._desk.settle(walk, listing, leaving, answers)

    async def _look(self, listing: ListingAddress, wanted: Wanted, walk: int) -> AsyncIterator[Fetched]:
        """Fetch a page of a listing; one that is refused is asked for again before that is believed."""
        shown = in_other_order(listing, self._source) if wanted.other else None
        url = page_url(shown or listing, wanted.number, self._source)
        assert self._source.pager is not None  # noqa: S101 - Order.address has seen to it
        first = wanted.number * self._source.pager.size + 1
        # That a whole listing is empty may well be so, but not if records were there before: look twice.
        filled = wanted.reason != BEHIND and (wanted.number > 0 or bool(self._desk.proven_total(listing)))
        step = WalkStep(walk, wanted.number, wanted.reason, first, listing.url, filled=filled)
        async for fetched in self._visits.looks(url, step):
            yield fetched

    def _plan(self, listing: ListingAddress) -> Plan:
        assert self._source.pager is not None  # noqa: S101 - Order.address has seen to it
        return Plan(
            self._source.pager.size,
            is_ordered(listing, self._source),
            self._order.most_pages,
            self._order.until_known,
            first=self._desk.left_over(listing, self._source.pager.size),
            reorders=in_other_order(listing, self._source) is not None,
            settled=self._desk.proven_total(listing),
            ceiling=self._source.pager.ceiling,
        )

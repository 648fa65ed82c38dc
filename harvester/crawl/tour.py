"""The way through an archive: a listing is walked to its verdict, then the document pages that are due are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.addresses import is_ordered, page_url
from harvester.crawl.resume import resumed
from harvester.crawl.walk import MOST_FAILURES, Plan, Wanted, pages_of
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

    async def pages(self) -> AsyncIterator[Fetched]:
        """Give one fetched page after the other; each is to be committed before the next is asked for."""
        listing = self._order.address(self._source)
        if not self._desk.is_walked(listing):
            async for fetched in self._walk(listing):
                yield fetched
        if self._order.documents and not self._visits.given_up:
            async for fetched in self._documents(listing):
                yield fetched

    async def _documents(self, listing: ListingAddress) -> AsyncIterator[Fetched]:
        """Fetch the document pages that are due; an archive that shows none of them is asked for no more."""
        failures, due = 0, self._desk.documents(listing)
        self.expected = self._desk.run.counts["pages"] + len(due)
        for address in due:
            fetched = await self._visits.visit(address)
            yield fetched
            taken = await fetched.taken
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
                fetched = await self._visits.visit(leaver.url)
                yield fetched
                answers[leaver.url] = await fetched.taken
        if leaving:
            self._desk.settle(walk, listing, leaving, answers)

    async def _look(self, listing: ListingAddress, wanted: Wanted, walk: int) -> AsyncIterator[Fetched]:
        """Fetch a page of a listing; one that is refused is asked for again before that is believed."""
        url = page_url(listing, wanted.number, self._source)
        first = wanted.number * self._plan(listing).size + 1
        step = WalkStep(walk, wanted.number, wanted.reason, first, listing.url)
        async for fetched in self._visits.looks(url, step):
            yield fetched

    def _plan(self, listing: ListingAddress) -> Plan:
        assert self._source.pager is not None  # noqa: S101 - Order.address has seen to it
        ordered = is_ordered(listing, self._source)
        return Plan(self._source.pager.size, ordered, self._order.most_pages, self._order.until_known)

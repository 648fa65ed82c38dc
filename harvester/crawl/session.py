"""What a spider reads from and writes to the run while it walks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from harvester.crawl.proof import WalkPage
from harvester.crawl.warc_writer import HttpAnswer
from harvester.ingest import ANOTHER_PAGE, NOTHING_FOUND
from harvester.model import Problem
from harvester.store.captures import newest_validators
from harvester.store.database import transaction, translate_errors
from harvester.store.due_pages import count_document_pages, find_due_pages
from harvester.store.listing_members import count_seen
from harvester.store.removals import apply_removals, close_walk
from harvester.store.walks import (
    begin_walk,
    finished_walk,
    load_page,
    load_steps,
    proven_total,
    reassign_walk,
    resume_walk,
    unfinished_walk,
    unread_pages,
    walk_start,
)
from harvester.store.withdrawal.release import undecided_addresses
from harvester.store.withdrawal.withdrawn import is_withdrawn_address
from harvester.utils import utc_timestamp
from harvester.walk_log import WalkOutcome, begin_note, end_note, removals_note

if TYPE_CHECKING:
    from scrapy.http import Response

    from harvester.crawl.options import CrawlOptions
    from harvester.crawl.proof import WalkResult
    from harvester.crawl.warc_writer import WarcFile
    from harvester.source import Minimum, Source
    from harvester.store.captures import Validators
    from harvester.store.listing_members import MissingDocument
    from harvester.store.run import Run
    from harvester.store.run_pages import PageResult
    from harvester.store.walks import StoredWalkPage
    from harvester.urls import ListingAddress


MOST_LEFT_OVER = 10
"""Pages that the walk before could not read and that are requested first: they may fail again."""


class CrawlSession:
    """The spider's view of the database: what was read before, and what its walks have found."""

    def __init__(self, run: Run, order: CrawlOptions, warc: WarcFile | None, source: Source) -> None:
        self.run = run
        self._order = order
        self._undeclared = source.declares_nothing
        self._path = order.db
        self._warc = warc

    def begin_walk(self, listing: ListingAddress) -> tuple[int, list[WalkPage]]:
        """Begin a walk or resume an interrupted one; return its id and the pages that it has read."""
        with translate_errors(self._path), transaction(self.run.db):
            held = unfinished_walk(self.run.db, listing, self._order.resumed_since)
            walk = held or begin_walk(self.run.db, self.run.id, listing)
            if held:
                resume_walk(self.run.db, held, self.run.id)
        if self._warc:
            note = begin_note(listing, walk_start(self.run.db, walk)[0], resumed=held is not None)
            self._warc.note(listing.url, note, datetime.now(UTC))
        return walk, self._read(walk) if held else []

    def finished(self, listing: ListingAddress) -> tuple[int, list[WalkPage]] | None:
        """Return the walk that came to its proof in a run that was then cut short, and its pages; None without one."""
        walk = finished_walk(self.run.db, listing, self._order.resumed_since)
        return None if walk is None else (walk, self._read(walk))

    def take_over(self, walk: int) -> None:
        """Continue after a walk that an earlier run has ended."""
        with translate_errors(self._path), transaction(self.run.db):
            reassign_walk(self.run.db, walk, self.run.id)

    def _read(self, walk: int) -> list[WalkPage]:
        """Return the pages that a walk has read."""
        stored = load_steps(self.run.db, walk)
        return [self._page(page) for page in stored]

    def _page(self, page: StoredWalkPage) -> WalkPage:
        """Return a page as it counts in a walk: one that declares nothing is unread, unless all of the source do so."""
        declares = page.declares
        if declares == "nothing" and not self._undeclared:
            declares = "range"
        return WalkPage(
            page.number,
            page.total,
            page.keys,
            page.known,
            page.cached,
            reason=page.reason,
            onward=page.onward,
            exact=page.exact,
            declares=declares,
            pages=page.pages,
            next_page=page.next_page,
        )

    def left_over(self, listing: ListingAddress, size: int) -> tuple[int, ...]:
        """Return the pages that the last walk of a listing could not read."""
        return unread_pages(self.run.db, listing, size, MOST_LEFT_OVER)

    def proven_total(self, listing: ListingAddress) -> int | None:
        """Return the total of the newest complete walk of a listing, if there is one."""
        return proven_total(self.run.db, listing)

    def end_walk(self, walk: int, listing: ListingAddress, verdict: WalkResult) -> list[MissingDocument]:
        """Write a walk's result and what is missing; return the documents that seem to have left the listing."""
        missing = ", ".join(f"{first}-{last}" for first, last in verdict.missing)
        reason = f"{verdict.reason}; positions not read: {missing}" if missing and verdict.reason else verdict.reason
        began, pages = walk_start(self.run.db, walk)
        counts = (verdict.total, len(verdict.keys), verdict.drift, pages)
        accepted = self._order.accept_removals
        ending = WalkOutcome(
            verdict.status, verdict.proof, reason, *counts, finished_at=utc_timestamp(), checked=verdict.checked
        )
        if self._warc:
            self._warc.note(listing.url, end_note(listing, began, ending, accepted=accepted), datetime.now(UTC))
        with translate_errors(self._path):
            return close_walk(self.run, walk, ending, accepted=accepted)

    def settle(
        self, walk: int, listing: ListingAddress, leaving: list[MissingDocument], answers: dict[str, PageResult | None]
    ) -> None:
        """Remove documents from a listing, except those whose address can be read or gave no response."""
        alive = {url for url, result in answers.items() if result and not result.refused and not result.claim}
        missing = {url for url, result in answers.items() if result and result.missing}
        unsure = answers.keys() - alive - missing
        if self._warc:
            self._warc.note(listing.url, removals_note(listing, alive, unsure), datetime.now(UTC))
        with translate_errors(self._path):
            apply_removals(self.run, walk, leaving, alive, unsure)

    def report_unverified(self, listing: ListingAddress) -> None:
        """Add the problem that nothing has confirmed the source's definition, so that the run is not complete."""
        message = "the definition is not verified: compare its records with the archive, then write verified = true"
        self.problem(Problem("error", "not-verified", message), listing.url)

    def check_minimum(self, walk: int, listing: ListingAddress, minimum: Minimum) -> None:
        """Add a problem for each thing of which a walk has seen fewer than its source asserts."""
        found = count_seen(self.run.db, walk)
        for what, there, wanted in (("records", found[0], minimum.records), ("dated records", found[1], minimum.dated)):
            if there < wanted:
                message = f"{there:,} {what} in the listing, at least {wanted:,} are asserted: compare with the archive"
                self.problem(Problem("error", "fewer-than-asserted", message), listing.url)

    def step(self, number: int, result: PageResult | None, *, cached: bool) -> WalkPage:
        """Return what a page of a walk contained."""
        if result is None:
            return WalkPage(number, None)
        if result.refused:
            no_such = result.missing or self.run.refusal(result.capture_id) in (ANOTHER_PAGE, NOTHING_FOUND)
            return WalkPage(number, None, no_such=no_such)
        stored = load_page(self.run.db, number, result.capture_id, known=result.known, cached=cached)
        return self._page(stored)

    def held(self, uri: str) -> Validators | None:
        """Return the last capture of an address, for a conditional request; None for a withdrawn document's address."""
        held = newest_validators(self.run.db, uri)
        kept = held and (self._warc is None or held.in_file)
        return held if kept and not is_withdrawn_address(self.run.db, uri) else None

    def aside(self, uri: str, response: Response) -> None:
        """Write a response that is no page (robots.txt, a redirect) to the WARC file."""
        if self._warc:
            self._warc.write_auxiliary(uri, HttpAnswer.of(response), datetime.now(UTC))

    def problem(self, problem: Problem, uri: str) -> None:
        """Add a problem that does not belong to one page."""
        with translate_errors(self._path):
            self.run.add_run_problem(problem, uri)

    def documents(self, listing: ListingAddress) -> list[str]:
        """Return the addresses of document pages never read, changed, old, or of what is withheld."""
        due = find_due_pages(self.run.db, listing, self._order.stale_before)
        withheld = undecided_addresses(self.run.db, listing.source)
        return [*due, *(uri for uri in withheld if uri not in due)]

    def documents_held(self, listing: ListingAddress) -> int:
        """Return how many document pages need not be read, as far as is known."""
        return count_document_pages(self.run.db, listing) - len(
            find_due_pages(self.run.db, listing, self._order.stale_before)
        )

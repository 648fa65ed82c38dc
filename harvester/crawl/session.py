"""What a spider reads from and writes to the run while it walks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from harvester.crawl.proof import Step
from harvester.ingest import ANOTHER_PAGE, NOTHING_FOUND
from harvester.store.captures import newest_validators
from harvester.store.database import explained, transaction
from harvester.store.due_pages import pages_due, pages_held
from harvester.store.removals import close_walk, settle
from harvester.store.walks import (
    Ending,
    adopt_walk,
    begin_walk,
    finished_walk,
    keys_seen,
    pages_left_over,
    proven_total,
    steps_of,
    take_over,
    unfinished_walk,
    walk_begun,
)
from harvester.store.withdrawal.release import addresses_undecided
from harvester.store.withdrawal.withdrawn import is_address
from harvester.utils import stamp
from harvester.walk_log import begin_note, end_note, removals_note

if TYPE_CHECKING:
    from scrapy.http import Response

    from harvester.crawl.options import Order
    from harvester.crawl.proof import Verdict
    from harvester.crawl.warc_writer import WarcFile
    from harvester.model import Problem
    from harvester.store.captures import Held
    from harvester.store.listing_members import Leaver
    from harvester.store.run import Run
    from harvester.store.run_pages import Taken
    from harvester.urls import ListingAddress


MOST_LEFT_OVER = 10
"""Pages that the walk before could not read and that are requested first: they may fail again."""


class Desk:
    """The spider's view of the database: what was read before, and what its walks have found."""

    def __init__(self, run: Run, order: Order, warc: WarcFile | None) -> None:
        self.run = run
        self._order = order
        self._path = order.db
        self._warc = warc

    def begin_walk(self, listing: ListingAddress) -> tuple[int, list[Step]]:
        """Begin a walk or resume an interrupted one; return its id and the pages that it has read."""
        with explained(self._path), transaction(self.run.db):
            held = unfinished_walk(self.run.db, listing, self._order.resumed_since)
            walk = held or begin_walk(self.run.db, self.run.id, listing)
            if held:
                adopt_walk(self.run.db, held, self.run.id)
        if self._warc:
            note = begin_note(listing, walk_begun(self.run.db, walk)[0], resumed=held is not None)
            self._warc.note(listing.url, note, datetime.now(UTC))
        return walk, self._read(walk) if held else []

    def finished(self, listing: ListingAddress) -> tuple[int, list[Step]] | None:
        """Return the walk that came to its proof in a run that was then cut short, and its pages; None without one."""
        walk = finished_walk(self.run.db, listing, self._order.resumed_since)
        return None if walk is None else (walk, self._read(walk))

    def take_over(self, walk: int) -> None:
        """Continue after a walk that an earlier run has ended."""
        with explained(self._path), transaction(self.run.db):
            take_over(self.run.db, walk, self.run.id)

    def _read(self, walk: int) -> list[Step]:
        """Return the pages that a walk has read."""
        stored = steps_of(self.run.db, walk)
        return [
            Step(s.number, s.total, s.keys, s.known, s.cached, reason=s.reason, onward=s.onward, exact=s.exact)
            for s in stored
        ]

    def left_over(self, listing: ListingAddress, size: int) -> tuple[int, ...]:
        """Return the pages that the last walk of a listing could not read."""
        return pages_left_over(self.run.db, listing, size, MOST_LEFT_OVER)

    def proven_total(self, listing: ListingAddress) -> int | None:
        """Return the total of the newest complete walk of a listing, if there is one."""
        return proven_total(self.run.db, listing)

    def end_walk(self, walk: int, listing: ListingAddress, verdict: Verdict) -> list[Leaver]:
        """Write a walk's result and what is missing; return the documents that seem to have left the listing."""
        missing = ", ".join(f"{first}-{last}" for first, last in verdict.missing)
        reason = f"{verdict.reason}; positions not read: {missing}" if missing and verdict.reason else verdict.reason
        began, pages = walk_begun(self.run.db, walk)
        counts = (verdict.total, len(verdict.keys), verdict.drift, pages)
        accepted = self._order.accept_removals
        ending = Ending(verdict.status, verdict.proof, reason, *counts, finished_at=stamp())
        if self._warc:
            self._warc.note(listing.url, end_note(listing, began, ending, accepted=accepted), datetime.now(UTC))
        with explained(self._path):
            return close_walk(self.run, walk, ending, accepted=accepted)

    def settle(
        self, walk: int, listing: ListingAddress, leaving: list[Leaver], answers: dict[str, Taken | None]
    ) -> None:
        """Remove documents from a listing, except those whose address can be read or gave no response."""
        alive = {url for url, taken in answers.items() if taken and not taken.refused and not taken.claim}
        missing = {url for url, taken in answers.items() if taken and taken.missing}
        unsure = answers.keys() - alive - missing
        if self._warc:
            self._warc.note(listing.url, removals_note(listing, alive, unsure), datetime.now(UTC))
        with explained(self._path):
            settle(self.run, walk, leaving, alive, unsure)

    def step(self, number: int, taken: Taken | None, *, cached: bool) -> Step:
        """Return what a page of a walk contained."""
        if taken is None:
            return Step(number, None)
        if taken.refused:
            no_such = taken.missing or self.run.refusal(taken.capture_id) in (ANOTHER_PAGE, NOTHING_FOUND)
            return Step(number, None, no_such=no_such)
        total, kind, onward = self.run.declared(taken.capture_id)
        keys, exact = keys_seen(self.run.db, taken.capture_id), kind in (None, "exact")
        return Step(number, total, keys, taken.known, cached, onward=onward, exact=exact)

    def held(self, uri: str) -> Held | None:
        """Return the last capture of an address, for a conditional request; None for a withdrawn document's address."""
        held = newest_validators(self.run.db, uri)
        kept = held and (self._warc is None or held.in_file)
        return held if kept and not is_address(self.run.db, uri) else None

    def aside(self, uri: str, response: Response) -> None:
        """Write a response that is no page (robots.txt, a redirect) to the WARC file."""
        if self._warc:
            self._warc.keep_aside(uri, response, datetime.now(UTC))

    def problem(self, problem: Problem, uri: str) -> None:
        """Add a problem that does not belong to one page."""
        with explained(self._path):
            self.run.add_run_problem(problem, uri)

    def documents(self, listing: ListingAddress) -> list[str]:
        """Return the addresses of document pages never read, changed, old, or of what is withheld."""
        due = pages_due(self.run.db, listing, self._order.stale_before)
        withheld = addresses_undecided(self.run.db, listing.source)
        return [*due, *(uri for uri in withheld if uri not in due)]

    def documents_held(self, listing: ListingAddress) -> int:
        """Return how many document pages need not be read, as far as is known."""
        return pages_held(self.run.db, listing) - len(pages_due(self.run.db, listing, self._order.stale_before))

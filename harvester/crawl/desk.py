"""What a spider asks of the run while it walks: what was read before, and what is to be read next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from harvester.clock import stamp
from harvester.crawl.leftovers import oldest_to_resume
from harvester.crawl.notes import begin_note, end_note
from harvester.crawl.order import REFRESH_AFTER_DAYS
from harvester.crawl.passes import Step
from harvester.store.captures import newest_validators
from harvester.store.database import explained, transaction
from harvester.store.documents import pages_to_read
from harvester.store.walks import (
    Ending,
    adopt_walk,
    begin_walk,
    end_walk,
    keys_seen,
    steps_of,
    take_over_finished,
    unfinished_walk,
    walk_begun,
)

if TYPE_CHECKING:
    from pathlib import Path

    from harvester.addresses import ListingAddress
    from harvester.crawl.passes import Verdict
    from harvester.crawl.warc import WarcFile
    from harvester.pages.page import Problem
    from harvester.store.captures import Held
    from harvester.store.run import Run, Taken


class Desk:
    """Answers a spider's questions out of the database, and takes its verdicts."""

    def __init__(self, run: Run, path: Path, warc: WarcFile | None) -> None:
        self.run = run
        self._path = path
        self._warc = warc

    def begin_walk(self, listing: ListingAddress) -> tuple[int, list[Step]]:
        """Begin a walk, or go on with one that was cut short; give its id and what it has read."""
        with explained(self._path), transaction(self.run.db):
            held = unfinished_walk(self.run.db, listing, oldest_to_resume())
            walk = held or begin_walk(self.run.db, self.run.id, listing)
            if held:
                adopt_walk(self.run.db, held, self.run.id)
        if self._warc:
            note = begin_note(listing, walk_begun(self.run.db, walk)[0], resumed=held is not None)
            self._warc.note(listing.url, note, datetime.now(UTC))
        stored = steps_of(self.run.db, walk) if held else ()
        return walk, [Step(s.number, s.total, s.keys, s.known, s.cached, reason=s.reason) for s in stored]

    def is_walked(self, listing: ListingAddress) -> bool:
        """Say whether the run before this one walked the listing to its proof and was cut short later."""
        with explained(self._path), transaction(self.run.db):
            return take_over_finished(self.run.db, listing, oldest_to_resume(), self.run.id)

    def end_walk(self, walk: int, listing: ListingAddress, verdict: Verdict) -> None:
        """Keep a walk's verdict; what is missing is said with it."""
        missing = ", ".join(f"{first}-{last}" for first, last in verdict.missing)
        reason = f"{verdict.reason}; positions not read: {missing}" if missing and verdict.reason else verdict.reason
        began, pages = walk_begun(self.run.db, walk)
        counts = (verdict.total, len(verdict.keys), verdict.drift, pages)
        ending = Ending(verdict.status, verdict.proof, reason, *counts, finished_at=stamp())
        if self._warc:
            self._warc.note(listing.url, end_note(listing, began, ending), datetime.now(UTC))
        with explained(self._path), transaction(self.run.db):
            end_walk(self.run.db, walk, ending)

    def step(self, number: int, taken: Taken | None, *, cached: bool) -> Step:
        """Say what a page of a walk held."""
        if taken is None or taken.refused:
            return Step(number, None)
        total = self.run.declared_total(taken.capture_id)
        return Step(number, total, keys_seen(self.run.db, taken.capture_id), taken.known, cached)

    def held(self, uri: str) -> Held | None:
        """Give what is held of an address, to ask whether it is still so."""
        held = newest_validators(self.run.db, uri)
        return held if held and (self._warc is None or held.kept) else None

    def problem(self, problem: Problem, uri: str) -> None:
        """Keep a problem that is not one page's."""
        with explained(self._path):
            self.run.problem(problem, uri)

    def documents(self, source: str) -> list[str]:
        """Give the addresses of document pages that were never read, whose record has changed, or that are old."""
        before = stamp(datetime.now(UTC) - timedelta(days=REFRESH_AFTER_DAYS))
        return pages_to_read(self.run.db, source, before)

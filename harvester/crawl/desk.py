"""What a spider asks of the run while it walks: what was read before, and what is to be read next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from harvester.clock import stamp
from harvester.crawl.order import REFRESH_AFTER_DAYS, RESUME_WITHIN_HOURS
from harvester.crawl.walk import Step
from harvester.store.captures import newest_validators
from harvester.store.database import explained, transaction
from harvester.store.documents import pages_to_read
from harvester.store.walks import Ending, adopt_walk, begin_walk, end_walk, keys_seen, steps_of, unfinished_walk

if TYPE_CHECKING:
    from pathlib import Path

    from harvester.addresses import ListingAddress
    from harvester.crawl.walk import Verdict
    from harvester.store.run import Run, Taken


class Desk:
    """Answers a spider's questions out of the database, and takes its verdicts."""

    def __init__(self, run: Run, path: Path) -> None:
        self.run = run
        self._path = path

    def begin_walk(self, listing: ListingAddress) -> tuple[int, list[Step]]:
        """Begin a walk, or go on with one that was cut short; give its id and what it has read."""
        since = stamp(datetime.now(UTC) - timedelta(hours=RESUME_WITHIN_HOURS))
        with explained(self._path), transaction(self.run.db):
            walk = unfinished_walk(self.run.db, listing, since)
            if walk is None:
                return begin_walk(self.run.db, self.run.id, listing), []
            adopt_walk(self.run.db, walk, self.run.id)
            return walk, [Step(s.number, s.total, s.keys, s.known, s.cached) for s in steps_of(self.run.db, walk)]

    def end_walk(self, walk: int, verdict: Verdict) -> None:
        """Keep a walk's verdict; what is missing is said with it."""
        missing = ", ".join(f"{first}-{last}" for first, last in verdict.missing)
        reason = f"{verdict.reason}; positions not read: {missing}" if missing and verdict.reason else verdict.reason
        ending = Ending(verdict.status, verdict.proof, reason, verdict.total, len(verdict.keys), verdict.drift)
        with explained(self._path), transaction(self.run.db):
            end_walk(self.run.db, walk, ending)

    def step(self, number: int, taken: Taken | None, *, cached: bool) -> Step:
        """Say what a page of a walk held."""
        if taken is None or taken.refused:
            return Step(number, None)
        total = self.run.declared_total(taken.capture_id)
        return Step(number, total, keys_seen(self.run.db, taken.capture_id), taken.known, cached)

    def validators(self, uri: str) -> tuple[int | None, dict[str, str]]:
        """Give the newest capture of an address and the headers that ask whether it is still so."""
        return newest_validators(self.run.db, uri)

    def documents(self, source: str) -> list[str]:
        """Give the addresses of document pages that were never read, whose record has changed, or that are old."""
        before = stamp(datetime.now(UTC) - timedelta(days=REFRESH_AFTER_DAYS))
        return pages_to_read(self.run.db, source, before)

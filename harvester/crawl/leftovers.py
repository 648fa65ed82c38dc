"""Puts in order what a run that was killed has left, before the next one begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harvester.addresses import listing_of
from harvester.crawl.tail import Member, cut_off, newest_warc, tail_of
from harvester.harvest import harvest_one
from harvester.store.captures import newest_validators
from harvester.store.replay import read_step
from harvester.store.walks import unfinished_walk

if TYPE_CHECKING:
    from pathlib import Path

    from harvester.capture import Capture
    from harvester.source import Source
    from harvester.store.run import Run
    from harvester.store.taking import WalkStep


@dataclass(frozen=True)
class Leftovers:
    """What lies in the newest web archive of a source and is not in the database."""

    run: Run
    source: Source
    path: Path
    since: str  # walks that began earlier are not gone on with

    @classmethod
    def take_in(cls, run: Run, source: Source, folder: Path, since: str) -> None:
        """Take in what was fetched and not committed; cut off what was not finished."""
        path = newest_warc(run.db, folder, source.name)
        if path is not None:
            leftovers = cls(run, source, path, since)
            for member in tail_of(run.db, path):
                leftovers._take(member)

    def _take(self, member: Member) -> None:
        if member.note and member.note.said.get("event") == "end" and self._walk(member.note.said["listing"]):
            cut_off(self.path, member.start)  # the walk goes on, and will end again
        capture = member.capture(self.path)
        if capture is None:
            return
        step = self._step(capture)
        if capture.http_status != 304:
            harvest_one(self.run, capture, (self.source,), step)
            return
        held = newest_validators(self.run.db, capture.uri)
        if held:
            self.run.not_modified(capture, held.capture, step)

    def _step(self, capture: Capture) -> WalkStep | None:
        listing = listing_of(capture.uri, self.source)
        walk = self._walk(listing.url) if listing else None
        return read_step(capture.step, {listing.url: walk}) if listing and walk and capture.step else None

    def _walk(self, url: str) -> int | None:
        """Give the walk of a listing that is not ended."""
        listing = listing_of(url, self.source)
        return unfinished_walk(self.run.db, listing, self.since) if listing else None

"""Walks recorded in WARC files: harvesting the files of a live run gives the same walks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harvester.model import Problem
from harvester.store.removals import close_walk, settle
from harvester.store.run_pages import WalkStep
from harvester.store.walks import Ending, adopt_walk, begin_walk, walk_known
from harvester.urls import listing_of
from harvester.utils import stamp

if TYPE_CHECKING:
    from harvester.model import Capture
    from harvester.source import Source
    from harvester.store.listing_members import Leaver
    from harvester.store.run import Run
    from harvester.urls import ListingAddress
    from harvester.walk_log import WalkNote

STATUSES = ("complete", "partial", "bounded", "interrupted")


class Replay:
    """Restores the walks that notes in WARC files record, and finds the page of a walk that a capture is."""

    def __init__(self, run: Run, sources: tuple[Source, ...]) -> None:
        self._run = run
        self._sources = sources
        self._open: dict[str, int] = {}
        self._leaving: dict[int, list[Leaver]] = {}

    def add_note(self, note: WalkNote) -> None:
        """Apply a note. One that cannot be understood is written as a problem."""
        try:
            with self._run.transaction():
                self._apply(note.said)
        except (KeyError, TypeError, ValueError) as error:
            message = f"says nothing that can be understood of a walk ({error}): it is passed over"
            self._run.add_run_problem(Problem("warning", "damaged-note", message), note.uri)

    def step(self, capture: Capture) -> WalkStep | None:
        """Return which page of which walk a capture is, None if it is none."""
        if capture.step is None:
            return None
        try:
            return read_step(capture.step, self._open)
        except (KeyError, TypeError, ValueError):
            return None  # a field of that name that is not ours

    def _apply(self, said: dict[str, Any]) -> None:
        listing = self._listing(said["listing"])
        walk = self._open.get(listing.url)
        if said["event"] == "end":
            if walk is not None:
                self._leaving[walk] = close_walk(self._run, walk, _ending(said), accepted=bool(said.get("accepted")))
        elif said["event"] == "removals":
            if walk is not None:
                settle(self._run, walk, self._leaving.pop(walk, []), set(said["alive"]), set(said["unsure"]))
        elif said["event"] == "resume" and walk is not None:
            adopt_walk(self._run.db, walk, self._run.id)
        elif walk_known(self._run.db, listing, said["started_at"], self._run.id):
            self._open.pop(listing.url, None)  # this database has made the walk itself
        else:
            self._open[listing.url] = begin_walk(self._run.db, self._run.id, listing, said["started_at"])

    def _listing(self, url: str) -> ListingAddress:
        found = [listing for source in self._sources if (listing := listing_of(url, source))]
        if not found:
            raise ValueError(f"no listing of a known archive: {url}")
        return found[0]


def read_step(text: str, walks: dict[str, int]) -> WalkStep | None:
    """Parse the page and walk that an answer was fetched for; `walks` are the ids of open walks by listing."""
    said = json.loads(text)
    walk = walks.get(said["listing"])
    if walk is None:
        return None
    flags = {name: bool(said[name]) for name in ("cached", "again", "filled")}
    return WalkStep(walk, int(said["number"]), str(said["reason"]), int(said["first"]), str(said["listing"]), **flags)


def _ending(said: dict[str, Any]) -> Ending:
    if said["status"] not in STATUSES or said["proof"] not in (None, "ordered", "twice"):
        raise ValueError(f"no verdict: {said['status']}, {said['proof']}")
    counts = {name: int(said[name]) for name in ("records", "drift", "pages")}
    total = None if said["total"] is None else int(said["total"])
    finished = str(said["finished_at"] or stamp())
    return Ending(said["status"], said["proof"], said["reason"], total, **counts, finished_at=finished)

"""Walks recorded in WARC files: harvesting the files of a live run gives the same walks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harvester.model import Problem
from harvester.store.removals import apply_removals, close_walk
from harvester.store.walks import begin_walk, has_walk, resume_walk
from harvester.urls import listing_of
from harvester.utils import utc_timestamp
from harvester.walk_log import WalkOutcome, WalkRequest

if TYPE_CHECKING:
    from harvester.model import Capture
    from harvester.source import Source
    from harvester.store.listing_members import MissingDocument
    from harvester.store.run import Run
    from harvester.urls import ListingAddress
    from harvester.walk_log import WalkNote

CHECKED = ("range", "total", "pages", "nothing")
STATUSES = ("complete", "partial", "bounded", "interrupted")


class WalkReplay:
    """Restores the walks that notes in WARC files record, and finds the page of a walk that a capture is."""

    def __init__(self, run: Run, sources: tuple[Source, ...]) -> None:
        self._run = run
        self._sources = sources
        self._open: dict[str, int] = {}
        self._missing: dict[int, list[MissingDocument]] = {}

    def add_note(self, note: WalkNote) -> None:
        """Apply a note. One that cannot be understood is written as a problem."""
        try:
            with self._run.ensure_transaction():
                self._apply(note.fields)
        except (KeyError, TypeError, ValueError) as error:
            message = f"says nothing that can be understood of a walk ({error}): it is passed over"
            self._run.add_run_problem(Problem("warning", "damaged-note", message), note.uri)

    def step(self, capture: Capture) -> WalkRequest | None:
        """Return which page of which walk a capture is, None if it is none."""
        if capture.step is None:
            return None
        try:
            return parse_step(capture.step, self._open)
        except (KeyError, TypeError, ValueError):
            return None  # a field of that name that is not ours

    def _apply(self, fields: dict[str, Any]) -> None:
        listing = self._listing(fields["listing"])
        walk = self._open.get(listing.url)
        if fields["event"] == "end":
            if walk is not None:
                self._missing[walk] = close_walk(
                    self._run, walk, _parse_outcome(fields), accepted=bool(fields.get("accepted"))
                )
        elif fields["event"] == "removals":
            if walk is not None:
                apply_removals(
                    self._run, walk, self._missing.pop(walk, []), set(fields["alive"]), set(fields["unsure"])
                )
        elif fields["event"] == "resume" and walk is not None:
            resume_walk(self._run.db, walk, self._run.id)
        elif has_walk(self._run.db, listing, fields["started_at"], self._run.id):
            self._open.pop(listing.url, None)  # this database has made the walk itself
        else:
            self._open[listing.url] = begin_walk(self._run.db, self._run.id, listing, fields["started_at"])

    def _listing(self, url: str) -> ListingAddress:
        listings = [listing for source in self._sources if (listing := listing_of(url, source))]
        if not listings:
            raise ValueError(f"no listing of a known archive: {url}")
        return listings[0]


def parse_step(text: str, walks: dict[str, int]) -> WalkRequest | None:
    """Parse the page and walk that an answer was fetched for; `walks` are the ids of open walks by listing."""
    fields = json.loads(text)
    walk = walks.get(fields["listing"])
    if walk is None:
        return None
    flags = {name: bool(fields[name]) for name in ("cached", "retry", "filled")}
    return WalkRequest(
        walk, int(fields["number"]), str(fields["reason"]), int(fields["first"]), str(fields["listing"]), **flags
    )


def _parse_outcome(fields: dict[str, Any]) -> WalkOutcome:
    if fields["status"] not in STATUSES or fields["proof"] not in (None, "ordered", "twice"):
        raise ValueError(f"no verdict: {fields['status']}, {fields['proof']}")
    counts = {name: int(fields[name]) for name in ("records", "drift", "pages")}
    total = None if fields["total"] is None else int(fields["total"])
    finished = str(fields["finished_at"] or utc_timestamp())
    checked = str(fields.get("checked", "range"))
    if checked not in CHECKED:
        raise ValueError(f"no verdict: checked against {checked}")
    return WalkOutcome(
        fields["status"], fields["proof"], fields["reason"], total, **counts, finished_at=finished, checked=checked
    )

"""The notes on walks in the harvester's WARC files: written and read here, so that the files tell the whole story.

A record of its own media type states that a walk begins, goes on or ends; a field of a response's record names the page
of the walk that it was fetched for.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from harvester.model import Skipped

if TYPE_CHECKING:
    from harvester.urls import ListingAddress


WALK_NOTE = "application/vnd.archive-harvester.walk+json"
"""The media type of the records that a walk begins and ends with."""
STEP_FIELD = "Harvester-Step"
"""The field of a response's record that names the page of a walk that it was fetched for."""

ASIDE_FIELD = "Harvester-Aside"
"""The field of a response's record that is no reading of a page: robots.txt, a redirect, a busy server."""
SAME_PAYLOAD_FIELD = "Harvester-Same-Payload-As"
"""The field of a response's record whose payload was not fetched: an index gives it the digest of a capture of that
time, which was.
"""


@dataclass(frozen=True)
class WalkRequest:
    """Which page of which walk a capture was requested for; `first` is the position that it must begin with.

    `retry`: if the page is refused it is requested once more, so this is no step of the walk yet. `filled`: the page
    should have records, so that a page without any is no step either. `listing`: the listing's address.
    """

    walk: int
    number: int
    reason: str
    first: int
    listing: str = ""
    cached: bool = False
    retry: bool = False
    filled: bool = False


@dataclass(frozen=True)
class WalkOutcome:
    """How a walk ended. `checked`: what the listing declared, and the walk was compared with."""

    status: str
    proof: str | None
    reason: str | None
    total: int | None
    records: int
    drift: int
    pages: int
    finished_at: str
    checked: str = "range"


@dataclass(frozen=True)
class WalkNote(Skipped):
    """A record about a walk. Readers that collect no walks skip it."""

    fields: dict[str, Any] = field(default_factory=dict)


def read_note(uri: str, block: bytes) -> Skipped:
    """Return a note; one that cannot be read is skipped."""
    try:
        fields = json.loads(block)
    except ValueError:
        return Skipped(uri)
    return WalkNote(uri, fields=fields) if isinstance(fields, dict) else Skipped(uri)


def step_text(step: WalkRequest) -> str:
    """Return the header value that names the walk and page for which a response was fetched."""
    return json.dumps({name: value for name, value in asdict(step).items() if name != "walk"})


def begin_note(listing: ListingAddress, started_at: str, *, resumed: bool) -> dict[str, Any]:
    """Return the record of a walk that begins or is resumed."""
    return {"event": "resume" if resumed else "begin", "listing": listing.url, "started_at": started_at}


def end_note(listing: ListingAddress, started_at: str, ending: WalkOutcome, *, accepted: bool) -> dict[str, Any]:
    """Return the record of how a walk ended; `accepted`: any number of removals was to be believed."""
    fields = {"event": "end", "listing": listing.url, "started_at": started_at, **asdict(ending)}
    return {**fields, "accepted": True} if accepted else fields


def removals_note(listing: ListingAddress, alive: set[str], unsure: set[str]) -> dict[str, Any]:
    """Return the record of the removals that a walk's proof showed, and of the responses of their addresses."""
    return {"event": "removals", "listing": listing.url, "alive": sorted(alive), "unsure": sorted(unsure)}

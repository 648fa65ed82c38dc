"""What the harvester's WARC files record besides answers: where walks begin, what they asked for, how they end."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from harvester.readers.base import PassedOver

if TYPE_CHECKING:
    from harvester.store.run_pages import WalkStep
    from harvester.store.walks import Ending
    from harvester.urls import ListingAddress


WALK_NOTE = "application/vnd.archive-harvester.walk+json"
"""The media type of the records that say where a walk begins and how it ends."""
STEP_FIELD = "Harvester-Step"
"""The field of an answer's record that says for which page of which walk it was fetched."""

ASIDE_FIELD = "Harvester-Aside"
"""The field of an answer's record that says that it is no reading of a page: robots.txt, a redirect, a busy server."""


@dataclass(frozen=True)
class WalkNote(PassedOver):
    """What is said of a walk. Whoever does not ask for walks passes it over."""

    said: dict[str, Any] = field(default_factory=dict)


def read_note(uri: str, block: bytes) -> PassedOver:
    """Read a note; one that cannot be read is passed over."""
    try:
        said = json.loads(block)
    except ValueError:
        return PassedOver(uri)
    return WalkNote(uri, said=said) if isinstance(said, dict) else PassedOver(uri)


def step_text(step: WalkStep) -> str:
    """Say for which page of which walk an answer was fetched."""
    return json.dumps({name: value for name, value in asdict(step).items() if name != "walk"})


def begin_note(listing: ListingAddress, started_at: str, *, resumed: bool) -> dict[str, Any]:
    """Say that a walk begins or goes on."""
    return {"event": "resume" if resumed else "begin", "listing": listing.url, "started_at": started_at}


def end_note(listing: ListingAddress, started_at: str, ending: Ending, *, accepted: bool) -> dict[str, Any]:
    """Say how a walk ended; `accepted`: that any number of removals was to be believed."""
    said = {"event": "end", "listing": listing.url, "started_at": started_at, **asdict(ending)}
    return {**said, "accepted": True} if accepted else said


def removals_note(listing: ListingAddress, alive: set[str], unsure: set[str]) -> dict[str, Any]:
    """Say that those whom the walk's proof showed to have left were believed, and what their addresses answered."""
    return {"event": "removals", "listing": listing.url, "alive": sorted(alive), "unsure": sorted(unsure)}

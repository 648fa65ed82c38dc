"""What the harvester writes into its web archives besides answers, so that they tell the whole story.

A record of its own media type says that a walk begins, goes on or ends; a field of an answer's record says for which
page of which walk it was fetched.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harvester.addresses import ListingAddress
    from harvester.store.taking import WalkStep
    from harvester.store.walks import Ending


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

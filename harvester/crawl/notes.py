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
    from harvester.store.run import WalkStep
    from harvester.store.walks import Ending


def step_text(step: WalkStep) -> str:
    """Say for which page of which walk an answer was fetched."""
    return json.dumps({name: value for name, value in asdict(step).items() if name != "walk"})


def begin_note(listing: ListingAddress, started_at: str, *, resumed: bool) -> dict[str, Any]:
    """Say that a walk begins or goes on."""
    return {"event": "resume" if resumed else "begin", "listing": listing.url, "started_at": started_at}


def end_note(listing: ListingAddress, started_at: str, ending: Ending) -> dict[str, Any]:
    """Say how a walk ended."""
    return {"event": "end", "listing": listing.url, "started_at": started_at, **asdict(ending)}

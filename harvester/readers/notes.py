"""What the harvester's own web archives say besides answers: where walks begin, which page is which, how they end."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from harvester.readers.files import PassedOver

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

"""Reads kind, sender and recipient out of a title, as a careful reader would."""

from __future__ import annotations

from typing import NamedTuple


class TitleParts(NamedTuple):
    """What a title states. `kind` is from the closed list; None where the title does not say."""

    kind: str | None
    sender: str | None
    recipient: str | None


def read_title(title: str) -> TitleParts:
    """Give the kind, sender and recipient that `title` states."""
    return TitleParts(None, None, None)

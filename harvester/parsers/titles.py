"""Reads kind, sender and recipient from a title, as a careful reader would."""

from __future__ import annotations

from typing import Final, NamedTuple

# Titles are hostile input. The longest real ones have about 300 characters, and what counts is at their beginning.
LOOKED_AT: Final = 1000


class TitleParts(NamedTuple):
    """What a title states. `kind` is from the closed list; each is None if the title does not state it."""

    kind: str | None
    sender: str | None
    recipient: str | None


class TitleReading(NamedTuple):
    """What a title states, and for each of the three the rule that found it; None if no rule did."""

    parts: TitleParts
    rules: TitleParts


def read_title(title: str) -> TitleParts:
    """Return the kind, sender and recipient that `title` states."""
    return explain_title(title).parts


def explain_title(title: str) -> TitleReading:
    """Return the same as `read_title`, with the rule for each value."""
    from harvester.parsers.title_grammar import read  # its patterns take a while, and a harvest without news needs none

    parts, rules = read(" ".join(title[:LOOKED_AT].split()))
    return TitleReading(TitleParts(*parts), TitleParts(*rules))

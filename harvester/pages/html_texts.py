"""Transcripts and translations of a document page: each in a pane of its own, named by a tab."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from harvester.pages.html_text import line_of, parts_of
from harvester.pages.page import Text

if TYPE_CHECKING:
    from harvester.pages.markup import Engine, Node

_KIND_WORDS = re.compile(
    r"\b(?:view|original|language|document|transcripts?|transcriptions?|translations?|translated|text|tab|pane|in|into|from|the)\b",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(r"[^\W\d_]{3,20}(?:[ -][^\W\d_]{2,20}){0,2}")
LONGEST_NAME = 200
"""Of a tab's words no more is looked at."""
_TRANSLATED = re.compile("translat", re.IGNORECASE)


def read_texts(engine: Engine, root: Node, panes: list[Node]) -> tuple[Text, ...]:
    """Give the texts of a document page, in the order of their panes; a pane without text is none."""
    texts = []
    for pane in panes:
        parts = parts_of(engine.text(pane))
        if not parts:
            continue
        name = engine.attribute(pane, "id")
        label = _label(engine, root, name)
        if parts and " ".join(parts[0]).casefold() == label.casefold():
            parts = parts[1:]
        text = "\n\n".join("\n".join(part) for part in parts)
        if text:
            texts.append(Text(*_told(label[:LONGEST_NAME], name[:LONGEST_NAME]), text))
    return tuple(texts)


def _label(engine: Engine, root: Node, pane: str) -> str:
    """Give what the tab of a pane says."""
    if not re.fullmatch(r"[\w-]+", pane):
        return ""
    tabs = engine.select(root, f'[href="#{pane}"], [data-bs-target="#{pane}"], [data-target="#{pane}"]')
    return next(filter(None, (line_of(engine.text(tab)) for tab in tabs)), "")


@lru_cache(maxsize=256)  # an archive has few names for its tabs
def _told(label: str, pane: str) -> tuple[Literal["transcript", "translation"], str | None]:
    return _kind(label, pane), _language(label)


def _kind(label: str, pane: str) -> Literal["transcript", "translation"]:
    """Say what a pane holds, by its tab; if that tells nothing, by its own name."""
    told = label if _TRANSLATED.search(label) or "transcript" in label.lower() else pane
    return "translation" if _TRANSLATED.search(told) else "transcript"


def _language(label: str) -> str | None:
    """Give the language that a tab names beside what its pane is: `English Translation`, `Transcript (Russian)`."""
    rest = _KIND_WORDS.sub(" ", label)
    found = _LANGUAGE.fullmatch(" ".join(re.sub(r"[^\w -]", " ", rest).split()))
    return found[0] if found else None

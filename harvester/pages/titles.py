"""Reads kind, sender and recipient out of a title, as a careful reader would."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final, NamedTuple

from harvester.pages.parties import read_parties
from harvester.pages.title_words import EVENT, KIND, PARTY, POST, UNLISTED, Named, kind_of

# Titles are hostile input. The longest real ones run to some 300 characters, and what counts stands at their start.
LOOKED_AT: Final = 1000

# A quotation closes before punctuation or the end, or behind a word without s: `Workers' Party` may stand inside one.
_CLOSING: Final = r"""(?:[,.?!]['’](?!\w)|['’](?=[,.;:)\]]|$|\s[(\[])|(?<=[^\Ws])['’](?=\s))"""
_QUOTED: Final = re.compile(rf"""["“][^"”]*["”]?|(?<![^\s(\[,])['‘](?=\w)(?:.*?{_CLOSING}|.*?['’](?=\s))""")
_BRACKETED: Final = re.compile(r"\((?![a-z]\))[^()\[\]]*\)|\[[^()\[\]]*\]")
# What stands in brackets is a note on the document, unless it can be somebody's other name.
_NOTE: Final = re.compile(
    r"\d|(?i:\b(?:via|through|excerpts?|extracts?|drafts?|undated|approved|redacted|translation|version|part|copy|not|with)\b)"
    r"|^[^A-ZÀ-Þ]*$"
)

# A new stretch of a title begins behind one of these.
_BREAK: Final = re.compile(r'[,:;"|]| [-–—] ')
# `Excerpt from the …`: words around a document that name none themselves.
_WRAPPER: Final = re.compile(
    r"(?:\s+|from (?:the )?|(?:first |last |full |unedited )?"
    r"(?:excerpt|extract|draft|text|translation|version|copy|page|part)s? (?:from|of) (?:the |an? )?)*+",
    re.IGNORECASE,
)
# Behind these, a document is what is talked about (`Reply to the Note`, `Conversation on the Treaty`).
_TOPIC: Final = re.compile(
    r"\b(?:on|about|regarding|concerning|with|between|at|after|before|during|to|from|against|over|by|and the)\b",
    re.IGNORECASE,
)
# Behind these too (`Signing of the Treaty`), unless they belong to a writer's name (`Embassy in Seoul Telegram`).
_JOINT: Final = re.compile(r"\b(?:of|in|for)\b", re.IGNORECASE)
# `…, and the Treaty` goes on with a list of topics.
_LISTED: Final = re.compile(r"(?:and|or|the|an?) ", re.IGNORECASE)
# `Warsaw Treaty Organization`: the word only begins the name of something else.
_LARGER_NAME: Final = re.compile(
    r" (?:organi[sz]ation|negotiation|talk|member|state|department|commission)s?\b", re.IGNORECASE
)


class TitleParts(NamedTuple):
    """What a title states. `kind` is from the closed list; None where the title does not say."""

    kind: str | None
    sender: str | None
    recipient: str | None


def read_title(title: str) -> TitleParts:
    """Give the kind, sender and recipient that `title` states."""
    text = " ".join(title[:LOOKED_AT].split())
    sketch = _masked(text)
    named = _first_named(KIND, sketch) or _first_named(UNLISTED, sketch)
    sender, recipient = read_parties(sketch, named)
    return TitleParts(named and named.kind, sender and text[slice(*sender)], recipient and text[slice(*recipient)])


def _masked(text: str) -> str:
    """Cover what must not be read as words: quotations by `"`, notes in brackets by `|`, aliases and posts by `_`."""
    covered = _QUOTED.sub(lambda found: '"' * len(found[0]), text)
    covered = _BRACKETED.sub(lambda found: ("|" if _NOTE.search(found[0][1:-1]) else "_") * len(found[0]), covered)
    return POST.sub("__", covered)


def _first_named(words: re.Pattern[str], sketch: str) -> Named | None:
    """Find the first of the words that names the document, and is not only its topic."""
    breaks = [0, *(found.end() for found in _BREAK.finditer(sketch))]
    for word in words.finditer(sketch):
        stretch = breaks[bisect_right(breaks, word.start()) - 1]
        wrapped = _WRAPPER.match(sketch, stretch, word.start())
        lead = wrapped.end() if wrapped else stretch
        if _names(sketch[lead : word.start()], stretch > 0) and not _LARGER_NAME.match(sketch, word.end()):
            return Named(kind_of(word), lead, *word.span())
    return None


def _names(lead: str, behind_a_break: bool) -> bool:
    """Say whether a document named behind this lead is the one in hand."""
    if _TOPIC.search(lead) or (behind_a_break and _LISTED.match(lead)):
        return False
    return not _JOINT.search(lead) or bool(PARTY.search(lead) and not EVENT.search(lead))

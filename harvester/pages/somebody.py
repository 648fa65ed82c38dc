"""Judges which part of a stretch of a title is somebody who can send or receive a document."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final, NamedTuple

from harvester.pages.title_words import ASIDE, EVENT, KIND, LEADS_ON, MEETING, NAMES, PARTY, PLACE, PURPOSE, ends_in

Span = tuple[int, int]

# How a stretch is opened: by one of the words that lead to a party, or by its place alone.
TO: Final = frozenset({"to", "for"})
BARE: Final = "bare"  # behind the kind and a comma
AHEAD: Final = "ahead"  # ahead of the kind, or of all
WEAK: Final = "weak"  # where only an office or a body shows that it is a party

# `to` may open a purpose (`Decision to Withdraw`) or a document replied to: more than a capital must show somebody.
PURPOSEFUL: Final = frozenset({"Resolution", None})
# Given somewhere: that place is no office of the speaker.
_SPOKEN: Final = frozenset({"Speech", "Statement"})
# A meeting decides and declares; it writes nothing else.
_DECIDED: Final = frozenset({"Resolution", "Statement"})
# `Summary of X` tells of X; of other kinds, `of X` says whose the document is.
_TELLING: Final = frozenset({"Summary", "Talking Points", None})

_OBJECT: Final = re.compile(r" (?:the|an?|all|its) ")
_REGION: Final = re.compile(r"(?:the )?(?:North|South|East|West|United|Soviet) \w+")
_STOP: Final = re.compile(r"\.(?<=\w\w\.)(?<!\b[JS]r\.)$")
_EDGES: Final = " ,;:-–—"


class Stretch(NamedTuple):
    """A part of a title that may state a party, and the word or place that opens it."""

    start: int
    end: int
    opener: str


def cut(sketch: str, part: Stretch, kind: str | None) -> Stretch:
    """End a stretch before its dates, numbers, quotations and notes."""
    end = part.end
    for aside in (ASIDE, PLACE) if kind in _SPOKEN else (ASIDE,):
        found = aside.search(sketch, part.start, end)
        end = found.start() if found else end
    return part._replace(end=end)


def party(sketch: str, part: Stretch, kind: str | None) -> Span | None:
    """Give the somebody that a stretch states, if it states one."""
    start, end = _trimmed(sketch, part.start, _last_segment(sketch, part.start, part.end))
    return (start, end) if _stated(_head(sketch, start, end), part.opener, kind) else None


def happened(sketch: str, part: Stretch, kind: str | None) -> bool:
    """Say whether a stretch tells of what happened, so that it names those who took part."""
    return _happened(_head(sketch, part.start, part.end), part.opener, kind)


def _last_segment(sketch: str, start: int, end: int) -> int:
    """Find where the appositions and further names behind a first one end (`Suslov, Secretary of the CC CPSU`)."""
    commas = [at for at in range(start + 1, end) if sketch[at] == ","]
    for comma, until in pairwise([*commas, end]):
        head = _head(sketch, comma + 1, until)
        if head and not _somebody(head, sketch[comma + 1 : until].strip().split(" and ")[0]):
            return comma
    return end


def _trimmed(sketch: str, start: int, end: int) -> Span:
    inner = sketch[start:end]
    start += len(inner) - len(inner.lstrip(_EDGES))
    return start, start + len(_STOP.sub("", inner.strip(_EDGES)))


def _head(sketch: str, start: int, end: int) -> str:
    """Give the words before the first one that joins on others: `the Embassy` of `the Embassy in China`."""
    start, end = _trimmed(sketch, start, end)
    joined = LEADS_ON.search(sketch, start, end)
    return sketch[start : joined.start() if joined else end]


def _happened(head: str, opener: str, kind: str | None) -> bool:
    met = (opener in TO or kind in _DECIDED) and ends_in(MEETING, head)
    return ends_in(EVENT, head) and not met


def _somebody(head: str, name: str) -> bool:
    if ends_in(EVENT, head) or ends_in(KIND, head):
        return False
    return bool(PARTY.search(head) or NAMES.fullmatch(name))


def _stated(head: str, opener: str, kind: str | None) -> bool:
    """Say whether the head of a stretch is somebody."""
    if _happened(head, opener, kind) or ends_in(KIND, head) or (opener == "of" and kind in _TELLING):
        return False
    if opener == "to" and kind in PURPOSEFUL and _OBJECT.search(head):
        return False
    decided = kind in _DECIDED and ends_in(MEETING, head)
    return decided or bool(PARTY.search(head)) or _trusted(head, opener, kind)


def _trusted(head: str, opener: str, kind: str | None) -> bool:
    """Say whether what opens a stretch makes somebody of its head, though that names no office and no body."""
    capital = head != head.lower() or head.startswith("_")
    if opener in {"from", "by", "to"}:
        wanting = opener == "to" and kind in PURPOSEFUL
        return not wanting and (capital or (opener == "to" and head.startswith("the ")))
    if opener == WEAK or (opener == "for" and kind != "Memorandum") or (opener == AHEAD and kind is None):
        return False
    if opener == AHEAD and (" " not in head or _REGION.fullmatch(head)):
        return False
    return NAMES.fullmatch(head) is not None and not ends_in(PURPOSE, head)

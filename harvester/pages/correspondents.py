"""Reads from a title who sent a document, and to whom: as places in the masked title, so that both stay as printed."""

from __future__ import annotations

import re
from typing import Final

from harvester.pages.somebody import AHEAD, BARE, PURPOSEFUL, TO, WEAK, Span, Stretch, cut, happened, party
from harvester.pages.title_words import (
    ADJECTIVE,
    BESIDE,
    BY,
    EVENT,
    KIND,
    OPENING,
    PARTY,
    ROUTE,
    TOPIC,
    Named,
    ends_in,
    kind_of,
)

Parties = tuple[Span | None, Span | None]

# Who stands in these titles is a party of what is recorded or agreed: neither sender nor recipient.
_SHARED: Final = frozenset(
    {"Memorandum of Conversation", "Record", "Minutes", "Transcript", "Protocol", "Agreement", "Interview"}
)
# Here `by` names a party too; in the other shared ones it names who wrote it down.
_MUTUAL: Final = frozenset({"Agreement", "Interview"})
# Sent to nobody: the `to` in its title belongs to the keeper's post.
_KEPT: Final = "Diary"
# `Transcript of a Speech by X`: the parties are those of the inner document.
_OF: Final = re.compile(r" of (?:the |an? )?", re.IGNORECASE)
# `Khrushchev's`, `the Workers'`: whose the document named next is.
_OWNER: Final = re.compile(r"['’]s |['’] (?<=s. )")


def read_parties(sketch: str, named: Named | None) -> Parties:
    """Find where the sender and the recipient stand in a masked title, whose document is `named`."""
    if named is None:
        sender, recipient = _route(sketch, Stretch(0, len(sketch), AHEAD), None)
        return (sender, recipient) if sender and recipient else (None, None)
    named = _innermost(sketch, named)
    if named.kind in _SHARED:
        return _recorder(sketch, named), None
    lead = _in_lead(sketch, named)
    sender, recipient = _behind(sketch, named, bare=not lead)
    ahead = _route(sketch, Stretch(_past(sketch, 0), named.lead, AHEAD), named.kind)
    return sender or lead or ahead[0] or _late(sketch, named), recipient or ahead[1]


def _innermost(sketch: str, named: Named) -> Named:
    of = _OF.match(sketch, named.end)
    inner = KIND.match(sketch, of.end()) if of else None
    return Named(kind_of(inner), named.lead, named.start, inner.end()) if inner else named


def _past(sketch: str, at: int) -> int:
    beside = BESIDE.match(sketch, at)
    return beside.end() if beside else at


def _recorder(sketch: str, named: Named) -> Span | None:
    opening = OPENING.match(sketch, _past(sketch, named.end))
    if named.kind in _MUTUAL or not opening or opening[1].lower() != "by":
        return None
    return _route(sketch, Stretch(opening.end(), len(sketch), "by"), named.kind)[0]


def _behind(sketch: str, named: Named, *, bare: bool) -> Parties:
    """Read `from X to Y` and its like behind the kind; a bare `X to Y` only behind a break, if nothing else names X."""
    start = _past(sketch, named.end)
    if opening := OPENING.match(sketch, start):
        return _route(sketch, Stretch(opening.end(), len(sketch), opening[1].lower()), named.kind)
    if bare and set(sketch[named.end : start]) & set(',:"'):
        return _route(sketch, Stretch(start, len(sketch), BARE), named.kind)
    return None, None


def _in_lead(sketch: str, named: Named) -> Span | None:
    """Read `X's Letter`, and a body named right before a listed kind (`Embassy Telegram`)."""
    start, end = _past(sketch, named.lead), named.start
    owners = list(_OWNER.finditer(sketch, start, end))
    if owners and not PARTY.search(sketch, owners[-1].end(), end):
        return party(sketch, Stretch(start, owners[-1].start(), "by"), named.kind)
    words = sketch[start:end].split()
    while words and ADJECTIVE.fullmatch(words[-1]):
        words.pop()
    body = Stretch(start, start + len(" ".join(words)), WEAK)
    return party(sketch, body, named.kind) if named.kind else None


def _late(sketch: str, named: Named) -> Span | None:
    """Read `Report on Hungary by Comrade X`; but `Visit by Comrade X` is his visit, not his report."""
    for by in BY.finditer(sketch, named.end):
        if not ends_in(EVENT, sketch[named.end : by.start()].rstrip()):
            return _route(sketch, Stretch(by.end(), len(sketch), WEAK), named.kind)[0]
    return None


def _route(sketch: str, whole: Stretch, kind: str | None) -> Parties:
    """Read a stretch that may hold both parties."""
    stretches = [cut(sketch, part, kind) for part in _parted(sketch, whole, kept=kind == _KEPT)]
    sending = [part for part in stretches if part.opener not in TO]
    receiving = [part for part in stretches if part.opener in TO]
    if sending and happened(sketch, sending[0], kind):
        return None, None  # it tells of what happened, and names those who took part
    recipient = _first(sketch, receiving, kind)
    if kind in PURPOSEFUL and stretches[0] in receiving and not recipient:
        return None, None  # `Decision to Withdraw Troops from X` goes on with its purpose
    return _first(sketch, sending, kind), recipient


def _first(sketch: str, stretches: list[Stretch], kind: str | None) -> Span | None:
    return next((span for part in stretches if (span := party(sketch, part, kind))), None)


def _parted(sketch: str, whole: Stretch, *, kept: bool) -> list[Stretch]:
    """Part a stretch, up to its topic, wherever a word leads over to the other side."""
    start, _, opener = whole
    topic = TOPIC.search(sketch, start, whole.end)
    end = topic.start() if topic else whole.end
    parts = []
    for step in ROUTE.finditer(sketch, start, end):
        if not kept and (step[1].lower() in TO) != (opener in TO):
            parts.append(Stretch(start, step.start(), opener))
            start, opener = step.end(), step[1].lower()
    return [*parts, Stretch(start, end, opener)]

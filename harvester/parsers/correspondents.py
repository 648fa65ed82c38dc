"""Finds sender and recipient in a title, as positions in the masked title, so that both keep their printed form."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final, NamedTuple

from harvester.parsers.title_vocabulary import (
    ADJECTIVE,
    ASIDE,
    BESIDE,
    BY,
    EVENT,
    KIND,
    LEADS_ON,
    MEETING,
    NAMES,
    NOT_A_NAME,
    OF_OFFICE,
    OPENING,
    PARTY,
    PERSON,
    PLACE,
    PURPOSE,
    ROUTE,
    TOPIC,
    TOPIC_NOUN,
    UNLISTED,
    VERB,
    Named,
    ends_in,
    kind_of,
)

# What opens a span: one of the words that lead to a correspondent, or its position alone.
TO: Final = frozenset({"to", "for"})
BARE: Final = "behind the kind"  # and a comma
AHEAD: Final = "ahead of the kind"  # or of the whole title
WEAK: Final = "beside the kind"  # where only an office or a body shows that it is a correspondent
AUTHOR: Final = "ahead of a quotation or a colon"
OWNER: Final = "'s"

# Correspondents in these titles take part in what is recorded or agreed: they are neither sender nor recipient.
_SHARED: Final = frozenset(
    {"Memorandum of Conversation", "Record", "Minutes", "Transcript", "Protocol", "Agreement", "Interview"}
)
# Here `by` names a participant, too; in the other shared kinds it names who wrote the document.
_MUTUAL: Final = frozenset({"Agreement", "Interview"})
# It has no recipient: the `to` in its title belongs to the writer's post.
_KEPT: Final = "Diary"
# `to` may open a purpose (`Decision to Withdraw`) or a document replied to: a capital alone shows no recipient.
_PURPOSEFUL: Final = frozenset({"Resolution", None})
# Spoken at a place: that place is no office of the speaker.
_SPOKEN: Final = frozenset({"Speech", "Statement"})
# A meeting decides and declares; it writes no other kinds.
_DECIDED: Final = frozenset({"Resolution", "Statement"})
# `Summary of X` is about X; in other kinds, `of X` names whose document it is.
_TELLING: Final = frozenset({"Summary", "Talking Points", None})

# `Transcript of a Speech by X`: the correspondents are those of the inner document.
_OF: Final = re.compile(r" of (?:the |an? )?", re.IGNORECASE)
# `Cable Telegram`, `Telegram, Statement by X`, `Resolution and Letter to X`: two names of one document.
_SECOND: Final = re.compile(r"(?:,? and |, ?|: ?|/| )(?:the |an? )?(?:open |joint |draft |personal )?", re.IGNORECASE)
# `Khrushchev's`, `the Workers'`: the owner of the document that is named next.
_OWNER: Final = re.compile(r"['’]s |['’] (?<=s. )")
_TO: Final = re.compile(r" to (?=(?:the )?[A-ZÀ-Þ])")
_OBJECT: Final = re.compile(r" (?:the|an?|all|its) ")
_REGION: Final = re.compile(r"(?:the )?(?:North|South|East|West|United|Soviet) \w+")
_STOP: Final = re.compile(r"\.(?<=\w\w\.)(?<!\b[JS]r\.)$")
_EDGES: Final = " ,;:-–—"


class Span(NamedTuple):
    """The position of a correspondent in a title, and the word or position that identified it."""

    start: int
    end: int
    opener: str

    @property
    def rule(self) -> str:
        """The rule that found it, in words."""
        if self.opener == OWNER:
            return f"“{OWNER}” follows it"
        return f"it stands {self.opener}" if " " in self.opener else f"“{self.opener}” leads to it"

    def moved(self, by: int) -> Span:
        """Return the same span, moved `by` characters to the right."""
        return Span(self.start + by, self.end + by, self.opener)


class TitleSpan(NamedTuple):
    """A part of a title that may name a correspondent, and the word or position that opens it."""

    start: int
    end: int
    opener: str


Correspondents = tuple[Span | None, Span | None]


def find_correspondents(masked: str, named: Named | None) -> Correspondents:
    """Return the positions of sender and recipient in a masked title, whose document is `named`."""
    if named is None:
        return _without_kind(masked)
    named = _innermost(masked, named)
    if named.kind in _SHARED:
        return _recorder(masked, named), None
    lead = _in_lead(masked, named)
    sender, recipient = _behind(masked, named, bare=not lead)
    ahead = _route(masked, TitleSpan(_past(masked, 0), named.lead, AHEAD), named.kind)
    recipient = recipient or ahead[1] or (lead and _farther(masked, named))
    if named.kind is None and not recipient:
        lead = None  # `CC CPSU Information on China`: of unlisted words, only one that is sent has a sender ahead
    return sender or lead or ahead[0] or _headed(masked, named) or _late(masked, named), recipient


def find_author(masked: str, end: int) -> Span | None:
    """Return the author at the beginning of a masked title, up to `end`, if nothing else precedes it."""
    name = masked[:end]
    head = _head(masked, 0, end)
    if (
        TOPIC.search(name)
        or VERB.search(name)
        or ends_in(EVENT, head)
        or ends_in(TOPIC_NOUN, head)
        or ends_in(KIND, head)
    ):
        return None
    if PARTY.search(head) or (PERSON.fullmatch(name) and not NOT_A_NAME.search(name)):
        return Span(*_trimmed(masked, 0, end), AUTHOR)
    return None


def _without_kind(masked: str) -> Correspondents:
    """Return the correspondents of `From X to Y` and `X to Y`, if no word names the document."""
    if opening := OPENING.match(masked):
        if opening[1].lower() not in {"from", "to"}:
            return None, None
        return _route(masked, TitleSpan(opening.end(), len(masked), opening[1].lower()), None)
    sender, recipient = _route(masked, TitleSpan(0, len(masked), AHEAD), None)
    sentence = sender and VERB.search(masked, sender.start, sender.end)
    return (sender, recipient) if sender and recipient and not sentence else (None, None)


def _innermost(masked: str, named: Named) -> Named:
    """Return the document whose correspondents the title names: `Speech` of `Transcript of a Speech by X`."""
    of = _OF.match(masked, named.end)
    if of and (inner := KIND.match(masked, of.end())):
        return Named(kind_of(inner), named.lead, named.start, inner.end())
    second = _SECOND.match(masked, named.end)
    inner = (KIND.match(masked, second.end()) or UNLISTED.match(masked, second.end())) if second else None
    if inner and OPENING.match(masked, _past(masked, inner.end())) and named.kind not in _SHARED:
        return named._replace(kind=kind_of(inner) or named.kind, end=inner.end())
    return named


def _past(masked: str, at: int) -> int:
    beside = BESIDE.match(masked, at)
    return beside.end() if beside else at


def _recorder(masked: str, named: Named) -> Span | None:
    opening = OPENING.match(masked, _past(masked, named.end))
    if named.kind in _MUTUAL or not opening or opening[1].lower() != "by":
        return None
    return _route(masked, TitleSpan(opening.end(), len(masked), "by"), named.kind)[0]


def _behind(masked: str, named: Named, *, bare: bool) -> Correspondents:
    """Return X and Y of `from X to Y` and the like after the kind; a bare `X to Y` only after a break, if `bare`."""
    start = _past(masked, named.end)
    if opening := OPENING.match(masked, start):
        word = opening[1].lower()
        return _route(masked, TitleSpan(opening.end(), len(masked), "from" if word == "form" else word), named.kind)
    if bare and (set(masked[named.end : start]) & set(',:"') or (named.kind and _names_office(masked, start))):
        return _route(masked, TitleSpan(start, len(masked), BARE), named.kind)
    return None, None


def _names_office(masked: str, at: int) -> bool:
    """Return whether an office with its article follows (`report the Polish Minister of Foreign Affairs X`)."""
    return masked.startswith("the ", at) and bool(PARTY.search(_head(masked, at, len(masked))))


def _in_lead(masked: str, named: Named) -> Span | None:
    """Return X of `X's Letter`, or a body named right before the kind (`Embassy Telegram`)."""
    start, end = _past(masked, named.lead), named.start
    owners = list(_OWNER.finditer(masked, start, end))
    if owners and not PARTY.search(masked, owners[-1].end(), end):
        return _correspondent(masked, TitleSpan(start, owners[-1].start(), OWNER), named.kind)
    words = masked[start:end].split()
    while words and ADJECTIVE.fullmatch(words[-1]):
        words.pop()
    return _correspondent(masked, TitleSpan(start, start + len(" ".join(words)), WEAK), named.kind)


def _farther(masked: str, named: Named) -> Span | None:
    """Return Y of `X's Account of His Visit to Washington to Y`: the second `to`, if it leads to an office or body."""
    topic = TOPIC.search(masked, named.end)
    end = topic.start() if topic else len(masked)
    steps = list(_TO.finditer(masked, named.end, end))
    part = TitleSpan(steps[-1].end(), end, "to") if len(steps) > 1 else None
    return part and _correspondent(masked, _cut(masked, part, None), None)


def _headed(masked: str, named: Named) -> Span | None:
    """Return the body of `Faculty of Law, Prague: Resolution`, which is followed by a colon and the kind."""
    return find_author(masked, named.lead - 2) if masked[max(0, named.lead - 2) : named.lead] == ": " else None


def _late(masked: str, named: Named) -> Span | None:
    """Return X of `Report on Hungary by Comrade X`; but `Visit by Comrade X` is his visit, not his report."""
    for by in BY.finditer(masked, named.end):
        if not ends_in(EVENT, masked[named.end : by.start()].rstrip()):
            return _route(masked, TitleSpan(by.end(), len(masked), WEAK), named.kind)[0]
    return None


def _route(masked: str, whole: TitleSpan, kind: str | None) -> Correspondents:
    """Return the correspondents of a span that may name both."""
    stretches = [_cut(masked, part, kind) for part in _parted(masked, whole, kept=kind == _KEPT)]
    sending = [part for part in stretches if part.opener not in TO]
    receiving = [part for part in stretches if part.opener in TO]
    if sending and _is_event(_head(masked, sending[0].start, sending[0].end), sending[0].opener, kind):
        return None, None  # it is about an event, and names its participants
    recipient = _first(masked, receiving, kind)
    if kind in _PURPOSEFUL and stretches[0] in receiving and not recipient:
        return None, None  # `Decision to Withdraw Troops from X` continues with its purpose
    sender = _first(masked, sending, kind)
    if sender and not recipient and kind is None and receiving:
        recipient = _addressed_document(masked, receiving[0], sender)
    return sender, recipient


def _first(masked: str, stretches: list[TitleSpan], kind: str | None) -> Span | None:
    return next((span for part in stretches if (span := _correspondent(masked, part, kind))), None)


def _addressed_document(masked: str, part: TitleSpan, sender: Span) -> Span | None:
    """Return Y of `Information from X to Y` without an office: a document from a person is sent to a person."""
    start, end = _trimmed(masked, part.start, part.end)
    named = sender.opener == "from" or _ends_in_name(masked[sender.start : sender.end])
    return (
        Span(start, end, part.opener) if named and part.opener == "to" and NAMES.fullmatch(masked[start:end]) else None
    )


def _ends_in_name(text: str) -> bool:
    tail = " ".join(text.split()[-2:])
    return PERSON.fullmatch(tail) is not None and not (PARTY.search(tail) or VERB.search(text))


def _parted(masked: str, whole: TitleSpan, *, kept: bool) -> list[TitleSpan]:
    """Split a span, up to its topic, at the words that lead to the other correspondent."""
    start, _, opener = whole
    topic = TOPIC.search(masked, start, whole.end)
    end = topic.start() if topic else whole.end
    parts = []
    for step in ROUTE.finditer(masked, start, end):
        word = step[1].lower()
        if kept or (word == "for" and OF_OFFICE.search(masked, max(0, step.start() - 40), step.start())):
            continue
        if word == "for" or (word in TO) != (opener in TO):
            parts.append(TitleSpan(start, step.start(), opener))
            start, opener = step.end(), word
    return [*parts, TitleSpan(start, end, opener)]


def _cut(masked: str, part: TitleSpan, kind: str | None) -> TitleSpan:
    """Return a span without the dates, numbers, quotations and notes after it."""
    end = part.end
    for aside in (ASIDE, PLACE) if kind in _SPOKEN else (ASIDE,):
        found = aside.search(masked, part.start, end)
        end = found.start() if found else end
    return part._replace(end=end)


def _correspondent(masked: str, part: TitleSpan, kind: str | None) -> Span | None:
    """Return the correspondent that a span names, if any."""
    if kind is None and part.opener == "to":
        part = _answered(masked, part)
    start, end = _trimmed(masked, part.start, _last_segment(masked, part.start, part.end))
    return Span(start, end, part.opener) if _stated(_head(masked, start, end), part.opener, kind) else None


def _answered(masked: str, part: TitleSpan) -> TitleSpan:
    """Return the span of X in `Reply to X's Letter`: X gets the reply."""
    owner = _OWNER.search(masked, part.start, part.end)
    if owner and ends_in(KIND, masked[owner.end() : part.end].strip(_EDGES)):
        return TitleSpan(part.start, owner.start(), OWNER)
    return part


def _last_segment(masked: str, start: int, end: int) -> int:
    """Return where the appositions and further names after a first one end (`Suslov, Secretary of the CC CPSU`)."""
    commas = [at for at in range(start + 1, end) if masked[at] == ","]
    for comma, until in pairwise([*commas, end]):
        head = _head(masked, comma + 1, until)
        if head and not _is_correspondent(head, masked[comma + 1 : until].strip().split(" and ")[0]):
            return comma
    return end


def _trimmed(masked: str, start: int, end: int) -> tuple[int, int]:
    inner = masked[start:end]
    start += len(inner) - len(inner.lstrip(_EDGES))
    return start, start + len(_STOP.sub("", inner.strip(_EDGES)))


def _head(masked: str, start: int, end: int) -> str:
    """Return the words before the first one that adds another name: `the Embassy` of `the Embassy in China`."""
    start, end = _trimmed(masked, start, end)
    joined = LEADS_ON.search(masked, start, end)
    return masked[start : joined.start() if joined else end]


def _is_event(head: str, opener: str, kind: str | None) -> bool:
    """Return whether a span with this head describes an event, so that it names the participants."""
    met = (opener in TO or kind in _DECIDED) and ends_in(MEETING, head)
    return ends_in(EVENT, head) and not met


def _is_correspondent(head: str, name: str) -> bool:
    if ends_in(EVENT, head) or ends_in(KIND, head):
        return False
    return bool(PARTY.search(head)) or (NAMES.fullmatch(name) is not None and not ends_in(TOPIC_NOUN, head))


def _stated(head: str, opener: str, kind: str | None) -> bool:
    """Return whether the head of a span is a correspondent."""
    if _is_event(head, opener, kind) or ends_in(KIND, head) or (opener == "of" and kind in _TELLING):
        return False
    if opener == "to" and kind in _PURPOSEFUL and _OBJECT.search(head):
        return False
    decided = kind in _DECIDED and ends_in(MEETING, head)
    return decided or bool(PARTY.search(head)) or _trusted(head, opener, kind)


def _trusted(head: str, opener: str, kind: str | None) -> bool:
    """Return whether the word before a span makes its head a correspondent, though it names no office and no body."""
    capital = head != head.lower() or head.startswith("_")
    if opener == OWNER:
        return capital
    if opener in {"from", "by", "to"}:
        wanting = opener == "to" and kind in _PURPOSEFUL
        return not wanting and (capital or (opener == "to" and head.startswith("the ")))
    if opener == WEAK or (opener == "for" and kind != "Memorandum") or (opener == AHEAD and kind is None):
        return False
    if opener == AHEAD and (" " not in head or _REGION.fullmatch(head)):
        return False
    return NAMES.fullmatch(head) is not None and not ends_in(PURPOSE, head)

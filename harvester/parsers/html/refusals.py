"""Recognises pages that are no page of an archive. Used only for pages in which nothing was found.

Documents have titles such as “Report on the Maintenance of Soviet Troops”, so a word in a heading proves nothing. The
markup of a page proves it (scripts of a challenge, the form of a login, a queue), or a heading that, apart from the
site's name, is one of the phrases that servers use, on a page with little other text.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from harvester.model import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

WAITING_ROOM = "waiting-room"
_MESSAGES = {
    "challenge": "a challenge page: the site asks whether a person reads; save the page in a browser",
    WAITING_ROOM: "a waiting room: the site lets readers in one after the other; try again later",
    "login": "a login page: save the page while you are logged in",
    "maintenance": "the site is under maintenance: try again later",
    "error-page": "an error page of the site: check the address",
}
_MADE = (
    (
        "challenge",
        rb"cdn-cgi/challenge-platform|__cf_chl|id=[\"']?challenge-form|captcha-delivery\.com"
        rb"|_Incapsula_Resource|px-captcha"
        rb"|ddos-guard|sucuri_cloudproxy|awswaf|/\.within\.website/x/cmd/anubis|geo\.captcha",
    ),
    (WAITING_ROOM, rb"queue-it\.net|cf-waiting-room|waitingroom|waiting-room"),
    ("login", rb"<input\b[^>]{0,300}\btype\s*=\s*[\"']?password"),
)
_PHRASES = (
    (
        "challenge",
        r"just a moment|attention required!?|one more step"
        r"|checking (?:if the site connection is secure|your browser.*)"
        r"|are you (?:a )?(?:human|robot)|(?:completing the )?(?:captcha|security check)|please wait|ddos protection.*"
        r"|please complete the security check to (?:continue|access.*)|(?:human|bot) verification"
        r"|pardon our interruption"
        r"|verify(?:ing)? (?:that )?you are (?:a )?human.*|making sure you(?:'|’)re not a bot!?",
    ),
    (
        WAITING_ROOM,
        r"(?:virtual )?waiting room.*|you are (?:now )?in (?:line|(?:the|a|a virtual) queue).*"
        r"|you have been placed in .*"
        r"|your (?:estimated|expected) wait.*|queue-it",
    ),
    ("login", r"log ?in|sign ?in|(?:please )?(?:log|sign) in(?: to .*)?|log ?on|enter (?:your )?password"),
    (
        "maintenance",
        r"(?:.* )?(?:is )?(?:currently )?(?:under|down for|in) (?:scheduled )?maintenance(?: mode)?"
        r"|maintenance(?: mode| page)?"
        r"|scheduled maintenance|(?:.* is )?temporarily unavailable|(?:we(?:'|’)?ll |we will )?be right back"
        r"|service unavailable",
    ),
    (
        "error-page",
        r"(?:(?:http )?(?:error )?[45]\d\d(?: error)?[: ]*)?(?:(?:page |file |document |resource )?not found"
        r"|access denied"
        r"|forbidden|bad gateway|gateway time-?out|internal server error|too many requests|unauthori[sz]ed|bad request)"
        r"|(?:an )?(?:unexpected |application )?error(?: (?:has )?occurred)?"
        r"|(?:http )?error [45]\d\d|[45]\d\d(?: error)?"
        r"|(?:this |the )?page (?:could not be found|cannot be found|can(?:'|’)t be found)",
    ),
)
_IN_TEXT = (
    r"(?i)\byou are (?:now )?in (?:line|(?:the|a|a virtual) queue)\b|\byour (?:estimated|expected) wait(?:ing)? time\b"
)
_HEADINGS = re.compile(rb"(?is)<(title|h1|h2)\b[^>]{0,500}>(.{0,500}?)</\1")
_SITE_NAME = re.compile(r"\s+[|·•–—-]\s+|\s*\|\s*")
_LOOKED_AT = 200_000
_PIECE = 4000
"""Bytes that are looked at together; of a page with much text the first mostly show it."""
_UNSEEN = re.compile(rb"(?i)<(script|style|head|nav|header|footer|aside|select)\b|<!--")
_TAG = re.compile(r"<[^<>]*>")
MOST_TEXT = 1500
"""Characters that such pages show besides navigation; a document's page or a listing shows more."""


@cache  # most harvests meet no such page
def _made_patterns() -> list[tuple[str, re.Pattern[bytes]]]:
    return [(code, re.compile(marks, re.IGNORECASE)) for code, marks in _MADE]


@cache
def _phrase_patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [(code, re.compile(rf"(?:{phrases})[\s.!?…]*", re.IGNORECASE)) for code, phrases in _PHRASES]


def classify_non_page(body: bytes) -> Refused | None:
    """Return what a page without records is, if its markup or its headings show it; else None."""
    body = body[:_LOOKED_AT]
    shown = _short_text(body)
    if shown is None:
        return None
    for code, marks in _made_patterns():
        if marks.search(body):
            return Refused(code, _MESSAGES[code], shown[:200])
    if re.search(_IN_TEXT, shown):
        return Refused(WAITING_ROOM, _MESSAGES[WAITING_ROOM], shown[:200])
    return _by_heading(body)


def _by_heading(body: bytes) -> Refused | None:
    for heading in _HEADINGS.finditer(body):
        text = _line(heading[2])
        for part in (text, *_SITE_NAME.split(text)):
            code = next((code for code, phrases in _phrase_patterns() if phrases.fullmatch(part.strip())), None)
            if code:
                return Refused(code, _MESSAGES[code], text[:200])
    return None


def _short_text(body: bytes) -> str | None:
    """Return what a page shows besides navigation; None if that is more than such pages show."""
    pieces, size, enough = list[bytes](), 0, _PIECE
    for piece in _shown(body):
        pieces.append(piece)
        size += len(piece)
        if size >= enough:  # mostly the beginning suffices, and the rest of the page need not be looked through
            enough *= 4
            if len(_line(b" ".join(pieces))) > MOST_TEXT:
                return None
    text = _line(b" ".join(pieces))
    return None if len(text) > MOST_TEXT else text


def _shown(body: bytes) -> Iterator[bytes]:
    """Yield a page without scripts, head and navigation, in pieces that end before a tag.

    In one pass, even if elements are not closed.
    """
    lower, at, behind = body.lower(), 0, 0
    never_closed = set[bytes]()
    while at < len(body):
        start = _UNSEEN.search(body, behind, at + _PIECE)
        if start is None:
            end = body.rfind(b"<", at + 1, at + _PIECE) if at + _PIECE < len(body) else len(body)
            end = body.find(b"<", at + _PIECE) if end < 0 else end
            end = len(body) if end < 0 else end
            yield body[at:end]
            at = behind = end
            continue
        closing, behind = b"</" + start[1].lower() if start[1] else b"-->", start.end()
        end = -1 if closing in never_closed else lower.find(closing, behind)
        if end < 0:
            never_closed.add(closing)
            continue
        yield body[at : start.start()]
        at = behind = end + len(closing)


def _line(data: bytes) -> str:
    return " ".join(_TAG.sub(" ", data.decode("utf-8", "replace")).split())

"""Pages that are no page of an archive, by what their title or heading says. Asked only of pages that prove nothing."""

from __future__ import annotations

import re

from harvester.pages.page import Refused

_NAMES = (
    (
        "challenge",
        "a challenge page: the site asks whether a person reads; save the page in a browser",
        r"just a moment|attention required|checking your browser|are you (?:a )?human|security check|captcha|ddos"
        r"|verify(?:ing)? (?:that )?you|bot (?:protection|verification)|please wait|pardon our interruption",
    ),
    ("login", "a login page: save the page while you are logged in", r"log ?in|sign ?in|password"),
    (
        "maintenance",
        "the site is under maintenance: try again later",
        r"maintenance|temporarily unavailable|be right back|service unavailable",
    ),
    (
        "error-page",
        "an error page of the site: check the address",
        r"not found|access denied|forbidden|unexpected error|error \d{3}|\d{3} error|bad gateway|gateway time-?out"
        r"|internal server error|too many requests|^\s*(?:40\d|50\d|429)\b",
    ),
)
_PATTERNS = tuple((code, message, re.compile(words, re.IGNORECASE)) for code, message, words in _NAMES)
_HEADINGS = re.compile(rb"(?is)<(title|h1|h2)\b[^>]{0,500}>(.{0,500}?)</\1")
_LOOKED_AT = 200_000
_TAG = re.compile(r"<[^>]*>")


def name_of(body: bytes) -> Refused | None:
    """Say what a page without records is, if its title or headings tell."""
    for heading in _HEADINGS.finditer(body[:_LOOKED_AT]):
        text = " ".join(_TAG.sub(" ", heading[2].decode("utf-8", "replace")).split())
        for code, message, words in _PATTERNS:
            if words.search(text):
                return Refused(code, message, text[:200])
    return None

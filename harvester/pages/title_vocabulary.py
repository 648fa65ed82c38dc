"""The words of titles: what names a kind, who writes and receives, what happens, and what stands beside all these."""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Named(NamedTuple):
    """The word that names a document: its kind (None for one not in the list), where its lead begins, and its place."""

    kind: str | None
    lead: int
    start: int
    end: int


# The closed list of kinds. Where two begin alike, the longer name stands first.
KINDS: Final[dict[str, str]] = {
    "Telegram": r"telegrams?|telegraphs?",
    "Cable": r"cables?",
    "Airgram": r"airgrams?",
    "Message": r"messages?",
    "Letter": r"letters?",
    "Memorandum of Conversation": r"memo(?:randum|randa|s)? of (?:the |an? )?(?:telephone )?conversations?|memcons?",
    "Memorandum": r"memo(?:randum|randums|randa|s)?|aides?[- ]m[eé]moires?",
    "Record": r"records?(?: of (?:the |an? )?(?:conversation|meeting|discussion|negotiation|talk)s?)?",
    "Minutes": r"minutes",
    "Transcript": r"transcripts?|(?:stenographic|verbatim) records?",
    "Protocol": r"protocols?",
    "Report": r"reports?|accounts?",
    "Notes": r"notes?|notepads?",
    "Diary": r"(?:diary|diaries|journals?)(?: entry| entries)?",
    "Speech": r"speech|speeches|address|addresses|remarks",
    "Statement": r"statements?|declarations?|communiqu[eé]s?",
    "Resolution": r"resolutions?|decisions?|decrees?|orders?|directives?",
    "Instructions": r"instructions?|guidelines?",
    "Agreement": r"agreements?|treaty|treaties|plans? of (?:\w+ )?cooperation",
    "Talking Points": r"talking points",
    "Interview": r"interviews?",
    "Summary": r"summary|summaries",
}


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _words(pattern: str) -> re.Pattern[str]:
    return _compiled(rf"(?<![\w-])(?:{pattern})(?![\w-])")


# One group for each kind, in the order of the list.
KIND: Final = _words("|".join(f"({names})" for names in KINDS.values()))
_KIND_NAMES: Final = tuple(KINDS)
# Documents of no kind in the list, which somebody sends all the same.
UNLISTED: Final = _words("despatch|dispatch|savingram|reply|response|answer|appeal|information")

# An office, a body, a form of address, initials: somebody who writes or receives.
PARTY: Final = re.compile(
    r"\b(?:Secretar(?:y|ies)|(?:Minister|Ambassador|Commander|Member|Leader|Official|Officer|Representative|Delegate"
    r"|Comrade|Department|Committee|Government|Delegation|Adviser|Advisor|Head|Chief)s?|Chairm[ae]n|Chair|Deputy|Premier"
    r"|President|Director|Marshal|General|Colonel|Admiral|Consul|Charg[eé]|Envoy|Attach[eé]|Counsell?or|Commissar"
    r"|Chancellor|King|Prince|Senator|Cde|Mr|Mrs|Dr|Prof|Professor|Assistant|Editor|Pope|Embass(?:y|ies)|Ministry|Politburo"
    r"|Bureau|Presidium|Council|Secretariat|Part(?:y|ies)|Mission|Legation|Consulate|Office|Agency|Commission"
    r"|Directorate|Leadership|Cabinet|Center|Centre|Parliament|Assembly|CC|CPSU|CCP|KGB|CIA|NSC|MFA|Stasi|TASS)\b"
    r"|\b[A-Z][a-z]?\.(?=\s?[A-Z])"
)
# Words with capitals, such as a person's name; `_` is a masked alias.
NAMES: Final = re.compile(
    r"(?:the |and |& )*+(?:_+|[^\W\d_a-z][\w.'’-]*+)"
    r"(?: (?:[^\W\d_a-z][\w.'’-]*|_+|and|&|de|da|di|du|al|el|von|van|bin|ibn)(?!\w)){0,7}+"
)

# A document tells of what happens; somebody else writes it. Meetings at least decide, declare and listen.
_MEETING: Final = r"meetings?|conferences?|sessions?|plenums?|congress(?:es)?|summits?"
MEETING: Final = _words(_MEETING)
EVENT: Final = _words(
    rf"{_MEETING}|(?:conversation|discussion|talk|negotiation|interview|visit|trip|reception|luncheon|consultation|exchange"
    r"|war|situation|event|development|signing|ratification|relation|question|issue|problem|attitude|reaction|trial"
    r"|uprising|mistake)s?|crisis|polic(?:y|ies)|activit(?:y|ies)|aid|assistance"
)
# `Letter of Protest`: what a document is for, not whose it is.
PURPOSE: Final = _words(
    "protest|condolences?|invitation|greetings?|congratulations?|thanks|solidarity|support|understanding|principles?|intent"
)

_MONTH: Final = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_DATE: Final = rf"(?:\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}|{_MONTH},? \d{{1,4}}|(?:1[89]|20)\d\d)\b"
_NUMBER: Final = r"(?:\b(?:No|Nos|Number)\b[.:]*\s?|#)?(?:[A-Z]{1,4}[-/])?\d[\d/.-]*[A-Z]?(?!\w)"
_QUALIFIER: Final = _words(
    "drafts?|untitled|excerpts?|extracts?|ciphered|coded|handwritten|top|secret|confidential|urgent|personal"
).pattern
# These describe a document when they stand before its kind, and belong to a name elsewhere (`Political Bureau`).
ADJECTIVE: Final = _words(f"{_QUALIFIER}|political|background|informational|annual|monthly|weekly")
# Between a kind and its parties: breaks, numbers, dates, qualifiers, quotations, notes in brackets.
BESIDE: Final = _compiled(rf'(?:[\s,:;."|]|(?:\b(?:of|dated) )?{_DATE}|{_NUMBER}|{_QUALIFIER})*+')

# The words that lead from one party to the other, and those that may open the first.
_SENT: Final = r"\b(?:(?:sent|written|prepared|submitted|presented|delivered|addressed|issued|adopted|given|made) )?"
ROUTE: Final = _compiled(rf"{_SENT}(from|by|to) ")
OPENING: Final = _compiled(rf"{_SENT}(from|by|to|of|for) ")
BY: Final = _compiled(r"\bby ")
# Where the topic begins, or another document. `with` may belong to a body (`Committee for Cultural Ties with`).
TOPIC: Final = _compiled(
    r" [-–—] |[:;]|\.(?=\s|$)(?<=[^\W\d_]{4}\.)(?<!prof\.)|\b(?:on(?! \d)|about|regarding|concerning|relat(?:ed|ing)"
    r"|through|via|during|after|before|following|against|over|as|who|which|that|marked"
    r"|(?<!Ties )(?<!Liaison )(?<!Relations )with|(?:enclos|attach|transmitt|request|contain|forward)(?:ed|ing))\b"
    rf"|, (?={KIND.pattern})"
)
# What is no part of a party, though the other party may stand behind it.
ASIDE: Final = _compiled(
    rf'["|]|(?<!\w)[(\[]|, ?(?=\d)|\b(?:(?:(?:of|on|dated|from) )?{_DATE}|(?:of|on|in|for|at) (?=\d)|Nos?\b\.? ?\d'
    r"|at (?=the\b|an?\b)|for the (?:year|period)\b|in (?:connection|response|reply|regard|relation)\b)"
)
PLACE: Final = _compiled(r"\b(?:at|in)\b")
# Where the head of a name ends: `the Embassy` in China.
LEADS_ON: Final = _compiled(r" (?:of|in|at|for|from|to|and|between)\b|,")

# The `to` of a post leads to no recipient: posts in a country or a league of them, and offices at a person's side.
_HOST: Final = (
    r"(?:[A-Z][A-Z]+|United \w+|Soviet Union|(?:North|South|East|West) \w+|\w+ Republic|\w+(?:ia|land|stan|any)|China"
    r"|Cuba|Japan|Korea|Vietnam|Iran|Iraq|Israel|Egypt|France|Italy|Spain|Greece|Turkey|Hungary|Brazil|Mexico|Canada"
    r"|Chile|Laos|Burma|Ghana|Moscow|Beijing|Washington)\b"
)
POST: Final = re.compile(
    r"to\b(?:(?<=Ambassador to)|(?<=Envoy to)|(?<=Delegation to)|(?<=Mission to)|(?<=Representative to))"
    rf"(?= (?:the )?{_HOST})|to\b(?:(?<=Assistant to)|(?<=Adviser to)|(?<=Advisor to))"
)


def ends_in(words: re.Pattern[str], text: str) -> bool:
    """Say whether the last word of `text` is one of `words`."""
    return words.fullmatch(text, text.rfind(" ") + 1) is not None


def kind_of(word: re.Match[str]) -> str | None:
    """Give the kind that a match of `KIND` names; None for a match of `UNLISTED`."""
    return _KIND_NAMES[word.lastindex - 1] if word.lastindex else None

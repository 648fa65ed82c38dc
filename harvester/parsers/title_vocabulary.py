"""The words of titles: kinds of documents, writers and recipients, events, and the words around all these."""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Named(NamedTuple):
    """A word that names a document: its kind (None if unlisted), where its lead begins, and its position."""

    kind: str | None
    lead: int
    start: int
    end: int


# The closed list of kinds. If two begin alike, the longer name comes first.
KINDS: Final[dict[str, str]] = {
    "Telegram": r"telegrams?|telegraphs?",
    "Cable": r"cables?|cablegrams?",
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
# The same for titles in small letters, four times as fast: what can be told by its first letter is not tried, because
# the groups stand behind the names.
SMALL_KIND: Final = re.compile(rf"(?<![\w-])(?:{'|'.join(f'(?:{names})()' for names in KINDS.values())})(?![\w-])")
_KIND_NAMES: Final = tuple(KINDS)
# Documents of no listed kind that have a sender all the same.
_UNLISTED: Final = (
    "despatch|dispatch|savingram|teleletter|teletype|teleprint|reply|response|answer|appeal|information|proposals?|review"
    "|requests?|petition|circular|notice|notification|talk|comments?|greetings?|congratulations?|analysis|assessment"
)
UNLISTED: Final = _words(_UNLISTED)

# An office, a body, a form of address, initials: these write or receive.
PARTY: Final = re.compile(
    r"\b(?:Secretar(?:y|ies)|(?:Minister|Ambassador|Commander|Member|Leader|Official|Officer|Representative|Delegate"
    r"|Congressm[ae]n|Governor|Bishop|Cardinal|Patriarch|Madame|Captain|Lieutenant"
    r"|Comrade|Department|Committee|Government|Delegation|Adviser|Advisor|Head|Chief)s?|Chairm[ae]n|Chair|Deputy|Premier"
    r"|President|Director|Marshal|General|Colonel|Admiral|Consul|Charg[eé]|Envoy|Attach[eé]|Counsell?or|Commissar"
    r"|Chancellor|King|Prince|Senator|Cde|Mr|Mrs|Dr|Prof|Professor|Assistant|Editor|Pope|Embass(?:y|ies)|Ministry|Politburo"
    r"|Bureau|Presidium|Council|Secretariat|Part(?:y|ies)|Mission|Legation|Consulate|Office|Agency|Commission"
    r"|Directorate|Cabinet|Service|Board|Institute|Academy|Faculty|University|Headquarters|Administration|Division|Command"
    r"|Staff|Federation|League|Center|Centre|Parliament|Assembly|[Ll]eadership|government|embassy|ambassador|delegate|chargé"
    r"|CC|CPSU|CCP|KGB|CIA|NSC|MFA|Stasi|TASS)\b"
    r"|\b[A-Z][a-z]?\.(?=\s?[A-Z])"
)
# Words with capitals, such as a person's name; `_` is a masked alias.
NAMES: Final = re.compile(
    r"(?:the |and |& )*+(?:_+|[^\W\d_a-z][\w.'’-]*+)"
    r"(?: (?:[^\W\d_a-z][\w.'’-]*|_+|and|&|de|da|di|du|al|el|von|van|bin|ibn)(?!\w)){0,7}+"
)

# A person by name alone: two words or more, or initials and a word.
_NAME: Final = r"[A-ZÀ-Þ][\w’'-]+"
PERSON: Final = re.compile(
    rf"(?:(?:{_NAME}\.?|(?:[A-Z][a-z]?\.-?){{1,3}}) ?){{1,3}}{_NAME}(?: and (?:[\w.]+ ){{0,2}}{_NAME})?(?:, [JS]r\.)?"
)
# A title that is a sentence is about people: the document is not theirs (`US Officials Discuss Aid to Hungary`).
VERB: Final = re.compile(
    r"\b(?:(?:Discuss|Report|Brief|Meet|Refuse|Propose|Ask|Call|Request|Agree|Decide|Plan|Respond|Announce|Offer|Warn|Inform"
    r"|Write|Complain|Protest|Travel|Visit|Arrive|Move|Return|Support|Oppose|Appeal|Approve|Reject|Send|Give|Continue|Seek"
    r"|Consider|Object|React|Withdraw|Deliver|Explain|Describe|Urge|Demand|Prepare)(?:s|es)?)\b"
)
# Capitalised words that are no person: subjects, papers, nations.
NOT_A_NAME: Final = _words(
    "wars?|pact|operation|exercise|polic(?:y|ies)|spring|crisis|radio|foreign|press|times|daily|program(?:me)?|history"
    "|chronology|lessons?|materials?|documents?|records?|questions?|relations?|soviet|us|uk|european?|american|korean|chinese"
    "|japanese|vietnamese|indian|hungarian|polish|czechoslovak|bulgarian|romanian|yugoslav|albanian|german|french|british"
    "|italian|cuban|african|north|south|east|west|nuclear|military|economic|political|national|international|communist"
    "|discussions?|talks?|meetings?|visits?|interviews?|proposals?|plans?|the|special|annual|weekly|monthly"
)
# After these a quotation has no author: they are papers, meetings and collections themselves.
NO_AUTHOR: Final = _compiled(
    r"\b\d+(?!\d|st\b|nd\b|rd\b|th\b)"
    r"|\b(?:estimates?|papers?|bulletin|gazette|newspaper|broadcast|article|magazine|items?)\b"
)

# A document is about an event; another person writes it. But meetings decide, declare and listen.
_MEETING: Final = r"meetings?|conferences?|sessions?|plenums?|congress(?:es)?|summits?"
MEETING: Final = _words(_MEETING)
EVENT: Final = _words(
    rf"{_MEETING}|(?:conversation|discussion|talk|negotiation|interview|visit|trip|reception|luncheon|consultation|exchange"
    r"|war|situation|event|development|signing|ratification|relation|question|issue|problem|attitude|reaction|trial"
    r"|uprising|mistake|participation|contribution)s?|crisis|polic(?:y|ies)|activit(?:y|ies)|aid|assistance"
)
# The topics of documents: plural and abstract words, not persons (`…, US Threats and Promises`).
TOPIC_NOUN: Final = _words(
    r"(?:threat|promise|response|position|plan|proposal|view|comment|opinion|assessment|analysis|program|programme|weapon"
    r"|strategy|test|structure|request|aim|goal|item|prospect|consideration|estimate|review|paper|draft|list|procedure"
    r"|measure|recommendation|intention|implication|result|reflection|event)s?"
)
# `Letter of Protest`: the purpose of a document, not its owner.
PURPOSE: Final = _words(
    "protest|condolences?|invitation|greetings?|congratulations?|thanks|solidarity|support|understanding|principles?|intent"
)

_MONTH: Final = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_DATE: Final = rf"(?:\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}|{_MONTH},? \d{{1,4}}|(?:1[89]|20)\d\d)\b"
_NUMBER: Final = r"(?:\b(?:No|Nos|Number)\b[.:]*\s?|#)?(?:[A-Z]{1,4}[-/])?\d[\d/.-]*[A-Z]?(?!\w)"
_QUALIFIER: Final = _words(
    "drafts?|untitled|excerpts?|extracts?|ciphered|coded|handwritten|top|secret|confidential|urgent|personal"
).pattern
# These describe a document if they precede its kind, and belong to a name elsewhere (`Political Bureau`).
ADJECTIVE: Final = _words(f"{_QUALIFIER}|political|background|informational|annual|monthly|weekly")
# Between a kind and its correspondents: breaks, numbers, dates, qualifiers, quotations, notes in brackets.
BESIDE: Final = _compiled(rf'(?:[\s,:;."|]|(?:\b(?:of|dated) )?{_DATE}|{_NUMBER}|{_QUALIFIER})*+')

# The words that lead from one correspondent to the other, and those that may open the first.
_SENT: Final = (
    r"\b(?:(?:sent|written|prepared|submitted|presented|delivered|addressed|issued|adopted|given|made|proposed|kept"
    r"|compiled|drafted|recorded|taken|signed|dictated|read|transmitted|conveyed|handed|dispatched|directed|passed) )?"
)
ROUTE: Final = _compiled(rf"{_SENT}(from|by|to|for) ")
OPENING: Final = _compiled(rf"{_SENT}(from|by|to|of|for|form(?= the\b)) ")
# `Secretary of State for External Affairs`: this `for` belongs to the office or body.
OF_OFFICE: Final = re.compile(
    rf"(?:{PARTY.pattern}|\b(?:State|Offices?|Bureaus?|Conference|Organi[sz]ation|Movement|Campaign|Fund|Group|Section"
    r"|Association|Foundation|Congress|Initiative|Vice|Under|Liaison|Ministries)\b)\s*\Z"
)
BY: Final = _compiled(r"\bby ")
# Where the topic or another document begins. `with` may belong to a body (`Committee for Cultural Ties with`).
TOPIC: Final = _compiled(
    r" [-–—] |[:;]|\.(?=\s|$)(?<=[^\W\d_]{4}\.)(?<!prof\.)(?<!cdes\.)(?<!lieut\.)(?<!comr\.)(?<!messrs\.)"
    r"|\b(?:on(?! \d)|about|re\w{0,2}garding|concerning|relat(?:ed|ing)"
    r"|through|via|during|after|before|following|against|over|as|who|which|that|marked"
    r"|(?<!Ties )(?<!Liaison )(?<!Relations )with|(?:enclos|attach|transmitt|request|contain|forward)(?:ed|ing)"
    r"|(?:summari[sz]|inform|propos|discuss|describ|explain|announc|confirm|outlin|approv|reject|thank|invit|instruct)ing)\b"
    rf"|, (?={KIND.pattern})"
)
# Not part of a correspondent, though the other one may follow.
ASIDE: Final = _compiled(
    rf'["|]|(?<!\w)[(\[]|, ?(?=\d)|\b(?:(?:(?:of|on|dated|from) )?{_DATE}|(?:of|on|in|for|at) (?=\d)|Nos?\b\.? ?\d'
    r"|at (?=the\b|an?\b)|for (?:the )?(?:year|period|presentation|approval|consideration|discussion"
    r"|transmission|signature|submission|information|review|use|permission|help|assistance)\b"
    r"|in (?:connection|response|reply|regard|relation)\b)"
)
PLACE: Final = _compiled(r"\b(?:at|in)\b")
# The end of a name's head: `the Embassy` in China.
LEADS_ON: Final = _compiled(r" (?:of|in|at|for|from|to|and|between)\b|,")

# The `to` of a post leads to no recipient: posts in a country or an organization, and offices at a person's side.
_HOST: Final = (
    r"(?:[A-Z][A-Z]+|United \w+|Soviet Union|(?:North|South|East|West) \w+|\w+ Republic|\w+(?:ia|land|stan|any)|China"
    r"|Argentina|Peru|Sudan|Yemen|Kuwait|Nepal|Ecuador|Uruguay|Paraguay|Denmark|Sweden|Norway|Portugal|Lebanon|Morocco"
    r"|Congo|Mali|Senegal|Kenya|Uganda|Angola|Panama|Philippines|Netherlands|Bonn|Paris|London|Rome|Vienna|Prague|Warsaw"
    r"|Budapest|Sofia|Berlin|Hanoi|Pyongyang|Seoul|Tokyo|Delhi|New Delhi|Havana|Geneva"
    r"|Cuba|Japan|Korea|Vietnam|Iran|Iraq|Israel|Egypt|France|Italy|Spain|Greece|Turkey|Hungary|Brazil|Mexico|Canada"
    r"|Chile|Laos|Burma|Ghana|Moscow|Beijing|Washington)\b"
)
_POSTED: Final = (
    *("Ambassador", "Envoy", "Delegation", "Mission", "Representative", "Delegate", "Minister", "Consul"),
    *("Legation", "Embassy", "Observer", "Emissary", "Attaché"),
)
POST: Final = re.compile(
    rf"to\b(?:{'|'.join(f'(?<=(?i:{word}) to)' for word in _POSTED)})"
    rf"(?= (?:the )?{_HOST}|(?= (?:the )?[A-Z])[^,:;\"|]{{1,60}} to )"
    r"|to\b(?:(?<=Assistant to)|(?<=Adviser to)|(?<=Advisor to))"
)


def ends_in(words: re.Pattern[str], text: str) -> bool:
    """Return whether the last word of `text` is one of `words`."""
    return words.fullmatch(text, text.rfind(" ") + 1) is not None


def kind_of(word: re.Match[str]) -> str | None:
    """Return the kind that a match of `KIND` names; None for a match of `UNLISTED`."""
    return _KIND_NAMES[word.lastindex - 1] if word.lastindex else None

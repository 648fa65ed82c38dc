"""The grammar of titles: which word names the document, and who wrote and received it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from harvester.parsers.correspondents import Span, find_author, find_correspondents
from harvester.parsers.title_vocabulary import (
    EVENT,
    KIND,
    NO_AUTHOR,
    PARTY,
    POST,
    SMALL_KIND,
    UNLISTED,
    Named,
    ends_in,
    kind_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# A quotation closes before punctuation or the end, or after a word without s: it may contain `Workers' Party`.
_CLOSING: Final = r"""(?:[,.?!]['’](?!\w)|['’](?=[,.;:)\]]|$|\s[(\[])|(?<=[^\Ws])['’](?=\s))"""
_QUOTED: Final = re.compile(rf"""["“][^"”]*["”]?|(?<![^\s(\[,])['‘](?=\w)(?:.*?{_CLOSING}|.*?['’](?=\s))""")
_BRACKETED: Final = re.compile(r"\((?![a-z]\))[^()\[\]]*\)|\[[^()\[\]]*\]")
# Text in brackets is a note on the document, unless it can be a person's other name.
_NOTE: Final = re.compile(
    r"\d|(?i:\b(?:via|through|excerpts?|extracts?|drafts?|undated|approved|redacted|translation|version|part|copy|not|with)\b)"
    r"|^[^A-ZÀ-Þ]*$"
)

# A new part of a title begins after one of these.
_BREAK: Final = re.compile(r'[,:;"|]| [-–—] ')
# `Excerpt from the …`: words around a document that do not name one themselves.
_WRAPPER: Final = re.compile(
    r"(?:\s+|from (?:the )?|(?:first |last |full |unedited |unofficial )?"
    r"(?:(?:excerpt|extract|draft|text|translation|version|copy|page|part)s?|entry|entries)"
    r" (?:from|of) (?:the |an? )?)*+",
    re.IGNORECASE,
)
# After these, a document is the topic (`Reply to the Note`, `Conversation on the Treaty`).
_TOPIC: Final = re.compile(
    r"\b(?:on|about|regarding|concerning|with|between|at|after|before|during|to|from|against|over|by|and the)\b",
    re.IGNORECASE,
)
# After these, too (`Signing of the Treaty`), unless they belong to a writer's name (`Embassy in Seoul Telegram`).
_JOINT: Final = re.compile(r"\b(?:of|in|for)\b", re.IGNORECASE)
# `…, and the Treaty` continues a list of topics; `…: A Report` names the document.
_LISTED: Final = re.compile(r"(?:and|or|the|an?) ", re.IGNORECASE)
# `Warsaw Treaty Organization`: the word only begins the name of something else.
_LARGER_NAME: Final = re.compile(
    r" (?:organi[sz]ation|negotiation|talk|member|state|department|commission)s?\b", re.IGNORECASE
)
# `[Memorandum] …`, `"Report to the Politburo," from …`: the name of the document itself in brackets or quotes.
# Few titles begin so: the patterns are compiled for the first that does.
_BRACKETED_KIND: Final = rf"(?i)[(\[](?=(?:\w+ )?{KIND.pattern}[)\]])([^()\[\]]*)[)\]]"
_QUOTED_ROUTE: Final = rf"""(?i)["“'‘](?=(?:\w+ )?{KIND.pattern})(.*?),?["”'’],? (?=(?:from|by) )"""
_OPENINGS: Final = dict.fromkeys("([", _BRACKETED_KIND) | dict.fromkeys("\"“'‘", _QUOTED_ROUTE)
# `Zhdanov's 'Two Camps' speech`: an epithet, followed by the kind.
_OWNED: Final = re.compile(r"['’]s $")


Parts = tuple[str | None, str | None, str | None]
"""Something about kind, sender and recipient."""
Reading = tuple[Parts, Parts]
"""What a title states, and the rule for each value."""


def read(line: str) -> Reading:
    """Return what a title states, given in one line without needless spaces, and the rule for each value."""
    text = _unwrapped(line)
    masked = _masked(text)
    named = _first_kind(masked) or _first_named(UNLISTED.finditer(masked), masked)
    if named is None and (author := _author_of_quotation(text, masked)):
        return author
    sender, recipient = find_correspondents(masked, named)
    return _reading(text, named, sender, recipient)


def _reading(text: str, named: Named | None, sender: Span | None, recipient: Span | None) -> Reading:
    kind = named and named.kind
    return (
        (kind, sender and text[sender.start : sender.end], recipient and text[recipient.start : recipient.end]),
        (
            f"the word “{text[named.start : named.end]}” names the document" if named and kind else None,
            sender and sender.rule,
            recipient and recipient.rule,
        ),
    )


def _author_of_quotation(text: str, masked: str) -> Reading | None:
    """Return the reading of `Yu. Andropov, 'Record of …'`: an author, and a heading, which may name its kind."""
    quotation = masked.find(', "')
    head = masked[:quotation]
    if quotation < 0 or NO_AUTHOR.search(head) or not (author := find_author(masked, quotation)):
        return None
    start = quotation + 3
    heading = text[start:].rstrip("\"”'’. ")
    inner_masked = _masked(heading)
    inner = _first_kind(inner_masked)
    if inner is None or inner.lead or _JOINT.search(heading, 0, inner.start):
        return _reading(text, None, author, None)
    _, recipient = find_correspondents(inner_masked, inner)
    named = inner._replace(lead=start + inner.lead, start=start + inner.start, end=start + inner.end)
    return _reading(text, named, author, recipient and recipient.moved(start))


def _unwrapped(text: str) -> str:
    """Replace the brackets or quotation marks around the document's own name at the beginning by blanks."""
    pattern = _OPENINGS.get(text[:1])
    found = re.match(pattern, text) if pattern else None
    if found is None:
        return text
    name = found[found.lastindex or 0]
    return " " + name + text[1 + len(name) : found.end()].translate(_BLANK) + text[found.end() :]


_BLANK: Final = str.maketrans(dict.fromkeys("()[]\"“”'‘’", " "))


def _masked(text: str) -> str:
    """Return a title with masked parts: quotations by `"`, notes in brackets by `|`, aliases and posts by `_`."""
    covered = _QUOTED.sub(
        lambda found: ("_" if _OWNED.search(text, max(0, found.start() - 3), found.start()) else '"') * len(found[0]),
        text,
    )
    covered = _BRACKETED.sub(lambda found: ("|" if _NOTE.search(found[0][1:-1]) else "_") * len(found[0]), covered)
    return POST.sub("__", covered)


def _first_kind(masked: str) -> Named | None:
    """Return the first word of a listed kind that names the document; None without one."""
    small = masked.lower()
    words = SMALL_KIND.finditer(small) if len(small) == len(masked) else KIND.finditer(masked)
    return _first_named(words, masked)


def _first_named(words: Iterator[re.Match[str]], masked: str) -> Named | None:
    """Return the first of the words that names the document, and not only its topic; None without one."""
    for word in words:
        stretch = max((found.end() for found in _BREAK.finditer(masked, 0, word.start())), default=0)
        wrapped = _WRAPPER.match(masked, stretch, word.start())
        lead = wrapped.end() if wrapped else stretch
        if _names(masked[lead : word.start()], masked[stretch - 1] if stretch else "") and not _LARGER_NAME.match(
            masked, word.end()
        ):
            return Named(kind_of(word), lead, *word.span())
    return None


def _names(lead: str, behind: str) -> bool:
    """Return whether a word after this lead, and after this break, names the document itself."""
    if _TOPIC.search(lead) or (behind and _LISTED.match(lead) and (behind != ":" or not lead.lower().startswith("a"))):
        return False
    joint = _JOINT.search(lead)
    if not joint:
        return True
    head = lead[: joint.start()].rstrip()
    return bool(PARTY.search(lead)) and not EVENT.search(head) and not ends_in(EVENT, lead.rstrip())

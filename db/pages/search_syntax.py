"""Parses the search box. Nothing is an error; what cannot be searched for is noted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .folding import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 50
"""Words that are searched for; a pasted page would keep the database busy."""
DEEPEST = 20
"""How deep brackets may nest."""
FIELDS = {
    "title": "title",
    "summary": "summary",
    "text": "text",
    "sender": "sender",
    "from": "sender",
    "recipient": "recipient",
    "to": "recipient",
    "person": "person",
    "people": "person",
    "place": "place",
    "subject": "subject",
    "topic": "subject",
    "author": "author",
    "contributor": "author",
    "creator": "author",
    "collection": "collection",
    "archive": "archive",
    "signature": "archive",
    "location": "archive",
    "number": "number",
    "id": "number",
}
"""Prefixes before a colon, and the columns of the index that they mean."""
QUOTES = '"“”„«»'
_TOKEN = re.compile(
    rf"""(?P<open>\()|(?P<shut>\))
    |(?P<not>[-–—−‐‑﹣－!]+(?=[\w({QUOTES}]))
    |[{QUOTES}](?P<phrase>[^{QUOTES}]*)(?:[{QUOTES}](?P<star>\*)?)?
    |(?P<word>[^\s(){QUOTES}]+)""",
    re.VERBOSE,
)
_FIELD = re.compile(rf"({'|'.join(FIELDS)}):(.*)", re.IGNORECASE | re.DOTALL)
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True)
class Term:
    """A word or phrase, the column to search (empty: any), and whether it is only the beginning of a word."""

    text: str
    prefix: bool = False
    field: str = ""

    @property
    def match(self) -> str:
        """The FTS5 expression, always quoted, so that nothing in it is an operator."""
        quoted = '"' + (fold(self.text) or "").replace('"', '""') + '"' + ("*" if self.prefix else "")
        return f"{{{self.field}}} : {quoted}" if self.field else quoted

    def __str__(self) -> str:
        """Return the term as users write it."""
        text = (f"“{self.text}”" if " " in self.text else self.text) + ("*" if self.prefix else "")
        return f"{self.field}:{text}" if self.field else text


@dataclass(frozen=True)
class SearchQuery:
    """A parsed search.

    `match` is an FTS5 expression, or empty; `negated`: all documents except those that match. `terms` are the words to
    mark in results; `notes` report what was not understood.
    """

    match: str = ""
    negated: bool = False
    terms: tuple[Term, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ranked(self) -> bool:
        """Whether one document can answer better than another."""
        return bool(self.match) and not self.negated


@dataclass(frozen=True)
class _Part:
    """A part of the search as an FTS5 expression. FTS5 has no unary NOT, so negation is a separate field."""

    match: str
    negated: bool = False


def parse_query(typed: str) -> SearchQuery:
    """Return the query for words, "phrases", beginnings*, -exclusions, AND, OR, NOT, (brackets) and field:words."""
    parser = _Parser(typed)
    whole = parser.all_of("", depth=0) or _Part("")
    return SearchQuery(
        whole.match, whole.negated, tuple(dict.fromkeys(parser.terms)), tuple(_notes(typed, parser, whole))
    )


class _Parser:
    """Parses a search from left to right. OR binds more closely than adjacency, as in library catalogues."""

    def __init__(self, typed: str) -> None:
        self.tokens = list(_tokens(typed))
        self.at = 0
        self.terms: list[Term] = []
        self.words = 0
        self.loose = False
        """Whether an AND, OR or NOT has nothing to join."""

    def all_of(self, field: str, depth: int, *, negated: bool = False) -> _Part | None:
        """Parse up to the end or a closing bracket; all parts must match. `negated`: nothing here is marked."""
        parts: list[list[_Part]] = []
        joined = ""
        while self.at < len(self.tokens):
            found = self.tokens[self.at]
            if found["shut"]:
                self.at += 1
                if depth:
                    break
                continue
            if found["word"] in ("AND", "OR"):
                self.at += 1
                self.loose |= bool(joined) or not parts
                joined = found["word"]
                continue
            part = self.one(field, depth, negated=negated)
            if part and joined == "OR" and parts:
                parts[-1].append(part)
            elif part:
                parts.append([part])
            joined = "" if part else joined
        self.loose |= bool(joined)
        return _and([_or(each) for each in parts]) if parts else None

    def one(self, field: str, depth: int, *, negated: bool) -> _Part | None:
        """Parse one word, phrase, bracket or exclusion."""
        found = self.tokens[self.at]
        self.at += 1
        if found["not"] or found["word"] == "NOT":
            if self.at == len(self.tokens) or self.tokens[self.at]["shut"]:
                self.loose = True
                return None
            part = self.one(field, depth, negated=not negated)
            return part and _Part(part.match, not part.negated)
        if found["open"]:
            return self.all_of(field, depth + 1, negated=negated) if depth < DEEPEST else None
        if found["word"] and (named := _FIELD.fullmatch(found["word"])):
            field = FIELDS[named[1].lower()]
            if not named[2]:
                following = self.at < len(self.tokens) and not self.tokens[self.at]["shut"]
                return self.one(field, depth, negated=negated) if following else None
            return self.term(named[2], field, star=False, negated=negated)
        text = found["word"] if found["word"] is not None else found["phrase"]
        return self.term(text, field, star=bool(found["star"]), negated=negated)

    def term(self, text: str, field: str, *, star: bool, negated: bool) -> _Part | None:
        """Parse one word or phrase; return None if it has no letter and no digit."""
        plain = plain_words(text)
        self.words += bool(plain)
        if not plain or self.words > MOST:
            return None
        term = Term(plain, star or text.endswith("*"), field)
        if not negated:
            self.terms.append(term)
        return _Part(term.match)


def _tokens(typed: str) -> Iterator[re.Match[str]]:
    """Yield the tokens. A dash excludes only where a word begins: `Kovalev–Stalin` is two names."""
    return _TOKEN.finditer(typed.replace("\0", " "))


def plain_words(text: str) -> str:
    """Return only letters and digits: what stands between them separates words, as in the texts themselves."""
    return " ".join(re.findall(r"[\w\u0300-\u036f]+", text.replace("_", " ")))


def _and(parts: list[_Part]) -> _Part:
    """Return the conjunction of parts."""
    found = list(dict.fromkeys(part.match for part in parts if not part.negated))
    unwanted = list(dict.fromkeys(part.match for part in parts if part.negated))
    if not found:
        return _Part(_joined(unwanted, "OR"), negated=True)
    return _Part(f"({_joined(found, 'AND')} NOT {_joined(unwanted, 'OR')})" if unwanted else _joined(found, "AND"))


def _or(parts: list[_Part]) -> _Part:
    """Return the disjunction of parts: `a OR NOT b` is everything except what has b and not a."""
    found = list(dict.fromkeys(part.match for part in parts if not part.negated))
    unwanted = list(dict.fromkeys(part.match for part in parts if part.negated))
    if not unwanted:
        return _Part(_joined(found, "OR"))
    without = _joined(unwanted, "AND")
    return _Part(f"({without} NOT {_joined(found, 'OR')})" if found else without, negated=True)


def _joined(parts: list[str], operator: str) -> str:
    return parts[0] if len(parts) == 1 else "(" + f" {operator} ".join(parts) + ")"


def _notes(typed: str, parser: _Parser, whole: _Part) -> Iterator[str]:
    """Yield remarks on mistakes in the search, and on what search cannot do."""
    if typed.count('"') % 2:
        yield "A quotation mark is not closed: the phrase was taken to go on to the end."
    if typed.count("(") != typed.count(")"):
        yield "A bracket is not closed or not opened: it was taken to go on to the end, or left out."
    if typed.strip() and not whole.match:
        yield "There is no letter and no digit in this: type a word, or part of one with * behind it."
    if whole.negated and whole.match:
        yield "Only what must not be found is named: this is everything else."
    if parser.loose:
        yield "An AND, OR or NOT has nothing on one side of it, and was left out."
    if parser.words > MOST:
        yield f"Only the first {MOST} words were looked for."
    if _WITHOUT_SPACES.search(typed):
        yield (
            "Words of this script are written without spaces, and search cannot part them: it finds whole stretches "
            "between punctuation marks, or with * behind what they begin with."
        )

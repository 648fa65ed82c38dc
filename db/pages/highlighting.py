"""Marks the words that were found, in texts for display.

The index is not asked: with a common beginning (`t*`) it would read half of itself for each text. Whether a word is one
that was looked for, SQLite's own tokenizer decides, so that marks and finds agree.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from .folding import MARKS, fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .search_syntax import SearchQuery

OPEN, SHUT = "\x02", "\x03"
"""Characters around a found word until the text is escaped."""
WORD = re.compile(rf"(?:[^\W_]{MARKS.pattern}*)+")
_SPACE = re.compile(r"\s")
BEFORE, AROUND = 120, 400
"""Letters of an extract: before the first word found, and in all."""
TOKENIZER = "porter unicode61 remove_diacritics 2"


@dataclass
class _Token:
    """A word searched for, as in the index, and a cache of which words of texts match it."""

    match: str
    stem: str
    known: dict[str, bool] = field(default_factory=dict)


class Marker:
    """Finds the words of a search in texts. `hits` yields (start, end, number of the term)."""

    def __init__(self, words: SearchQuery) -> None:
        self._index = sqlite3.connect(":memory:", check_same_thread=False)
        self._index.execute(f"CREATE VIRTUAL TABLE one USING fts5 (word, tokenize = '{TOKENIZER}')")
        self._index.execute("CREATE VIRTUAL TABLE stems USING fts5vocab (one, row)")
        self._terms = [(term.field, self._tokens(term.text, prefix=term.prefix)) for term in words.terms]

    def __bool__(self) -> bool:
        return bool(self._terms)

    def hits(self, text: str, column: str = "") -> Iterator[tuple[int, int, int]]:
        """Yield the hits in a text; `column` is the text's column, for words that are searched in one column only."""
        terms = [
            (number, tokens) for number, (where, tokens) in enumerate(self._terms) if tokens and where in ("", column)
        ]
        longest = max((len(tokens) for _, tokens in terms), default=0)
        if not longest:
            return
        recent: list[re.Match[str]] = []
        for found in WORD.finditer(text):
            recent = [*recent[1 - longest :], found] if longest > 1 else [found]
            for number, tokens in terms:
                last = recent[-len(tokens) :]
                if len(last) == len(tokens) and all(map(self._is, tokens, last)):
                    yield last[0].start(), found.end(), number
                    break

    def mark(self, text: str, column: str = "") -> str:
        """Return a text with marks around all words found."""
        return _insert_marks(text, list(self.hits(text, column)))

    def extract(self, text: str, column: str = "") -> tuple[str, set[int]] | None:
        """Return a part of a text around the first word found, with marks, and which terms stand in it."""
        first = next(self.hits(text, column), None)
        if first is None:
            return None
        start, end = _edges(text, max(0, first[0] - BEFORE), first[0] - BEFORE + AROUND)
        part = text[start:end]
        found = list(self.hits(part, column))
        shown = ("… " if start else "") + _insert_marks(part, found).strip() + (" …" if end < len(text) else "")
        return shown, {number for _, _, number in found}

    def _tokens(self, text: str, *, prefix: bool) -> list[_Token]:
        tokens = [_Token(f'"{token}"', self._stem(token)) for token in (fold(text) or "").lower().split()]
        if tokens and prefix:
            tokens[-1].match += "*"
        return tokens

    def _stem(self, word: str) -> str:
        self._put(word)
        found = self._index.execute("SELECT term FROM stems").fetchone()
        return str(found[0]) if found else word

    def _put(self, word: str) -> None:
        self._index.execute("DELETE FROM one")
        self._index.execute("INSERT INTO one (rowid, word) VALUES (1, ?)", [word])

    def _is(self, token: _Token, found: re.Match[str]) -> bool:
        """Return whether a word of a text matches a token."""
        word = found[0]
        if word not in token.known:
            plain = (fold(word) or "").lower()
            # A stem is how its words begin, but for its last letter.
            near = plain.startswith(token.stem[:-1] or token.stem)
            token.known[word] = near and self._matches(token.match, plain)
        return token.known[word]

    def _matches(self, match: str, word: str) -> bool:
        self._put(word)
        return self._index.execute("SELECT 1 FROM one WHERE one MATCH ?", [match]).fetchone() is not None


def _insert_marks(text: str, hits: list[tuple[int, int, int]]) -> str:
    parts, at = [], 0
    for start, end, _ in hits:
        if start >= at:
            parts += [text[at:start], OPEN, text[start:end], SHUT]
            at = end
    return "".join([*parts, text[at:]])


def _edges(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the edges of an extract, moved to where words begin and end."""
    if start and (gap := _SPACE.search(text, start, start + 40)):
        start = gap.end()
    if end < len(text) and (space := text.rfind(" ", end - 40, end)) > 0:
        end = space
    return start, max(start, min(end, len(text)))


def to_markup(text: str | None) -> Markup:
    """Return a text escaped, with its marks as `<mark>` elements."""
    safe = str(escape(text or ""))
    safe = re.sub(f"{OPEN}([^{OPEN}{SHUT}]*){SHUT}", r"<mark>\1</mark>", safe)
    return Markup(safe.replace(OPEN, "").replace(SHUT, ""))  # noqa: S704 - escaped above, but for our own marks

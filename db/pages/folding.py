"""Folds letters that the full-text tokenizer leaves as they are, in the index and in questions alike.

FTS5's `remove_diacritics` knows only Latin letters that decompose. People type Gomulka for Gomułka, Хрущев for Хрущёв.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

LETTERS = str.maketrans(
    # The last ones: Persian and Arabic keyboards have different letters for the same one.
    dict(zip("łŁđĐðÐøØħĦŧŦıſŋŊґҐیىکةۀ", "lLdDdDoOhHtTisnNгГييكهه", strict=True))
    | {"ß": "ss", "ẞ": "SS", "þ": "th", "Þ": "TH", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE"}
)
_ASCII = bytes(range(0x80))
_LETTERS = re.compile(f"[{''.join(map(chr, LETTERS))}]")
MARKS = re.compile(
    r"[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1-\u05c7\u0640\u064b-\u065f\u0670"
    r"\u00ad\u200b-\u200d\u2060\ufeff]"
)
"""Accents, vowel points, and what is not seen at all (soft hyphens, zero-width spaces), which would part a word."""


def fold(text: str | None) -> str | None:
    """Return `text` with accents taken off and special letters written as people type them; case stays."""
    if text is None or text.isascii():
        return text
    # Bytes are picked out, and characters replaced, ten times as fast as a pattern finds them in a long text.
    others = {*text.encode(errors="surrogatepass").translate(None, _ASCII).decode(errors="surrogatepass")}
    if _OF_MANY_SCRIPTS.search("".join(others)):
        return _folded(text)
    for one in others & _replacements().keys():
        text = text.replace(one, _replacements()[one])
    return text


def _folded(text: str) -> str:
    bare = MARKS.sub("", unicodedata.normalize("NFD", text))
    # A search for the few letters is ten times as fast as `translate`, which looks up every one.
    return _LETTERS.sub(lambda found: str(LETTERS[ord(found[0])]), unicodedata.normalize("NFC", bare))


_OF_MANY_SCRIPTS = re.compile(r"[^\x00-\u052f\u1e00-\u1eff\u2000-\u206f]")
"""Of Latin, Greek, Cyrillic and punctuation each character can be replaced by itself: only their accents combine."""


@cache
def _replacements() -> dict[str, str]:
    """Return what to write for each character of these scripts that is not written as it is."""
    characters = [chr(code) for code in range(0x80, 0x2070) if not _OF_MANY_SCRIPTS.match(chr(code))]
    return {one: _folded(one) for one in characters if _folded(one) != one}


def register(conn: sqlite3.Connection) -> None:
    """Register the SQL function `fold`, which the content of the search index uses."""
    conn.create_function("fold", 1, fold, deterministic=True)

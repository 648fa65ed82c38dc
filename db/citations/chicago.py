"""Citations in words: the archive's own form, and Chicago's note and bibliography.

Names are turned round (`Djilas, Milovan`) where the archive parts them or initials show the family name; others stand
as printed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .names import parse_printed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .citable import CitedDocument
    from .names import Name

_INNER = str.maketrans({"“": "‘", "”": "’"})
_STRAIGHT = ((re.compile(r"(^|[\s(\[—–-])['\"](?=\S)"), r"\1‘"), (re.compile(r"['\"]"), "’"))


def quoted(title: str, mark: str) -> str:
    """Return a title in quotation marks, the following mark inside as American usage has it, also of inner ones."""
    inner = title.translate(_INNER)
    for straight, curly in _STRAIGHT:
        inner = straight.sub(curly, inner)
    inner = inner[:1].upper() + inner[1:].removesuffix(".")
    if inner.endswith(("?", "!")):
        return f"“{inner}”"
    # A closing mark within belongs behind the comma; an apostrophe has no opening one before it.
    nested = inner.endswith("’") and "‘" in inner
    return f"“{inner[:-1].removesuffix('.')}{mark}’”" if nested else f"“{inner}{mark}”"


def archives_form(item: CitedDocument) -> str:
    """Return the archive's own form: `“Title,” Month DD, YYYY, Archive, SOURCE. URL`."""
    where = ", ".join(part for part in (item.date.words, item.catalogue, item.source) if part)
    return f"{quoted(item.title, ',')} {_with_full_stop(where)} {item.url}".rstrip()


def note(item: CitedDocument) -> str:
    """Return a Chicago note. Plain correspondence is cited by its parties, everything else by its title."""
    rest = [item.date.words, item.catalogue, item.source.removesuffix("."), item.url]
    if _is_plain_correspondence(item):
        head = [f"{_join_names([name.plain for name in item.authors])} to {_recipient(item)}", item.genre.lower()]
        return _with_full_stop(", ".join(part for part in head + rest if part))
    # Who is named in the title need not be named before it.
    names = [name for name in item.authors if not _is_named_in(item.title, name)]
    author = f"{_join_names([name.plain for name in names])}, " if names else ""
    return _with_full_stop(f"{author}{quoted(item.title, ',')} {', '.join(part for part in rest if part)}")


def bibliography(item: CitedDocument) -> str:
    """Return a Chicago bibliography entry, which begins with what it is sorted by."""
    where = ", ".join(part for part in (item.catalogue, item.source) if part)
    if _is_plain_correspondence(item):
        head = [f"{_entry_authors(item.authors)} to {_recipient(item)}", item.genre]
    else:
        head = [_entry_authors(item.authors), quoted(item.title, ".")]
    return " ".join(_with_full_stop(part) for part in [*head, _capital(item.date.words), where, item.url] if part)


def _is_plain_correspondence(item: CitedDocument) -> bool:
    """Return whether the title says no more than kind and parties: a number or `[Excerpts]` would be lost otherwise."""
    if not item.sender or not item.recipient or item.contributors:
        return False
    left = item.title
    for party in (item.sender, item.recipient, item.kind, item.kind.removesuffix("s")):
        left = left.replace(party, "", 1) if party else left
    return not re.sub(r"\b(?:from|to|by|the|a)\b|[\W_]", "", left, flags=re.IGNORECASE)


def _recipient(item: CitedDocument) -> str:
    """Return to whom, as it stands in a sentence: a person without the office, a body with its article."""
    name = parse_printed(item.recipient)
    return item.recipient if name.body else name.plain


def _entry_authors(authors: Sequence[Name]) -> str:
    """Return the authors of an entry: the first turned round, the others not."""
    return _join_names([authors[0].inverted, *(name.plain for name in authors[1:])], ", and ") if authors else ""


def _join_names(names: Sequence[str], last: str = " and ") -> str:
    if len(names) < 3:
        return last.join(names)
    return f"{', '.join(names[:-1])}, and {names[-1]}"


def _is_named_in(title: str, name: Name) -> bool:
    """Return whether a title contains a name: the family name, or the whole of an undivided name."""
    return bool(re.search(rf"\b{re.escape(name.family)}\b", title, re.IGNORECASE))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _with_full_stop(text: str) -> str:
    return text if text.endswith((".", ".”", ".’”", "?”", "!”")) else f"{text}."

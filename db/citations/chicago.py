"""Citations in words: the archive's own form, and Chicago's note and bibliography.

Names stand as the archive prints them. Turning them round (`Liu, Shaoqi`) would need to know whose names begin with the
family.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .citable import Citable

_INNER = str.maketrans({"“": "‘", "”": "’"})


def quoted(title: str, mark: str) -> str:
    """Put a title into quotation marks, the following mark inside as American usage has it."""
    inner = title.translate(_INNER).removesuffix(".")
    return f"“{inner}”" if inner.endswith(("?", "!")) else f"“{inner}{mark}”"


def archives_form(item: Citable) -> str:
    """Give the archive's own form: `“Title,” Month DD, YYYY, Archive, SOURCE. URL`."""
    said = ", ".join(part for part in (item.date.words, item.catalogue, item.source) if part)
    return f"{quoted(item.title, ',')} {_ended(said)} {item.url}".rstrip()


def note(item: Citable) -> str:
    """Give a Chicago note. Correspondence is cited by its parties, everything else by its title."""
    rest = [item.date.words, item.catalogue, item.source.removesuffix("."), item.url]
    if item.sender and item.recipient:
        head = [f"{item.sender} to {item.recipient}", item.kind.lower()]
        return _ended(", ".join(part for part in head + rest if part))
    author = f"{item.sender}, " if item.sender else ""
    return _ended(f"{author}{quoted(item.title, ',')} {', '.join(part for part in rest if part)}")


def bibliography(item: Citable) -> str:
    """Give a Chicago bibliography entry."""
    held = ", ".join(part for part in (item.catalogue, item.source) if part)
    if item.sender and item.recipient:
        head = [f"{item.sender} to {item.recipient}", item.kind]
    else:
        head = [item.sender, quoted(item.title, ".")]
    return " ".join(_ended(part) for part in [*head, _capital(item.date.words), held, item.url] if part)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _ended(text: str) -> str:
    return text if text.endswith((".", ".”", "?”", "!”")) else f"{text}."

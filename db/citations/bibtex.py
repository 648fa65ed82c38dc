"""BibTeX, as biblatex reads it: UTF-8, dates as EDTF, titles braced so that no style changes their capitals."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .citable import CitedDocument
    from .names import Name

_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "%": r"\%",
        "_": r"\_",
    }
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def to_bibtex(items: Iterable[CitedDocument]) -> str:
    """Return BibTeX entries."""
    return "\n".join(entry(item) for item in items)


def entry(item: CitedDocument) -> str:
    """Return one BibTeX entry."""
    lines = [f"  {name} = {value}," for name, value in _fields(item) if value]
    return "\n".join([f"@unpublished{{{entry_key(item.key)},", *lines, "}", ""])


def entry_key(key: str) -> str:
    """Return a key that every BibTeX accepts: ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", key).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")


def escape(text: str) -> str:
    """Return a text with TeX's special characters escaped."""
    return text.translate(_SPECIAL)


def _fields(item: CitedDocument) -> list[tuple[str, str]]:
    parts = item.date.parts
    return [
        ("author", _braced(_names(item.authors))),
        ("translator", _braced(_names(item.translators))),
        ("title", _braced(f"{{{escape(item.title)}}}")),
        ("date", _braced(item.date.biblatex)),
        ("year", _braced(f"{year:04}" if (year := item.date.year) else "")),
        ("month", _MONTHS[parts[1] - 1] if len(parts) > 1 else ""),
        ("type", _braced(escape(item.genre))),
        ("note", _braced(escape(_note(item)))),
        ("library", _braced(escape(item.source))),
        ("copyright", _braced(escape(item.rights))),
        ("url", _braced(_address(item.url))),
        ("urldate", _braced(item.accessed if item.url else "")),
        ("language", _braced(escape(", ".join(item.languages)))),
        ("keywords", _braced(", ".join(_term(term) for term in item.subjects))),
        ("abstract", _braced(escape(item.summary))),
    ]


def _names(names: Iterable[Name]) -> str:
    return " and ".join(_name(name) for name in names)


def _name(name: Name) -> str:
    """Return a name; one that is not parted is braced, or `and` and capitals in it would part it."""
    if not name.given:
        return f"{{{escape(name.family)}}}"
    return ", ".join(f"{{{part}}}" if " and " in part else part for part in map(escape, (name.family, name.given)))


def _term(term: str) -> str:
    """Return a keyword; braces keep the commas of `Stalin, Joseph, 1879-1953` from parting it."""
    return f"{{{escape(term)}}}" if "," in term else escape(term)


def _address(url: str) -> str:
    """Return a URL with TeX's special characters percent-encoded."""
    return url.replace("{", "%7B").replace("}", "%7D").replace("\\", "%5C")


def _note(item: CitedDocument) -> str:
    """Return the note that styles print of an unpublished source: recipient, date if it is no exact one, location."""
    to = f"To {item.recipient}" if item.recipient and not item.contributors else ""
    date = "" if item.date.parts else item.date.printed
    return ", ".join(part for part in (to, date, item.catalogue, item.source) if part)


def _braced(value: str) -> str:
    return f"{{{value}}}" if value else ""

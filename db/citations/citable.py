"""What is cited: a document with its terms, cleaned of everything that would break a format."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .dates import Date

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Bidirectional overrides turn the rest of a line around, in every program that the citation is pasted into.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def clean(text: object) -> str:
    """Give a text on one line, without control characters."""
    shown = "".join(" " if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} else c for c in str(text or ""))
    return " ".join(_TURNS.sub("", shown).split())


def web_address(value: object) -> str:
    """Give an address if it is one on the web, else nothing: a citation must not carry `javascript:`."""
    text = str(value or "").strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in {"http", "https"} and parts.netloc and re.fullmatch(r"[!-~]+", text) else ""


@dataclass(frozen=True)
class Citable:
    """One document as it is cited. Empty means: no page has stated it."""

    key: str
    title: str
    date: Date
    catalogue: str
    kind: str = ""
    sender: str = ""
    recipient: str = ""
    summary: str = ""
    url: str = ""
    archive: str = ""
    location: str = ""
    rights: str = ""
    languages: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Where the original lies, as it is cited: its signature, or at least the archive."""
        return self.location or self.archive


def citable(
    document: Mapping[str, Any],
    terms: Mapping[str, Sequence[str]],
    files: Sequence[str] = (),
    catalogues: Mapping[str, str] | None = None,
) -> Citable:
    """Make a document citable. `terms` by facet; `catalogues` names the archives by their sources."""
    source = str(document["source"])
    text = {name: clean(document[name]) for name in ("title", "kind", "sender", "recipient", "summary", "archive")}
    subjects = [clean(term) for facet in ("subject", "person", "place") for term in terms.get(facet, ())]
    return Citable(
        **text,
        key=f"{source}-{document['key']}",
        date=Date(str(document["date"] or ""), clean(document["date_text"])),
        catalogue=clean((catalogues or {}).get(source, source)),
        url=web_address(document["url"]),
        location=clean(document["archive_location"]),
        rights=clean(document["rights"]),
        languages=tuple(clean(term) for term in terms.get("language", ())),
        subjects=tuple(dict.fromkeys(subjects)),
        files=tuple(address for file in files if (address := web_address(file))),
    )

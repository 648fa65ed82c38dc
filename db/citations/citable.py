"""The document as it is cited, with its terms, cleaned of everything that would break a format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .dates import Date
from .names import Name, parse_heading, parse_printed, translators

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Control characters, halves of characters, and ends of lines and paragraphs.
_CONTROLS = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
# Bidirectional overrides turn the rest of a line around, in every program that the citation is pasted into.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def clean(text: object) -> str:
    """Return a text on one line, without control characters."""
    text = str(text or "")
    if not text.isprintable():  # most are, and that is found out twenty times as fast
        text = _TURNS.sub("", _CONTROLS.sub(" ", text))
    return " ".join(text.split())


def web_address(value: object) -> str:
    """Return a URL if it is http or https, else an empty string: a citation must not contain `javascript:`."""
    text = str(value or "").strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in {"http", "https"} and parts.netloc and re.fullmatch(r"[!-~]+", text) else ""


@dataclass(frozen=True)
class CitedDocument:
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
    contributors: tuple[str, ...] = ()
    accessed: str = ""

    @property
    def authors(self) -> tuple[Name, ...]:
        """The authors: those that the archive states, and only where it states none the sender that a title names."""
        if self.contributors:
            return tuple(parse_heading(heading) for heading in self.contributors)
        return (parse_printed(self.sender),) if self.sender else ()

    @property
    def translators(self) -> tuple[Name, ...]:
        """The translators whom the location names."""
        return tuple(Name(name) for name in translators(self.location))

    @property
    def genre(self) -> str:
        """The kind; one diplomatic note is not notes taken."""
        return "Note" if self.kind == "Notes" and re.search(r"\bNote\b", self.title) else self.kind

    @property
    def source(self) -> str:
        """The location of the original as it is cited: its signature, or at least its archive."""
        return self.location or self.archive


def cited_document(
    document: Mapping[str, Any],
    terms: Mapping[str, Sequence[str]],
    files: Sequence[str] = (),
    catalogues: Mapping[str, str] | None = None,
    *,
    page: str = "",
    accessed: str = "",
) -> CitedDocument:
    """Return a document as it is cited.

    `terms` by facet; `catalogues` names the archives by their sources. `page` is the address of the document's page in
    the reading room, cited where the archive's own is not known; `accessed` a day (ISO), today where none is given.
    """
    source = str(document["source"])
    text = {name: clean(document[name]) for name in ("title", "kind", "sender", "recipient", "summary", "archive")}
    subjects = [clean(term) for facet in ("subject", "person", "place") for term in terms.get(facet, ())]
    return CitedDocument(
        **text,
        key=f"{source}-{document['key']}",
        date=Date(str(document["date"] or ""), clean(document["date_text"])),
        catalogue=clean((catalogues or {}).get(source, source)),
        url=web_address(document["url"]) or web_address(page),
        location=clean(document["archive_location"]),
        rights=clean(document["rights"]),
        languages=tuple(clean(term) for term in terms.get("language", ())),
        subjects=tuple(dict.fromkeys(subjects)),
        contributors=tuple(name for term in terms.get("contributor", ()) if (name := clean(term))),
        accessed=accessed or datetime.now(UTC).date().isoformat(),
        files=tuple(address for file in files if (address := web_address(file))),
    )

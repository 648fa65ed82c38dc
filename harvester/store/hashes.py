"""Hashes of what pages say, not of how they print it: zero padding and white space make no difference.

Nor does what a page says of its own reading, such as "Printed on 5 May 2026" or "1,234 views": it is kept as it was
first printed, and is no change when it counts on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harvester.pages.page import DocumentPage, Listing
from harvester.store.keys import plain, short_hash

if TYPE_CHECKING:
    from harvester.pages.page import Record

_FIELD, _PART = "\x1f", "\x1e"
_DAY = (
    r"(?:\w{3,9}[ .]{1,2}\d{1,2}(?:st|nd|rd|th)?,? 20\d\d|\d{1,2}(?:st|nd|rd|th)?[ .]{1,2}\w{3,9}[ .]{1,2}20\d\d"
    r"|20\d\d-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]20\d\d)"
)
_TIME = r"(?:,?(?: at|T)? ?\d{1,2}:\d\d(?::\d\d)?(?: ?[ap][.]?m[.]?)?(?: ?(?:Z|UTC|GMT))?)?"
_NUMBER = r"\d(?:[\d,.]{0,13}\d)?"
_VERBS = ("printed", "accessed", "retrieved", "generated", "downloaded", "exported", "viewed", "visited")
_OF_READING = re.compile(
    rf"\b(?:{'|'.join(_VERBS)})(?: on| at|:){{0,2}} (?:\w{{3,6}}day,? )?{_DAY}{_TIME}"
    rf"|\b(?:viewed|downloaded|visited) {_NUMBER} times?\b"
    rf"|\b{_NUMBER} (?:page ?)?(?:views?|visits|downloads)\b"
    rf"|\b(?:views?|visits|downloads|hits|view count): ?{_NUMBER}",
    re.IGNORECASE,
)
"""What a page says of its own reading. Only dates of this century: older ones are the document's own."""
_SIGNS = (*_VERBS, " views", " view:", "views:", "visits", "downloads", "hits:", "count:", "pageview")
"""One of these, in small letters, stands in all that: to look for them costs little."""
_EDGE = 1000
"""Characters at either end of a text in which that is looked for: it stands above or below what is the document's."""


@dataclass(frozen=True)
class Hashes:
    """The hash of what each record of a page says, in order, and of what the whole page says."""

    records: tuple[str, ...]
    page: str
    attached: str | None = None


def hash_page(page: Listing | DocumentPage) -> Hashes:
    """Hash a page; its bytes hold tokens that change with every request, so they tell nothing."""
    if isinstance(page, DocumentPage):
        attached = attached_hash(page)
        record = record_hash(page.record, attached)
        return Hashes((record,), short_hash(f"{page.form} {record}"), attached)
    records = tuple(record_hash(record) for record in page.records)
    places = " ".join(str(record.position) for record in page.records)
    stated = f"{page.form} {page.first} {page.last} {page.declared_total} {page.heading} {places}"
    stated += " onward" if page.onward else ""
    stated += "" if page.total_kind == "exact" else f" {page.total_kind}"
    return Hashes(records, short_hash(_PART.join((stated, *records))))


def record_hash(record: Record, attached: str | None = None) -> str:
    """Hash what a record says; `attached` is the hash of what else its page holds."""
    stated = (
        plain(record.title),
        record.date.edtf or record.date.text or "",
        stable(record.summary) if record.summary else "",
        record.url or "",
        record.slug or "",
        record.record_id or "",
        record.node_id or "",
        "cut" if record.cut else "",
    )
    if attached is None and not record.terms and not record.archive:
        return short_hash(_FIELD.join(stated))
    return short_hash(_FIELD.join((*stated, *_of_document_page(record), attached or "")))


def _of_document_page(record: Record) -> list[str]:
    values = (record.kind, record.archive, record.archive_location, record.classification, record.rights)
    more = (record.uploaded, record.credit)
    terms = [f"{facet} {plain(term)}" for facet, term in sorted(record.terms)]
    return [stable(value) if value else "" for value in (*values, *more)] + terms


def attached_hash(page: DocumentPage) -> str | None:
    """Hash the texts and files of a page; None if it has neither."""
    parts = [_FIELD.join((text.kind, text.language or "", stable(text.text))) for text in page.texts]
    parts += [file.url for file in page.files]
    return short_hash(_PART.join(parts)) if parts else None


def stable(text: str) -> str:
    """Return a text as it is compared, without what the page says of its own reading."""
    text = plain(text)
    if len(text) <= 2 * _EDGE:
        return _without_reading(text)
    return _without_reading(text[:_EDGE]) + text[_EDGE:-_EDGE] + _without_reading(text[-_EDGE:])


def _without_reading(text: str) -> str:
    lower = text.lower()
    return _OF_READING.sub("", text) if any(sign in lower for sign in _SIGNS) else text

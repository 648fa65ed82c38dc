"""The hashes of what pages say, by which a page is known again.

Hashes are of what pages say, not of how they print it: zero padding and white space do not matter. Neither does a
page's remark on its own use, such as "Printed on 5 May 2026" or "1,234 views": it is kept as it was first printed, and
is no change when the number grows.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from stringzilla import find

from harvester.model import DocumentPage
from harvester.store.keys import normalize_text, short_hash

if TYPE_CHECKING:
    from harvester.model import Listing, Record

_FIELD, _PART = "\x1f", "\x1e"
_DAY = (
    r"(?:\w{3,9}[ .]{1,2}\d{1,2}(?:st|nd|rd|th)?,? 20\d\d|\d{1,2}(?:st|nd|rd|th)?[ .]{1,2}\w{3,9}[ .]{1,2}20\d\d"
    r"|20\d\d-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]20\d\d)"
)
_TIME = r"(?:,?(?: at|T)? ?\d{1,2}:\d\d(?::\d\d)?(?: ?[ap][.]?m[.]?)?(?: ?(?:Z|UTC|GMT))?)?"
_NUMBER = r"\d(?:[\d,.]{0,13}\d)?"
_VERBS = ("printed", "accessed", "retrieved", "generated", "downloaded", "exported", "viewed", "visited")
_READING_NOTES = (
    rf"(?i)\b(?:{'|'.join(_VERBS)})(?: on| at|:){{0,2}} (?:\w{{3,6}}day,? )?{_DAY}{_TIME}"
    rf"|\b(?:viewed|downloaded|visited) {_NUMBER} times?\b"
    rf"|\b{_NUMBER} (?:page ?)?(?:views?|visits|downloads)\b"
    rf"|\b(?:views?|visits|downloads|hits|view count): ?{_NUMBER}"
)
"""What a page says about its own reading. Only dates of this century: older ones are the document's own.

Compiled when a page first needs it, which few do.
"""
_READING_WORDS = tuple(
    word.encode()
    for word in (*_VERBS, " views", " view:", "views:", "visits", "downloads", "hits:", "count:", "pageview")
)
"""Every such phrase contains one of these, in lower case; to look for them first is cheap."""
_DIGIT = re.compile(r"\d")
_SHORT, _LONG = 100, 500
_EDGE = 1000
"""Characters at either end of a text that may contain such phrases: they are above or below the document's own text."""


class PageHashes(NamedTuple):
    """The hash of each record of a page, in order, and of the whole page."""

    records: tuple[str, ...]
    page: str
    attached: str | None = None


def hash_page(page: Listing | DocumentPage) -> PageHashes:
    """Return the hashes of a page's content; its bytes contain tokens that change with every request."""
    if isinstance(page, DocumentPage):
        attached = attached_hash(page)
        record = record_hash(page.record, attached)
        return PageHashes((record,), short_hash(f"{page.form} {record}"), attached)
    records = tuple(record_hash(record) for record in page.records)
    places = " ".join(str(record.position) for record in page.records)
    stated = f"{page.form} {page.first} {page.last} {page.declared_total} {page.heading} {places}"
    stated += f" onward {page.next_page or ''}".rstrip() if page.onward else ""
    stated += "" if page.declared_pages is None else f" of {page.declared_pages} pages"
    stated += "" if page.total_kind == "exact" else f" {page.total_kind}"
    return PageHashes(records, short_hash(_PART.join((stated, *records))))


def record_hash(record: Record, attached: str | None = None) -> str:
    """Return the hash of a record; `attached` is the hash of the texts and files on its page."""
    stated = (
        normalize_text(record.title),
        record.date.edtf or record.date.text or "",
        comparable_text(record.summary) if record.summary else "",
        record.url or "",
        record.slug or "",
        record.record_id or "",
        record.node_id or "",
        "cut" if record.cut else "",
    )
    if attached is None and not record.terms and not record.archive:
        return short_hash(_FIELD.join(stated))
    return short_hash(_FIELD.join((*stated, *_document_page_values(record), attached or "")))


def _document_page_values(record: Record) -> list[str]:
    values = (record.kind, record.archive, record.archive_location, record.classification, record.rights)
    more = (record.uploaded, record.credit)
    terms = [
        f"{facet} {_normalized_term(term) if len(term) <= _SHORT else normalize_text(term)}"
        for facet, term in sorted(record.terms)
    ]
    return [comparable_text(value) if value else "" for value in (*values, *more)] + terms


@lru_cache(maxsize=4096)
def _normalized_term(term: str) -> str:
    return normalize_text(term)


def attached_hash(page: DocumentPage) -> str | None:
    """Return the hash of the texts and files of a page; None if it has neither."""
    parts = [_FIELD.join((text.kind, text.language or "", comparable_text(text.text))) for text in page.texts]
    parts += [file.url for file in page.files]
    return short_hash(_PART.join(parts)) if parts else None


def comparable_text(text: str) -> str:
    """Return a text for comparison: normalized, and without what the page says about its own reading."""
    return _comparable_value(text) if len(text) <= _SHORT else _comparable(text)


def _comparable(text: str) -> str:
    text = normalize_text(text)
    if len(text) <= 2 * _EDGE:
        return _without_reading_notes(text)
    if not _may_note_reading(text[:_EDGE] + text[-_EDGE:]):
        return text
    return _without_reading_notes(text[:_EDGE]) + text[_EDGE:-_EDGE] + _without_reading_notes(text[-_EDGE:])


_comparable_value = lru_cache(maxsize=4096)(_comparable)
"""Of short texts: an archive repeats its places, kinds and rights from page to page."""


def _without_reading_notes(text: str) -> str:
    return re.sub(_READING_NOTES, "", text) if _may_note_reading(text) else text


def _may_note_reading(text: str) -> bool:
    if len(text) <= _LONG and not _DIGIT.search(text):
        return False
    small = text.encode(errors="replace").lower()  # in the bytes of a long text words are found faster than digits
    return any(find(small, sign) >= 0 for sign in _READING_WORDS)

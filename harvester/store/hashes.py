"""Hashes of what pages say, not of how they print it: zero padding and white space make no difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harvester.pages.page import DocumentPage, Listing
from harvester.store.keys import plain, short_hash

if TYPE_CHECKING:
    from harvester.pages.page import Record

_FIELD, _PART = "\x1f", "\x1e"


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
        plain(record.summary) if record.summary else "",
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
    return [plain(value) if value else "" for value in (*values, *more)] + terms


def attached_hash(page: DocumentPage) -> str | None:
    """Hash the texts and files of a page; None if it has neither."""
    parts = [_FIELD.join((text.kind, text.language or "", plain(text.text))) for text in page.texts]
    parts += [file.url for file in page.files]
    return short_hash(_PART.join(parts)) if parts else None

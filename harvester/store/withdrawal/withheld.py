"""Keeps withdrawn documents out: what pages say of them is not taken, whatever is harvested later."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harvester.pages.dates import NO_DATE
from harvester.pages.page import DocumentPage, Refused
from harvester.store.keys import keys_of
from harvester.store.statement_table import Stored
from harvester.store.withdrawal.withdrawn import SHOWN, documents_of, hidden_address, is_empty, is_named, learn, mark_of

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from sqlite_utils import Database

    from harvester.capture import Capture
    from harvester.pages.page import Page, Record
    from harvester.source import Source
    from harvester.store.captures import Place


class Withheld(Stored):
    """The stand-in for what a page says of a withdrawn document: a statement that says nothing."""


def withheld(db: Database, records: Sequence[Record], place: Place) -> dict[int, Withheld]:
    """Give the stand-ins of those records of a page that are of withdrawn documents, by their number on the page."""
    if is_empty(db):
        return {}
    documents = documents_of(db, keys_of(records, place.source.name))
    return {n: _stand_in(db, document, place) for n, document in documents.items()}


def blanked(records: Sequence[Record], withheld: Container[int]) -> Sequence[Record]:
    """Give the records of a page as they may be kept: of withdrawn ones only their places."""
    return [
        replace(record, title=SHOWN, date=NO_DATE, summary=None) if n in withheld else record
        for n, record in enumerate(records)
    ]


def is_withheld(db: Database, capture: Capture, page: Page, source: Source) -> bool:
    """Say whether a whole page is not to be taken: that of a withdrawn document, or what is there instead now."""
    if is_empty(db):
        return False
    if not isinstance(page, DocumentPage):
        return isinstance(page, Refused) and is_named(db, capture.uri)
    documents = documents_of(db, keys_of([page.record], source.name))
    for document in documents.values():
        learn(db, document, [hidden_address(capture.uri)])
    return bool(documents)


def _stand_in(db: Database, document: int, place: Place) -> Withheld:
    """Find or make the statement that says nothing of a document."""
    key = mark_of(place.source.name, document)
    row = db.execute("SELECT min(id) FROM statements WHERE key = ?", [key]).fetchone()
    if row[0] is None:
        sql = """INSERT INTO statements (key, form, host, hash, content, capture_id) VALUES (?, '', '', '', '{}', ?)"""
        row = (db.execute(sql, [key, place.capture]).lastrowid,)
    return Withheld(int(row[0]), None, "", None, place.capture)

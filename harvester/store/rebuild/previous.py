"""The database before the rebuild, attached as `former`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harvester.model import DocumentPage, Listing, Record
from harvester.parsers.dates import read_date
from harvester.store.documents import DocumentIds, next_id
from harvester.store.keys import LOST_DATE, OPEN_TITLE, STRONG_KINDS, date_of, kind_of
from harvester.store.page_hashes import PageHashes
from harvester.store.statements import STATED
from harvester.store.texts import find_attachments

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sqlite_utils import Database

    from harvester.source import DateOrder

DERIVED_TABLES = (
    "sightings",
    "statements",
    "unconfirmed_changes",
    "attachments",
    "document_terms",
    "texts",
    "files",
    "identities",
    "documents",
)
"""Tables that follow from pages."""


def attach_previous(db: Database, path: Path) -> None:
    """Attach the previous database read-only."""
    db.execute("ATTACH ? AS former", [f"{path.resolve().as_uri()}?mode=ro"])


def detach_previous(db: Database) -> None:
    """Detach the previous database."""
    db.execute("DETACH former")


class PreviousIds(DocumentIds):
    """Allocates the ids that documents had before, so that references to them keep their meaning."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self._last = next_id(db) - 1
        self._allocated: set[int] = set()

    def allocate(self, keys: Iterable[str]) -> int:
        """Return the id that the first of these keys led to, unless another document has it already."""
        wanted = list(keys)
        addressed = any(kind_of(key) in STRONG_KINDS for key in wanted)
        for key in wanted:
            sql = "SELECT document_id FROM former.identities WHERE key = ? ORDER BY document_id"
            for (document,) in self._db.execute(sql, [key]).fetchall():
                namesake = addressed and kind_of(key) not in STRONG_KINDS and self._is_addressed(document)
                if document not in self._allocated and not namesake:
                    self._allocated.add(document)
                    return int(document)
        return super().allocate(wanted)

    def _is_addressed(self, document: int) -> bool:
        """Return whether a document had an address of its own: then title and date are not enough to identify it."""
        sql = "SELECT key FROM former.identities WHERE document_id = ?"
        return any(kind_of(key) in STRONG_KINDS for (key,) in self._db.execute(sql, [document]))


def previous_page(
    db: Database, row: dict[str, Any], order: DateOrder | None
) -> tuple[Listing | DocumentPage, PageHashes] | None:
    """Return the page of a capture whose bytes are lost, and its hashes, as read before; None if nothing is left.

    `order`: how its archive writes dates of numbers only.
    """
    seen = """SELECT s.key, s.content, s.truncated, s.hash, position, sightings.date_text, title FROM former.sightings
        JOIN former.statements AS s ON s.id = statement_id
        WHERE sightings.capture_id = ? AND s.content <> '{}' ORDER BY position"""
    own = """SELECT key, content, truncated, hash, 1, content ->> 'date_text', content ->> 'title'
        FROM former.statements WHERE capture_id = ? AND content <> '{}'"""
    statements = db.execute(seen if row["listing_id"] else own, [row["id"]]).fetchall()
    if row["form"] is None or not (statements or row["listing_id"]):
        return None
    records = tuple(_record(order, *statement) for statement in statements)
    attached = None if row["listing_id"] else json.loads(statements[0][1]).get("attached")
    hashes = PageHashes(tuple(statement[3] for statement in statements), row["content_hash"] or "", attached)
    if row["listing_id"]:
        stated = (row["first"], row["last"], row["declared_total"])
        return Listing(row["form"], records, *stated, declared_pages=row["declared_pages"]), hashes
    return _document_page(db, row["form"], records[0], attached), hashes


def _record(
    order: DateOrder | None,
    key: str,
    content: str,
    cut: int,
    _hash: str,
    position: int,
    date_text: str | None,
    title: str,
) -> Record:
    """Return a record made from its statement, with the date and title that this page printed."""
    statement = json.loads(content)
    stated: dict[str, Any] = {name: statement.get(name) for name in STATED if name not in ("date_text", "title")}
    return Record(
        position=position,
        title=title,
        date=read_date(date_text, order),
        terms=tuple((facet, term) for facet, found in statement.get("terms", {}).items() for term in found),
        cut=bool(cut),
        open_title=key.endswith(OPEN_TITLE),
        loses_date=kind_of(key) == "natural" and date_of(key) == LOST_DATE,
        **stated,
    )


def _document_page(db: Database, form: str, record: Record, attached: str | None) -> DocumentPage:
    found = find_attachments(db, attached, "former")
    return DocumentPage(form, record, tuple(found.texts), tuple(found.files)) if found else DocumentPage(form, record)

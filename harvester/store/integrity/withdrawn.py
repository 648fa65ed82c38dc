"""Checks that withdrawn documents are hidden: an old backup may have restored them, or a withdrawal was cut short."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harvester.errors import DatabaseError
from harvester.store.withdrawal.secret import hasher_of, is_empty, seal_of
from harvester.store.withdrawal.vault import open_withdrawals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

_FILE = "SELECT file FROM pragma_database_list WHERE name = 'main'"
_SEEN = "SELECT 1 FROM documents WHERE id = ? AND key = ?"


def visible_withdrawn(db: Database) -> Iterator[str]:
    """Yield each document that the vault lists as withdrawn and that is visible."""
    (file,) = db.execute(_FILE).fetchone()
    for document, key in open_withdrawals(Path(file)):
        if db.execute(_SEEN, [document, key]).fetchone():
            yield f"document {document}"


def broken_seals(db: Database) -> Iterator[str]:
    """Yield each withdrawn document whose keys are not those that were written."""
    if is_empty(db):
        yield from (f"a key of document {row[0]}" for row in db.execute("SELECT document_id FROM withdrawn_keys"))
        return
    try:
        hasher = hasher_of(db)
    except DatabaseError as error:
        yield str(error)
        return
    for document, seal in db.execute("SELECT id, seal FROM withdrawn").fetchall():
        if seal != seal_of(db, hasher, document):
            yield f"document {document}"
    lost = "SELECT DISTINCT document_id FROM withdrawn_keys WHERE document_id NOT IN (SELECT id FROM withdrawn)"
    yield from (f"document {row[0]}" for row in db.execute(lost))
    (file,) = db.execute(_FILE).fetchone()
    there = {row[0] for row in db.execute("SELECT id FROM withdrawn")}
    yield from (f"document {document}" for document, _ in open_withdrawals(Path(file)) if document not in there)

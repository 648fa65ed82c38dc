"""Shows withdrawn documents again, and hides them anew in a database that was made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.store.database import transaction
from harvester.store.search import index_now
from harvester.store.withdrawal import vault
from harvester.store.withdrawal.hiding import put_back
from harvester.store.withdrawal.withdraw import withdraw
from harvester.store.withdrawal.withdrawn import SHOWN, mark_of

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

    from harvester.store.withdrawal.vault import Withdrawal


def undo(db: Database, path: Path, withdrawal: Withdrawal, by: str) -> None:
    """Show a document again as it was. What pages said of it since comes with the next harvest of them."""
    with transaction(db):
        _undo(db, path, withdrawal)
    vault.note_undone(path, withdrawal.id, by)


def withdrawn_now(db: Database, path: Path) -> tuple[list[Withdrawal], list[int]]:
    """Give what is withdrawn, and the documents of which the vault does not know."""
    numbers = dict(db.execute("SELECT id, kept_as FROM withdrawn ORDER BY id").fetchall())
    found = vault.withdrawals(path, numbers.values())
    return found, sorted(numbers.keys() - {one.document_id for one in found})


def lay_open(copy: Database, path: Path) -> list[Withdrawal]:
    """Undo every withdrawal in a copy of the database that nobody sees, as to make it again; give what was undone."""
    found, _ = withdrawn_now(copy, path)
    for one in found:
        with transaction(copy):
            _undo(copy, path, one)
    return found


def withdraw_again(db: Database, path: Path, those: list[Withdrawal]) -> None:
    """Withdraw in a database that was made again what was withdrawn in the one before it."""
    for one in those:
        for row in list(db.query("SELECT * FROM documents WHERE id = ?", [one.document_id])):
            withdraw(db, path, row, one.by, one.reason, one.withdrawn_at)


def _undo(db: Database, path: Path, withdrawal: Withdrawal) -> None:
    db.execute("DELETE FROM withdrawn_keys WHERE document_id = ?", [withdrawal.document_id])
    db.execute("DELETE FROM withdrawn WHERE id = ?", [withdrawal.document_id])
    put_back(db, vault.kept(path, withdrawal.id))
    _take_up(db, withdrawal.document_id)


def _take_up(db: Database, document: int) -> None:
    """Let what was seen meanwhile be of the document, and the pages where it stood be read again."""
    (source,) = db.execute("SELECT source FROM documents WHERE id = ?", [document]).fetchone()
    mark = mark_of(source, document)
    said = "SELECT id FROM statements WHERE document_id = :document"
    seen = f"statement_id IN ({said}) OR statement_id IN (SELECT id FROM statements WHERE key = :mark)"
    values = {"document": document, "mark": mark, "shown": SHOWN}
    sql = f"""UPDATE sightings SET document_id = :document, statement_id = CASE WHEN statement_id IN ({said})
        THEN statement_id ELSE (SELECT max(id) FROM statements WHERE document_id = :document) END
        WHERE title = :shown AND ({seen})"""
    db.execute(sql, values)
    db.execute("DELETE FROM statements WHERE key = ?", [mark])
    sql = """UPDATE captures SET parser_version = 0
        WHERE id IN (SELECT capture_id FROM sightings WHERE document_id = :document AND title = :shown)"""
    db.execute(sql, values)
    db.execute("DELETE FROM archives")
    index_now(db)

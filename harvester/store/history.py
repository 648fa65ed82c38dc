"""The changes of one document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harvester.errors import UsageError

if TYPE_CHECKING:
    from sqlite_utils import Database

_FIND = (
    "SELECT id FROM documents WHERE CAST(id AS TEXT) = :name",
    "SELECT id FROM documents WHERE key = :name OR url = :name",
    "SELECT document_id FROM identities WHERE key = :name",
    "SELECT document_id FROM identities WHERE key IN (SELECT DISTINCT source || ':public:' || :name FROM documents)",
    "SELECT id FROM documents WHERE title = :name COLLATE NOCASE",
)
MOST_SHOWN = 5


def find_document(db: Database, name: str) -> dict[str, Any]:
    """Find the document that is meant by an id, a key, an address or a title; a title can name several."""
    for sql in _FIND:
        ids = [row[0] for row in db.execute(sql, {"name": name})]
        if len(ids) > 1:
            shown = ", ".join(str(document) for document in ids[:MOST_SHOWN])
            raise UsageError(f"{len(ids)} documents have the title “{name}”: name one by its id ({shown})")
        if ids:
            return next(iter(db.query("SELECT * FROM documents WHERE id = ?", ids)))
    raise UsageError(f"no document “{name}”: give an id, a key, an address or a whole title")


def history_of(db: Database, document: int) -> list[dict[str, Any]]:
    """Give all changes of a document, oldest first, with the run that learned of each."""
    sql = """SELECT changes.run_id, runs.started_at AS learned_at, changes.observed_at, changes.kind,
            changes.field, changes.before, changes.after, changes.merged_from, changes.capture_id, captures.uri
        FROM changes JOIN runs ON runs.id = changes.run_id LEFT JOIN captures ON captures.id = changes.capture_id
        WHERE changes.document_id = ? ORDER BY changes.id"""
    return list(db.query(sql, [document]))

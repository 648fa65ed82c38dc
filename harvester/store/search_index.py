"""Keeps full text up to date: triggers mark what has changed, `update_index` indexes it in short chunks.

One by one through triggers, indexing takes ten times as long as in chunks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.store.database import transaction

if TYPE_CHECKING:
    from sqlite_utils import Database

CHUNK = 1000
"""Documents indexed in one transaction at most."""
CHUNK_LETTERS = 4_000_000
"""Characters of texts in one transaction: half a second at most, so that other writers need not wait longer."""
MERGED_PAGES = 500
"""Pages of the index that are merged in one transaction, for the same reason."""
INDEX_COLUMNS = (
    "title",
    "summary",
    "text",
    "sender",
    "recipient",
    "person",
    "place",
    "subject",
    "author",
    "collection",
    "archive",
    "number",
)
"""The columns of the index."""
_COLUMNS = ", ".join(INDEX_COLUMNS)
_FOLDED = ", ".join(f"fold({name})" for name in INDEX_COLUMNS)
FOLDED_VIEW = f"""CREATE VIEW document_words_folded AS
    SELECT id, {", ".join(f"fold({name}) AS {name}" for name in INDEX_COLUMNS)} FROM document_words"""
"""The content of the index, for a check to compare it with."""
_BOUND = f"""
    SELECT max(id) FROM (
        SELECT id, sum(letters) OVER (ORDER BY id) - letters AS before FROM (
            SELECT n.id, (SELECT coalesce(sum(length(t.text)), 0) FROM texts AS t WHERE t.document_id = n.id) AS letters
            FROM documents_unindexed AS n ORDER BY n.id LIMIT ?))
    WHERE before < {CHUNK_LETTERS}"""


def count_unindexed(db: Database) -> int:
    """Return how many documents the index does not hold as they are now."""
    return int(db.execute("SELECT count(*) FROM documents_unindexed").fetchone()[0])


def update_index(db: Database, chunk: int = CHUNK) -> None:
    """Update full text, in transactions of one chunk each."""
    while True:
        with transaction(db):
            if not index_chunk(db, chunk):
                break


def index_chunk(db: Database, chunk: int = CHUNK) -> int:
    """Index some documents within the caller's transaction; return how many were marked."""
    bound = db.execute(_BOUND, [chunk]).fetchone()[0]
    if bound is None:
        return 0
    db.execute(
        f"""INSERT INTO documents_fts (documents_fts, rowid, {_COLUMNS})
        SELECT 'delete', id, {_FOLDED} FROM documents_unindexed WHERE id <= ? AND indexed""",
        [bound],
    )
    db.execute(
        f"""INSERT INTO documents_fts (rowid, {_COLUMNS})
        SELECT id, {_FOLDED} FROM document_words WHERE id IN (SELECT id FROM documents_unindexed WHERE id <= ?)""",
        [bound],
    )
    return db.execute("DELETE FROM documents_unindexed WHERE id <= ?", [bound]).rowcount


def index_now(db: Database) -> None:
    """Update full text within the caller's transaction, for what must not be found a moment longer."""
    while index_chunk(db):
        pass


def rebuild_index(db: Database) -> None:
    """Rebuild the index from nothing."""
    with transaction(db):
        db.execute("INSERT INTO documents_fts (documents_fts) VALUES ('delete-all')")
        db.execute(f"INSERT INTO documents_fts (rowid, {_COLUMNS}) SELECT id, {_FOLDED} FROM document_words")
        db.execute("DELETE FROM documents_unindexed")


def purge_deleted(db: Database) -> None:
    """Merge the index, piece by piece: deleted words stay in its older parts until then."""
    size = -MERGED_PAGES
    while True:
        with transaction(db):
            before = db.conn.total_changes  # of the merger alone: a transaction also counts its new rows
            db.execute("INSERT INTO documents_fts (documents_fts, rank) VALUES ('merge', ?)", [size])
            merged = db.conn.total_changes - before
        if size > 0 and merged < 2:
            break
        size = MERGED_PAGES


def mark_changed(db: Database) -> None:
    """Mark the documents whose indexed words differ from those before the rebuild, which are in `former`.

    No trigger has marked anything meanwhile, so the index still holds the words from before.
    """
    names = ", ".join(("id", *INDEX_COLUMNS))
    for one, other in (("former", "main"), ("main", "former")):
        rows = f"SELECT {names} FROM {one}.document_words EXCEPT SELECT {names} FROM {other}.document_words"
        db.execute(
            f"""INSERT OR IGNORE INTO documents_unindexed (id, indexed, {_COLUMNS})
            SELECT id, 1, {_COLUMNS} FROM former.document_words WHERE id IN (SELECT id FROM ({rows}))"""
        )
    sql = "SELECT id, 0 FROM documents WHERE id NOT IN (SELECT id FROM former.documents)"
    db.execute(f"INSERT OR IGNORE INTO documents_unindexed (id, indexed) {sql}")

"""Keeps full text in step: triggers note what has changed, `index` brings the index up to it in short chunks.

One by one through triggers, indexing takes ten times as long as in chunks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.store.database import transaction

if TYPE_CHECKING:
    from sqlite_utils import Database

CHUNK = 1000
"""Rows indexed in one transaction: half a second at most, so that other writers need not wait longer."""
MERGED_PAGES = 500
"""Pages of the index that are written anew in one transaction, for the same reason."""
INDEXED = {"documents": "title, summary", "texts": "text"}
"""The tables that are searched, and their columns."""


def behind(db: Database) -> int:
    """Count the rows that the index does not hold as they are now."""
    return sum(int(db.execute(f"SELECT count(*) FROM {table}_unindexed").fetchone()[0]) for table in INDEXED)


def index(db: Database, chunk: int = CHUNK) -> None:
    """Bring full text up to date."""
    for table in INDEXED:
        while True:
            with transaction(db):
                if not index_chunk(db, table, chunk):
                    break


def index_chunk(db: Database, table: str, chunk: int) -> int:
    """Index some rows of one table within the caller's transaction; give how many were noted."""
    last = db.execute(f"SELECT max(id) FROM (SELECT id FROM {table}_unindexed ORDER BY id LIMIT ?)", [chunk])
    bound = last.fetchone()[0]
    if bound is None:
        return 0
    columns = INDEXED[table]
    db.execute(
        f"""INSERT INTO {table}_fts ({table}_fts, rowid, {columns})
        SELECT 'delete', id, {columns} FROM {table}_unindexed WHERE id <= ? AND indexed""",
        [bound],
    )
    db.execute(
        f"""INSERT INTO {table}_fts (rowid, {columns})
        SELECT id, {columns} FROM {table} WHERE id IN (SELECT id FROM {table}_unindexed WHERE id <= ?)""",
        [bound],
    )
    return db.execute(f"DELETE FROM {table}_unindexed WHERE id <= ?", [bound]).rowcount


def index_now(db: Database) -> None:
    """Bring full text up to date within the caller's transaction, for what must not be found a moment longer."""
    for table in INDEXED:
        while index_chunk(db, table, CHUNK):
            pass


def forget_words(db: Database) -> None:
    """Write the index anew, piece by piece: what was deleted from it stays in its older parts until then."""
    for table in INDEXED:
        size = -MERGED_PAGES
        while True:
            before = db.conn.total_changes
            with transaction(db):
                db.execute(f"INSERT INTO {table}_fts ({table}_fts, rank) VALUES ('merge', ?)", [size])
            if size > 0 and db.conn.total_changes - before < 2:
                break
            size = MERGED_PAGES

"""What the order of times makes of statements, when their pages were taken in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

# Of what one file said at several times without telling when, only the last counts.
_REPLACE = """UPDATE statements SET replaced_by = (
        SELECT min(later.capture_id) FROM statements AS later JOIN captures AS new ON new.id = later.capture_id
        WHERE later.key = statements.key AND later.form = statements.form AND later.host = statements.host
            AND later.observed_at IS NULL AND later.capture_id > statements.capture_id
            AND new.uri = (SELECT uri FROM captures WHERE id = statements.capture_id))
    WHERE observed_at IS NULL AND content <> '{}' AND capture_id IN (
        SELECT id FROM captures WHERE captured_at IS NULL AND uri IN
            (SELECT uri FROM captures WHERE captured_at IS NULL GROUP BY uri HAVING count(*) > 1))"""
# A page that was found unchanged said again what it had said, and something else was said in between.
_SAID_AGAIN = """SELECT DISTINCT s.id, reads.captured_at FROM reads JOIN captures ON captures.id = reads.capture_id
    JOIN statements AS s ON s.capture_id = captures.id
        OR s.id IN (SELECT statement_id FROM sightings WHERE sightings.capture_id = captures.id)
    WHERE reads.captured_at > captures.captured_at AND EXISTS (SELECT 1 FROM statements AS other
        WHERE other.key = s.key AND other.form = s.form AND other.host = s.host
            AND other.observed_at > s.observed_at AND other.observed_at <= reads.captured_at)
    ORDER BY reads.captured_at"""
_IN_EFFECT = """SELECT other.hash = s.hash FROM statements AS s JOIN statements AS other USING (key, form, host)
    WHERE s.id = ? AND other.observed_at <= ? ORDER BY other.observed_at DESC, other.id DESC LIMIT 1"""
_SAY = """INSERT INTO statements (document_id, hash, content, cut, key, form, host, capture_id, observed_at)
    SELECT document_id, hash, content, cut, key, form, host, capture_id, ? FROM statements WHERE id = ?"""
_DOCUMENTS = "SELECT DISTINCT document_id FROM statements WHERE document_id IS NOT NULL AND {}"


def put_in_order(db: Database) -> set[int]:
    """Let every statement count when it did; give the documents that may say something else now."""
    db.execute(_REPLACE)
    touched = {row[0] for row in db.execute(_DOCUMENTS.format("replaced_by IS NOT NULL"))}
    last = db.execute("SELECT coalesce(max(id), 0) FROM statements").fetchone()[0]
    for statement, at in db.execute(_SAID_AGAIN).fetchall():
        if not db.execute(_IN_EFFECT, [statement, at]).fetchone()[0]:
            db.execute(_SAY, [at, statement])
    return touched | {row[0] for row in db.execute(_DOCUMENTS.format(f"id > {last}"))}

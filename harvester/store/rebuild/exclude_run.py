"""Excludes what one run read."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from harvester.errors import UsageError

if TYPE_CHECKING:
    from sqlite_utils import Database

_CAPTURES = "SELECT capture_id FROM reads WHERE run_id = ?1 EXCEPT SELECT capture_id FROM reads WHERE run_id <> ?1"
_LEFT_OUT = (
    f"DELETE FROM sightings WHERE capture_id IN ({_CAPTURES})",
    "DELETE FROM walk_pages WHERE walk_id IN (SELECT id FROM walks WHERE run_id = ?1)",
    """UPDATE listing_members SET missed_walks = 0, left_at = NULL
        WHERE left_at IN (SELECT finished_at FROM walks WHERE run_id = ?1)""",
    "DELETE FROM walks WHERE run_id = ?1",
    "DELETE FROM problems WHERE run_id = ?1",
    "DELETE FROM fill_rates WHERE run_id = ?1",
    "DELETE FROM containers_read WHERE run_id = ?1",
    f"DELETE FROM captures WHERE id IN ({_CAPTURES})",
    "DELETE FROM reads WHERE run_id = ?1",
    "DELETE FROM changes WHERE run_id = ?1 AND kind <> 'new'",
)
# Documents that other runs saw, too, become new in the first of these. The others are deleted.
_SEEN_LATER = """UPDATE changes SET run_id = coalesce((SELECT min(reads.run_id) FROM reads
        JOIN former.statements AS s ON s.capture_id = reads.capture_id WHERE s.document_id = changes.document_id),
    (SELECT min(reads.run_id) FROM reads
        JOIN former.sightings AS s ON s.capture_id = reads.capture_id WHERE s.document_id = changes.document_id),
    run_id) WHERE run_id = ? AND kind = 'new'"""
# Which the first text was, the next change says; if there is none, it is the one that was held.
AFTER = """CASE WHEN kind = 'filled' AND after IS NULL THEN coalesce((SELECT next.before FROM former.changes AS next
        WHERE next.document_id = changes.document_id AND next.merged_from IS changes.merged_from
            AND next.field = changes.field AND next.kind = 'changed' AND NOT next.is_past AND next.id > changes.id
        ORDER BY next.id LIMIT 1),
    (SELECT text FROM former.texts WHERE texts.document_id = changes.document_id
        AND changes.field = texts.kind || coalesce(' ' || language, ''))) ELSE after END"""
"""The value with which a change ended, as SQL."""
_CHAINS = f"""SELECT document_id, coalesce(merged_from, 0), field, id, before, {AFTER} FROM changes
    WHERE kind IN ('filled', 'changed') AND NOT is_past AND (document_id, field) IN (
        SELECT document_id, field FROM former.changes
        WHERE run_id = ? AND kind IN ('filled', 'changed') AND NOT is_past) ORDER BY 1, 2, 3, 4"""
_FIRST = """SELECT before FROM former.changes WHERE document_id = ? AND field = ? AND kind IN ('filled', 'changed')
    AND NOT is_past ORDER BY id LIMIT 1"""


def exclude_run(db: Database, run: int) -> None:
    """Delete what a run read and derived; its row stays, with a reason. Raises `UsageError` if there is no such run."""
    if db.execute("SELECT 1 FROM runs WHERE id = ?", [run]).fetchone() is None:
        raise UsageError(f"no run {run}: see `harvester status`, or the table runs")
    for sql in _LEFT_OUT:
        db.execute(sql, [run])
    db.execute(_SEEN_LATER, [run])
    _close_chains(db, run)
    db.execute("UPDATE runs SET reason = 'left out: what it brought is not held any more' WHERE id = ?", [run])


def _close_chains(db: Database, run: int) -> None:
    """Make each change begin with the value that the one before it ended with; delete those that change nothing."""
    for (document, _, field), rows in groupby(db.execute(_CHAINS, [run]).fetchall(), key=itemgetter(0, 1, 2)):
        last_value = db.execute(_FIRST, [document, field]).fetchone()[0]
        for *_, change, _before, after in rows:
            if after == last_value:
                db.execute("DELETE FROM changes WHERE id = ?", [change])
            else:
                db.execute("UPDATE changes SET before = ? WHERE id = ?", [last_value, change])
            last_value = after

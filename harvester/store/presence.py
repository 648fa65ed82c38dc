"""Marks documents as gone, and as returned, on the evidence of captures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.store.captures import NOT_FOUND_STATUSES
from harvester.store.documents import log_changes
from harvester.store.timeline import ValueOrigin
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

PROOF = 2
"""Runs, or days of captures, that must get this answer: one may have met a site under repair."""

# The times at which a document was present: its own page could be read, or a listing showed it.
_THERE = """SELECT captured_at, capture_id FROM reads WHERE captured_at > :at AND capture_id IN (
        SELECT capture_id FROM sightings WHERE document_id = :document
        UNION SELECT capture_id FROM statements WHERE is_own_page AND document_id = :document)
    ORDER BY captured_at, id LIMIT 1"""
# What a live run has heard stands in a WARC file of its own, so that the same follows from its captures.
# What a web archive plays back was captured by others: one run reads many days of it.
_NOT_FOUND = f"""SELECT min(captured_at),
        max(count(DISTINCT coalesce(file, run_id)), count(DISTINCT date(captured_at))) FROM reads
    WHERE capture_id IN (SELECT id FROM captures WHERE uri = :uri) AND http_status IN {NOT_FOUND_STATUSES}
        AND captured_at <= :at AND captured_at >= coalesce((SELECT max(reads.captured_at)
            FROM reads JOIN captures ON captures.id = capture_id
            WHERE captures.uri = :uri AND refusal_code IS NULL), '')"""
_BACK = """SELECT id, gone_at FROM documents WHERE gone_at IS NOT NULL AND gone_at <= :at
    AND id IN (SELECT document_id FROM sightings WHERE capture_id = :capture
        UNION SELECT document_id FROM statements WHERE is_own_page AND capture_id = :capture)"""


def mark_gone(db: Database, run: int, documents: Iterable[int], at: str, capture: int) -> int:
    """Mark documents as gone since `at`, on the evidence of a capture; return how many.

    One that was there later has returned, and is marked so. One that is gone stays so: its page may have proven it in
    the same run as the listing does.
    """
    marked = 0
    for document in documents:
        if db.execute("SELECT gone_at FROM documents WHERE id = ?", [document]).fetchone()[0] is not None:
            continue
        _mark(db, run, document, "gone", (None, at), ValueOrigin(at, capture))
        later = db.execute(_THERE, {"document": document, "at": at}).fetchone()
        if later:
            _mark(db, run, document, "returned", (at, None), ValueOrigin(*later))
        marked += later is None
    return marked


def mark_not_found(db: Database, run: int, capture: int, uri: str, at: str) -> int:
    """Mark the document of an address as gone if two runs or days in a row gave 404 or 410; return how many were.

    While a listing still shows it, it is not gone: its page is broken. Answers after the time `at` do not count.
    """
    since, runs = db.execute(_NOT_FOUND, {"uri": uri, "at": at}).fetchone()
    if runs < PROOF:
        return 0
    sql = "SELECT id FROM documents WHERE url = ? AND gone_at IS NULL"
    found = [row[0] for row in db.execute(sql, [uri])]
    return mark_gone(db, run, [d for d in found if not _is_there(db, d, since)], at, capture)


def mark_all_not_found(db: Database, run: int) -> int:
    """Mark documents as gone whose pages were found missing, in order of time; return how many were marked.

    Captures come in any order, so that a document may have become known only after its page was found missing, even by
    an earlier run. A missing page that is older than a later sighting proves nothing.
    """
    sql = f"""WITH runs_since AS (SELECT id FROM runs WHERE id <= ?1 AND id >
            (SELECT coalesce(max(id), 0) FROM runs WHERE id < ?1 AND status IN ('complete', 'partial')))
        SELECT capture_id, uri, captured_at FROM reads WHERE captured_at IS NOT NULL
            AND http_status IN {NOT_FOUND_STATUSES} AND (run_id IN runs_since OR capture_id IN
                (SELECT captures.id FROM changes JOIN documents ON documents.id = changes.document_id
                    JOIN captures ON captures.uri = documents.url AND captures.refusal_code IS NOT NULL
                WHERE +changes.kind = 'new' AND changes.run_id IN runs_since))
        ORDER BY captured_at, id"""
    return sum(mark_not_found(db, run, *missing) for missing in db.execute(sql, [run]).fetchall())


def mark_returned(db: Database, run: int, capture: int, at: str) -> int:
    """Mark gone documents that a page shows as returned; return how many."""
    if db.execute("SELECT 1 FROM documents WHERE gone_at IS NOT NULL LIMIT 1").fetchone() is None:
        return 0
    back = db.execute(_BACK, {"at": at, "capture": capture}).fetchall()
    for document, gone_at in back:
        _mark(db, run, document, "returned", (gone_at, None), ValueOrigin(at, capture))
    return len(back)


def undo_returns(db: Database, run: int, documents: Iterable[int]) -> int:
    """Undo the returns of this run that were another document's, which has the address now; return how many.

    The listing shows an address; that another item has it now is known only when its page has been read.
    """
    sql = """SELECT id, kind, run_id, before FROM changes WHERE document_id = ? AND kind IN ('gone', 'returned')
        ORDER BY id DESC LIMIT 1"""
    undone = 0
    for document in documents:
        row = db.execute(sql, [document]).fetchone()
        if row and row[1:3] == ("returned", run) and not _is_there(db, document, row[3]):
            db.execute("DELETE FROM changes WHERE id = ?", [row[0]])
            db.execute("UPDATE documents SET gone_at = ? WHERE id = ?", [row[3], document])
            undone += 1
    return undone


def _is_there(db: Database, document: int, since: str) -> bool:
    return db.execute(_THERE, {"document": document, "at": since}).fetchone() is not None


def _mark(
    db: Database, run: int, document: int, kind: str, gone_at: tuple[str | None, str | None], origin: ValueOrigin
) -> None:
    sql = "UPDATE documents SET gone_at = ?, last_changed = ? WHERE id = ?"
    db.execute(sql, [gone_at[1], utc_timestamp(), document])
    log_changes(db, run, document, kind, [("gone_at", *gone_at, origin)])

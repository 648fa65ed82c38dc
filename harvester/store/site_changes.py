"""Detects that a site has changed: a field of many records differs from what it was."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from harvester.model import Problem
from harvester.registry import load_sources
from harvester.store.documents import update_document
from harvester.store.keys import is_different

if TYPE_CHECKING:
    from harvester.store.run import Run


FROM_RECORDS = 10
SHARE = 10
"""In walks of so many records or more, a field that changes in more than one of so many replaces no value."""
MESSAGE = (
    "shows another {field} for {count} of {records} records than before: the site may have changed. The values held "
    "stay until the documents' own pages have been read; look at one of them if none can be"
)
_WALK = """SELECT walks.listing_id, walks.started_at, walks.finished_at, listings.url, count(DISTINCT document_id)
    FROM walks JOIN listings ON listings.id = walks.listing_id LEFT JOIN walk_pages ON walk_pages.walk_id = walks.id
    LEFT JOIN sightings ON sightings.capture_id = walk_pages.capture_id WHERE walks.id = ?"""
_NEWS = """SELECT document_id, field FROM unconfirmed_changes WHERE listing_id = ? AND observed_at BETWEEN ? AND ?
    ORDER BY document_id"""


def suppress_news(run: Run, walk: int) -> None:
    """Suppress the news of a finished walk for fields that changed in too many records, and revert their documents."""
    listing, first_at, last_at, uri, records = run.db.execute(_WALK, [walk]).fetchone()
    if records < FROM_RECORDS:
        return
    changed: dict[str, list[int]] = {}
    for document, column in run.db.execute(_NEWS, [listing, first_at, last_at]):
        changed.setdefault(column, []).append(document)
    others = _other_items(run, changed)
    for column, documents in changed.items():
        if len(set(documents) - others) * SHARE > records:
            sql = """INSERT INTO site_changes (listing_id, field, first_at, last_at) VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET last_at = excluded.last_at"""
            run.db.execute(sql, [listing, column, first_at, last_at])
            for document in documents:
                _revert(run, document)
            name = column.removesuffix("_text")
            message = MESSAGE.format(field=name, count=len(documents), records=records)
            run.add_run_problem(Problem("warning", "site-changed", message), uri)


def _other_items(run: Run, changed: dict[str, list[int]]) -> set[int]:
    """Return the documents at whose addresses a listing shows neither title nor date as before.

    The address of each probably belongs to another item now; if there are very many, the site has changed instead.
    """
    retitled = changed.get("title", [])
    sql = f"SELECT id FROM documents WHERE date_text IS NULL AND id IN ({','.join(map(str, retitled))})"
    undated = {document for (document,) in run.db.execute(sql)}
    found = {*retitled} & {*changed.get("date_text", []), *undated}
    return found if len(found) < FROM_RECORDS else set()


def _revert(run: Run, document: int) -> None:
    """Restore the values that a document had before the walk, as if this run had not changed it."""
    (name,) = run.db.execute("SELECT source FROM documents WHERE id = ?", [document]).fetchone()
    had_changed = _has_changed(run, document)
    update_document(run.db, document, load_sources()[name], run.id)
    _delete_detours(run, document)
    if had_changed and not _has_changed(run, document):
        run.counts["changed"] -= 1
        run.counts["unchanged"] += 1


def _has_changed(run: Run, document: int) -> bool:
    sql = "SELECT 1 FROM changes WHERE run_id = ? AND document_id = ? AND kind = 'changed'"
    return run.db.execute(sql, [run.id, document]).fetchone() is not None


def _delete_detours(run: Run, document: int) -> None:
    """Delete the changes of this run by which a field of a document left a value that it has again.

    Not the first texts, whose rows do not say which they are: no listing takes a text back.
    """
    sql = """SELECT field, id, before, after FROM changes WHERE run_id = ? AND document_id = ?
        AND (kind = 'changed' OR kind = 'filled' AND after IS NOT NULL) AND merged_from IS NULL ORDER BY field, id"""
    for _, rows in groupby(run.db.execute(sql, [run.id, document]).fetchall(), key=itemgetter(0)):
        steps = [(change, before, after) for _, change, before, after in rows]
        final = steps[-1][2]
        values = [steps[0][1], *(after for _, _, after in steps)]
        needless = steps[next(number for number, value in enumerate(values) if not is_different(value, final)) :]
        run.db.conn.executemany("DELETE FROM changes WHERE id = ?", [(change,) for change, *_ in needless])

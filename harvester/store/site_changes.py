"""Whether a listing says one field of many records otherwise at once: then the site has changed, not the records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.pages.page import Problem
from harvester.sources import load_sources
from harvester.store.documents import write_document

if TYPE_CHECKING:
    from harvester.store.run import Run

FROM_RECORDS = 10
SHARE = 10
"""From so many records up, more than one in so many changing in one walk takes no value at once."""
MESSAGE = (
    "shows another {field} for {count} of {records} records than before: the site may have changed. The values held "
    "stay until the documents' own pages have been read; look at one of them if none can be"
)
_WALK = """SELECT walks.listing_id, walks.started_at, walks.finished_at, listings.url, count(DISTINCT document_id)
    FROM walks JOIN listings ON listings.id = walks.listing_id LEFT JOIN steps ON steps.walk_id = walks.id
    LEFT JOIN sightings ON sightings.capture_id = steps.capture_id WHERE walks.id = ?"""
_NEWS = "SELECT document_id, field FROM news WHERE listing_id = ? AND observed_at BETWEEN ? AND ? ORDER BY document_id"


def hold_back(run: Run, walk: int) -> None:
    """Let what a walk has changed of too many records take no document's value; it has come to its end."""
    listing, first_at, last_at, uri, records = run.db.execute(_WALK, [walk]).fetchone()
    if records < FROM_RECORDS:
        return
    changed: dict[str, list[int]] = {}
    for document, field in run.db.execute(_NEWS, [listing, first_at, last_at]):
        changed.setdefault(field, []).append(document)
    for field, documents in changed.items():
        if len(documents) * SHARE > records:
            sql = """INSERT INTO site_changes (listing_id, field, first_at, last_at) VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET last_at = excluded.last_at"""
            run.db.execute(sql, [listing, field, first_at, last_at])
            for document in documents:
                _take_back(run, document, field)
            name = field.removesuffix("_text")
            message = MESSAGE.format(field=name, count=len(documents), records=records)
            run.problem(Problem("warning", "site-changed", message), uri)


def _take_back(run: Run, document: int, field: str) -> None:
    """Let a document hold what it held before the walk, as if this run had not changed it."""
    (name,) = run.db.execute("SELECT source FROM documents WHERE id = ?", [document]).fetchone()
    write_document(run.db, document, load_sources()[name], run.id)
    sql = "DELETE FROM changes WHERE run_id = ? AND document_id = ? AND kind = 'changed' AND field = ?"
    deleted = run.db.execute(sql, [run.id, document, field.removesuffix("_text")]).rowcount
    sql = "SELECT 1 FROM changes WHERE run_id = ? AND document_id = ? AND kind = 'changed'"
    if deleted and run.db.execute(sql, [run.id, document]).fetchone() is None:
        run.counts["changed"] -= 1
        run.counts["unchanged"] += 1

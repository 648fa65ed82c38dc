"""Whether a listing says one field of many records otherwise at once: then the site has changed, not the records."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from harvester.pages.page import Problem
from harvester.sources import load_sources
from harvester.store.documents import write_document
from harvester.store.keys import differ

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
    others = _other_items(run, changed)
    for field, documents in changed.items():
        if len(set(documents) - others) * SHARE > records:
            sql = """INSERT INTO site_changes (listing_id, field, first_at, last_at) VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET last_at = excluded.last_at"""
            run.db.execute(sql, [listing, field, first_at, last_at])
            for document in documents:
                _take_back(run, document)
            name = field.removesuffix("_text")
            message = MESSAGE.format(field=name, count=len(documents), records=records)
            run.problem(Problem("warning", "site-changed", message), uri)


def _other_items(run: Run, changed: dict[str, list[int]]) -> set[int]:
    """Return the documents at whose addresses a listing shows neither title nor date as before.

    The address of each is likely another item's now; where there are very many, the site has changed all the same.
    """
    retitled = changed.get("title", [])
    sql = f"SELECT id FROM documents WHERE date_text IS NULL AND id IN ({','.join(map(str, retitled))})"
    undated = {document for (document,) in run.db.execute(sql)}
    found = {*retitled} & {*changed.get("date_text", []), *undated}
    return found if len(found) < FROM_RECORDS else set()


def _take_back(run: Run, document: int) -> None:
    """Let a document hold what it held before the walk, as if this run had not changed it."""
    (name,) = run.db.execute("SELECT source FROM documents WHERE id = ?", [document]).fetchone()
    had_changed = _has_changed(run, document)
    write_document(run.db, document, load_sources()[name], run.id)
    _forget_detours(run, document)
    if had_changed and not _has_changed(run, document):
        run.counts["changed"] -= 1
        run.counts["unchanged"] += 1


def _has_changed(run: Run, document: int) -> bool:
    sql = "SELECT 1 FROM changes WHERE run_id = ? AND document_id = ? AND kind = 'changed'"
    return run.db.execute(sql, [run.id, document]).fetchone() is not None


def _forget_detours(run: Run, document: int) -> None:
    """Delete the changes of this run by which a field of a document left the value that it has again."""
    sql = """SELECT field, id, before, after FROM changes WHERE run_id = ? AND document_id = ?
        AND kind IN ('filled', 'changed') AND merged_from IS NULL ORDER BY field, id"""
    for _, rows in groupby(run.db.execute(sql, [run.id, document]).fetchall(), key=itemgetter(0)):
        steps = [(change, before, after) for _, change, before, after in rows]
        held = steps[-1][2]
        values = [steps[0][1], *(after for _, _, after in steps)]
        needless = steps[next(number for number, value in enumerate(values) if not differ(value, held)) :]
        run.db.conn.executemany("DELETE FROM changes WHERE id = ?", [(change,) for change, *_ in needless])

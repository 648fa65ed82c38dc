"""Logs what older captures show of the past: a value that was replaced before the page was first read here.

The log of changes is written as pages are read, and tells what a page has changed in the document as it is now.
Captures of the past change nothing now; that one value followed another then follows from the votes of all of them.
Their rows are marked (`is_past`), because they come later in the log than changes of later times.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from harvester.store.documents import TRACKED, change_rows, lost_slugs, suppressed_news
from harvester.store.keys import is_different
from harvester.store.statements import attached_in, columns_of, origin_of, terms_of
from harvester.store.texts import texts_of
from harvester.store.timeline import Timeline, document_states
from harvester.store.votes import votes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

    from harvester.source import Source
    from harvester.store.timeline import FieldValue, ValueOrigin

Values = dict[str, str | None]
_TOUCHED = """SELECT DISTINCT document_id FROM (
        SELECT sightings.document_id FROM reads JOIN sightings USING (capture_id) WHERE {0}
        UNION SELECT statements.document_id FROM reads JOIN statements USING (capture_id) WHERE is_own_page AND {0})
    WHERE document_id IN (SELECT id FROM documents WHERE source = ?2)"""
_INSERT = """INSERT INTO changes (run_id, document_id, capture_id, observed_at, kind, field, before, after, is_past)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)"""
_SINCE_LAST_RUN = (
    """run_id <= ?1 AND run_id > (SELECT coalesce(max(run_id), 0) FROM web_archive_runs WHERE run_id < ?1)"""
)


def log_past_changes(db: Database, run: int, source: Source) -> int:
    """Log the changes in the past of the documents that web archives' captures have shown; return how many.

    Those of the runs since the last one that came to its verdict: a run may have been killed.
    """
    found = db.execute(_TOUCHED.format(_SINCE_LAST_RUN), [run, source.name]).fetchall()
    return sum(_log_past(db, run, int(document), source) for (document,) in found)


def _log_past(db: Database, run: int, document: int, source: Source) -> int:
    sql = "SELECT field, before, after, observed_at FROM changes WHERE document_id = ? AND kind = 'changed'"
    known = set(db.execute(sql, [document]).fetchall())
    past = [
        (*change, origin) for change, origin in _transitions(db, document, source) if (*change, origin.at) not in known
    ]
    db.conn.executemany(_INSERT, change_rows(run, document, "changed", past))
    return len(past)


def _transitions(
    db: Database, document: int, source: Source
) -> Iterator[tuple[tuple[str, str | None, str | None], ValueOrigin]]:
    """Yield each change of a field between two times of the document's votes, and the page that shows it."""
    votes = [vote for vote in votes_of(db, [document]) if vote.at]
    timeline = Timeline(source, suppressed_news(db, votes), lost_slugs(db, document))
    before: Values | None = None
    former_texts: dict[str, str] = {}
    known_texts = cache(partial(texts_of, db, document))
    for _, content in document_states(votes, timeline):
        columns = columns_of(content, source.date_order)
        values = _values(content, columns)
        texts = known_texts(attached_in(content))
        texts = former_texts if texts is None else texts
        values |= texts
        for name in {**values, **former_texts} if before is not None else ():
            origin, old, new = origin_of(name, content, columns), (before or {}).get(name), values.get(name)
            if origin and is_different(old, new) and (old is not None or not origin.from_start):
                yield (name, old, new), origin
        before, former_texts = values, texts


def _values(content: dict[str, FieldValue], columns: dict[str, Any]) -> Values:
    terms = {facet: "; ".join(found) or None for facet, found in terms_of(content).items()}
    return {name: columns[name] for name in TRACKED} | terms

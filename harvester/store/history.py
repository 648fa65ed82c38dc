"""The changes of one document, and its fields as of one time, as far as they were known at another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from harvester.errors import UsageError
from harvester.store.documents import lost_slugs, suppressed_news
from harvester.store.keys import is_different
from harvester.store.statements import DESCRIBED, KEYS, attached_in, columns_of, origin_of, terms_of
from harvester.store.texts import texts_of
from harvester.store.timeline import Timeline, document_states
from harvester.store.votes import ALWAYS, votes_of

if TYPE_CHECKING:
    from sqlite_utils import Database

    from harvester.source import DateOrder, Source
    from harvester.store.timeline import FieldValue


_FIND = (
    "SELECT id FROM documents WHERE CAST(id AS TEXT) = :name",
    "SELECT id FROM documents WHERE key = :name OR url = :name",
    "SELECT document_id FROM identities WHERE key = :name",
    "SELECT document_id FROM identities WHERE key IN (SELECT DISTINCT source || ':public:' || :name FROM documents)",
    "SELECT id FROM documents WHERE title = :name COLLATE NOCASE",
)
MAX_SHOWN = 5


def find_document(db: Database, name: str) -> dict[str, Any]:
    """Return the row of the document that an id, a key, an address or a title names. Raises `UsageError`."""
    for sql in _FIND:
        ids = [row[0] for row in db.execute(sql, {"name": name})]
        if len(ids) > 1:
            shown = ", ".join(str(document) for document in ids[:MAX_SHOWN])
            raise UsageError(f"{len(ids)} documents have the title “{name}”: name one by its id ({shown})")
        if ids:
            return next(iter(db.query("SELECT * FROM documents WHERE id = ?", ids)))
    raise UsageError(f"no document “{name}”: give an id, a key, an address or a whole title")


def history_of(db: Database, document: int) -> list[dict[str, Any]]:
    """Return all changes of a document, oldest first, each with the run that found it."""
    sql = """SELECT changes.run_id, runs.started_at AS learned_at, changes.observed_at, changes.kind,
            changes.field, changes.before, changes.after, changes.merged_from, changes.capture_id, captures.uri
        FROM changes JOIN runs ON runs.id = changes.run_id LEFT JOIN captures ON captures.id = changes.capture_id
        WHERE changes.document_id = ? ORDER BY changes.id"""
    return list(db.query(sql, [document]))


__all__ = ["ALWAYS", "DatedField", "fields_as_of", "gone_at"]


@dataclass(frozen=True)
class DatedField:
    """A field as it was at one time."""

    field: str
    value: str
    since: str
    """When the page that first showed this value was captured; empty if unknown."""
    uri: str
    """The address of that page."""
    capture_id: int
    before: str | None
    """The value before this one."""


def fields_as_of(
    db: Database, document: int, source: Source, observed: str = ALWAYS, known: str = ALWAYS
) -> list[DatedField]:
    """Return the fields of a document as of the time `observed`, as far as they were known here at the time `known`.

    One entry a field, in the order of columns, and one a transcript or translation; none if no page showed the document
    by then.
    """
    votes = [vote for vote in votes_of(db, [document], known) if vote.at <= observed]
    timeline = Timeline(source, suppressed_news(db, votes), lost_slugs(db, document, observed))
    texts = cache(partial(texts_of, db, document))
    states_by_time = [
        (at, _stated_fields(content, source.date_order) | (texts(attached_in(content)) or {}), content)
        for at, content in document_states(votes, timeline)
    ]
    if not states_by_time:
        return []
    uris: dict[int, str] = {}
    fields = []
    for name, value in states_by_time[-1][1].items():
        since, before = len(states_by_time) - 1, None
        while since and not is_different(states_by_time[since - 1][1].get(name), value):
            since -= 1
        if since:
            before = states_by_time[since - 1][1].get(name)
        at, _, content = states_by_time[since]
        origin = origin_of(name, content, columns_of(content, source.date_order))
        capture = origin.capture if origin else 0
        fields.append(DatedField(name, value, at, _capture_uri(db, capture, uris), capture, before))
    return fields


def gone_at(db: Database, document: int, observed: str = ALWAYS, known: str = ALWAYS) -> str | None:
    """Return since when a document was gone at the time `observed`, as known at `known`; None if it was not."""
    sql = """SELECT after FROM changes JOIN runs ON runs.id = run_id
        WHERE document_id = ? AND kind IN ('gone', 'returned') AND observed_at <= ? AND started_at <= ?
        ORDER BY observed_at DESC, changes.id DESC LIMIT 1"""
    row = db.execute(sql, [document, observed, known]).fetchone()
    return row[0] if row else None


def _stated_fields(content: dict[str, FieldValue], order: DateOrder | None) -> dict[str, str]:
    """Return the stated fields, as text."""
    columns = columns_of(content, order)
    named = {"title": columns["title"], "date": columns["date"] or columns["date_text"]}
    named |= {name: columns[name] for name in (*DESCRIBED, *KEYS)}
    named |= {facet: "; ".join(found) for facet, found in terms_of(content).items()}
    return {name: value for name, value in named.items() if value}


def _capture_uri(db: Database, capture: int, uris: dict[int, str]) -> str:
    if capture not in uris:
        row = db.execute("SELECT uri FROM captures WHERE id = ?", [capture]).fetchone()
        uris[capture] = row[0] if row else ""
    return uris[capture]

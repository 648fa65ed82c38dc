"""Writes documents: derives them from their statements, merges them, and logs every change."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from harvester.store.identity import INSERT_IDENTITY
from harvester.store.keys import is_different, kind_of, short_hash, value_of
from harvester.store.listing_members import move_members
from harvester.store.rows import WaitingRows, insert_into
from harvester.store.statements import DESCRIBED, KEYS, attached_in, columns_of, origin_of, terms_of
from harvester.store.texts import is_text_field, load_attachments, log_first_texts, switch_attachments
from harvester.store.timeline import SuppressedNews, Timeline
from harvester.store.votes import ALWAYS, votes_of
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlite_utils import Database

    from harvester.source import DateOrder, Source
    from harvester.store.captures import Provenance
    from harvester.store.texts import Attachments, Change
    from harvester.store.timeline import FieldValue, News, ValueOrigin
    from harvester.store.votes import Vote

TRACKED = (*DESCRIBED, *KEYS, "date")
"""Columns whose changes are logged, besides the terms of each facet. The other columns are derived from these."""


LoggedChange = tuple[str | None, str | None, str | None, "ValueOrigin | None"]
"""Field, value before, value after, origin of the new value (or of its absence)."""


def next_id(db: Database) -> int:
    """Return an id that no document has or ever had."""
    sql = """SELECT max((SELECT coalesce(max(id), 0) FROM documents), (SELECT coalesce(max(id), 0) FROM withdrawn),
        (SELECT coalesce(max(merged_from), 0) FROM changes WHERE merged_from IS NOT NULL))"""
    return int(db.execute(sql).fetchone()[0]) + 1


class DocumentIds:
    """Allocates the ids of new documents: those above all that were ever allocated."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._last = 0

    def allocate(self, _keys: Iterable[str]) -> int:
        """Return the id of a new document that will have these keys."""
        self._last = self._last + 1 if self._last else next_id(self._db)
        return self._last


@dataclass(frozen=True)
class DocumentState:
    """What a document's votes result in."""

    content: dict[str, FieldValue]
    news: dict[str, News]
    date_order: DateOrder | None

    @cached_property
    def columns(self) -> dict[str, Any]:
        """The columns of the document's row."""
        return columns_of(self.content, self.date_order)


def document_state(db: Database, document: int, source: Source, votes: Sequence[Vote] | None = None) -> DocumentState:
    """Return the state that a document's votes make; `votes`, if given, are all of them."""
    found = votes_of(db, [document]) if votes is None else votes
    return state_at_end(Timeline(source, suppressed_news(db, found), lost_slugs(db, document)), found, source)


def state_at_end(timeline: Timeline, votes: Sequence[Vote], source: Source) -> DocumentState:
    """Return the state of a document when all its votes are added."""
    for vote in votes:
        timeline.add(vote)
    return DocumentState(timeline.content(), timeline.news, source.date_order)


def suppressed_news(db: Database, votes: Iterable[Vote]) -> list[SuppressedNews]:
    """Return the news of these votes' listings that are suppressed, because too many records changed in one walk."""
    listings = {vote.listing for vote in votes if vote.listing}
    sql = """SELECT listing_id, field, first_at, last_at FROM site_changes
        WHERE listing_id IN (SELECT value FROM json_each(?))"""
    return [SuppressedNews(*row) for row in db.execute(sql, [json.dumps([*listings])])] if listings else []


def lost_slugs(db: Database, document: int, at: str = ALWAYS) -> dict[str, str]:
    """Return the slugs that a document had and that passed to another by the time `at`, each with the time it did."""
    sql = "SELECT key, until FROM identities WHERE document_id = ? AND until <= ?"
    return {value_of(key): until for key, until in db.execute(sql, [document, at]) if kind_of(key) == "slug"}


def insert_document(
    db: Database,
    document: int,
    source: Source,
    run: int,
    votes: Sequence[Vote] | None = None,
    page_attachments: Attachments | None = None,
) -> str:
    """Insert the row of a new document, with its terms, texts and files; return `new`.

    `votes`, if given, are all of them, and the document was never known before.
    """
    now = state_at_end(Timeline(source), votes, source) if votes else document_state(db, document, source)
    rows = WaitingRows(db)
    key = _public_key(db, {"id": document, "source": source.name}, now.columns["slug"])
    add_document(rows, document, now, source, run, key)
    rows.write()
    _switch_attachments(db, document, now.content, None, page_attachments, held=votes is None)
    if now.news or votes is None:
        _write_news(db, document, now.news)
    return "new"


def add_document(
    rows: WaitingRows,
    document: int,
    now: DocumentState,
    source: Source,
    run: int,
    key: str,
    attached: str | None = None,
) -> None:
    """Add the rows of a new document, but for its texts and files. `key`: its public address."""
    columns, seen = now.columns, utc_timestamp()
    row = {"id": document, "source": source.name, **columns, "first_seen": seen, "last_changed": seen}
    row |= {"key": key, "attached": attached}
    rows.add(insert_into("documents", row), [[*row.values()]])
    _add_terms(rows, document, {}, terms_of(now.content))
    logged = [(None, None, columns["title"], now.content["title"].origin)]
    rows.add(INSERT_CHANGE, change_rows(run, document, "new", logged))


def update_document(
    db: Database,
    document: int,
    source: Source,
    run: int,
    page_attachments: Attachments | None = None,
    page: ValueOrigin | None = None,
    votes: Sequence[Vote] | None = None,
) -> str:
    """Update a document from its votes; return `changed`, `filled` or `unchanged`. `votes`, if given, are all of them.

    `page`: the page that is being written. A value that no vote states any more was stated of another document, as that
    page shows.

    A field that was empty is filled by the first page of its kind that states it. Only a replaced value, or one that a
    page states that did not state it before, is a change.
    """
    row = _row(db, document)
    now = document_state(db, document, source, votes)
    attached = row["attached"]
    texts = _switch_attachments(db, document, now.content, attached, page_attachments, held=attached is not None)
    rows = WaitingRows(db)
    outcome = add_revision(rows, row, now, _terms(db, document), texts, run, page)
    rows.write()
    _update_key(db, row, now.columns["slug"])
    _write_news(db, document, now.news)
    return outcome


def add_revision(
    rows: WaitingRows,
    row: dict[str, Any],
    now: DocumentState,
    terms: Mapping[str, list[str]],
    texts: Sequence[Change],
    run: int,
    page: ValueOrigin | None,
    attached: str | None = None,
) -> str:
    """Add the rows by which a document becomes what its votes make of it; return the outcome, as `update_document`.

    `row`: the document's row, `terms`: its terms, `texts`: how its texts have changed, `attached`: the hash
    of its first texts and files.
    """
    columns = now.columns
    values: list[Change] = [
        (name, row[name], columns[name]) for name in TRACKED if is_different(row[name], columns[name])
    ]
    values += _add_terms(rows, row["id"], terms, terms_of(now.content))
    logged = [(*change, origin_of(change[0] or "", now.content, columns) or page) for change in (*values, *texts)]
    filled, changed = list[LoggedChange](), list[LoggedChange]()
    for field, before, after, origin in logged:
        if before is None and origin and origin.from_start:
            filled.append((field, None, None if field and is_text_field(field) else after, origin))  # not held twice
        else:
            changed.append((field, before, after, origin))
    rows.add(INSERT_CHANGE, change_rows(run, row["id"], "filled", filled))
    rows.add(INSERT_CHANGE, change_rows(run, row["id"], "changed", changed))
    differing = {name: value for name, value in columns.items() if row[name] != value}
    if logged:
        differing["last_changed"] = utc_timestamp()
    if attached:
        differing["attached"] = attached
    if differing:
        rows.add(_update(tuple(differing)), [[*differing.values(), row["id"]]])
    return "changed" if changed else "filled" if logged else "unchanged"


@lru_cache(maxsize=256)
def _update(columns: tuple[str, ...]) -> str:
    assignments = ", ".join(f'"{name}" = ?' for name in columns)
    return f"UPDATE documents SET {assignments} WHERE id = ?"


def _switch_attachments(
    db: Database,
    document: int,
    content: dict[str, FieldValue],
    before: str | None,
    page_attachments: Attachments | None,
    *,
    held: bool,
) -> list[Change]:
    """Update texts and files; they stay if the page that has them cannot be found now."""
    wanted = attached_in(content)
    return [] if wanted == before else switch_attachments(db, document, wanted, page_attachments, held=held) or []


def _write_news(db: Database, document: int, news: dict[str, News]) -> None:
    """Write the news of a document that its own page is to confirm."""
    db.execute("DELETE FROM unconfirmed_changes WHERE document_id = ?", [document])
    rows = [(document, name, one.listing, one.origin.capture, one.origin.at, one.held) for name, one in news.items()]
    if rows:
        db.conn.executemany(
            """INSERT INTO unconfirmed_changes (document_id, field, listing_id, capture_id, observed_at, applied)
            VALUES (?, ?, ?, ?, ?, ?)""",
            rows,
        )


def _row(db: Database, document: int) -> dict[str, Any]:
    cursor = db.execute("SELECT * FROM documents WHERE id = ?", [document])
    return dict(zip((column[0] for column in cursor.description), cursor.fetchone(), strict=True))


def _update_key(db: Database, row: dict[str, Any], slug: str | None) -> None:
    key = _public_key(db, row, slug)
    if key != row["key"]:
        _store_old_key(db, row)
        db.execute("UPDATE documents SET key = ? WHERE id = ?", [key, row["id"]])


def _public_key(db: Database, row: dict[str, Any], slug: str | None) -> str:
    """Return a document's public address: its slug unless another ever had it, else a short hash of its key."""
    before, source = row.get("key"), row["source"]
    if slug and (slug == before or _is_free(db, source, slug, row["id"])):
        return slug
    if before and _has_key(db, f"{source}:slug:{before}", row["id"]):
        return str(before)  # it never passes on, although another document has that slug now
    key = short_hash(_first_key(db, row["id"]))
    taken = db.execute("SELECT 1 FROM documents WHERE key = ? AND id <> ?", [key, row["id"]]).fetchone()
    return f"{key}--{row['id']}" if taken else key


def _is_free(db: Database, source: str, key: str, document: int) -> bool:
    """Return whether no other document has or had this public address."""
    sql = """SELECT 1 FROM documents WHERE key = ?1 AND id <> ?3
        UNION ALL SELECT 1 FROM identities WHERE key = ?2 AND document_id <> ?3 LIMIT 1"""
    return db.execute(sql, [key, f"{source}:public:{key}", document]).fetchone() is None


def _has_key(db: Database, key: str, document: int) -> bool:
    sql = "SELECT 1 FROM identities WHERE key = ? AND document_id = ?"
    return db.execute(sql, [key, document]).fetchone() is not None


def _first_key(db: Database, document: int) -> str:
    """Return the first of a document's keys in alphabetical order, which does not depend on the order of discovery."""
    sql = "SELECT key FROM identities WHERE document_id = ? ORDER BY instr(key, ':public:') > 0, key"
    return str(db.execute(sql, [document]).fetchone()[0])


INSERT_TERM = "INSERT INTO document_terms (document_id, facet, term) VALUES (?, ?, ?)"
_DELETE_TERMS = "DELETE FROM document_terms WHERE document_id = ? AND facet = ?"


def _terms(db: Database, document: int) -> dict[str, list[str]]:
    """Return the terms that a document has, by facet."""
    found: dict[str, list[str]] = {}
    for facet, term in db.execute("SELECT facet, term FROM document_terms WHERE document_id = ?", [document]):
        found.setdefault(facet, []).append(term)
    return found


def _add_terms(
    rows: WaitingRows, document: int, stored: Mapping[str, list[str]], terms: Mapping[str, list[str]]
) -> list[Change]:
    """Add the rows of terms; return the facets that have changed, with their values before and after."""
    changed = {
        facet: stored.get(facet, [])
        for facet, found in terms.items()
        if (found or stored) and sorted(stored.get(facet, ())) != sorted(found)
    }
    if any(changed.values()):
        rows.add(_DELETE_TERMS, [(document, facet) for facet, before in changed.items() if before])
    rows.add(INSERT_TERM, [(document, facet, term) for facet in changed for term in terms[facet]])
    return [(facet, "; ".join(before) or None, "; ".join(terms[facet]) or None) for facet, before in changed.items()]


def _store_old_key(db: Database, before: dict[str, Any]) -> None:
    """Make the public address that a document had lead to it for ever."""
    old = f"{before['source']}:public:{before['key']}"
    db.execute(INSERT_IDENTITY, [old, before["id"]])


def log_changes(db: Database, run: int, document: int, kind: str, changes: Sequence[LoggedChange]) -> None:
    """Log what has changed in a document, and which page shows it."""
    if changes:
        db.conn.executemany(INSERT_CHANGE, change_rows(run, document, kind, changes))


INSERT_CHANGE = """INSERT INTO changes (run_id, document_id, capture_id, observed_at, kind, field, before, after)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""


def change_rows(
    run: int, document: int, kind: str, changes: Iterable[LoggedChange]
) -> list[tuple[str | int | None, ...]]:
    """Return the rows of changes of a document."""
    return [
        (run, document, origin.capture or None, origin.at or None, kind, *values)
        if origin
        else (run, document, None, None, kind, *values)
        for *values, origin in changes
    ]


def merge_documents(db: Database, gone: int, kept: int, provenance: Provenance) -> None:
    """Merge two documents: all that leads to `gone` leads to `kept` from now on."""
    for table in ("statements", "sightings"):
        db.execute(f"UPDATE {table} SET document_id = ? WHERE document_id = ?", [kept, gone])
    db.execute("UPDATE OR IGNORE identities SET document_id = ? WHERE document_id = ?", [kept, gone])
    _save_attachments(db, gone)
    log_first_texts(db, gone)
    for table in ("identities", "document_terms", "texts", "files", "unconfirmed_changes"):
        db.execute(f"DELETE FROM {table} WHERE document_id = ?", [gone])
    move_members(db, gone, kept)
    row = db.execute("SELECT key, source FROM documents WHERE id = ?", [gone]).fetchone()
    if row:
        _delete_merged(db, {"id": gone, "key": row[0], "source": row[1]}, kept, provenance)


def _save_attachments(db: Database, document: int) -> None:
    stored = load_attachments(db, document)
    if stored:
        stored.save_unassigned(db)


def _delete_merged(db: Database, gone: dict[str, Any], kept: int, provenance: Provenance) -> None:
    """Delete the row of a merged document; its address and its history pass to the other."""
    _store_old_key(db, {**gone, "id": kept})
    sql = "UPDATE changes SET document_id = ?, merged_from = coalesce(merged_from, ?) WHERE document_id = ?"
    db.execute(sql, [kept, gone["id"], gone["id"]])
    db.execute("DELETE FROM documents WHERE id = ?", [gone["id"]])
    sql = """INSERT INTO changes (run_id, document_id, capture_id, observed_at, kind, field, before, merged_from)
        VALUES (?, ?, ?, ?, 'merged', 'key', ?, ?)"""
    db.execute(sql, [provenance.run, kept, provenance.capture or None, provenance.observed_at, gone["key"], gone["id"]])


def own_addresses(db: Database, document: int) -> set[str]:
    """Return the keys of a document's public addresses, without those of documents that were merged into it."""
    sql = """SELECT source || ':slug:' || documents.key FROM documents WHERE id = ?1
        UNION SELECT replace(key, ':public:', ':slug:') FROM identities
        WHERE document_id = ?1 AND instr(key, ':public:')"""
    found = {key for (key,) in db.execute(sql, [document])}
    sql = """SELECT source || ':slug:' || before FROM changes JOIN documents ON documents.id = document_id
        WHERE document_id = ? AND changes.kind = 'merged' AND field = 'key'"""
    return found - {key for (key,) in db.execute(sql, [document])} or found


def unmerge_document(db: Database, slugs: Mapping[str, str], kept: int) -> int | None:
    """Restore a document that was merged into another by mistake, with its history; return its id.

    It is recognised by its public address, which was one of these slugs; each slug comes with the time since when it
    is the item's. An item that got the address after the merger is another one: the merger was right.
    """
    for key, since in slugs.items():
        sql = """SELECT merged_from FROM changes WHERE document_id = ?1 AND kind = 'merged' AND before = ?2
            AND coalesce(observed_at, ?3) >= ?3 AND merged_from NOT IN (SELECT id FROM documents)
            ORDER BY id DESC LIMIT 1"""
        row = db.execute(sql, [kept, value_of(key), since]).fetchone()
        if row:
            sql = """UPDATE changes SET document_id = merged_from, merged_from = NULL
                WHERE document_id = ? AND merged_from = ? AND kind <> 'merged'"""
            db.execute(sql, [kept, row[0]])
            sql = "DELETE FROM identities WHERE document_id = ? AND key LIKE ?"
            db.execute(sql, [kept, f"%:public:{value_of(key)}"])
            return int(row[0])
    return None

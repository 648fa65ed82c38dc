"""Writes documents: makes them of their statements, merges them, and keeps every change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harvester.clock import stamp
from harvester.store.keys import differ, short_hash
from harvester.store.members import move_members
from harvester.store.statements import DESCRIBED, KEYS, Statement, merge, merge_terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlite_utils import Database

    from harvester.source import Source

TRACKED = (*DESCRIBED, *KEYS, "date")
"""Columns whose changes are kept, besides the terms of each facet. The others follow from these."""


Change = tuple[str | None, str | None, str | None]
"""Field, value before, value after."""


def next_id(db: Database) -> int:
    """Give an id that no document has or ever had."""
    sql = """SELECT max((SELECT coalesce(max(id), 0) FROM documents), (SELECT coalesce(max(id), 0) FROM withdrawn),
        (SELECT coalesce(max(merged_from), 0) FROM changes WHERE merged_from IS NOT NULL))"""
    return int(db.execute(sql).fetchone()[0]) + 1


class Ids:
    """Gives the ids of new documents: the ones after all that were ever given."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._last = 0

    def give(self, _keys: Iterable[str]) -> int:
        """Give the id of a document that will have these keys."""
        self._last = self._last + 1 if self._last else next_id(self._db)
        return self._last


def write_new(db: Database, document: int, source: Source, run: int, observed_at: str | None) -> str:
    """Write the first row of a document."""
    statements = statements_of(db, document)
    content = merge(statements, source)
    _insert(db, document, content, source)
    insert_terms(db, document, merge_terms(statements, source))
    log_changes(db, run, document, observed_at, "new", [(None, None, content["title"])])
    return "new"


def write_document(db: Database, document: int, source: Source, run: int, observed_at: str | None) -> str:
    """Bring one document in step with its statements; say whether it has changed."""
    statements = statements_of(db, document)
    row = _row(db, document)
    content = {**merge(statements, source), "last_changed": row["last_changed"]}
    changed: list[Change] = [(name, row[name], content[name]) for name in TRACKED if differ(row[name], content[name])]
    changed += write_terms(db, document, merge_terms(statements, source))
    if changed:
        content["last_changed"] = stamp()
        log_changes(db, run, document, observed_at, "changed", changed)
    _update(db, row, content)
    return "changed" if changed else "unchanged"


def _row(db: Database, document: int) -> dict[str, Any]:
    cursor = db.execute("SELECT * FROM documents WHERE id = ?", [document])
    return dict(zip((column[0] for column in cursor.description), cursor.fetchone(), strict=True))


def statements_of(db: Database, document: int) -> list[Statement]:
    """Give the statements that a document is made of."""
    sql = """SELECT form, host, observed_at, cut, hash, content FROM statements
        WHERE document_id = ? AND replaced_by IS NULL"""
    return [
        Statement(f, h, at, bool(cut), digest, content)
        for f, h, at, cut, digest, content in db.execute(sql, [document])
    ]


def _insert(db: Database, document: int, content: dict[str, Any], source: Source) -> None:
    now = stamp()
    row = {"id": document, "key": _public_key(db, document, content), "source": source.name, **content}
    row |= {"first_seen": now, "last_changed": now}
    columns, marks = ", ".join(row), ", ".join("?" * len(row))
    db.execute(f"INSERT INTO documents ({columns}) VALUES ({marks})", [*row.values()])


def _public_key(db: Database, document: int, content: dict[str, Any], before: str | None = None) -> str:
    """Give the document's public address: its slug where that is its own, else a short hash of its first key."""
    if before and content["slug"] == before:
        return before
    if content["slug"] and _is_free(db, content["slug"], document):
        return str(content["slug"])
    key = short_hash(_first_key(db, document))
    return key if _is_free(db, key, document) else f"{key}--{document}"


def _is_free(db: Database, key: str, document: int) -> bool:
    return db.execute("SELECT id FROM documents WHERE key = ?", [key]).fetchone() in (None, (document,))


def give_up_address(db: Database, documents: Iterable[int], address: str) -> None:
    """Let documents whose address another has now be known by another one; the old one leads to them, too."""
    for document in documents:
        sql = "SELECT id, key, source FROM documents WHERE id = ? AND key = ?"
        for number, key, source in db.execute(sql, [document, address]).fetchall():
            _keep_old_key(db, {"id": number, "key": key, "source": source})
            new = short_hash(_first_key(db, number))
            db.execute("UPDATE documents SET key = ? WHERE id = ?", [new, number])


def _first_key(db: Database, document: int) -> str:
    """Give the first of a document's keys by the alphabet: the same, whichever of them was found first."""
    sql = "SELECT key FROM identities WHERE document_id = ? ORDER BY instr(key, ':public:') > 0, key"
    return str(db.execute(sql, [document]).fetchone()[0])


def _update(db: Database, before: dict[str, Any], content: dict[str, Any]) -> None:
    """Write the columns that differ."""
    content = {**content, "key": _public_key(db, before["id"], content, before["key"])}
    differing = {name: value for name, value in content.items() if before[name] != value}
    if not differing:
        return
    if "key" in differing:
        _keep_old_key(db, before)
    assignments = ", ".join(f'"{name}" = ?' for name in differing)
    db.execute(f"UPDATE documents SET {assignments} WHERE id = ?", [*differing.values(), before["id"]])


def write_terms(db: Database, document: int, terms: dict[str, list[str]]) -> list[Change]:
    """Write a document's terms; give the facets that have changed."""
    held: dict[str, list[str]] = {facet: [] for facet in terms}
    for facet, term in db.execute("SELECT facet, term FROM document_terms WHERE document_id = ?", [document]):
        held[facet].append(term)
    changed = [facet for facet in terms if sorted(held[facet]) != sorted(terms[facet])]
    for facet in changed:
        if held[facet]:
            db.execute("DELETE FROM document_terms WHERE document_id = ? AND facet = ?", [document, facet])
    insert_terms(db, document, {facet: terms[facet] for facet in changed})
    return [(facet, "; ".join(held[facet]) or None, "; ".join(terms[facet]) or None) for facet in changed]


def insert_terms(db: Database, document: int, terms: dict[str, list[str]]) -> None:
    """Write terms that are not there yet."""
    rows = [(document, facet, term) for facet, found in terms.items() for term in found]
    if rows:
        db.conn.executemany("INSERT INTO document_terms (document_id, facet, term) VALUES (?, ?, ?)", rows)


def _keep_old_key(db: Database, before: dict[str, Any]) -> None:
    """Let the address that a document had lead to it for ever."""
    old = f"{before['source']}:public:{before['key']}"
    db.execute("INSERT OR IGNORE INTO identities (key, document_id) VALUES (?, ?)", [old, before["id"]])


def log_changes(
    db: Database,
    run: int,
    document: int,
    observed_at: str | None,
    kind: str,
    fields: Sequence[Change],
) -> None:
    """Keep what has changed in a document: field, before, after."""
    rows = [(run, document, observed_at, kind, *field) for field in fields]
    db.conn.executemany(
        """INSERT INTO changes (run_id, document_id, observed_at, kind, field, before, after)
        VALUES (?, ?, ?, ?, ?, ?, ?)""",
        rows,
    )


def merge_documents(db: Database, gone: int, kept: int, run: int, observed_at: str | None) -> None:
    """Make one document of two: all that leads to `gone` leads to `kept` from now on."""
    for table in ("statements", "sightings"):
        db.execute(f"UPDATE {table} SET document_id = ? WHERE document_id = ?", [kept, gone])
    db.execute("UPDATE OR IGNORE identities SET document_id = ? WHERE document_id = ?", [kept, gone])
    for table in ("identities", "document_terms"):  # terms are written anew, with what has changed in them
        db.execute(f"DELETE FROM {table} WHERE document_id = ?", [gone])
    move_members(db, gone, kept)
    row = db.execute("SELECT key, source FROM documents WHERE id = ?", [gone]).fetchone()
    if row:
        _retire(db, {"id": gone, "key": row[0], "source": row[1]}, kept, run, observed_at)


def _retire(db: Database, gone: dict[str, Any], kept: int, run: int, observed_at: str | None) -> None:
    """Take away the row of a document that was merged; its address and its history go on in the other."""
    _keep_old_key(db, {**gone, "id": kept})
    sql = "UPDATE changes SET document_id = ?, merged_from = coalesce(merged_from, ?) WHERE document_id = ?"
    db.execute(sql, [kept, gone["id"], gone["id"]])
    db.execute("DELETE FROM documents WHERE id = ?", [gone["id"]])
    sql = """INSERT INTO changes (run_id, document_id, observed_at, kind, field, before, merged_from)
        VALUES (?, ?, ?, 'merged', 'key', ?, ?)"""
    db.execute(sql, [run, kept, observed_at, gone["key"], gone["id"]])

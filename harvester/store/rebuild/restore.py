"""Restores what pages do not state about rebuilt documents: their times, addresses and history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.model import Problem
from harvester.store.documents import TRACKED, log_changes
from harvester.store.keys import is_different
from harvester.store.rebuild.exclude_run import AFTER
from harvester.store.rebuild.previous import DERIVED_TABLES
from harvester.store.statements import FACETS
from harvester.store.texts import log_first_texts
from harvester.store.user_objects import columns_of, schema
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlite_utils import Database

    from harvester.store.documents import LoggedChange
    from harvester.store.rebuild.previous import PreviousIds
    from harvester.store.run import Run
    from harvester.store.texts import Change

# The value that each field had after its last change.
_LOGGED = f"""SELECT field, {AFTER}, kind = 'filled' FROM changes WHERE id IN (SELECT max(id) FROM changes
    WHERE document_id = ? AND merged_from IS NULL AND kind IN ('filled', 'changed') AND NOT is_past GROUP BY field)"""
HISTORY = ("changes", "listing_members")
# Documents that are the same now and before: recognised by the archive's own numbers first, then by their addresses.
_SAME = """SELECT min(n.document_id), min(f.document_id) FROM identities AS n JOIN former.identities AS f USING (key)
    WHERE instr(key, ':record:') = instr(key, ':') GROUP BY key HAVING count(*) = 1
    UNION ALL SELECT n.id, f.id FROM documents AS n JOIN former.documents AS f USING (key)
    WHERE n.slug IS f.slug AND n.record_id IS f.record_id
    UNION ALL SELECT min(n.document_id), min(f.document_id) FROM identities AS n JOIN former.identities AS f USING (key)
    WHERE instr(key, ':slug:') = instr(key, ':') GROUP BY key HAVING count(*) = 1"""
_CLOCKS = """UPDATE documents SET (first_seen, last_changed) =
    (SELECT first_seen, last_changed FROM former.documents AS f WHERE f.id = documents.id)
    WHERE id IN (SELECT id FROM former.documents)"""
_GONE = """UPDATE documents SET gone_at = (SELECT after FROM changes WHERE document_id = documents.id
    AND kind IN ('gone', 'returned') ORDER BY observed_at DESC, id DESC LIMIT 1)
    WHERE id IN (SELECT document_id FROM changes WHERE kind = 'gone')"""
_ADDRESSES = """INSERT OR IGNORE INTO identities (key, document_id) SELECT key, document_id FROM former.identities
    WHERE instr(key, ':public:') AND document_id IN (SELECT id FROM documents)"""
_KEYS = """SELECT d.id, f.key FROM documents AS d JOIN former.documents AS f USING (id)
    WHERE d.slug IS f.slug AND d.key <> f.key"""
_NEW = "SELECT id, title FROM documents WHERE id NOT IN (SELECT id FROM former.documents) ORDER BY id"
_LOST = "SELECT id, key, title FROM former.documents WHERE id NOT IN (SELECT id FROM documents) ORDER BY id"
_NOW_IN = """SELECT identities.document_id FROM former.identities AS f JOIN identities USING (key)
    WHERE f.document_id = ? AND instr(key, ':natural:') = 0 LIMIT 1"""
_VALUES = "SELECT n.{0}, f.{0} FROM documents AS n JOIN former.documents AS f USING (id) WHERE n.id = ?"
_TERMS = "SELECT group_concat(term, '; ') FROM (SELECT term FROM {} WHERE document_id = ? AND facet = ? ORDER BY term)"
_TEXTS = "SELECT trim(kind || ' ' || coalesce(language, '')), text FROM {}texts WHERE document_id = ?"


def set_history_aside(db: Database) -> None:
    """Move the history out of the rebuilt tables: it does not follow from pages, and the rebuild must not change it."""
    for table in HISTORY:
        columns = _quoted(db, table)
        db.execute(f"CREATE TEMP TABLE aside_{table} AS SELECT {columns} FROM main.{table}")
        db.execute(f"DELETE FROM main.{table}")


def _bring_history_back(db: Database) -> None:
    for table in HISTORY:
        columns = _quoted(db, table)
        db.execute(f"DELETE FROM main.{table}")  # the history of the documents as they were made now
        db.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM temp.aside_{table}")
        db.execute(f"DROP TABLE temp.aside_{table}")


def _quoted(db: Database, table: str) -> str:
    return ", ".join(f'"{name}"' for name in columns_of(db, table))


def restore_ids(db: Database, ids: PreviousIds) -> dict[int, int]:
    """Restore the ids and the history that documents had, as far as their keys identify them.

    Return the new id of each document whose id is another than while its pages were ingested: a document gets its id
    with its first page, but which one that is is known only when all pages are read.
    """
    _bring_history_back(db)
    same: dict[int, int] = {}
    used: set[int] = set()
    for now, before in db.execute(_SAME).fetchall():
        if now not in same and before not in used:
            same[now] = before
            used.add(before)
    moves = {now: before for now, before in same.items() if now != before}
    held = {document for (document,) in db.execute("SELECT id FROM documents")}
    moves |= {document: ids.allocate(()) for document in sorted((held & set(moves.values())) - moves.keys())}
    for table in DERIVED_TABLES if moves else ():
        column = "id" if table == "documents" else "document_id"
        if column in schema().columns[table]:
            sql = f"UPDATE {table} SET {column} = ? WHERE {column} = ?"
            db.conn.executemany(sql, [(-other, document) for document, other in moves.items()])
            db.execute(f"UPDATE {table} SET {column} = -{column} WHERE {column} < 0")
    return moves


def restore_history(run: Run) -> None:
    """Restore what does not follow from pages, and log as changes of this run what is different than before."""
    db = run.db
    for sql in (_CLOCKS, _GONE, _ADDRESSES):
        db.execute(sql)
    _restore_keys(db)
    for document, title in db.execute(_NEW).fetchall():
        log_changes(db, run.id, document, "new", [(None, None, title, None)])
        run.counts["new"] += 1
    for document in sorted(set(_differing(db))):
        changes = list(_changes(db, document))
        if changes:
            _log_changes(run, document, changes)
            db.execute("UPDATE documents SET last_changed = ? WHERE id = ?", [utc_timestamp(), document])
            run.counts["changed"] += 1
    for document, key, title in db.execute(_LOST).fetchall():
        _merge_or_drop(run, document, key, title)


def _log_changes(run: Run, document: int, changes: Sequence[Change]) -> None:
    """Log what differs from what was logged last: without a run, or without damage, that may be held again."""
    logged = {field: (value, filled) for field, value, filled in run.db.execute(_LOGGED, [document])}
    rows: list[LoggedChange] = []
    for field, before, after in changes:
        last, filled = logged.get(field or "", (before, False))
        text_was_lost = filled and last is None
        if not text_was_lost and is_different(last, after):
            rows.append((field, last, after, None))
    log_changes(run.db, run.id, document, "changed", rows)


def _restore_keys(db: Database) -> None:
    """Restore the public addresses that documents had, unless another document has one of them now."""
    keys = dict(db.execute(_KEYS).fetchall())
    held = {key: document for document, key in db.execute("SELECT id, key FROM documents")}
    while others := [document for document, key in keys.items() if held.get(key, document) not in keys]:
        for document in others:
            del keys[document]
    # Two documents may swap theirs, so all are cleared first.
    db.conn.executemany("UPDATE documents SET key = '-' || id WHERE id = ?", [(document,) for document in keys])
    db.conn.executemany("UPDATE documents SET key = ? WHERE id = ?", [(key, one) for one, key in keys.items()])


def _differing(db: Database) -> Iterator[int]:
    """Yield the documents whose rows, terms or texts differ from before, even if only in how they are printed."""
    both = {
        "documents": "id AS document_id, " + ", ".join(TRACKED),
        "document_terms": "document_id, facet, term",
        "texts": "document_id, kind, language, text",
    }
    for table, names in both.items():
        for one, other in (("main", "former"), ("former", "main")):
            rows = f"SELECT {names} FROM {one}.{table} EXCEPT SELECT {names} FROM {other}.{table}"
            sql = f"SELECT document_id FROM ({rows})"
            inside = "document_id IN (SELECT id FROM documents) AND document_id IN (SELECT id FROM former.documents)"
            yield from (row[0] for row in db.execute(f"{sql} WHERE {inside}"))


def _changes(db: Database, document: int) -> Iterator[Change]:
    for name in TRACKED:
        now, before = db.execute(_VALUES.format(name), [document]).fetchone()
        yield from _change_if_different(name, before, now)
    for facet in FACETS:
        found = (db.execute(_TERMS.format(t), [document, facet]).fetchone()[0] for t in _BOTH_TERMS)
        yield from _change_if_different(facet, *found)
    before, now = (dict(db.execute(_TEXTS.format(place), [document]).fetchall()) for place in ("former.", "main."))
    for name in sorted({*before, *now}):
        yield from _change_if_different(name, before.get(name), now.get(name))


_BOTH_TERMS = ("former.document_terms", "main.document_terms")


def _change_if_different(name: str, before: str | None, now: str | None) -> Iterator[Change]:
    if is_different(before, now):
        yield name, before, now


def _merge_or_drop(run: Run, document: int, key: str, title: str) -> None:
    """Continue the history of a document that is no more in the one that it proves to be; else delete it."""
    db, row = run.db, run.db.execute(_NOW_IN, [document]).fetchone()
    run.counts["merged" if row else "dropped"] += 1
    db.execute("DELETE FROM listing_members WHERE document_id = ?", [document])
    if row is None:
        db.execute("DELETE FROM changes WHERE document_id = ?", [document])
        run.add_run_problem(Problem("warning", "dropped", f"“{title}” ({key}) is on no page any more: it is left out"))
        return
    log_first_texts(db, document, "former")
    sql = "UPDATE changes SET document_id = ?, merged_from = coalesce(merged_from, ?) WHERE document_id = ?"
    db.execute(sql, [row[0], document, document])
    sql = """INSERT INTO changes (run_id, document_id, kind, field, before, merged_from)
        VALUES (?, ?, 'merged', 'key', ?, ?)"""
    db.execute(sql, [run.id, row[0], key, document])
    sql = """INSERT OR IGNORE INTO identities (key, document_id) SELECT key, ?1 FROM former.identities
        WHERE document_id = ?2 AND instr(key, ':public:')
        UNION ALL SELECT source || ':public:' || key, ?1 FROM former.documents WHERE id = ?2"""
    db.execute(sql, [row[0], document])

"""What users have added to a database: it is kept, whatever the harvester writes."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from sqlite_utils import Database

from harvester.db.migrations import migrations
from harvester.db.pages.folding import register as register_fold
from harvester.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Iterator

# The columns that identify a row when it is written anew, so that users' columns stay with it.
_KNOWN_BY = {
    "documents": ("id",),
    "document_terms": ("document_id", "facet", "term"),
    "identities": ("key", "document_id"),
    "sightings": ("capture_id", "position"),
    "statements": ("key", "form", "host", "hash", "capture_id"),
    "texts": ("document_id", "kind", "language"),
    "files": ("document_id", "url"),
}
STORED = 0
"""`hidden` in `table_xinfo` for a column that is stored; 2 and 3 are generated columns."""


class Schema(NamedTuple):
    """The schema that the harvester makes: the columns of each table, and its views, triggers and indexes by name.

    `counted`: the tables that have a digest.
    """

    columns: dict[str, frozenset[str]]
    others: dict[str, str]
    counted: tuple[str, ...]


@cache
def schema() -> Schema:
    """Return the schema of a new database."""
    db = Database(memory=True)
    register_fold(db.conn)
    migrations().apply(db)
    columns = {name: frozenset(columns_of(db, name, generated=True)) for name in db.table_names()}
    sql = "SELECT name, sql FROM sqlite_master WHERE type IN ('view', 'trigger', 'index') AND sql IS NOT NULL"
    counted = tuple(row[0] for row in db.execute("SELECT name FROM digests ORDER BY name"))
    return Schema(columns, dict(db.execute(sql).fetchall()), counted)


def columns_of(db: Database, table: str, *, generated: bool = False) -> list[str]:
    """Return the names of a table's columns; `generated` ones, which cannot be written, only on request."""
    rows = db.execute("SELECT name, hidden FROM pragma_table_xinfo(?)", [table])
    return [name for name, hidden in rows if generated or hidden == STORED]


def schema_difference(db: Database) -> str | None:
    """Return how the harvester's own tables or views differ from those of a new database; None if they do not."""
    found: dict[str, set[str]] = {}
    sql = "SELECT m.name, x.name FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS x WHERE m.type = 'table'"
    for table, column in db.execute(sql):
        found.setdefault(table, set()).add(column)
    for table, columns in schema().columns.items():
        if table not in found:
            return f"it has no table {table}"
        if columns - found[table]:
            return f"its table {table} has no column {min(columns - found[table])}"
    views = dict(db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'").fetchall())
    ours = {name: made for name, made in schema().others.items() if made.startswith("CREATE VIEW")}
    return next((f"its view {name} is another" for name, made in ours.items() if views.get(name) != made), None)


@contextmanager
def without_triggers(db: Database, *, ours: bool = False) -> Iterator[None]:
    """Drop users' triggers during the block (with `ours`, the harvester's own too), within a transaction.

    They are meant for changes of documents, not for rows that the harvester writes anew.
    """
    sql = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid"
    dropped = [(name, made) for name, made in db.execute(sql) if ours or name not in schema().others]
    for name, _ in dropped:
        db.execute(f"DROP TRIGGER {_quoted(name)}")
    yield
    for _, made in dropped:
        db.execute(made)


@contextmanager
def without_unique_indexes(db: Database) -> Iterator[None]:
    """Drop users' own unique indexes during the block: only the final rows have to fit them. Raises `DatabaseError`."""
    sql = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE UNIQUE%' ORDER BY rowid"
    dropped = [(name, made) for name, made in db.execute(sql) if name not in schema().others]
    for name, _ in dropped:
        db.execute(f"DROP INDEX {_quoted(name)}")
    yield
    for name, made in dropped:
        try:
            db.execute(made)
        except sqlite3.IntegrityError as error:
            raise DatabaseError(
                f"your own index {name} does not allow what the pages say ({error}), so the database was left as it "
                f"is: drop the index, then run this again"
            ) from error


def restore_user_columns(db: Database) -> None:
    """Restore the values of users' own columns in rows that were written anew, and the ids of texts, from `former`."""
    _restore_text_ids(db)
    for table, keys in _KNOWN_BY.items():
        own = [name for name in columns_of(db, table) if name not in schema().columns[table]]
        if own:
            _restore_columns(db, table, keys, own)


def _restore_columns(db: Database, table: str, keys: tuple[str, ...], own: list[str]) -> None:
    same = " AND ".join(f"f.{key} IS n.{key}" for key in keys)
    names = ", ".join(map(_quoted, own))
    held = " OR ".join(f"f.{_quoted(name)} IS NOT NULL" for name in own)
    gone = f"NOT EXISTS (SELECT 1 FROM {table} AS n WHERE {same})"
    sql = f"SELECT count(*) FROM former.{table} AS f WHERE ({held}) AND {gone}"
    lost = db.execute(sql).fetchone()[0]
    if lost and not _are_defaults(db, table, keys, own):
        raise DatabaseError(
            f"{lost} rows of {table} are no longer what pages say, and with them would go the values of your own "
            f"columns ({', '.join(own)}), so the database was left as it is: copy them into a table of your own, and "
            "empty them"
        )
    former = ", ".join(f"f.{_quoted(name)}" for name in own)
    db.execute(
        f"""UPDATE {table} AS n SET ({names}) = (SELECT {former} FROM former.{table} AS f WHERE {same} LIMIT 1)
        WHERE EXISTS (SELECT 1 FROM former.{table} AS f WHERE {same})"""
    )


def _are_defaults(db: Database, table: str, keys: tuple[str, ...], own: list[str]) -> bool:
    """Return whether the deleted rows had only default values in users' columns."""
    same = " AND ".join(f"f.{key} IS n.{key}" for key in keys)
    sql = "SELECT name, dflt_value FROM pragma_table_xinfo(?)"
    defaults = {name: value or "NULL" for name, value in db.execute(sql, [table])}
    other = " OR ".join(f"f.{_quoted(name)} IS NOT ({defaults[name]})" for name in own)
    sql = f"SELECT 1 FROM former.{table} AS f WHERE ({other}) AND NOT EXISTS (SELECT 1 FROM {table} AS n WHERE {same})"
    return db.execute(sql).fetchone() is None


def _restore_text_ids(db: Database) -> None:
    """Restore the ids of texts: users' own tables may refer to them."""
    last = "SELECT max((SELECT coalesce(max(id), 0) FROM texts), (SELECT coalesce(max(id), 0) FROM former.texts))"
    (above,) = db.execute(last).fetchone()
    db.execute("UPDATE texts SET id = id + ?", [above])
    db.execute(
        """UPDATE texts AS n SET id = coalesce((SELECT f.id FROM former.texts AS f WHERE f.document_id = n.document_id
            AND f.kind = n.kind AND f.language IS n.language LIMIT 1), id)"""
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

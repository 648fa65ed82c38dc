"""Removes rows and values from tables, and restores them exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harvester.store.digests import count_restored_row
from harvester.store.keys import STRONG_KINDS, kind_of
from harvester.store.user_objects import columns_of, schema
from harvester.store.withdrawal.vault import RemovedRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlite_utils import Database

KEPT_TABLES = ("statements", "sightings")
"""Tables that refer to documents and keep their rows: they record how many records a page has."""


class Removal:
    """The rows and values that are removed, within the caller's transaction. `removed` is all that restores them."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.removed: list[RemovedRow] = []

    def id_list(self, table: str, where: str, values: Sequence[Any] | dict[str, Any]) -> str:
        """Return the ids of rows, as a list for SQL."""
        return ",".join(str(row[0]) for row in self._db.execute(f"SELECT id FROM {table} WHERE {where}", values))

    def values(self, table: str, column: str, where: str) -> list[Any]:
        """Return the distinct values of a column."""
        return [row[0] for row in self._db.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {where}")]

    def remove_all_of(self, document: int) -> None:
        """Remove a document, and every row that refers to it, also in users' own tables."""
        ours = (table for table in self._db.tables if table.name in schema().columns and table.name not in KEPT_TABLES)
        for table in ours:
            for key in table.foreign_keys:
                if key.other_table == "documents":
                    self.remove(table.name, f'"{key.column}" = ?', [document])
        self.remove("documents", "id = ?", [document])

    def remove(self, table: str, where: str, values: Sequence[Any]) -> None:
        """Remove rows, and those of users' own tables that refer to them."""
        for own, column, other in self._referring(table) if table in schema().columns else ():
            self.remove(own, f'"{column}" IN (SELECT "{other}" FROM "{table}" WHERE {where})', values)
        columns = ", ".join(f'"{name}"' for name in columns_of(self._db, table))
        self.removed += [
            RemovedRow(table, row) for row in self._db.query(f'SELECT {columns} FROM "{table}" WHERE {where}', values)
        ]
        self._db.execute(f'DELETE FROM "{table}" WHERE {where}', values)

    def _referring(self, table: str) -> list[tuple[str, str, str]]:
        """Return users' tables with a column that refers to this table, as (table, column, column referred to)."""
        own = (one for one in self._db.tables if one.name not in schema().columns)
        keys = [(one.name, key) for one in own for key in one.foreign_keys]
        found = ((name, key.column, key.other_column or "id") for name, key in keys if key.other_table == table)
        return [(name, column, other) for name, column, other in found if column]

    def blank(self, table: str, where: str, values: Sequence[Any] | dict[str, Any], made: dict[str, Any]) -> None:
        """Replace the values of columns in some rows."""
        columns = ", ".join(dict.fromkeys([*self._db[table].pks, *made]))  # type: ignore[union-attr]
        rows = list(self._db.query(f"SELECT {columns} FROM {table} WHERE {where}", values))
        for row in rows:
            self._change(table, row, made)

    def replace(self, table: str, column: str, old: str | None, new: str) -> None:
        """Replace a text in a column, wherever it occurs."""
        sql = f'SELECT id, "{column}" FROM {table} WHERE instr("{column}", ?)'
        for row in list(self._db.query(sql, [old])) if old else ():
            self._change(table, row, {column: row[column].replace(old, new)})

    def _change(self, table: str, row: dict[str, Any], made: dict[str, Any]) -> None:
        keys = {name: row[name] for name in self._db[table].pks}  # type: ignore[union-attr]
        removed = RemovedRow(table, keys, {name: row[name] for name in made}, made)
        self.removed.append(removed)
        _set_columns(self._db, removed, removed.was or {}, made)


def restore_rows(db: Database, removed: Iterable[RemovedRow]) -> None:
    """Restore all rows and values. A value that has changed meanwhile, as in a rebuilt database, is left alone."""
    rows = list(removed)
    for one in (row for row in rows if row.was is None):
        _insert_row(db, one.table, one.row)
    for one in (row for row in reversed(rows) if row.was is not None):
        _set_columns(db, one, one.made or {}, one.was or {})


def _set_columns(db: Database, one: RemovedRow, now: dict[str, Any], then: dict[str, Any]) -> None:
    assignments = ", ".join(f'"{name}" = ?' for name in then)
    same = " AND ".join(f'"{name}" IS ?' for name in (*one.row, *now))
    values = [*then.values(), *one.row.values(), *now.values()]
    db.execute(f'UPDATE "{one.table}" SET {assignments} WHERE {same}', values)


def _insert_row(db: Database, table: str, row: dict[str, Any]) -> None:
    """Insert a row; if another row has its id meanwhile, it gets a new one."""
    if table == "identities" and _is_in_use(db, row):
        return
    if table == "documents" and db.execute("SELECT 1 FROM documents WHERE key = ?", [row["key"]]).fetchone():
        row = {**row, "key": f"{row['key']}--{row['id']}"}
    if not _try_insert(db, table, row) and db[table].pks == ["id"]:  # type: ignore[union-attr]
        _try_insert(db, table, {name: value for name, value in row.items() if name != "id"})


def _try_insert(db: Database, table: str, row: dict[str, Any]) -> bool:
    columns = ", ".join(f'"{name}"' for name in row)
    sql = f'INSERT OR IGNORE INTO "{table}" ({columns}) VALUES ({", ".join("?" * len(row))})'
    cursor = db.execute(sql, [*row.values()])
    if cursor.rowcount > 0:
        count_restored_row(db, table, int(cursor.lastrowid or 0))
    return cursor.rowcount > 0


def _is_in_use(db: Database, row: dict[str, Any]) -> bool:
    """Return whether a strong key leads to another document meanwhile: it can lead to one only."""
    sql = "SELECT 1 FROM identities WHERE key = ?"
    return kind_of(row["key"]) in STRONG_KINDS and db.execute(sql, [row["key"]]).fetchone() is not None

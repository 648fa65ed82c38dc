"""Counts the rows that the harvester writes, and sums their hashes: what anything else writes is noticed by that.

The counting is done by temporary triggers, which only the harvester's own connections have. So whoever else writes to
these tables, SQLite's shell for example, meets no trigger and is not hindered; and the sums tell that it was done.
Columns that users have added do not count.
"""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harvester.store.user_objects import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlite_utils import Database

_EVENTS = {
    "insert": ("AFTER INSERT ON", "rows = rows + 1, sum = sum + {new}"),
    "delete": ("AFTER DELETE ON", "rows = rows - 1, sum = sum - {old}"),
    "update": ("AFTER UPDATE OF {columns} ON", "sum = sum + {new} - {old}"),
}

_COLUMNS = {"documents": ["id", "key", "first_seen", "last_changed"]}
"""Columns that count, where not all do: the others are compared with what pages say."""

Digest = tuple[int, int]
"""How many rows, and the sum of their hashes."""


def register(connection: sqlite3.Connection) -> None:
    """Give a connection the function that rows are hashed with: C calls C, for it is called with every row written."""
    connection.create_function("crc32", 1, zlib.crc32, deterministic=True)


def count_rows(db: Database) -> None:
    """Let all that this connection writes be counted."""
    db.execute("BEGIN")  # each trigger by itself would cost as much as all together
    for table in schema().counted:
        new, old = (_hash(table, f"{row}.") for row in ("new", "old"))
        columns = ", ".join(_columns(table))
        for event, (when, change) in _EVENTS.items():
            db.execute(
                f"""CREATE TEMP TRIGGER count_{table}_{event} {when.format(columns=columns)} main.{table}
                BEGIN UPDATE digests SET {change.format(new=new, old=old)} WHERE name = '{table}'; END"""
            )
    db.execute("COMMIT")


@contextmanager
def uncounted(db: Database) -> Iterator[None]:
    """Count nothing during the block, and everything after it."""
    for (name,) in db.execute("SELECT name FROM temp.sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER temp.{name}")
    yield
    for table in schema().counted:
        write_digest(db, table, digest_of(db, table))
    count_rows(db)


def digest_of(db: Database, table: str) -> Digest:
    """Return the digest of the rows that a table holds."""
    rows, total = db.execute(f"SELECT count(*), coalesce(sum({_hash(table)}), 0) FROM main.{table}").fetchone()
    return rows, total


def digests(db: Database) -> dict[str, Digest]:
    """Return the digests of what the harvester has written, by table."""
    return {name: (rows, total) for name, rows, total in db.execute("SELECT name, rows, sum FROM main.digests")}


def write_digest(db: Database, table: str, digest: Digest) -> None:
    """Keep a digest."""
    db.execute("INSERT OR REPLACE INTO main.digests (name, rows, sum) VALUES (?, ?, ?)", [table, *digest])


def otherwise_written(db: Database, tables: Iterable[str]) -> Iterator[str]:
    """Name each of these tables that holds other rows than the harvester has written, and how it differs."""
    written = digests(db)
    for table in tables:
        try:
            found = digest_of(db, table)
        except sqlite3.DatabaseError as error:
            yield f"{table}: cannot be read ({error})"
            continue
        if table not in written:
            yield f"{table}: nothing says what was written"
        elif found != written[table]:
            yield f"{table}: {_difference(found[0] - written[table][0])}"


def _difference(rows: int) -> str:
    if not rows:
        return "other values"
    return f"{abs(rows)} too {'many' if rows > 0 else 'few'}"


def _hash(table: str, row: str = "") -> str:
    """Return the SQL for the hash of a row; values of other types are others."""
    values = " || ',' || ".join(f"quote({row}{name})" for name in _columns(table))
    return f"crc32(CAST({values} AS BLOB))"


def _columns(table: str) -> list[str]:
    return [f'"{name}"' for name in _COLUMNS.get(table) or sorted(schema().columns[table])]

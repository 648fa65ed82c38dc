"""Counts the rows that the harvester writes, and sums their hashes, so that other writes can be detected.

Temporary triggers do the counting, and only the harvester's own connections have them. Other programs, such as SQLite's
shell, meet no trigger and are not hindered; the sums then show that they have written. Columns that users have added do
not count.

A trigger costs more than the row. So the new rows of tables that mostly grow are counted together at the end of the
transaction: those whose id is above the largest one before it, which `counted_to` holds.
"""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import contextmanager
from functools import cache
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

_GROWING = ("changes", "texts")
"""Tables whose new rows are counted at the end of a transaction."""

_COLUMNS = {"documents": ["id", "key", "first_seen", "last_changed"]}
"""The columns that count, for tables where not all do: the others are compared with what pages say."""

_LONG = frozenset({"after", "before", "content", "text"})
"""Columns of long values: these come last, because each `||` copies all before it."""

Digest = tuple[int, int]
"""The number of rows and the sum of their hashes."""


def register_crc32(connection: sqlite3.Connection) -> None:
    """Register the function that hashes rows: zlib's own, because SQLite calls it for every row written."""
    connection.create_function("crc32", 1, zlib.crc32, deterministic=True)


def start_counting(db: Database) -> None:
    """Create the triggers that count all that this connection writes."""
    db.execute("BEGIN")  # each trigger by itself would cost as much as all together
    db.execute("CREATE TEMP TABLE counted_to (name TEXT PRIMARY KEY, id INTEGER NOT NULL)")
    db.conn.executemany("INSERT INTO counted_to VALUES (?, 0)", [(table,) for table in _GROWING])
    for trigger in _triggers():
        db.execute(trigger)
    db.execute("COMMIT")


@cache
def _triggers() -> list[str]:
    """Return the statements that create all triggers."""
    return [
        _trigger(table, event)
        for table in schema().counted
        for event in _EVENTS
        if not (table in _GROWING and event == "insert")
    ]


def _trigger(table: str, event: str) -> str:
    when, change = _EVENTS[event]
    new, old = (_hash(table, f"{row}.") for row in ("new", "old"))
    actions = f"UPDATE digests SET {change.format(new=new, old=old)} WHERE name = '{table}';"
    if table in _GROWING and event == "delete":  # an id that is free again is given to the next row
        last = f"(SELECT coalesce(max(id), 0) FROM {table})"
        actions += f"UPDATE counted_to SET id = min(id, {last}) WHERE name = '{table}';"
    condition = f"WHEN old.id <= {_last(table)}" if table in _GROWING else ""
    columns = ", ".join(_columns(table))
    return f"""CREATE TEMP TRIGGER count_{table}_{event} {when.format(columns=columns)} main.{table} {condition}
        BEGIN {actions} END"""


def begin_counting(db: Database) -> bool:
    """Note which rows are counted at the beginning of a transaction; return whether this connection counts at all."""
    counting = is_counting(db)
    if counting:
        db.execute(_note_last_ids())
    return counting


@cache
def _note_last_ids() -> str:
    last = (f"WHEN '{name}' THEN (SELECT coalesce(max(id), 0) FROM main.{name})" for name in _GROWING)
    return f"UPDATE temp.counted_to SET id = CASE name {' '.join(last)} END"


def count_new_rows(db: Database) -> None:
    """Count the rows that the open transaction has added to growing tables."""
    db.execute(_count_new())


@cache
def _count_new() -> str:
    new = " UNION ALL ".join(
        f"SELECT '{name}' AS name, count(*) AS rows, sum({_hash(name)}) AS total FROM main.{name}"
        f" WHERE id > {_last(name)}"
        for name in _GROWING
    )
    return f"""UPDATE main.digests SET rows = digests.rows + new.rows, sum = digests.sum + new.total FROM ({new}) AS new
        WHERE digests.name = new.name AND new.rows"""


def count_restored_row(db: Database, table: str, row: int) -> None:
    """Count a row that was inserted with an id of its own, which may be below the last one."""
    if table in _GROWING and is_counting(db):
        where = f"id = ? AND id <= {_last(table)}"
        found = db.execute(f"SELECT {_hash(table)} FROM main.{table} WHERE {where}", [row]).fetchone()
        if found:
            _add_to_digest(db, table, 1, found[0])


def is_counting(db: Database) -> bool:
    """Return whether this connection counts what it writes."""
    return db.execute("SELECT 1 FROM temp.sqlite_master WHERE name = 'counted_to'").fetchone() is not None


def _last(table: str) -> str:
    """Return the SQL expression for the id of the last row of a growing table that is counted."""
    return f"(SELECT id FROM counted_to WHERE name = '{table}')"


def _add_to_digest(db: Database, table: str, rows: int, total: int) -> None:
    db.execute("UPDATE main.digests SET rows = rows + ?, sum = sum + ? WHERE name = ?", [rows, total, table])


@contextmanager
def without_counting(db: Database) -> Iterator[None]:
    """Count nothing during the block; compute the digests anew after it."""
    for (name,) in db.execute("SELECT name FROM temp.sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER temp.{name}")
    db.execute("DROP TABLE temp.counted_to")
    db.execute("PRAGMA temp_store = FILE")  # a rebuild compares all texts with those before
    yield
    for table in schema().counted:
        write_digest(db, table, digest_of(db, table))
    start_counting(db)


def digest_of(db: Database, table: str) -> Digest:
    """Return the digest of the rows that a table holds."""
    rows, total = db.execute(f"SELECT count(*), coalesce(sum({_hash(table)}), 0) FROM main.{table}").fetchone()
    return rows, total


def stored_digests(db: Database) -> dict[str, Digest]:
    """Return the digests of what the harvester has written, by table."""
    return {name: (rows, total) for name, rows, total in db.execute("SELECT name, rows, sum FROM main.digests")}


def write_digest(db: Database, table: str, digest: Digest) -> None:
    """Write a digest."""
    db.execute("INSERT OR REPLACE INTO main.digests (name, rows, sum) VALUES (?, ?, ?)", [table, *digest])


def find_foreign_writes(db: Database, tables: Iterable[str]) -> Iterator[str]:
    """Yield the name of each of these tables whose rows are not those that the harvester wrote, and how they differ."""
    written = stored_digests(db)
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
    """Return the SQL expression for the hash of a row; values of different types have different hashes."""
    values = " || ',' || ".join(f"quote({row}{name})" for name in _columns(table))
    return f"crc32(CAST({values} AS BLOB))"


def _columns(table: str) -> list[str]:
    names = _COLUMNS.get(table) or sorted(schema().columns[table])
    return [f'"{name}"' for name in sorted(names, key=_LONG.__contains__)]

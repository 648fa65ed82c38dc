"""Rows that wait to be written: those of one statement together, which costs a third of writing each by itself."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlite_utils import Database


def insert_into(table: str, columns: Iterable[str]) -> str:
    """Return the SQL statement that inserts a row of these columns."""
    return _insert(table, tuple(columns))


@lru_cache(maxsize=64)
def _insert(table: str, columns: tuple[str, ...]) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"


class WaitingRows:
    """Rows by the SQL statement that writes them. Deletions run first, others in the order in which they first came."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._rows: defaultdict[str, list[Sequence[Any]]] = defaultdict(list)

    def add(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows to those that a statement is to write."""
        self._rows[sql].extend(rows)

    def write(self) -> None:
        """Write all rows within the caller's transaction."""
        waiting, self._rows = self._rows, defaultdict(list)
        for sql in sorted(waiting, key=lambda sql: not sql.startswith("DELETE")):
            if waiting[sql]:
                self._db.conn.executemany(sql, waiting[sql])

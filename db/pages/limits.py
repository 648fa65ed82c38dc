"""Limits the memory of a request: anybody may send SQL to a published database.

Datasette checks its time limit between SQLite's steps, and `zeroblob(1000000000)` is one step.
"""

from __future__ import annotations

import sqlite3
import weakref
from typing import Any

LONGEST = 5_000_000
"""Bytes of one value, ten times the longest text seen. What is longer can still be read on the document's page."""
LONGEST_ANSWER = 16_000_000
"""Bytes of all rows of an answer: a thousand rows are read before the page is made."""
HEAP = 200_000_000
"""Bytes that SQLite may hold in all, caches of all connections included."""
TOO_MUCH = "the answer is too large: ask for fewer rows or columns"


class AnswerTooLargeError(sqlite3.OperationalError):
    """A result is too large; Datasette shows the message, as for SQL errors."""


def limit(conn: sqlite3.Connection) -> None:
    """Limit the memory and the functions that statements of a connection may use."""
    conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    conn.execute(f"PRAGMA hard_heap_limit = {HEAP}")
    conn.execute("PRAGMA temp_store = FILE")
    conn.set_authorizer(_allow)
    if conn.row_factory is sqlite3.Row:
        conn.row_factory = _Counting()


def _allow(action: int, _: str | None, name: str | None, __: str | None, ___: str | None) -> int:
    """Deny the functions whose cost a number in them sets: `printf('%.1000000000c', 'x')`."""
    refused = action == sqlite3.SQLITE_FUNCTION and (name or "").lower() in ("printf", "format")
    return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK


class _Counting:
    """A row factory that counts the bytes of each cursor, and raises AnswerTooLargeError beyond the limit."""

    def __init__(self) -> None:
        self._cursor: Any = None
        self._left = LONGEST_ANSWER

    def __call__(self, cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> sqlite3.Row:
        if self._cursor is None or self._cursor() is not cursor:
            self._cursor, self._left = weakref.ref(cursor), LONGEST_ANSWER
        self._left -= sum(len(value) for value in values if isinstance(value, str | bytes))
        if self._left < 0:
            raise AnswerTooLargeError(TOO_MUCH)
        return sqlite3.Row(cursor, values)

"""Runs queries, and caches costly results until the database has changed."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import threading
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from datasette.utils import sqlite_timelimit

from .etag import mark_stale

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from datasette.app import Datasette
    from datasette.database import Database

    Answer = TypeVar("Answer")
    Rows = list[dict[str, Any]]
    ReadRows = Callable[..., Rows]

MAX_CACHED = 300
COSTLY = 0.05
"""Seconds. A result that takes longer is shown from the cache while it is computed again; others are always current."""
LONGEST_MS = 120_000
"""Milliseconds for our own queries, which all end; a page that takes longer than a second says so."""
REFRESH_FACTOR = 20
"""A costly result is computed again after this many times its own duration, so that a harvest does not keep it busy."""


class Reader:
    """Runs queries on one connection, each with a time limit in milliseconds."""

    def __init__(self, conn: sqlite3.Connection, limit: int) -> None:
        self.conn, self._limit = conn, limit

    def __call__(self, sql: str, *values: object) -> Rows:
        """Return rows as dictionaries."""
        with sqlite_timelimit(self.conn, self._limit):
            cursor = self.conn.execute(sql, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def tuples(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """Return rows one by one, as they come: a million of them at once would take too much memory."""
        with sqlite_timelimit(self.conn, self._limit):
            yield from self.conn.execute(sql, values)


def _connection(database_object: Database) -> sqlite3.Connection:
    """Return this thread's own connection to a database."""
    connections: WeakKeyDictionary[Database, sqlite3.Connection]
    connections = _threads.__dict__.setdefault("of", WeakKeyDictionary())
    if database_object not in connections:
        connections[database_object] = conn = database_object.connect()
        conn.text_factory = lambda value: str(value, "utf-8", "replace")
        conn.execute("PRAGMA temp_store = MEMORY")
    return connections[database_object]


async def with_reader(
    datasette: Datasette, database: str, use: Callable[[Reader], Answer], *, export: bool = False
) -> Answer:
    """Run `use` with a reader in a thread; several queries in one call wait for a thread only once.

    These are not Datasette's threads, which three slow queries of a user would block. Exports have their own thread.
    """
    database_object = datasette.databases[database]
    pool = _export_threads if export else _reading_threads
    answer: Answer = await asyncio.get_running_loop().run_in_executor(
        pool, lambda: use(Reader(_connection(database_object), LONGEST_MS))
    )
    return answer


def try_read(read: ReadRows, sql: str, *values: object) -> Rows | None:
    """Return the rows of a query; None if it took too long or the table does not exist."""
    try:
        return read(sql, *values)
    except sqlite3.OperationalError as error:
        logging.getLogger(__name__).warning("%s: %s", error, " ".join(sql.split())[:300])
        return None  # the page says that it does not know


async def rows(datasette: Datasette, database: str, sql: str, *values: object) -> Rows:
    """Return the rows of a query."""
    return await with_reader(datasette, database, lambda read: read(sql, *values))


async def try_rows(datasette: Datasette, database: str, sql: str, *values: object) -> Rows | None:
    """Return the rows of a query, or None, as `try_read` does."""
    return await with_reader(datasette, database, lambda read: try_read(read, sql, *values))


def json_ids(ids: Iterable[int]) -> str:
    """Return ids as one JSON value for `json_each`: SQLite limits the number of parameters."""
    return json.dumps(list(ids))


@dataclass
class _CacheEntry:
    version: int
    value: Any
    made_at: float
    cost: float


_threads = threading.local()
_reading_threads = ThreadPoolExecutor(4, "reading")
_export_threads = ThreadPoolExecutor(1, "export")
_cache: WeakKeyDictionary[Datasette, OrderedDict[tuple[str, object], _CacheEntry]] = WeakKeyDictionary()
_tasks: WeakKeyDictionary[Datasette, dict[tuple[str, object], asyncio.Task[Any]]] = WeakKeyDictionary()
_watching: WeakKeyDictionary[Database, sqlite3.Connection] = WeakKeyDictionary()


def data_version(datasette: Datasette, database: str) -> int:
    """Return SQLite's `data_version`, which changes with every write; comparable on one connection only."""
    database_object = datasette.databases[database]
    if database_object not in _watching:
        _watching[database_object] = database_object.connect()
    return int(_watching[database_object].execute("PRAGMA data_version").fetchone()[0])


async def cached(datasette: Datasette, database: str, name: object, make: Callable[[], Awaitable[Answer]]) -> Answer:
    """Return a cached result; compute it if there is none. A costly one may be stale while it is computed again."""
    key = (database, name)
    entry = _cache.setdefault(datasette, OrderedDict()).get(key)
    if entry is None:
        # Others wait for it, too: it goes on when one of them leaves.
        return await asyncio.shield(_start_making(datasette, key, make))
    _cache[datasette].move_to_end(key)
    value: Answer = entry.value
    if entry.version == data_version(datasette, database):
        return value
    if entry.cost <= COSTLY:
        return await asyncio.shield(_start_making(datasette, key, make))
    if time.monotonic() - entry.made_at > entry.cost * REFRESH_FACTOR:
        _start_making(datasette, key, make).add_done_callback(_log_failure)
    mark_stale()
    return value


def _start_making(
    datasette: Datasette, key: tuple[str, object], make: Callable[[], Awaitable[Answer]]
) -> asyncio.Task[Answer]:
    """Start computing a result, or return the task that already does."""
    tasks = _tasks.setdefault(datasette, {})
    if key not in tasks:
        tasks[key] = asyncio.ensure_future(_compute(datasette, key, make))
        tasks[key].add_done_callback(lambda _: tasks.pop(key))
    return tasks[key]


async def _compute(datasette: Datasette, key: tuple[str, object], make: Callable[[], Awaitable[Answer]]) -> Answer:
    before, start = data_version(datasette, key[0]), time.monotonic()
    value = await make()
    if value is None:  # it failed, perhaps because the machine was busy: the next request tries again
        return value
    now = time.monotonic()
    answers = _cache[datasette]
    answers[key] = _CacheEntry(before, value, now, now - start)
    while len(answers) > MAX_CACHED:
        answers.popitem(last=False)
    return value


def _log_failure(task: asyncio.Task[Any]) -> None:
    """Log the error of a task that nothing awaits; the cached result stays."""
    if not task.cancelled() and task.exception():
        logging.getLogger(__name__).warning("an answer could not be made anew: %s", task.exception())

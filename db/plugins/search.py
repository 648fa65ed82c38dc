"""Makes Datasette's own search accept any input, and counts rows that are not indexed yet."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from datasette import hookimpl
from datasette.utils import escape_fts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from datasette.app import Datasette

    App = Callable[[dict[str, Any], object, object], Awaitable[None]]

SEARCHED = {"documents", "texts"}
MANY = 10_000
"""The highest count: the page must not wait for more."""


def escape_query(query: str) -> str:
    """Return a query that FTS5 accepts. Datasette's own function fails if nothing but a quote was typed."""
    return escape_fts(query.replace("\0", " ")) or '""'


@hookimpl(trylast=True)
def prepare_connection(conn: sqlite3.Connection) -> None:
    """Replace Datasette's function `escape_fts`, which is registered before."""
    conn.create_function("escape_fts", 1, escape_query)


@hookimpl
def asgi_wrapper() -> Callable[[App], App]:
    """Remove an empty `_search`, which every filter form sends, from the query: Datasette would find nothing."""

    def wrap(app: App) -> App:
        async def without_empty_search(scope: dict[str, Any], receive: object, send: object) -> None:
            parts = scope.get("query_string", b"").split(b"&")
            await app(
                {**scope, "query_string": b"&".join(part for part in parts if part != b"_search=")}, receive, send
            )

        return without_empty_search

    return wrap


@hookimpl
def extra_template_vars(datasette: Datasette) -> dict[str, Any]:
    """Return the template function `unindexed`, which counts rows that a running or broken harvest has not indexed."""

    async def unindexed(database: str, table: str) -> int:
        """Return how many rows of a table are not in the search index, or are there with old words."""
        if table not in SEARCHED:
            return 0
        sql = f"SELECT count(*) FROM (SELECT 1 FROM documents_unindexed LIMIT {MANY})"  # noqa: S608 - our own number
        try:
            rows = (await datasette.databases[database].execute(sql, log_sql_errors=False)).rows
        except sqlite3.OperationalError:
            return 0  # a table of that name in a database that is not ours
        return int(rows[0][0])

    return {"unindexed": unindexed}

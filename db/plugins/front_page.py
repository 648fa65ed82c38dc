"""Gathers what the front page says of a harvest: what is held, what is missing, how the last run ended, what is new."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from datasette import hookimpl
from datasette.database import QueryInterrupted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from datasette.app import Datasette

QUESTIONS = {
    # Each count is answered by an index alone, so that it stays quick with a million documents.
    "documents": """
        SELECT (SELECT count(*) FROM documents) AS held,
            (SELECT count(*) FROM documents WHERE date_from IS NULL) AS undated,
            (SELECT count(*) FROM documents WHERE gone_at IS NOT NULL) AS gone,
            (SELECT min(year) FROM documents) AS first_year, (SELECT max(year) FROM documents) AS last_year""",
    "years": "SELECT year, count(*) AS documents FROM documents WHERE year IS NOT NULL GROUP BY year ORDER BY year",
    "kinds": "SELECT kind, count(*) AS documents FROM documents GROUP BY kind ORDER BY kind IS NULL, 2 DESC, kind",
    "listings": """
        SELECT *, count(*) OVER () AS listings, sum(complete IS 1) OVER () AS whole, sum(complete IS 0) OVER () AS gaps
        FROM coverage ORDER BY missing DESC, name LIMIT 8""",
    "run": "SELECT * FROM runs ORDER BY id DESC LIMIT 1",
    "problems": """
        SELECT severity, count(*) AS problems FROM problems WHERE run_id = (SELECT max(id) FROM runs)
        GROUP BY severity ORDER BY severity = 'notice', severity = 'warning'""",
    # Only the newest changes are looked at, however many there are; a document changed in three fields is one line.
    "latest": """
        SELECT max(c.id), c.kind AS change, c.observed_at, d.id, d.title, d.date, group_concat(c.field, ', ') AS fields
        FROM (SELECT * FROM changes ORDER BY id DESC LIMIT 200) AS c JOIN documents AS d ON d.id = c.document_id
        GROUP BY c.run_id, c.document_id, c.kind ORDER BY 1 DESC LIMIT 8""",
}
PAGES = """
    SELECT first, min(last, first + records - 1) AS last FROM captures
    WHERE id IN (SELECT max(id) FROM captures WHERE listing_id = ? AND form IS NOT NULL GROUP BY uri)
        AND first IS NOT NULL AND records > 0
    ORDER BY first"""


async def ask(datasette: Datasette, database: str, sql: str, *values: object) -> list[dict[str, Any]] | None:
    """Give the rows of an answer; None if it took too long, or the database is of an older version."""
    try:
        rows = (await datasette.databases[database].execute(sql, list(values))).rows
    except (QueryInterrupted, sqlite3.OperationalError):
        return None  # Datasette has logged it; the page says that it does not know
    return [dict(row) for row in rows]


def join(pages: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join pages, in order, that follow one another or overlap into stretches of positions held."""
    stretches: list[tuple[int, int]] = []
    for first, last in pages:
        if stretches and first <= stretches[-1][1] + 1:
            stretches[-1] = (stretches[-1][0], max(last, stretches[-1][1]))
        else:
            stretches.append((first, last))
    return stretches


async def stretches_held(datasette: Datasette, database: str, listing: dict[str, Any]) -> list[tuple[int, int]]:
    """Give the stretches of a listing that are held. A walked listing knows how many records it found, not where."""
    if listing["basis"] == "walk":
        return [(1, listing["held"])] if listing["held"] else []
    pages = await ask(datasette, database, PAGES, listing["listing_id"]) or []
    return join((page["first"], page["last"]) for page in pages)


async def front(datasette: Datasette, database: str) -> dict[str, Any]:
    """Give everything that the front page says of one harvest."""
    said: dict[str, Any] = {name: await ask(datasette, database, sql) for name, sql in QUESTIONS.items()}
    for listing in said["listings"] or []:
        listing["stretches"] = await stretches_held(datasette, database, listing)
    for name in ("documents", "run"):
        said[name] = said[name][0] if said[name] else None
    return said


@hookimpl
def extra_template_vars(datasette: Datasette) -> dict[str, Any]:
    """Let templates ask for it: only a page that does pays for it."""

    async def of(database: str) -> dict[str, Any]:
        return await front(datasette, database)

    return {"front": of}

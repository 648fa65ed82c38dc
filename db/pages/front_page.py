"""The front page: for each harvest its documents, coverage, last run and latest changes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Response

from .coverage import with_stretches
from .databases import catalogues, harvests
from .queries import cached, try_rows

if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.utils.asgi import Request

QUERIES = {
    # Each count is answered by an index, so that it stays quick with a million documents.
    "documents": """
        SELECT (SELECT count(*) FROM documents) AS held,
            (SELECT count(*) FROM documents WHERE date_from IS NULL AND date_to IS NULL) AS undated,
            (SELECT count(*) FROM documents WHERE date_from IS NULL AND date_to IS NULL AND date_text GLOB '*[0-9]*')
                AS unread,
            (SELECT count(*) FROM documents WHERE gone_at IS NOT NULL) AS gone,
            (SELECT min(year) FROM documents) AS first_year, (SELECT max(year) FROM documents) AS last_year""",
    "years": "SELECT year, count(*) AS documents FROM documents WHERE year IS NOT NULL GROUP BY year ORDER BY year",
    "kinds": "SELECT kind, count(*) AS documents FROM documents GROUP BY kind ORDER BY kind IS NULL, 2 DESC, kind",
    "listings": """
        SELECT coverage.*, listings.key, count(*) OVER () AS listings, sum(complete IS 1) OVER () AS whole,
            sum(complete IS 0) OVER () AS gaps
        FROM coverage JOIN listings ON listings.id = coverage.listing_id
        ORDER BY missing DESC, coverage.name LIMIT 8""",
    "run": "SELECT * FROM runs ORDER BY id DESC LIMIT 1",
    "problems": """
        SELECT severity, count(*) AS problems FROM problems WHERE run_id = (SELECT max(id) FROM runs)
        GROUP BY severity ORDER BY severity = 'notice', severity = 'warning'""",
    # Only the newest changes are looked at, however many there are; a document changed in three fields is one line.
    "latest": """
        SELECT max(c.id), c.kind AS change, c.observed_at, d.id, d.key, d.title, d.date, d.date_text,
            group_concat(c.field, ', ') AS fields
        FROM (SELECT * FROM changes WHERE kind <> 'filled' ORDER BY id DESC LIMIT 200) AS c
            JOIN documents AS d ON d.id = c.document_id
        GROUP BY c.run_id, c.document_id, c.kind ORDER BY 1 DESC LIMIT 8""",
    "sources": "SELECT source, count(*) AS documents FROM documents GROUP BY source ORDER BY 2 DESC, 1",
    # Two who wrote to each other most often, and a month of it: what to look for by way of example.
    "example": """
        SELECT sender, recipient,
            max(CASE WHEN date_precision IN ('day', 'month') THEN substr(date_from, 1, 7) END) AS month
        FROM documents WHERE sender IS NOT NULL AND recipient IS NOT NULL
        GROUP BY sender, recipient ORDER BY count(*) DESC, sender LIMIT 1""",
}


async def front_page(request: Request, datasette: Datasette) -> Response:
    """Show the front page, in place of Datasette's own, which counts every table each time."""
    here = harvests(datasette)
    others = [name for name in datasette.databases if name not in here and not name.startswith("_")]
    overviews = {name: await harvest_overview(datasette, name) for name in here}
    html = await datasette.render_template("index.html", {"overviews": overviews, "others": others}, request=request)
    return Response.html(html)


async def harvest_overview(datasette: Datasette, database: str) -> dict[str, Any]:
    """Return everything that the front page shows of one harvest."""

    async def answer(name: str) -> Any:
        # Each by itself: how the last run ended is quick, and so always as it is; counting may lag behind a harvest.
        return await cached(datasette, database, ("front", name), lambda: _make(datasette, database, name))

    overview = dict(zip(QUERIES, await asyncio.gather(*map(answer, QUERIES)), strict=True))
    for name in ("documents", "run", "example"):
        overview[name] = overview[name][0] if overview[name] else None
    names = catalogues(datasette)
    overview["archives"] = [names.get(row["source"], row["source"]) for row in overview["sources"] or []]
    return overview


async def _make(datasette: Datasette, database: str, name: str) -> list[dict[str, Any]] | None:
    found = await try_rows(datasette, database, QUERIES[name])
    return await with_stretches(datasette, database, found) if name == "listings" else found

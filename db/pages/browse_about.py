"""The pages "Browse" and "About": what can be browsed; what the collection is, whom to contact, how to cite it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from . import responses
from .databases import catalogues, requested_harvest
from .facet_counts import count
from .queries import cached, rows, try_rows
from .search import search_database
from .search_request import SearchRequest

if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.utils.asgi import Request, Response

MONTHS = """SELECT substr(date_from, 1, 7) AS month, count(*) AS documents FROM documents
    WHERE date_precision IN ('day', 'month') GROUP BY 1 ORDER BY 1"""
SOURCES = """SELECT source, count(*) AS documents, min(year) AS first_year, max(year) AS last_year,
    count(gone_at) AS gone FROM documents GROUP BY source ORDER BY 2 DESC"""
TEXTS = """SELECT kind, coalesce(language, 'language not stated') AS language, count(*) AS texts FROM texts
    GROUP BY 1, 2 ORDER BY 3 DESC"""
RIGHTS = """SELECT coalesce(rights, 'Nothing is stated.') AS statement, count(*) AS documents FROM documents
    GROUP BY rights ORDER BY rights IS NULL, 2 DESC"""
READ = "SELECT max(read_at) AS read_at FROM reads"


async def browse_page(request: Request, datasette: Datasette) -> Response:
    """Show what can be browsed: people, places, subjects, kinds, months."""
    database = requested_harvest(datasette, request)
    counts = count({database: await search_database(datasette, database, SearchRequest())}, SearchRequest())
    years: dict[str, dict[str, int]] = {}
    for row in await _kept(datasette, database, MONTHS):
        years.setdefault(row["month"][:4], {})[row["month"][5:]] = row["documents"]
    return await responses.render_page(datasette, request, "browse.html", {"counts": counts, "months": years}, database)


async def about_page(request: Request, datasette: Datasette) -> Response:
    """Show the archives of these documents, their rights, a contact, and how to cite the collection."""
    database = requested_harvest(datasette, request)
    config: dict[str, Any] = datasette.plugin_config("reading-room") or {}
    names = catalogues(datasette)
    # Without an answer the page would say that nothing is held: that is an error, unlike what else may be missing.
    held = await cached(datasette, database, SOURCES, lambda: rows(datasette, database, SOURCES))
    sources = [{**row, "name": names.get(row["source"], row["source"])} for row in held]
    (read,) = await rows(datasette, database, READ)
    context = {
        "sources": sources,
        "texts": await _kept(datasette, database, TEXTS),
        "rights": await _kept(datasette, database, RIGHTS),
        "read_at": read["read_at"],
        "contact": str(config.get("contact") or ""),
        "about_text": str(config.get("about") or ""),
        "home": responses.absolute_url(datasette, request, str(datasette.urls.instance())),
        "today": datetime.now(UTC).date().isoformat(),
    }
    return await responses.render_page(datasette, request, "about.html", context, database)


async def _kept(datasette: Datasette, database: str, sql: str) -> list[dict[str, Any]]:
    """Return the rows of a query that reads all documents, cached until the database changes; none if it fails."""
    return await cached(datasette, database, sql, lambda: try_rows(datasette, database, sql)) or []

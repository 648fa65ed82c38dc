"""The routes and hooks that `plugins/pages.py` registers with Datasette."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from ..citations import FORMATS
from . import browse_about, databases, document_page, front_page, health, search_page, selection, unapi
from .closed import wrap as closed
from .csv_export import wrap as csv_wrapper
from .etag import wrapper
from .folding import register as register_fold
from .labels import FACETS, field_label, fields_in_words
from .limits import limit
from .queries import json_ids, try_rows
from .renderers import renderer
from .responses import document_path, linker

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Awaitable, Callable, Iterable

    from datasette.app import Datasette

__all__ = ["RENDERERS", "ROUTES", "metadata", "on_startup", "prepare", "template_vars", "wrap"]
ROUTES = [
    (r"^/$", front_page.front_page),
    (document_page.ROUTE, document_page.document_page),
    (search_page.ROUTE, search_page.search_page),
    (search_page.VALUES_ROUTE, search_page.values_page),
    (search_page.FEED_ROUTE, search_page.feed),
    (r"^/coverage(?:\.(?P<format>json))?$", health.coverage_page),
    (r"^/syncs$", health.syncs_page),
    (r"^/-/health(?:\.json)?$", health.health),
    (selection.ROUTE, selection.ticked),
    (r"^/browse$", browse_about.browse_page),
    (r"^/about$", browse_about.about_page),
    (r"^/unapi$", unapi.unapi),
    (r"^/robots\.txt$", health.robots),
]
RENDERERS = [renderer(ending) for ending in FORMATS]


def on_startup(datasette: Datasette) -> Callable[[], Awaitable[None]]:
    """Return the coroutine function that Datasette runs at startup."""

    async def find() -> None:
        await databases.find_harvests(datasette)

    return find


def metadata(datasette: Datasette) -> dict[str, Any]:
    """Return Datasette's metadata for harvests in files of other names."""
    return databases.metadata(datasette)


def wrap(datasette: Datasette) -> Callable[[Any], Any]:
    """Return a function that wraps the application: ETags, blocked pages, and CSV that is safe to open."""
    marked = wrapper(datasette)
    most, base_url = datasette.setting("max_returned_rows"), datasette.setting("base_url")
    return lambda app: marked(closed(csv_wrapper(app, most, base_url), base_url))


def prepare(conn: sqlite3.Connection) -> None:
    """Set up each connection."""
    limit(conn)
    register_fold(conn)


def template_vars(datasette: Datasette, database: str | None) -> dict[str, Any]:
    """Return the template variables: the site's name, the harvests, and functions for metadata, links and labels."""

    def about(table: str) -> dict[str, Any]:
        return databases.table_description(datasette, database, table)

    async def documents_of(name: str, cells: Iterable[Any]) -> dict[int, dict[str, Any]]:
        sql = "SELECT id, key, title FROM documents WHERE id IN (SELECT value FROM json_each(?))"
        ids = [number for number in map(number_of, cells) if number is not None]
        found = await try_rows(datasette, name, sql, json_ids(ids)) if name in databases.harvests(datasette) else []
        return {row["id"]: row for row in found or []}

    return {
        "site": databases.description().get("title"),
        "harvests": databases.harvests(datasette),
        "about": about,
        "about_database": lambda name: databases.database_description(datasette, name),
        "documents_of": documents_of,
        "number_of": number_of,
        "quote_plus": quote_plus,
        "facet_labels": FACETS,
        "field_label": field_label,
        "fields_in_words": fields_in_words,
        "document_path": document_path,
        "link_in": lambda name: linker(datasette, name),
    }


def number_of(cell: object) -> int | None:
    """Return the number in a cell, which Datasette joins with a label where it knows one."""
    value = cell.get("value") if isinstance(cell, dict) else cell
    return value if isinstance(value, int) else None

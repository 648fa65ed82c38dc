"""Where Datasette comes in: what `plugins/reading_room.py` hands on to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..citations import FORMATS
from . import document_page, front, harvests, health, hidden, search_page, unapi
from .answers import document_path, linker
from .asking import ask
from .caching import wrapper
from .closed import wrap as closed
from .csv_wrap import wrap as csv_wrapper
from .folding import register as register_fold
from .limits import limit
from .renderers import renderer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Awaitable, Callable

    from datasette.app import Datasette

__all__ = ["RENDERERS", "ROUTES", "for_templates", "hidden", "metadata", "opening", "prepare", "wrap"]
ROUTES = [
    (r"^/$", front.front_page),
    (document_page.ROUTE, document_page.document_page),
    (search_page.ROUTE, search_page.search_page),
    (search_page.VALUES_ROUTE, search_page.values_page),
    (search_page.FEED_ROUTE, search_page.feed),
    (r"^/coverage(?:\.(?P<format>json))?$", health.coverage_page),
    (r"^/syncs$", health.syncs_page),
    (r"^/-/health(?:\.json)?$", health.health),
    (r"^/unapi$", unapi.unapi),
    (r"^/robots\.txt$", health.robots),
]
RENDERERS = [renderer(ending) for ending in FORMATS]


def opening(datasette: Datasette) -> Callable[[], Awaitable[None]]:
    """Give what is done at the start."""

    async def find() -> None:
        await harvests.find(datasette)

    return find


def metadata(datasette: Datasette) -> dict[str, Any]:
    """Give what is to be said of harvests in files of other names."""
    return harvests.metadata(datasette)


def wrap(datasette: Datasette) -> Callable[[Any], Any]:
    """Give what wraps the application: marks for caches around a CSV that is safe to open."""
    marked = wrapper(datasette)
    most, base_url = datasette.setting("max_returned_rows"), datasette.setting("base_url")
    return lambda app: marked(closed(csv_wrapper(app, most, base_url), base_url))


def prepare(conn: sqlite3.Connection) -> None:
    """Set up each connection."""
    limit(conn)
    register_fold(conn)


def for_templates(datasette: Datasette, database: str | None) -> dict[str, Any]:
    """Give templates the site's name, the harvests here, what metadata says about any table, and ways to ask."""

    def about(table: str) -> dict[str, Any]:
        tables = datasette.metadata("tables", database=database, fallback=False) or {}
        described: dict[str, Any] = tables.get(table, {})
        return described

    async def key_of(name: str, number: object) -> str | None:
        found = await ask(datasette, name, "SELECT key FROM documents WHERE id = ?", number)
        return str(found[0]["key"]) if found else None

    return {
        "site": datasette.metadata("title"),
        "harvests": harvests.harvests(datasette),
        "about": about,
        "key_of": key_of,
        "document_path": document_path,
        "link_in": lambda name: linker(datasette, name),
    }

"""Renders values as text. Pages' content is hostile: only columns of URLs become links, and only to http and https."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from datasette import hookimpl
from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from datasette.app import Datasette

ADDRESSES = {"url", "uri"}
ROWS = {"document_id": "documents", "listing_id": "listings", "capture_id": "captures", "run_id": "runs"}
COMPLETE = {1: "complete", 0: "incomplete", None: "not known"}


def is_web_address(value: str) -> bool:
    """Return whether a value is an http or https URL and nothing else."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and value.isprintable() and " " not in value


def link_to_row(datasette: Datasette, database: str, table: str, number: int) -> Callable[[], Awaitable[Markup]]:
    """Return a function that renders a foreign key as a link with the row's label."""

    async def render() -> Markup:
        db = datasette.databases[database]
        label = await db.label_column_for_table(table)
        rows = (await db.execute(f"SELECT {label} FROM {table} WHERE id = ?", [number])).rows  # noqa: S608 - own names
        link = Markup('<a href="{}">{}</a>&nbsp;<em>{}</em>')
        return link.format(datasette.urls.row(database, table, str(number)), rows[0][0] if rows else "?", number)

    return render


@hookimpl
def render_cell(
    value: object, column: str, table: str | None, database: str, datasette: Datasette
) -> Markup | Callable[[], Awaitable[Markup]] | None:
    """Render URLs, coverage and foreign keys; return None for what Datasette should render itself."""
    if isinstance(value, str) and is_web_address(value.strip()):
        linked = Markup('<a href="{0}" rel="noreferrer nofollow">{0}</a>')
        return linked.format(value.strip()) if column in ADDRESSES else escape(value)
    if table == "coverage" and column == "complete" and (value is None or isinstance(value, int)):
        return Markup("{}").format(COMPLETE.get(value, "not known"))
    if table and isinstance(value, int) and column in ROWS:
        # On a table's page Datasette has put the label there itself; a row's page and a view have the bare number.
        return link_to_row(datasette, database, ROWS[column], value)
    return None

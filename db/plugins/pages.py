"""Registers the reading room (../pages) with Datasette, wherever this folder is and whatever else is installed."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasette import hookimpl

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from datasette.app import Datasette

PACKAGE = "harvest_configuration"
FOLDER = Path(__file__).resolve().parent.parent


def import_package() -> Any:
    """Import the folder above as a package of its own name; Datasette does not put it on the path."""
    if PACKAGE not in sys.modules:
        spec = spec_from_file_location(PACKAGE, FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)])
        if spec is None or spec.loader is None:
            raise ImportError(f"{FOLDER} is not whole: __init__.py is missing")
        sys.modules[PACKAGE] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[PACKAGE])
    return import_module(f"{PACKAGE}.pages.hooks")


hooks = import_package()


@hookimpl
def startup(datasette: Datasette) -> Callable[[], Awaitable[None]]:
    """Find the harvests once: Datasette opens no new files while it runs."""
    opened: Callable[[], Awaitable[None]] = hooks.on_startup(datasette)
    return opened


@hookimpl
def get_metadata(datasette: Datasette) -> dict[str, Any]:
    """Describe a harvest in a file of another name as if it were `harvest.db`."""
    described: dict[str, Any] = hooks.metadata(datasette)
    return described


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """Add the pages."""
    routes: list[tuple[str, Any]] = hooks.ROUTES
    return routes


@hookimpl
def register_output_renderer() -> list[dict[str, Any]]:
    """Register renderers of citations for any table or query that has documents."""
    renderers: list[dict[str, Any]] = hooks.RENDERERS
    return renderers


@hookimpl
def extra_template_vars(datasette: Datasette, database: str | None) -> dict[str, Any]:
    """Return the variables of all templates."""
    variables: dict[str, Any] = hooks.template_vars(datasette, database)
    return variables


@hookimpl(trylast=True)
def prepare_connection(conn: Any) -> None:
    """Set up each connection."""
    hooks.prepare(conn)


@hookimpl
def asgi_wrapper(datasette: Datasette) -> Callable[[Any], Any]:
    """Wrap the application: CSV that spreadsheets open correctly, and ETags."""
    wrap: Callable[[Any], Any] = hooks.wrap(datasette)
    return wrap

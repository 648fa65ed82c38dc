"""Finds the harvests among the databases served, and shows each as metadata.yaml describes one."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from datasette import hookimpl

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from datasette.app import Datasette

DESCRIBED_AS = "harvest"
"""The name under which metadata.yaml describes a harvest: that of its usual file, harvest.db."""
MARK = "SELECT 1 FROM _sqlite_migrations WHERE migration_set = 'harvester'"

_found: WeakKeyDictionary[Datasette, list[str]] = WeakKeyDictionary()
_metadata: WeakKeyDictionary[Datasette, dict[str, Any]] = WeakKeyDictionary()


async def _is_harvest(datasette: Datasette, name: str) -> bool:
    try:
        return bool((await datasette.databases[name].execute(MARK, log_sql_errors=False)).rows)
    except sqlite3.DatabaseError:
        return False  # another's database, or a damaged one, about which Datasette has its own words


@hookimpl
def startup(datasette: Datasette) -> Callable[[], Awaitable[None]]:
    """Look for harvests once: Datasette takes no new files while it runs."""

    async def find() -> None:
        names = [name for name in datasette.databases if not name.startswith("_")]
        _found[datasette] = [name for name in names if await _is_harvest(datasette, name)]
        described = (datasette.metadata("databases") or {}).get(DESCRIBED_AS, {})
        others = [name for name in _found[datasette] if name != DESCRIBED_AS]
        _metadata[datasette] = {"databases": dict.fromkeys(others, described)}

    return find


@hookimpl
def get_metadata(datasette: Datasette) -> dict[str, Any]:
    """Describe a harvest in a file of another name as if it were `harvest.db`."""
    return _metadata.get(datasette, {})


@hookimpl
def extra_template_vars(datasette: Datasette, database: str | None) -> dict[str, Any]:
    """Give templates the site's name, the harvests here, and what metadata says about any table."""

    def about(table: str) -> dict[str, Any]:
        tables = datasette.metadata("tables", database=database, fallback=False) or {}
        described: dict[str, Any] = tables.get(table, {})
        return described

    return {"site": datasette.metadata("title"), "harvests": _found.get(datasette, []), "about": about}

"""Finds the harvests among the served databases, and their descriptions in metadata.yaml."""

from __future__ import annotations

import sqlite3
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import yaml
from datasette.utils.asgi import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datasette.app import Datasette
    from datasette.utils.asgi import Request

DESCRIBED_AS = "harvest"
"""The name under which metadata.yaml describes a harvest: that of its usual file, harvest.db."""
MARK = "SELECT 1 FROM _sqlite_migrations WHERE migration_set = 'harvester'"

DESCRIPTION = Path(__file__).resolve().parent.parent / "metadata.yaml"

_harvests: WeakKeyDictionary[Datasette, list[str]] = WeakKeyDictionary()
_metadata: WeakKeyDictionary[Datasette, dict[str, Any]] = WeakKeyDictionary()


def read_metadata() -> dict[str, Any]:
    """Return the content of metadata.yaml."""
    # Datasette's own way takes ten times as long, which each start of a server would pay twice.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, Any] = yaml.load(DESCRIPTION.read_text("utf-8"), loader)  # noqa: S506 - both are safe
    return found


@cache
def description() -> dict[str, Any]:
    """Return the content of metadata.yaml, which Datasette 1.0 does not keep as a whole."""
    return read_metadata()


def database_description(datasette: Datasette, database: str) -> dict[str, Any]:
    """Return what metadata.yaml says of a database; a harvest in a file of any name is described alike."""
    name = DESCRIBED_AS if database in harvests(datasette) else database
    found: dict[str, Any] = description().get("databases", {}).get(name, {})
    return found


def table_description(datasette: Datasette, database: str | None, table: str) -> dict[str, Any]:
    """Return what metadata.yaml says of a table; a harvest in a file of any name is described alike."""
    found: dict[str, Any] = database_description(datasette, database or "").get("tables", {}).get(table, {})
    return found


async def _is_harvest(datasette: Datasette, name: str) -> bool:
    try:
        return bool((await datasette.databases[name].execute(MARK, log_sql_errors=False)).rows)
    except sqlite3.DatabaseError:
        return False  # another's database, or a damaged one, about which Datasette has its own words


async def find_harvests(datasette: Datasette) -> None:
    """Find the harvests among the databases, and remember them."""
    names = [name for name in datasette.databases if not name.startswith("_")]
    _harvests[datasette] = [name for name in names if await _is_harvest(datasette, name)]
    described = description()["databases"][DESCRIBED_AS]
    others = [name for name in _harvests[datasette] if name != DESCRIBED_AS]
    _metadata[datasette] = {"databases": dict.fromkeys(others, described)}


def harvests(datasette: Datasette) -> list[str]:
    """Return the names of the databases that are harvests."""
    return _harvests.get(datasette, [])


def metadata(datasette: Datasette) -> dict[str, Any]:
    """Return Datasette's metadata for harvests in files of other names."""
    return _metadata.get(datasette, {})


def requested_harvest(datasette: Datasette, request: Request) -> str:
    """Return the requested harvest: the one named by `in`, else the first; raise NotFound if there is none."""
    names = harvests(datasette)
    name = request.args.get("in") or (names[0] if names else "")
    if name not in names:
        raise NotFound(f"There is no harvest “{name}” here" if name else "Nothing is harvested yet")
    return name


def harvest_param(datasette: Datasette, database: str) -> list[tuple[str, str]]:
    """Return the query parameters that a link to this harvest needs: none for the first harvest."""
    return [] if harvests(datasette)[:1] == [database] else [("in", database)]


def catalogues(datasette: Datasette) -> Mapping[str, str]:
    """Return the names of archives as they are cited, by source."""
    names: dict[str, str] = (datasette.plugin_config("reading-room") or {}).get("archives", {})
    return names

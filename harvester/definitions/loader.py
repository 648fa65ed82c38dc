"""Loads definitions. Each error is one line: file, line, and how to correct it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from harvester.config.toml_file import read_toml, suggestion, validated
from harvester.definitions.model import Definition
from harvester.definitions.source import source_of
from harvester.source import FACETS, FIELDS, LEFT_OUT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harvester.config.toml_file import KeyPath, Positions
    from harvester.definitions.model import ListingTable, PagerTable
    from harvester.source import Source


def load_definition(file: Path, platforms: Path) -> Source:
    """Return the source that a file defines; its name is the file's.

    `platforms`: the folder of the definitions of platforms. Raises SettingsError for the first error in the file.
    """
    return source_of(read_definition(file, platforms), file.stem)


def read_definition(file: Path, platforms: Path) -> Definition:
    """Return the definition in a file, completed by that of its platform."""
    written, places = read_toml(file, "listing")
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", file.stem):
        raise places.error_at((), "a source has its file's name; rename it to small letters, digits, - and _ only")
    return validated(Definition, _completed(written, places, platforms), places, _contradictions)


def _completed(written: dict[str, Any], places: Positions, platforms: Path) -> dict[str, Any]:
    """Return a definition over that of its platform: tables are merged key by key, other values replace."""
    name = written.get("platform")
    if not isinstance(name, str):
        return written
    there = sorted(found.stem for found in platforms.glob("*.toml"))
    if name not in there:
        raise places.error_at(("platform",), f'there is no platform "{name[:40]}"; {suggestion(name, there)}')
    return _merged(read_toml(platforms / f"{name}.toml", "listing")[0], written)


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = {
        key: _merged(below[key], value) if isinstance(value, dict) and isinstance(below.get(key), dict) else value
        for key, value in above.items()
    }
    return {**below, **both}


def _contradictions(definition: Definition) -> Iterator[tuple[KeyPath, str]]:
    """Yield the path of each key that contradicts another one, and what to do about it."""
    if definition.listing is None and definition.document is None:
        yield (), "nothing says how its pages are read; write a table [listing], [document], or a platform"
    if definition.pager:
        yield from _of_pager(definition.pager)
    if definition.listing:
        yield from _of_listing(definition.listing, has_items=bool(definition.items))
    known = (*FIELDS, *FACETS, LEFT_OUT)
    for label, field in definition.labels.items():
        if field not in known:
            yield ("labels", label), f'there is no field "{field[:40]}"; {suggestion(field, known)}'


def _of_pager(table: PagerTable) -> Iterator[tuple[KeyPath, str]]:
    ways = [name for name in ("page", "offset", "page_path", "next") if getattr(table, name) is not None]
    if len(ways) > 1:
        yield ("pager", ways[-1]), f"a pager counts in one way; write {' or '.join(f'`{name}`' for name in ways)}"


def _of_listing(table: ListingTable, *, has_items: bool) -> Iterator[tuple[KeyPath, str]]:
    if not has_items and not table.key:
        message = 'nothing says which links are records; write items = "/document/{slug}" at the top, or `key` here'
        yield ("listing",), message
    if "nothing" in table.declares and len(table.declares) > 1:
        yield ("listing", "declares"), "a listing declares something or nothing; leave one of them out"
    needing = next((name for name in ("fields", "columns", "key") if getattr(table, name) and not table.record), None)
    if needing:
        yield ("listing", needing), 'nothing says where a record stands; write record = "table tr" here'
    if table.key and table.key not in (*(table.fields or {}), *(table.columns or {}).values()):
        yield (
            ("listing", "key"),
            f'no field or column is "{table.key[:40]}"; write one that is in `fields` or `columns`',
        )

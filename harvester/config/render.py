"""Prints the configuration: the values in force with their origins, and an example file with every key."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harvester.config.loader import TABLES
from harvester.config.model import Settings
from harvester.config.recurrence import format_duration
from harvester.config.types import SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

    from harvester.config.loader import LoadedConfig

ENVIRONMENT = {"database": "HARVESTER_DB", "contact": "HARVESTER_CONTACT"}
"""Keys whose environment variables take precedence over the file."""
INTRODUCTION = """\
# The configuration of the harvester: harvester.toml, in the folder where it is run.
# Everything here is optional. `harvester config` says what is in force, and checks it.
"""
Line = tuple[str, str, str]
"""Key, value, and the origin of the value."""


def in_force(loaded: LoadedConfig) -> Iterator[Line]:
    """Yield every key that is in force."""
    yield from _keys(loaded, loaded.settings, ())
    for table, names in ((table, getattr(loaded.settings, table)) for table in TABLES):
        for name, model in names.items():
            yield from _keys(loaded, model, (table, name))


def _keys(loaded: LoadedConfig, model: BaseModel, path: tuple[str, ...]) -> Iterator[Line]:
    for key in type(model).model_fields:
        place, value = (*path, key), getattr(model, key)
        if place[:-1] == () and key in TABLES:
            continue
        variable = ENVIRONMENT.get(key, "") if not path else ""
        if os.environ.get(variable):
            yield (
                ".".join(place),
                json.dumps(os.environ[variable], ensure_ascii=False),
                f"{variable} in the environment",
            )
        elif place in loaded.lines:
            yield ".".join(place), format_value(key, value), loaded.at(place)
        elif not path or value not in (None, {}):
            yield ".".join(place), format_value(key, value), "by itself"


def format_value(key: str, value: Any) -> str:
    """Return a value as in TOML, with secrets masked."""
    if value is None:
        return "-"
    if isinstance(value, timedelta):
        return f'"{format_duration(value)}"'
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{name} = {_format_secret(secret_value)}" for name, secret_value in value.items()) + " }"
        )
    if key == "webhook":
        return _format_secret(value)
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def _format_secret(value: str) -> str:
    """Return a secret masked: for one in the environment whether it is set, for one in the file only its host."""
    if secret := SECRET.fullmatch(value):
        return f'"{value}" ({"set" if os.environ.get(secret[1]) else "not set here"})'
    host = urlsplit(value).hostname if "://" in value else None
    return f'"https://{host}/…"' if host else '"…"'


def example() -> str:
    """Return an example file with every key, explained and commented out."""
    parts = [INTRODUCTION, *_explained(Settings)]
    names = {"sources": "wilson", "listings": "mao", "schedules": "nightly", "alerts": "desk"}
    for table, model in TABLES.items():
        parts += [f"\n# {(model.__doc__ or '').strip()}", f"# [{table}.{names[table]}]", *_explained(model)]
    return "\n".join(parts) + "\n"


def _explained(model: type[BaseModel]) -> Iterator[str]:
    for key, field in model.model_fields.items():
        if field.examples:
            yield f"## {field.description}\n# {key} = {field.examples[0]}"

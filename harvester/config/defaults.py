"""The defaults of command options that the configuration sets."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harvester.config.loader import LoadedConfig

FILE = Path("harvester.toml")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def find_config(file: Path | None) -> LoadedConfig | None:
    """Return the configuration in the given file, else in harvester.toml in this folder; None if there is none."""
    if file is None and not FILE.is_file():
        return None
    from harvester.config.loader import read_settings  # takes its time, and is not needed without a file

    return read_settings(file or FILE)


def resolve_path(loaded: LoadedConfig, path: Path) -> Path:
    """Return a path of the configuration; relative paths start at the file's folder."""
    folder = loaded.file.parent if loaded.file else Path()
    return folder / path.expanduser()


def defaults(loaded: LoadedConfig, commands: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """Return the defaults of all commands and subcommands, as click's `default_map`."""
    settings = loaded.settings
    db = {"db": resolve_path(loaded, settings.database)} if ("database",) in loaded.lines else {}
    harvest: dict[str, Any] = {"contact": settings.contact, "no_captures": settings.captures is False or None}
    if isinstance(settings.captures, Path):
        harvest["captures"] = resolve_path(loaded, settings.captures)
    harvest["refresh_after"] = settings.refresh_after and settings.refresh_after / DAY
    harvest["resume_within"] = settings.resume_within and settings.resume_within / HOUR
    by_command: dict[str, Any] = {name: {**db, **dict.fromkeys(inner, db)} for name, inner in commands.items()}
    by_command["harvest"] |= {name: value for name, value in harvest.items() if value is not None}
    return by_command

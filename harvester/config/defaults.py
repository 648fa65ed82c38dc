"""The defaults of command options that the configuration sets."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harvester.config.loader import Read

FILE = Path("harvester.toml")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def find(given: Path | None) -> Read | None:
    """Return the configuration in the given file, else in harvester.toml in this folder; None if there is none."""
    if given is None and not FILE.is_file():
        return None
    from harvester.config.loader import read_settings  # takes its time, and is not needed without a file

    return read_settings(given or FILE)


def located(read: Read, path: Path) -> Path:
    """Return a path of the configuration; relative paths start at the file's folder."""
    folder = read.file.parent if read.file else Path()
    return folder / path.expanduser()


def defaults(read: Read, commands: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """Return the defaults of all commands and subcommands, as click's `default_map`."""
    asked = read.settings
    db = {"db": located(read, asked.database)} if ("database",) in read.lines else {}
    harvest: dict[str, Any] = {"contact": asked.contact, "no_captures": asked.captures is False or None}
    if isinstance(asked.captures, Path):
        harvest["captures"] = located(read, asked.captures)
    harvest["refresh_after"] = asked.refresh_after and asked.refresh_after / DAY
    harvest["resume_within"] = asked.resume_within and asked.resume_within / HOUR
    found: dict[str, Any] = {name: {**db, **dict.fromkeys(inner, db)} for name, inner in commands.items()}
    found["harvest"] |= {name: value for name, value in harvest.items() if value is not None}
    return found

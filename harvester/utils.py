"""The clock (UTC, ISO 8601 to the second, with a Z), durable writing, and the default database."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path


def stamp(moment: datetime | None = None) -> str:
    """Give a moment (now, if none is given) as text that sorts by time."""
    return (moment or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sync(path: Path) -> None:
    """Wait until a file is on the disk, or a folder with the names that are in it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def default_database() -> Path:
    """Give the database that is meant when none is named: HARVESTER_DB, else db/harvest.db in this folder."""
    return Path(os.environ.get("HARVESTER_DB") or Path("db", "harvest.db"))

"""The clock (UTC, ISO 8601 to the second, with a Z), durable writing, and the default database."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path


def utc_timestamp(moment: datetime | None = None) -> str:
    """Return a moment (default: now) as UTC text that sorts by time."""
    return (moment or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def fsync_path(path: Path) -> None:
    """Wait until a file's content, or a folder's names, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def default_database() -> Path:
    """Return the default database: HARVESTER_DB, else db/harvest.db in this folder."""
    return Path(os.environ.get("HARVESTER_DB") or Path("db", "harvest.db"))

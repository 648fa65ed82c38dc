"""The clock (UTC, ISO 8601 to the second, with a Z), durable writing, and the default database."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path


def utc_timestamp(moment: datetime | None = None) -> str:
    """Return a moment (default: now) as UTC text that sorts by time."""
    return _text_of(moment.astimezone(UTC)) if moment else _timestamp_of(int(time.time()))


@lru_cache(maxsize=1)  # a harvest asks hundreds of times in a second
def _timestamp_of(second: int) -> str:
    return _text_of(datetime.fromtimestamp(second, UTC))


def _text_of(moment: datetime) -> str:
    return f"{moment.replace(tzinfo=None).isoformat(timespec='seconds')}Z"  # `strftime` takes three times as long


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

"""The one clock. All times are UTC, ISO 8601 to the second, with a Z."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(moment: datetime | None = None) -> str:
    """Give a moment (now, if none is given) as text that sorts by time."""
    return (moment or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

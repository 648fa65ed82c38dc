"""Lengths of time in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

UNITS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def told(length: timedelta, parts: int = 5) -> str:
    """Write a length of time as harvester.toml has it: `1d 12h`; only the largest parts of it, if that is asked."""
    left, said = int(abs(length.total_seconds())), []
    for unit, seconds in UNITS:
        count, left = divmod(left, seconds)
        said += [f"{count}{unit}"] if count else []
    return " ".join(said[:parts]) or "0s"

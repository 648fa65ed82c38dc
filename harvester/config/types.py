"""The types of values in harvester.toml. Each has a validator whose error says how to write the value."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import BeforeValidator

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN = re.compile(r"(?:\d+[smhdw] ?)+")
LONGEST = timedelta(days=3660)
LONGEST_SHOWN = 40
SECRET = re.compile(r"env:([A-Za-z_]\w*)")
"""A value that is not in the file but in the environment."""


def span(value: Any) -> timedelta:
    """Return the duration written as `90s`, `6h` or `1d 12h`."""
    if not isinstance(value, str) or not _SPAN.fullmatch(value):
        raise ValueError(f"{quoted(value)} is no length of time; write a number and s, m, h, d or w in quotes: “6h”")
    parts = re.findall(r"(\d{1,9})([smhdw])", value)
    length = sum((timedelta(**{UNITS[unit]: min(int(number), 10**6)}) for number, unit in parts), timedelta())
    if not timedelta() < length <= LONGEST:
        raise ValueError(f"{quoted(value)} is too short or too long; write from “1s” up to “3660d”")
    return length


def cron(value: Any) -> str:
    """Return a cron expression with normalised spaces; it must have five fields and match some time."""
    text = _text(value, "17 3 * * *")
    try:
        next(CronSim(text, datetime(2026, 1, 1)))
    except CronSimError as error:
        shown = str(error).lower()
        raise ValueError(
            f"{quoted(text)} is no cron expression ({shown}); write minute, hour, day, month, weekday: “17 3 * * *”"
        ) from error
    except StopIteration:
        raise ValueError(f"{quoted(text)} never comes; write a day that its month has: “17 3 1 * *”") from None
    return " ".join(text.split())


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def zone(value: Any) -> str:
    """Return the name of a time zone, if there is one of that name."""
    text = _text(value, "Europe/Vienna")
    if text not in _zones():
        near = sorted(name for name in _zones() if name.rpartition("/")[2].lower() == text.rpartition("/")[2].lower())
        raise ValueError(f"no time zone {quoted(text)}; write a name as “{(near or ['Europe/Vienna'])[0]}” or “UTC”")
    ZoneInfo(text)
    return text


def address(value: Any) -> str:
    """Return a web address, or `env:NAME` if it is in the environment."""
    text = _text(value, "https://example.org/hook")
    if SECRET.fullmatch(text):
        return text
    try:
        parts = urlsplit(text)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", text)
    except ValueError:
        whole = False
    if not whole:
        raise ValueError("this is no web address; write one that begins with https:// (or “env:NAME” for a secret)")
    return text


def name(value: Any) -> str:
    """Return a name chosen by the user; it is used in commands, addresses and file names."""
    text = _text(value, "nightly")
    if not re.fullmatch(r"[A-Za-z0-9][\w-]{0,39}", text, re.ASCII):
        raise ValueError(f"{quoted(text)} is no name; write letters, digits, - and _ only: “nightly”")
    return text


def seconds(value: Any) -> float:
    """Return a number of seconds from 0 to 3600."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 3600:
        raise ValueError(f"{quoted(value)} is no number of seconds from 0 to 3600; write it without quotes: 2")
    return float(value)


def text(value: Any) -> str:
    """Return a text that is not empty and has one line."""
    return _text(value, "…")


def file(value: Any) -> Path:
    """Read a path."""
    return Path(_text(value, "db/harvest.db"))


def captures(value: Any) -> Path | bool:
    """Return the folder for captures; False to store none."""
    if value is True:
        raise ValueError("true does not say where; write a folder in quotes: “db/captures”, or leave it out")
    return False if value is False else file(value)


def _text(value: Any, example: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{quoted(value)} is no text; write it in quotes: “{example}”")  # noqa: TRY004 - pydantic's way
    if not value.strip() or not value.isprintable():
        raise ValueError("this text is empty or has control characters; write one without, or leave the key out")
    return value


def quoted(value: Any) -> str:
    """Return a value as in TOML, shortened for an error message."""
    shown = value if isinstance(value, str) else json.dumps(value, default=str)
    shown = shown if len(shown) <= LONGEST_SHOWN else shown[: LONGEST_SHOWN - 1] + "…"
    return f"“{shown}”" if isinstance(value, str) else shown


Span = Annotated[timedelta, BeforeValidator(span)]
Cron = Annotated[str, BeforeValidator(cron)]
Zone = Annotated[str, BeforeValidator(zone)]
Seconds = Annotated[float, BeforeValidator(seconds)]
Address = Annotated[str, BeforeValidator(address)]
Name = Annotated[str, BeforeValidator(name)]
Text = Annotated[str, BeforeValidator(text)]
File = Annotated[Path, BeforeValidator(file)]
Captures = Annotated[Path | bool, BeforeValidator(captures)]

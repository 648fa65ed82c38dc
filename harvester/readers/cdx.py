"""Lines of the indexes of web archives, files or answers: CDX, in columns, and CDXJ, with a JSON object in each."""

from __future__ import annotations

import json
from typing import Any

_NAMES = {"url": "original", "mime": "mimetype", "status": "statuscode", "datetime": "timestamp"}
"""What pywb calls the fields of the Internet Archive."""
_COLUMN_LETTERS = {
    "N": "urlkey",
    "b": "timestamp",
    "a": "original",
    "m": "mimetype",
    "s": "statuscode",
    "k": "digest",
    "S": "length",
    "V": "offset",
    "g": "filename",
}


def columns_in(line: str) -> tuple[str, ...] | None:
    """Return the names of the columns, if a line is the first one of a CDX, which names them by letters."""
    if not line.lstrip().startswith("CDX "):
        return None
    return tuple(_COLUMN_LETTERS.get(letter, letter) for letter in line.split()[1:])


def fields_in(line: str, columns: tuple[str, ...] | None) -> dict[str, str | None]:
    """Return the fields of a line in these columns, or without columns of a CDXJ; none if it is not such a line."""
    if columns:
        return named_fields(dict(zip(columns, line.split(" "), strict=False)))
    head, brace, tail = line.partition("{")
    fields = parse_json(brace + tail)
    if not isinstance(fields, dict):
        return {}
    stated = head.split()
    return named_fields(({"timestamp": stated[1]} if len(stated) > 1 else {}) | fields)


def named_fields(fields: dict[str, Any]) -> dict[str, str | None]:
    """Return fields under the names of the Internet Archive, as text; None for what is unknown."""
    return {_NAMES.get(name, name): _known(value) for name, value in fields.items()}


def parse_json(text: str) -> Any:
    """Return what a text holds as JSON; None if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _known(value: Any) -> str | None:
    text = "" if value is None else str(value).strip()
    return None if text in ("", "-", "unk") else text

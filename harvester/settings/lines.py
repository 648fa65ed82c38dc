"""On which line of a TOML file each key stands. The standard reader does not say it."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]


def lines_of(text: str) -> dict[Path, int]:
    """Give the line of every key, by its path.

    The shortest beginning of the file that can be read and has the key ends with it, and what the one before it had
    not yet is where it begins.
    """
    lines, begins = text.split("\n"), 0
    found: dict[Path, int] = {(): 1}
    for number in range(1, len(lines) + 1):
        try:
            held = tomllib.loads("\n".join(lines[:number]))
        except tomllib.TOMLDecodeError:
            continue  # in the middle of a value of several lines
        first = next((at for at in range(begins, number) if lines[at].split("#")[0].strip()), number - 1)
        for path in _paths(held):
            found.setdefault(path, first + 1)
        begins = number
    return found


def line_of(lines: dict[Path, int], path: Path) -> int:
    """Give the line of a key; of one that is not there the line of the table that it belongs to."""
    while path not in lines:
        path = path[:-1]
    return lines[path]


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in inner:
        yield (*path, key)
        yield from _paths(held, (*path, key))

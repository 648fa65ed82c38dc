"""On which line of a TOML file each key stands. The standard reader does not say it."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]

DEEPEST = 8
"""Keys within keys whose lines are kept: none of the configuration lies deeper than four."""

MOST_NESTED = 64
"""Brackets within brackets, or parts of a key, beyond which a file is no configuration."""

_DEPTH = {"[": 1, "{": 1, "]": -1, "}": -1}
_TOKEN = re.compile(
    r"""
      "{3}(?:\\.|[^\\])*?"{3,5}   # a text of several lines, which may end with two quotes of its own
    | '{3}.*?'{3,5}
    | "(?:\\.|[^"\\\n])*"
    | '[^'\n]*'
    | \#[^\n]*
    | [\[\]{}\n]
    """,
    re.VERBOSE | re.DOTALL,
)


def lines_of(text: str) -> dict[Path, int]:
    """Return the line of every key by its path, for a text that the standard reader takes.

    Each statement is read once and by itself, so that the time grows with the length of the text only.
    """
    found: dict[Path, int] = {(): 1}
    tables: dict[Path, int] = {}
    table: Path = ()
    for line, statement in _statements(text):
        held = tomllib.loads(statement)
        if statement.startswith("["):
            table = _header(held, tables, is_list=statement.startswith("[["))
            paths = [table[:end] for end in range(1, len(table) + 1)]
        else:
            paths = [(*table, *path) for path in _paths(held)]
        for path in paths:
            found.setdefault(path, line)
    return found


def line_of(lines: dict[Path, int], path: Path) -> int:
    """Return the line of a key; of one that is not there the line of the table that it belongs to."""
    while path not in lines:
        path = path[:-1]
    return lines[path]


def too_deep(text: str) -> int | None:
    """Return the first line on which brackets or the parts of a key nest deeper than `MOST_NESTED`, if there is one.

    The standard reader fails on brackets deeper than Python's stack, and takes seconds for a key of 20,000 parts.
    """
    depth = at = dots = 0
    for token in _TOKEN.finditer(f"{text}\n"):
        depth += _DEPTH.get(token[0], 0)
        between = text[at : token.start()]
        dots += between.count(".")
        if depth > MOST_NESTED or dots > MOST_NESTED:
            return text.count("\n", 0, token.start()) + 1
        dots = 0 if token[0] == "\n" else dots
        at = token.end()
    return None


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Give each header of a table and each key with its value, and the line on which it begins."""
    begin, line, depth = 0, 1, 0
    for token in _TOKEN.finditer(f"{text}\n"):
        depth += _DEPTH.get(token[0], 0)
        if token[0] != "\n" or depth:
            continue
        statement = text[begin : token.start()]
        if statement.strip() and not statement.lstrip().startswith("#"):
            yield line, statement.strip()
        line += statement.count("\n") + 1
        begin = token.end()


def _header(held: dict[str, Any], tables: dict[Path, int], *, is_list: bool) -> Path:
    """Return the path of the table that a header begins. `tables` counts the members of each list of tables."""
    path: Path = ()
    inner: Any = held
    while inner:
        key, inner = next(iter(inner.items()))
        path = (*path, key)
        last = is_list and isinstance(inner, list)
        if last:
            tables[path] = tables.get(path, 0) + 1
        if path in tables:
            path = (*path, tables[path] - 1)
        if last:
            break
    return path


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in inner if len(path) < DEEPEST else ():
        yield (*path, key)
        yield from _paths(held, (*path, key))

"""Reads TOML files of the user's: where each key is, and every error as one line: file, line, and how to correct it."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from harvester.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

Model = TypeVar("Model", bound=BaseModel)
KeyPath = tuple[str | int, ...]
"""The keys that lead to a value."""
DEEPEST = 8
"""How deep nested keys get line numbers; the keys of ours are at most four deep."""

MOST_NESTED = 64
"""Nested brackets, or parts of a key; a file with more is refused."""

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


def lines_of(text: str) -> dict[KeyPath, int]:
    """Return the line of every key by its path, for a text that the standard reader takes.

    Each statement is read once and by itself, so that the time grows with the length of the text only.
    """
    found: dict[KeyPath, int] = {(): 1}
    tables: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for line, statement in _statements(text):
        content = tomllib.loads(statement)
        if statement.startswith("["):
            table = _header(content, tables, is_list=statement.startswith("[["))
            paths = [table[:end] for end in range(1, len(table) + 1)]
        else:
            paths = [(*table, *path) for path in _paths(content)]
        for path in paths:
            found.setdefault(path, line)
    return found


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int:
    """Return the line of a key; if it is not in the file, the line of its table."""
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
    """Yield the first line and the text of each statement: a table header, or a key with its value."""
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


def _header(content: dict[str, Any], tables: dict[KeyPath, int], *, is_list: bool) -> KeyPath:
    """Return the path of the table that a header begins. `tables` counts the members of each list of tables."""
    path: KeyPath = ()
    inner: Any = content
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


def _paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, content in inner if len(path) < DEEPEST else ():
        yield (*path, key)
        yield from _paths(content, (*path, key))


LARGEST = 200_000
"""Bytes of a file; a larger one is none of ours."""


class SettingsError(UsageError):
    """A TOML file of the user's is not valid."""


@dataclass(frozen=True)
class Positions:
    """A file (None if there is none), and the line of each of its keys."""

    file: Path | None = None
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def at(self, path: KeyPath) -> str:
        """Return the position of a key as `file:line`."""
        return f"{self.file}:{line_of(self.lines, path)}"

    def error_at(self, path: KeyPath, message: str, others: int = 0) -> SettingsError:
        """Return an error about a key, with its position; `others`: how many more errors there are."""
        key = ".".join(str(part) for part in path)
        more = f" (and {others} more)" if others else ""
        return SettingsError(f"{self.at(path)}: {key + ': ' if key else ''}{message}{more}")

    def first_error(self, faults: list[tuple[KeyPath, str]]) -> SettingsError:
        """Return the error about the first of several faults, each the path of a key and what to do about it."""
        path, message = min(faults, key=lambda fault: line_of(self.lines, fault[0]))
        return self.error_at(path, message.replace("“", '"').replace("”", '"'), len(faults) - 1)


def read_toml(file: Path, table: str) -> tuple[dict[str, Any], Positions]:
    """Return what a file contains, and where; raise SettingsError if it cannot be read.

    `table` is an example of a table's name, for the error.
    """
    text = _text(file)
    if (line := too_deep(text)) is not None:
        raise SettingsError(f"{file}:{line}: tables or lists within each other, too deep to be meant; write one list")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(_no_toml(file, text, str(error), table)) from error
    return document, Positions(file, lines_of(text))


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise SettingsError(f"cannot read {file} ({error.strerror}): check its name and permissions") from error
    if len(content) > LARGEST:
        raise SettingsError(f"{file} is larger than {LARGEST // 1000} KB: this is no configuration")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SettingsError(f"{file}:{line}: this is no UTF-8 text; save the file as UTF-8") from error


def _no_toml(file: Path, text: str, error: str, table: str) -> str:
    """Return the message for a TOML syntax error: where it is, and how to write it."""
    place = re.search(r"\(at line (\d+), column \d+\)", error)
    line = int(place[1]) if place else text.rstrip("\n").count("\n") + 1
    message = re.sub(r" \(at .*\)$", "", error)
    doubled = re.search(r"overwrite|twice|Duplicate|already", message)
    fix = "keep one of the two" if doubled else f'write key = "value", texts in quotes, tables as [{table}]'
    return f"{file}:{line}: this cannot be read ({message[0].lower()}{message[1:]}); {fix}"


def validated(
    model: type[Model],
    document: dict[str, Any],
    places: Positions,
    contradictions: Callable[[Model], Iterable[tuple[KeyPath, str]]],
) -> Model:
    """Return what a file contains as its model; raise SettingsError for the first error in it.

    `contradictions`: the path of each key that contradicts another one, and what to do about it.
    """
    try:
        content = model.model_validate(document)
        faults = list(contradictions(content))
    except ValidationError as error:
        raise places.first_error(_faults_of(error, model)) from error
    if faults:
        raise places.first_error(faults)
    return content


def _faults_of(error: ValidationError, model: type[BaseModel]) -> list[tuple[KeyPath, str]]:
    """Return the path of each key with an error, and what to do about it."""
    errors = error.errors(include_url=False, include_input=False)
    # A misspelt key is also one that is missing; the first says more.
    return [_fault(one, model) for one in sorted(errors, key=lambda one: one["type"] == "missing")]


def _fault(error: ErrorDetails, root: type[BaseModel]) -> tuple[KeyPath, str]:
    path = tuple(part for part in error["loc"] if part not in _INSIDE)
    model = model_at(root, path[:-1])
    if error["type"] == "extra_forbidden":
        return path, f"no such key; {suggestion(str(path[-1]), fields_of(model))}"
    if error["type"] == "missing":
        return path, f"this is missing; write {path[-1]} = {_example(root, path)}"
    if error["type"] == "value_error":
        return path, error["msg"].removeprefix("Value error, ")
    expected = FAULT_MESSAGES.get(error["type"]) or re.sub(r"^Input should be ", "this should be ", error["msg"])
    return path, f"{expected}; write {_example(root, path)}"


_INSIDE = frozenset({"[key]"})
"""Parts of pydantic's locations that are no keys."""
FAULT_MESSAGES = {
    "model_type": "this should be a table",
    "dict_type": "this should be a table",
    "list_type": "this should be a list of texts",
    "string_type": "this is no text",
    "too_short": "this list is empty",
    "bool_type": "this is neither true nor false",
    "int_type": "this is no whole number",
}


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a model by their keys in the file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def model_at(root: type[BaseModel], path: KeyPath) -> type[BaseModel]:
    """Return the innermost model that a path of keys leads into."""
    model = root
    for part in path:
        if part in (fields := fields_of(model)):
            model = next(_models_in(fields[str(part)].annotation), model)
    return model


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models in an annotation such as `dict[str, Model] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def suggestion(name: str, known: Collection[str]) -> str:
    """Return what to do about an unknown name: the known one that is nearest to it, else all of them."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"


def _example(root: type[BaseModel], path: KeyPath) -> str:
    examples = None
    for at, part in enumerate(path):
        fields = fields_of(model_at(root, path[:at]))
        examples = fields[str(part)].examples if part in fields else examples
    return str(examples[0]) if examples else f"[{path[0]}.NAME] above its keys"

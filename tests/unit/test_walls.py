"""Walls: only `harvester/store` speaks SQL, and what serves the database only reads it."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING

import pytest
from sqlite_utils import Database

from harvester.db.migrations import migrations
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VALUE = "{}"
"""Stands for what an f-string fills in, as it does in a string that is formatted."""
METHODS = {"execute", "executemany", "executescript", "query"}
"""Methods of connections, cursors and databases: whoever calls them has SQL from somewhere, if not from a literal."""


@cache
def schema_names() -> str:
    """Return a pattern of the names of all tables and views of the harvest, or a name that is filled in."""
    db = Database(memory=True)
    migrations().apply(db)
    names = [name for name in (*db.table_names(), *db.view_names()) if not name.startswith("sqlite_")]
    return rf"(?:[\w{{}}]+\.)?[\"\[`]?(?:{'|'.join(sorted(names, key=len, reverse=True))}|{{\w*}})(?!\w)"


@cache
def writing() -> re.Pattern[str]:
    """Return the pattern of statements that change what the harvest keeps."""
    verbs = (
        r"insert\s+(?:or\s+\w+\s+)?into",
        r"replace\s+into",
        r"update(?:\s+or\s+\w+)?(?=\s+\S+\s+(?:as\s+\w+\s+)?set\b)",
        r"delete\s+from",
        r"(?:create|drop|alter)\s+(?:\w+\s+)*?(?:table|view)(?:\s+if(?:\s+not)?\s+exists)?",
        r"create\s+(?:\w+\s+)*?(?:index|trigger)\b.*?\son",
    )
    return re.compile(rf"\b(?:{'|'.join(verbs)})\s+{schema_names()}", re.IGNORECASE | re.DOTALL)


@cache
def statement() -> re.Pattern[str]:
    """Return the pattern of statements that read or change the harvest, or set how its database works."""
    reading = rf"\bselect\b.*?\b(?:from|join)\s+{schema_names()}"
    settings = r"^\s*(?:pragma|attach|detach|vacuum|begin|commit|savepoint|reindex|analyze)\s+\S"
    return re.compile(rf"{reading}|{settings}|{writing().pattern}", re.IGNORECASE | re.DOTALL)


def literals(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the string literals of a module with their lines, docstrings left out."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(str(part.value) if isinstance(part, ast.Constant) else VALUE for part in node.values),
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


def sql_in(source: str, pattern: re.Pattern[str]) -> list[int]:
    """Return the lines of a module whose strings hold such a statement."""
    return sorted({line for line, text in literals(ast.parse(source)) if pattern.search(text)})


def calls_in(source: str) -> list[int]:
    """Return the lines of a module that execute SQL."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [call.lineno for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in METHODS]


def modules(*folders: str, without: str = "-") -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if not path.is_relative_to(ROOT / without)]


def test_only_the_store_holds_sql() -> None:
    outside = modules("harvester", "spiders", without="harvester/store")
    assert len(outside) > 80
    found = {str(path.relative_to(ROOT)): sql_in(path.read_text(), statement()) for path in outside}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_only_the_store_executes_sql() -> None:
    outside = modules("harvester", "spiders", without="harvester/store")
    found = {str(path.relative_to(ROOT)): calls_in(path.read_text()) for path in outside}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_what_serves_only_reads() -> None:
    serving = modules("db")
    assert len(serving) > 30
    found = {str(path.relative_to(ROOT)): sql_in(path.read_text(), writing()) for path in serving}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "source",
    [
        'x = "SELECT 1 FROM documents"',
        'x = "select id\\n  from runs where id = ?"',
        'x = f"SELECT * FROM {table} WHERE id = ?"',
        'x = f"SELECT count(*) FROM walks WHERE {condition}"',
        'x = "SELECT {} FROM {}"',
        'x = "WITH a AS (SELECT * FROM json_each(?)) SELECT * FROM a JOIN captures ON 1"',
        'x = ("SELECT key "\n  "FROM documents")',
        'x = "DELETE FROM main.incidents"',
        'x = "PRAGMA data_version"',
        'x = "INSERT OR IGNORE INTO [runs] VALUES (1)"',
        'x = "UPDATE runs SET status = ?"',
        'x = "UPDATE OR IGNORE runs AS r SET status = ?"',
        'x = "CREATE UNIQUE INDEX IF NOT EXISTS one ON documents (key)"',
        'x = "DROP TABLE IF EXISTS documents"',
        'x = "CREATE VIRTUAL TABLE documents_fts USING fts5 (word)"',
    ],
)
def test_sql_is_found(source: str) -> None:
    assert sql_in(source, statement()) == [1]


@pytest.mark.parametrize(
    "source",
    [
        '"""SELECT 1 FROM documents"""',
        'x = "Select what to take from the documents"',
        'x = "update it, then set the path"',
        'x = "Delete from here on"',
        'x = r"\\b(?:Selected|Excerpts) from (?:the )?"',
    ],
)
def test_prose_is_no_sql(source: str) -> None:
    assert sql_in(source, statement()) == []


def test_reading_is_not_writing() -> None:
    assert sql_in('x = "SELECT * FROM documents"', writing()) == []
    assert sql_in('x = "INSERT INTO one (rowid, word) VALUES (1, ?)"', writing()) == []  # a table in memory
    assert sql_in('x = f"DELETE FROM {table}"', writing()) == [1]

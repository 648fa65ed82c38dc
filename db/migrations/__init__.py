"""The schema, as numbered SQL files. Each runs once, in one transaction, when a database is opened to write."""

from __future__ import annotations

import sqlite3
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlite_utils import Migrations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlite_utils import Database

SET_NAME = "harvester"
FOLDER = Path(__file__).parent


def statements_of(sql: str) -> Iterator[str]:
    """Yield the statements of an SQL script; semicolons inside a trigger do not end one."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _runner(path: Path) -> Callable[[Database], None]:
    def run(db: Database) -> None:
        for statement in statements_of(path.read_text("utf-8")):
            db.execute(statement)

    return run


def names() -> list[str]:
    """Return the names of all migrations, oldest first: of each `NNNN_name.sql` beside this module."""
    return [path.stem for path in sorted(FOLDER.glob("[0-9]*.sql"))]


@cache
def migrations() -> Migrations:
    """Return all migrations, oldest first."""
    found = Migrations(SET_NAME)
    for name in names():
        found(name=name)(_runner(FOLDER / f"{name}.sql"))
    return found

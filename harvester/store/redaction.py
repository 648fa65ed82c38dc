"""Removes local paths from a published copy: they would show the folders of the machine that harvested.

A saved page without an address is identified by its path, `file:///home/ann/pages/1.html`. While harvesting that must
be the whole path, or pages of two folders would be confused. In a published copy each folder is only a number.
"""

from __future__ import annotations

import re
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

from sqlite_utils import Database

PATH_COLUMNS = {
    "containers_read": ("path",),
    "captures": ("file", "uri"),
    "listings": ("key",),
    "problems": ("uri",),
    "reads": ("file", "uri"),
}
TEXT_COLUMNS = {"problems": ("message", "extract"), "runs": ("reason",), "walks": ("reason",)}
"""Columns of messages, which may contain a path."""
PRIVATE_TABLES = ("incidents", "notifications", "schedules", "source_locks", "sync_attempts", "withdrawn_keys")
"""Tables about how this machine harvests, or of withdrawn documents, that a published copy does not need."""
_PLACE = re.compile(
    r"(?:(?P<before>[^/#]*)(?P<scheme>file:)//)?"
    r"(?P<folder>(?:/|[A-Za-z]:[\\/])(?:(?(scheme)[^#]*/|.*[\\/]))?)(?P<name>.*)",
    re.DOTALL,
)


class FolderNumbers:
    """The folders found, each with its number; URLs have none."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def redact_path(self, text: str) -> str:
        """Return a file's path with a number for its folder."""
        parts = _PLACE.fullmatch(text)
        if parts is None:
            return text
        folder = unquote(parts["folder"]) if parts["scheme"] else parts["folder"]
        number = self.numbers.setdefault(folder, len(self.numbers) + 1)
        return f"{parts['before'] or ''}{parts['scheme'] or ''}{number}/{parts['name']}"

    def redact_text(self, text: str) -> str:
        """Return a text without the folders that are in it."""
        for folder in sorted({*self.numbers, f"{Path.home()}/"} - {"/"}, key=len, reverse=True):
            text = text.replace(folder, "")
        return text


def redact_command(text: str) -> str:
    """Return a command with the names of its files only."""
    return shlex.join(
        part if "://" in part else re.split(r"[\\/]", part.rstrip("\\/"))[-1] for part in shlex.split(text)
    )


def redact(copy: Path) -> None:
    """Redact a copy of the database; nothing of the old texts remains in the file."""
    folders = FolderNumbers()
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        db = Database(connection)
        for table in set(PRIVATE_TABLES).intersection(db.table_names()):
            db.table(table).delete_where()
        for use, columns in (
            (folders.redact_path, PATH_COLUMNS),
            (folders.redact_text, TEXT_COLUMNS),
            (redact_command, {"runs": ("command",)}),
        ):
            for table, names in columns.items():
                for name in names:
                    db.table(table).convert(name, use, where=f"{name} GLOB '*[/\\]*'")
        connection.commit()
        connection.execute("VACUUM")

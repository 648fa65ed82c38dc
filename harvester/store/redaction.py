"""Takes out of a published copy what is nobody's business: where files lay on the machine that harvested them.

A saved page without an address is known by its place, `file:///home/ann/pages/1.html`. While harvesting it has to be
the whole place, or pages of two folders would be taken for one another. Published, each folder is only a number.
"""

from __future__ import annotations

import re
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

from sqlite_utils import Database

PLACES = {
    "archives": ("path",),
    "captures": ("file", "uri"),
    "listings": ("key",),
    "problems": ("uri",),
    "reads": ("file", "uri"),
}
SAYINGS = {"problems": ("message", "extract"), "runs": ("reason",), "walks": ("reason",)}
"""What people are told; a place may stand in it."""
MACHINERY = ("alerts", "claims", "health", "schedules", "turns", "withdrawn_keys")
"""How this machine harvests, and what it must not take again; who is served a copy has no use for it."""
_PLACE = re.compile(
    r"(?:(?P<before>[^/#]*)(?P<scheme>file:)//)?"
    r"(?P<folder>(?:/|[A-Za-z]:[\\/])(?:(?(scheme)[^#]*/|.*[\\/]))?)(?P<name>.*)",
    re.DOTALL,
)


class Folders:
    """The folders met, each with its number; addresses on the web are none."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def place(self, text: str) -> str:
        """Give a file's place with a number for its folder."""
        parts = _PLACE.fullmatch(text)
        if parts is None:
            return text
        folder = unquote(parts["folder"]) if parts["scheme"] else parts["folder"]
        number = self.numbers.setdefault(folder, len(self.numbers) + 1)
        return f"{parts['before'] or ''}{parts['scheme'] or ''}{number}/{parts['name']}"

    def saying(self, text: str) -> str:
        """Give a text without the folders that stand in it."""
        for folder in sorted({*self.numbers, f"{Path.home()}/"} - {"/"}, key=len, reverse=True):
            text = text.replace(folder, "")
        return text


def command(text: str) -> str:
    """Give a command with files by their names alone."""
    return shlex.join(
        part if "://" in part else re.split(r"[\\/]", part.rstrip("\\/"))[-1] for part in shlex.split(text)
    )


def forget(copy: Path) -> None:
    """Change a copy of the database; nothing of the old texts stays behind in the file."""
    folders = Folders()
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        db = Database(connection)
        for table in set(MACHINERY).intersection(db.table_names()):
            db.table(table).delete_where()
        for use, columns in ((folders.place, PLACES), (folders.saying, SAYINGS), (command, {"runs": ("command",)})):
            for table, names in columns.items():
                for name in names:
                    db.table(table).convert(name, use, where=f"{name} GLOB '*[/\\]*'")
        connection.commit()
        connection.execute("VACUUM")

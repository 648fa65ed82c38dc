"""The statements of one voice: what it has said before, and what is new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

    from harvester.store.captures import Place
    from harvester.store.statements import Statement


@dataclass(frozen=True)
class Stored:
    """A statement as it is stored."""

    id: int
    document: int | None
    hash: str
    observed_at: str | None
    uri: str


class StatementTable:
    """Reads and writes the statements of the voice that speaks at one place."""

    def __init__(self, db: Database, place: Place) -> None:
        self._db = db
        self._place = place
        self._stored: dict[str, list[Stored]] = {}

    def load(self, keys: Iterable[str]) -> None:
        """Read what this voice has said before under these keys, in one query."""
        names = list(keys)
        marks = ",".join("?" * len(names))
        sql = f"""SELECT s.key, s.id, s.document_id, s.hash, s.observed_at, c.uri
            FROM statements s JOIN captures c ON c.id = s.capture_id
            WHERE s.key IN ({marks}) AND s.form = ? AND s.host = ? ORDER BY coalesce(s.observed_at, ''), s.id"""
        for key, *values in self._db.execute(sql, [*names, self._place.form, self._place.host]):
            self._stored.setdefault(key, []).append(Stored(*values))

    def same(self, key: str, statement: Statement) -> Stored | None:
        """Give the stored statement that was in effect at that time, if it says the same."""
        stored, at = self._stored.get(key, []), statement.observed_at or ""
        if not at:
            return next((s for s in stored if not s.observed_at and s.hash == statement.hash), None)
        earlier = [s for s in stored if (s.observed_at or "") <= at]
        return earlier[-1] if earlier and earlier[-1].hash == statement.hash else None

    def keep(self, key: str, statement: Statement, document: int | None) -> int:
        """Write a statement; what the same file said before without a time is replaced, only its bytes are newer."""
        values = (document, statement.hash, statement.content, statement.cut, self._place.capture)
        older = None if statement.observed_at else self._of_this_file(key)
        if older:
            sql = "UPDATE statements SET document_id = ?, hash = ?, content = ?, cut = ?, capture_id = ? WHERE id = ?"
            self._db.execute(sql, [*values, older.id])
            return older.id
        sql = """INSERT INTO statements (document_id, hash, content, cut, capture_id, key, form, host, observed_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
        voice = (key, statement.form, statement.host, statement.observed_at)
        return int(self._db.execute(sql, [*values, *voice]).lastrowid or 0)

    def _of_this_file(self, key: str) -> Stored | None:
        return next((s for s in self._stored.get(key, []) if not s.observed_at and s.uri == self._place.uri), None)

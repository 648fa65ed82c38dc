"""The statements of one voice: what it has said before, and what is new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

    from harvester.store.captures import Place


_SAY_AGAIN = """INSERT INTO statements (document_id, hash, content, cut, key, form, host, capture_id, observed_at)
    SELECT s.document_id, s.hash, s.content, s.cut, s.key, s.form, s.host, r.capture_id, r.captured_at
    FROM statements AS s JOIN reads AS r ON r.capture_id IN (SELECT s.capture_id
        UNION SELECT capture_id FROM sightings WHERE document_id IS s.document_id AND statement_id = s.id)
    WHERE s.id = :said AND r.captured_at > :at AND (:later IS NULL OR r.captured_at < :later)
    ORDER BY r.captured_at, r.id LIMIT 1"""


@dataclass(frozen=True)
class Stored:
    """A statement as it is stored."""

    id: int
    document: int | None
    hash: str
    observed_at: str | None
    capture: int


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
        sql = f"""SELECT key, id, document_id, hash, observed_at, capture_id FROM statements
            WHERE key IN ({marks}) AND form = ? AND host = ? AND replaced_by IS NULL
            ORDER BY coalesce(observed_at, ''), id"""
        for key, *values in self._db.execute(sql, [*names, self._place.form, self._place.host]):
            self._stored.setdefault(key, []).append(Stored(*values))

    def same(self, key: str, digest: str) -> Stored | None:
        """Give the stored statement that was in effect at that time, if it says the same."""
        stored, at = self._stored.get(key), self._place.observed_at
        if not stored:
            return None
        if not at:
            return next((s for s in stored if not s.observed_at and s.hash == digest), None)
        earlier = [s for s in stored if (s.observed_at or "") <= at]
        return earlier[-1] if earlier and earlier[-1].hash == digest else None

    def keep(self, key: str, said: tuple[str, str, bool], document: int | None) -> int:
        """Write a statement (its hash, its content, whether it is cut off) and give its id.

        What the same file said before without a time counts no more: only its bytes tell which is newer.
        """
        older = None if self._place.observed_at else self._of_this_file(key)
        if older:
            sql = "UPDATE statements SET replaced_by = ? WHERE id = ?"
            self._db.execute(sql, [self._place.capture, older.id])
        if self._place.observed_at:
            self._say_again(key, self._place.observed_at)
        sql = """INSERT INTO statements (document_id, hash, content, cut, capture_id, key, form, host, observed_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
        voice = (self._place.capture, key, self._place.form, self._place.host, self._place.observed_at)
        return int(self._db.execute(sql, [document, *said, *voice]).lastrowid or 0)

    def _say_again(self, key: str, at: str) -> None:
        """Let what was said before `at` be said again at the time when it was seen next, if that is known already.

        Pages may be harvested in any order: one that comes late must not speak for the time after it.
        """
        stored = self._stored.get(key, [])
        before = [s for s in stored if (s.observed_at or "") <= at]
        later = min((s.observed_at for s in stored if s.observed_at and s.observed_at > at), default=None)
        if before:
            self._db.execute(_SAY_AGAIN, {"said": before[-1].id, "at": at, "later": later})

    def _of_this_file(self, key: str) -> Stored | None:
        sql = "SELECT 1 FROM captures WHERE id = ? AND uri = ?"
        undated = [s for s in self._stored.get(key, []) if not s.observed_at]
        return next((s for s in undated if self._db.execute(sql, [s.capture, self._place.uri]).fetchone()), None)

"""The statements that are stored: those of one form at one host, by the address that they stand under."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harvester.store.votes import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

    from harvester.store.captures import Place


@dataclass(frozen=True)
class Stored:
    """A statement as it is stored."""

    id: int
    document: int | None


class StatementTable:
    """Reads and writes what pages of one form at one host say."""

    def __init__(self, db: Database, place: Place) -> None:
        self._db = db
        self._place = place
        self._stored: dict[tuple[str, str], Stored] = {}

    def load(self, keys: Iterable[str]) -> None:
        """Read what rows have said before under these keys, in one query."""
        names = list(keys)
        marks = ",".join("?" * len(names))
        sql = f"""SELECT key, hash, id, document_id FROM statements
            WHERE key IN ({marks}) AND form = ? AND host = ? AND NOT own"""
        for key, digest, number, document in self._db.execute(sql, [*names, self._place.form, self._place.host]):
            self._stored[key, digest] = Stored(number, document)

    def same(self, key: str, digest: str) -> Stored | None:
        """Return the stored statement that says the same under this key."""
        return self._stored.get((key, digest))

    def insert(self, statement: Statement) -> Statement:
        """Write a statement; return it with its id."""
        sql = """INSERT INTO statements (document_id, key, natural, form, host, own, cut, hash, content, capture_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
        said = (statement.document, statement.key, statement.natural, statement.form, statement.host)
        more = (statement.own, statement.cut, statement.hash, statement.content, self._place.capture)
        number = int(self._db.execute(sql, [*said, *more]).lastrowid or 0)
        if not statement.own:
            self._stored[statement.key, statement.hash] = Stored(number, statement.document)
        return Statement(number, *said, statement.own, statement.cut, statement.hash, statement.content)


def page_statement(db: Database, capture: int) -> Stored | None:
    """Return the statement of an own page that was captured."""
    row = db.execute("SELECT id, document_id FROM statements WHERE own AND capture_id = ?", [capture]).fetchone()
    return Stored(*row) if row else None


_OPEN_CLAIMS = """SELECT DISTINCT captures.uri FROM reads JOIN captures ON captures.id = reads.capture_id
    JOIN statements ON own AND statements.capture_id = captures.id
    WHERE reads.run_id = ? AND statements.document_id IS NULL AND statements.content <> '{}' AND NOT EXISTS (
        SELECT 1 FROM captures AS other JOIN reads AS later ON later.capture_id = other.id
        JOIN statements AS believed ON believed.own AND believed.capture_id = other.id
        WHERE other.uri = captures.uri AND later.id > reads.id AND believed.document_id IS NOT NULL)
    ORDER BY 1"""


def open_claims(db: Database, run: int) -> list[str]:
    """Return the addresses at which a run has read only pages of which it cannot be known whose they are."""
    return [row[0] for row in db.execute(_OPEN_CLAIMS, [run])]

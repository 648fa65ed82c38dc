"""The vault: a file beside the database that holds what was withdrawn. Nothing serves it, as its name has no suffix."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harvester.errors import DatabaseError
from harvester.store.database import BUSY_SECONDS, translate_errors
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS withdrawals (
    id INTEGER PRIMARY KEY, document_id INTEGER NOT NULL, key TEXT NOT NULL, title TEXT NOT NULL,
    withdrawn_at TEXT NOT NULL, withdrawn_by TEXT NOT NULL, reason TEXT, undone_at TEXT, undone_by TEXT
);
CREATE TABLE IF NOT EXISTS removed_rows (
    id INTEGER PRIMARY KEY, withdrawal_id INTEGER NOT NULL REFERENCES withdrawals (id), row_json TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS removed_rows_withdrawal ON removed_rows (withdrawal_id);
-- What a withdrawn document may be named by where people type.
CREATE TABLE IF NOT EXISTS words (document_id INTEGER NOT NULL, word TEXT NOT NULL, PRIMARY KEY (document_id, word));
-- Records that have the title and date of a withdrawn document at another address.
CREATE TABLE IF NOT EXISTS withheld_records (
    key TEXT PRIMARY KEY, source TEXT NOT NULL, document_id INTEGER NOT NULL, uri TEXT, natural TEXT NOT NULL,
    title TEXT NOT NULL
);
"""


@dataclass(frozen=True)
class RemovedRow:
    """A row that was removed from a table, or some of its columns that were replaced."""

    table: str
    row: dict[str, Any]
    """The whole row if it was removed, else its primary key."""
    was: dict[str, Any] | None = None
    """The values that were replaced."""
    made: dict[str, Any] | None = None
    """The values that replaced them."""


@dataclass(frozen=True)
class HeldRecord:
    """A record that is held back: its own key, the address of its page, and the withdrawn document that it may be."""

    key: str
    source: str
    document_id: int
    uri: str | None
    natural: str
    title: str


@dataclass(frozen=True)
class Withdrawal:
    """When a document was withdrawn, by whom and why."""

    id: int
    document_id: int
    key: str
    title: str
    withdrawn_at: str
    by: str
    reason: str | None


def vault_of(path: Path) -> Path:
    """Return the vault of a database."""
    return path.with_name(f"{path.name}-withdrawn")


def add_withdrawal(
    path: Path, document: dict[str, Any], at: str, by: str, reason: str | None, rows: Iterable[RemovedRow]
) -> int:
    """Write what is to be removed, synced to disk before it is removed: so it is in both files rather than in none.

    Returns the id of the withdrawal, which belongs to this state of the database: after a rebuild it is another one.
    """
    with _open(path) as vault:
        sql = """INSERT INTO withdrawals (document_id, key, title, withdrawn_at, withdrawn_by, reason)
            VALUES (?, ?, ?, ?, ?, ?)"""
        values = (document["id"], document["key"], document["title"], at, by, reason)
        number = int(vault.execute(sql, values).lastrowid or 0)
        changes = ((number, json.dumps(vars(row), ensure_ascii=False, default=_encode_bytes)) for row in rows)
        vault.executemany("INSERT INTO removed_rows (withdrawal_id, row_json) VALUES (?, ?)", changes)
        return number


def removed_rows(path: Path, withdrawal: int) -> list[RemovedRow]:
    """Return the rows that a withdrawal removed."""
    with _open(path) as vault:
        sql = "SELECT row_json FROM removed_rows WHERE withdrawal_id = ? ORDER BY id"
        return [RemovedRow(**json.loads(row[0], object_hook=_decode_bytes)) for row in vault.execute(sql, [withdrawal])]


def withdrawals(path: Path, numbers: Iterable[int]) -> list[Withdrawal]:
    """Return withdrawals by their ids; missing ones are left out."""
    if not vault_of(path).exists():
        return []
    with _open(path) as vault:
        sql = "SELECT id, document_id, key, title, withdrawn_at, withdrawn_by, reason FROM withdrawals WHERE id = ?"
        rows = [vault.execute(sql, [number]).fetchone() for number in numbers]
        return [Withdrawal(*row) for row in rows if row]


def mark_undone(path: Path, withdrawal: int, by: str) -> None:
    """Mark a document's withdrawals as undone. Its rows stay in the vault: a copy of the database may need them."""
    with _open(path) as vault:
        sql = """UPDATE withdrawals SET undone_at = ?, undone_by = ? WHERE undone_at IS NULL
            AND document_id = (SELECT document_id FROM withdrawals WHERE id = ?)"""
        vault.execute(sql, [utc_timestamp(), by, withdrawal])


def open_withdrawals(path: Path) -> list[tuple[int, str]]:
    """Return the id and the key of each document that was withdrawn and not restored."""
    if not vault_of(path).exists():
        return []
    with _open(path) as vault:
        sql = "SELECT document_id, key FROM withdrawals WHERE undone_at IS NULL GROUP BY document_id"
        return vault.execute(sql).fetchall()


def add_words(path: Path, document: int, words: Iterable[str]) -> None:
    """Add the names of a withdrawn document."""
    with _open(path) as vault:
        rows = [(document, word) for word in words]
        vault.executemany("INSERT OR IGNORE INTO words (document_id, word) VALUES (?, ?)", rows)


def missing_error(path: Path, documents: Sequence[int]) -> DatabaseError:
    """Return the error for withdrawals that are not in the vault."""
    numbers = ", ".join(map(str, documents))
    return DatabaseError(f"{vault_of(path)} is missing or lacks documents ({numbers}): get it from a backup")


def words_of(path: Path, documents: Iterable[int]) -> list[str]:
    """Return the names of these documents, the longest first."""
    wanted = set(documents)
    if not wanted or not vault_of(path).exists():
        return []
    with _open(path) as vault:
        found = {word for document, word in vault.execute("SELECT document_id, word FROM words") if document in wanted}
    return sorted(found, key=lambda word: (-len(word), word))


def hold_record(path: Path, record: HeldRecord) -> None:
    """Write a record that is held back."""
    with _open(path) as vault:
        sql = "INSERT OR REPLACE INTO withheld_records VALUES (:key, :source, :document_id, :uri, :natural, :title)"
        vault.execute(sql, vars(record))


def held_records(path: Path) -> list[HeldRecord]:
    """Return the records that are or were held back, in order of time."""
    if not vault_of(path).exists():
        return []
    with _open(path) as vault:
        return [HeldRecord(*row) for row in vault.execute("SELECT * FROM withheld_records ORDER BY rowid")]


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the vault for one transaction; a new one is readable by its owner only."""
    file = vault_of(path)
    with translate_errors(file):
        if not file.exists():
            os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(file, timeout=BUSY_SECONDS)) as vault:
            vault.execute("PRAGMA synchronous = FULL")
            vault.executescript(_SCHEMA)
            with vault:
                yield vault


def _encode_bytes(value: bytes) -> dict[str, str]:
    return {"bytes": value.hex()}


def _decode_bytes(found: dict[str, Any]) -> Any:
    return bytes.fromhex(found["bytes"]) if [*found] == ["bytes"] else found

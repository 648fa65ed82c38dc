"""Takes the records of one page: statements, identities, documents, sightings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harvester.store.attached import attached_hash, keep_attached
from harvester.store.documents import merge_documents, next_id, write_document
from harvester.store.identity import NEW, addressed_among, find_addressed, groups_touched, load_group, resolve
from harvester.store.keys import LOST_DATE, OPEN_TITLE, base_of, date_of, keys_of
from harvester.store.statements import Statement, state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database

    from harvester.pages.page import DocumentPage, Record
    from harvester.store.captures import Place
    from harvester.store.keys import Keys


@dataclass(frozen=True)
class _Known:
    """A statement as it is stored."""

    id: int
    document: int | None
    hash: str
    observed_at: str | None
    uri: str


class RecordTaker:
    """Takes the records of one page into the database, inside the caller's transaction."""

    def __init__(self, db: Database, place: Place) -> None:
        self._db = db
        self._place = place
        self._touched: set[int] = set()
        self._regroup: set[str] = set()
        self._new_documents: set[int] = set()
        self._outcome: dict[int, str] = {}

    def take(self, records: Sequence[Record]) -> Counter[str]:
        """Take the records of a listing; count how many documents were new, changed, unchanged, or not to be told."""
        statements = self._take(records)
        self._sightings(records, statements)
        return self._count(statements)

    def take_document(self, page: DocumentPage) -> Counter[str]:
        """Take a document page: it sights nothing in a listing, but holds texts and files."""
        [statement] = self._take([page.record], attached=attached_hash(page))
        row = self._db.execute("SELECT document_id FROM statements WHERE id = ?", [statement]).fetchone()
        if row[0] is not None:
            changed = keep_attached(self._db, row[0], page, self._place)
            self._outcome[row[0]] = _worse(self._outcome.get(row[0], "unchanged"), changed)
        return self._count([statement])

    def _take(self, records: Sequence[Record], attached: str | None = None) -> list[int]:
        """Take what records say; give the statements that hold it."""
        keys = keys_of(records, self._place.source.name)
        known = self._known([key.own for key in keys])
        pairs = zip(records, keys, strict=True)
        statements = [self._statement(r, k, known.get(k.own, []), attached) for r, k in pairs]
        for group in sorted(self._regroup):
            self._resolve(group)
        self._outcome = {document: self._write(document) for document in sorted(self._touched)}
        return statements

    def _known(self, keys: list[str]) -> dict[str, list[_Known]]:
        """Read what this voice has said before under these keys, in one query."""
        marks = ",".join("?" * len(keys))
        sql = f"""SELECT s.key, s.id, s.document_id, s.hash, s.observed_at, c.uri
            FROM statements s JOIN captures c ON c.id = s.capture_id
            WHERE s.key IN ({marks}) AND s.form = ? AND s.host = ? ORDER BY coalesce(s.observed_at, ''), s.id"""
        found: dict[str, list[_Known]] = {}
        for key, *values in self._db.execute(sql, [*keys, self._place.form, self._place.host]):
            found.setdefault(key, []).append(_Known(*values))
        return found

    def _statement(self, record: Record, keys: Keys, known: list[_Known], attached: str | None) -> int:
        """Keep what the record says, if this voice has not said it already; give the statement's id."""
        statement = state(record, self._place.form, self._place.host, self._place.observed_at, attached)
        same = _same(known, statement)
        if same:
            return same.id
        if keys.strong:
            document: int | None = self._addressed(keys)
        else:
            document = self._loose(keys)
        return self._keep(statement, keys.own, document, known)

    def _keep(self, statement: Statement, key: str, document: int | None, known: list[_Known]) -> int:
        if document:
            self._touched.add(document)
        older = _superseded(known, self._place)
        values = (document, statement.hash, statement.content, statement.cut, self._place.capture)
        if older:
            sql = "UPDATE statements SET document_id = ?, hash = ?, content = ?, cut = ?, capture_id = ? WHERE id = ?"
            self._db.execute(sql, [*values, older.id])
            return older.id
        sql = """INSERT INTO statements (document_id, hash, content, cut, capture_id, key, form, host, observed_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
        voice = (key, statement.form, statement.host, statement.observed_at)
        return int(self._db.execute(sql, [*values, *voice]).lastrowid or 0)

    def _addressed(self, keys: Keys) -> int:
        """Find or make the document of a record with an address, and let all its keys lead there."""
        found = find_addressed(self._db, keys)
        document = self._merge(set(found)) if found else self._new()
        for key in keys.strong:
            self._db.execute("DELETE FROM identities WHERE key = ? AND document_id <> ?", [key, document])
        self._identify(document, *keys.strong)
        if self._identify(document, base_of(keys.natural)):
            self._regroup |= groups_touched([keys])
        return document

    def _loose(self, keys: Keys) -> int | None:
        """Find the document of a record without an address, if its key is known; else the title is resolved anew."""
        row = self._db.execute("SELECT document_id FROM statements WHERE key = ?", [keys.natural]).fetchone()
        if row is None:
            self._regroup |= groups_touched([keys])
            return None
        return None if row[0] is None else int(row[0])

    def _identify(self, document: int, *keys: str) -> bool:
        """Let keys lead to a document; say whether any of them is new to it."""
        sql = "INSERT OR IGNORE INTO identities (key, document_id) VALUES (?, ?)"
        return sum(self._db.execute(sql, [key, document]).rowcount for key in keys) > 0

    def _new(self) -> int:
        document = max([next_id(self._db), *(d + 1 for d in self._new_documents)])
        self._new_documents.add(document)
        return document

    def _resolve(self, prefix: str) -> None:
        """Ask again to which documents the records of one title lead, and move what leads elsewhere now.

        One move at a time, because each can settle others: an undated record follows the document it finds.
        """
        while move := self._next_move(prefix):
            self._move(*move)

    def _next_move(self, prefix: str) -> tuple[str, int | None, int | None] | None:
        """Give a key that must lead to another document (or to none) than it does now."""
        group = load_group(self._db, prefix)
        for key, target in resolve(group).items():
            if target != group.loose[key]:
                return key, group.loose[key], self._new() if target == NEW else target
        return None

    def _move(self, key: str, current: int | None, document: int | None) -> None:
        """Let the statements and sightings under a key belong to another document, or to none."""
        if document is not None and not key.endswith(OPEN_TITLE):
            self._identify(document, key)
        seen = """UPDATE sightings SET document_id = ? WHERE document_id IS ?
            AND statement_id IN (SELECT id FROM statements WHERE key = ?)"""
        self._db.execute(seen, [document, current, key])
        self._db.execute("UPDATE statements SET document_id = ? WHERE key = ?", [document, key])
        self._touched |= {document} if document else set()
        if current is not None:
            self._leave(key, current, document)

    def _leave(self, key: str, left: int, document: int | None) -> None:
        """Look after the document that a key has left: one without any statement is merged into the other."""
        if self._db.execute("SELECT 1 FROM statements WHERE document_id = ?", [left]).fetchone():
            if date_of(key) == LOST_DATE or not addressed_among(self._db, {left}):  # else the key is its own too
                self._db.execute("DELETE FROM identities WHERE key = ? AND document_id = ?", [key, left])
            self._touched.add(left)
        elif document is not None:
            self._merge({left, document})

    def _merge(self, documents: set[int]) -> int:
        """Make one document of several; the oldest keeps its id."""
        kept = min(documents)
        for gone in sorted(documents - {kept}):
            merge_documents(self._db, gone, kept, self._place.run, self._place.observed_at)
            self._touched.discard(gone)
        self._touched.add(kept)
        return kept

    def _write(self, document: int) -> str:
        return write_document(self._db, document, self._place.source, self._place.run, self._place.observed_at)

    def _sightings(self, records: Sequence[Record], statements: list[int]) -> None:
        sql = """INSERT OR REPLACE INTO sightings
            (capture_id, position, document_id, date_text, title, has_summary, statement_id)
            SELECT ?, ?, document_id, ?, ?, ?, id FROM statements WHERE id = ?"""
        self._db.conn.executemany(
            sql,
            [
                (self._place.capture, r.position, r.date.text, r.title, r.summary is not None, statement)
                for r, statement in zip(records, statements, strict=True)
            ],
        )

    def _count(self, statements: list[int]) -> Counter[str]:
        """Count records by what became of their documents; a document is new or changed once, then unchanged."""
        marks = ",".join("?" * len(statements))
        rows = self._db.execute(f"SELECT id, document_id FROM statements WHERE id IN ({marks})", statements)
        documents, outcome = dict(rows.fetchall()), dict(self._outcome)
        counted: Counter[str] = Counter()
        for statement in statements:
            document = documents[statement]
            counted["untold" if document is None else outcome.pop(document, "unchanged")] += 1
        return counted + Counter(o for o in outcome.values() if o != "unchanged")


def _worse(outcome: str, changed: bool) -> str:
    return "changed" if changed and outcome == "unchanged" else outcome


def _same(known: list[_Known], statement: Statement) -> _Known | None:
    """Give the stored statement that was in effect at that time, if it says the same."""
    at = statement.observed_at or ""
    if not at:
        return next((k for k in known if not k.observed_at and k.hash == statement.hash), None)
    earlier = [k for k in known if (k.observed_at or "") <= at]
    return earlier[-1] if earlier and earlier[-1].hash == statement.hash else None


def _superseded(known: list[_Known], place: Place) -> _Known | None:
    """Give what the same file said before: without a time, only its newer bytes tell which is newer."""
    if place.observed_at:
        return None
    return next((k for k in known if not k.observed_at and k.uri == place.uri), None)

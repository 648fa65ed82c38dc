"""Takes the records of one page: statements, documents, sightings."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from harvester.store.assignment import Assignment
from harvester.store.attached import attached_hash, keep_attached
from harvester.store.documents import write_document, write_new
from harvester.store.keys import keys_of
from harvester.store.statement_table import StatementTable
from harvester.store.statements import state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database

    from harvester.pages.page import DocumentPage, Record
    from harvester.store.captures import Place
    from harvester.store.keys import Keys
    from harvester.store.statements import Statement


class RecordTaker:
    """Takes the records of one page into the database, inside the caller's transaction."""

    def __init__(self, db: Database, place: Place) -> None:
        self._db = db
        self._place = place
        self._table = StatementTable(db, place)
        self._assignment = Assignment(db, place)
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
        made = [state(r, self._place.form, self._place.host, self._place.observed_at, attached) for r in records]
        self._table.load(one.own for one in keys)
        stored = [self._table.same(k.own, statement) for k, statement in zip(keys, made, strict=True)]
        self._assignment.load([k for k, same in zip(keys, stored, strict=True) if same is None])
        statements = [
            same.id if same else self._keep(k, statement) for k, statement, same in zip(keys, made, stored, strict=True)
        ]
        self._assignment.settle()
        self._outcome = {document: self._write(document) for document in sorted(self._assignment.touched)}
        return statements

    def _keep(self, keys: Keys, statement: Statement) -> int:
        return self._table.keep(keys.own, statement, self._assignment.assign(keys))

    def _write(self, document: int) -> str:
        write = write_new if document in self._assignment.new else write_document
        return write(self._db, document, self._place.source, self._place.run, self._place.observed_at)

    def _sightings(self, records: Sequence[Record], statements: list[int]) -> None:
        sql = """INSERT OR REPLACE INTO sightings
            (capture_id, position, document_id, date_text, title, has_summary, statement_id)
            SELECT ?, ?, document_id, ?, ?, ?, id FROM statements WHERE id = ?"""
        rows = [
            (self._place.capture, r.position, r.date.text, r.title, r.summary is not None, statement)
            for r, statement in zip(records, statements, strict=True)
        ]
        self._db.conn.executemany(sql, rows)

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

"""Takes the records of one page: statements, documents, sightings."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from harvester.store.assignment import Assignment
from harvester.store.attached import keep_attached
from harvester.store.documents import write_document, write_new
from harvester.store.keys import keys_of, own_keys
from harvester.store.statement_table import StatementTable, Stored
from harvester.store.statements import content_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database

    from harvester.pages.page import DocumentPage, Listing, Record
    from harvester.store.captures import Place
    from harvester.store.hashes import Hashes
    from harvester.store.keys import Keys


class RecordTaker:
    """Takes the records of one page into the database, inside the caller's transaction."""

    def __init__(self, db: Database, place: Place) -> None:
        self._db = db
        self._place = place
        self._table = StatementTable(db, place)
        self._assignment = Assignment(db, place)
        self._outcome: dict[int, str] = {}

    def take(self, page: Listing, hashes: Hashes) -> Counter[str]:
        """Take the records of a listing; count how many documents were new, changed, unchanged, or not to be told."""
        statements = self._take(page.records, hashes)
        documents = self._documents(statements)
        self._sightings(page.records, statements, documents)
        return self._count(documents)

    def take_document(self, page: DocumentPage, hashes: Hashes) -> Counter[str]:
        """Take a document page: it sights nothing in a listing, but holds texts and files."""
        documents = self._documents(self._take([page.record], hashes))
        if documents[0] is not None:
            outcome = self._outcome.get(documents[0], "unchanged")
            changed = keep_attached(self._db, documents[0], page, hashes.attached, self._place, new=outcome == "new")
            self._outcome[documents[0]] = "changed" if changed and outcome == "unchanged" else outcome
        return self._count(documents)

    def _take(self, records: Sequence[Record], hashes: Hashes) -> list[Stored | int]:
        """Take what records say; give for each the statement that said it before, or the id of a new one."""
        own = own_keys(records, self._place.source.name)
        self._table.load(own)
        known = [self._table.same(key, digest) for key, digest in zip(own, hashes.records, strict=True)]
        if all(known):
            return [s for s in known if s]
        keys = keys_of(records, self._place.source.name)
        fresh = [(r, k, d) for r, k, d, s in zip(records, keys, hashes.records, known, strict=True) if s is None]
        self._assignment.load([k for _, k, _ in fresh])
        kept = iter([self._keep(r, k, digest, hashes.attached) for r, k, digest in fresh])
        self._assignment.settle()
        self._outcome = {document: self._write(document) for document in sorted(self._assignment.touched)}
        return [s.id if s else next(kept) for s in known]

    def _keep(self, record: Record, keys: Keys, digest: str, attached: str | None) -> int:
        said = (digest, content_of(record, attached), record.cut)
        return self._table.keep(keys.own, said, self._assignment.assign(keys))

    def _write(self, document: int) -> str:
        write = write_new if document in self._assignment.new else write_document
        return write(self._db, document, self._place.source, self._place.run, self._place.observed_at)

    def _documents(self, statements: list[Stored | int]) -> list[int | None]:
        """Give the document of each statement; those of a page that brought nothing new are as they were."""
        if all(isinstance(s, Stored) for s in statements):
            return [s.document for s in statements if isinstance(s, Stored)]
        ids = _ids(statements)
        marks = ",".join("?" * len(ids))
        rows = self._db.execute(f"SELECT id, document_id FROM statements WHERE id IN ({marks})", ids)
        found: dict[int, int | None] = dict(rows.fetchall())
        return [found[statement] for statement in ids]

    def _sightings(
        self, records: Sequence[Record], statements: list[Stored | int], documents: list[int | None]
    ) -> None:
        sql = """INSERT OR REPLACE INTO sightings
            (capture_id, position, document_id, date_text, title, has_summary, statement_id)
            VALUES (?, ?, ?, ?, ?, ?, ?)"""
        rows = [
            (self._place.capture, r.position, document, r.date.text, r.title, r.summary is not None, statement)
            for r, statement, document in zip(records, _ids(statements), documents, strict=True)
        ]
        self._db.conn.executemany(sql, rows)

    def _count(self, documents: list[int | None]) -> Counter[str]:
        """Count records by what became of their documents; a document is new or changed once, then unchanged."""
        outcome = dict(self._outcome)
        counted: Counter[str] = Counter()
        for document in documents:
            counted["untold" if document is None else outcome.pop(document, "unchanged")] += 1
        return counted + Counter(o for o in outcome.values() if o != "unchanged")


def _ids(statements: list[Stored | int]) -> list[int]:
    return [s.id if isinstance(s, Stored) else s for s in statements]

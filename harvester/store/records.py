"""Takes the records of one page: statements, documents, sightings."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from harvester.store.assignment import Assignment
from harvester.store.attached import keep_attached
from harvester.store.documents import write_document, write_new
from harvester.store.keys import keys_of, own_keys
from harvester.store.statement_table import StatementTable
from harvester.store.statements import content_of
from harvester.store.withdrawal.withheld import blanked, withheld

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database

    from harvester.pages.page import DocumentPage, Listing, Record
    from harvester.store.captures import Place
    from harvester.store.documents import Ids
    from harvester.store.hashes import Hashes
    from harvester.store.keys import Keys
    from harvester.store.withdrawal.withheld import Withheld


class Kept(NamedTuple):
    """The statement that a record made or repeated, and the document that it belongs to, if that can be told."""

    statement: int
    document: int | None


class RecordTaker:
    """Takes the records of one page into the database, inside the caller's transaction."""

    def __init__(self, db: Database, place: Place, ids: Ids | None = None) -> None:
        self._db = db
        self._place = place
        self._table = StatementTable(db, place)
        self._assignment = Assignment(db, place, ids)
        self._outcome: dict[int, str] = {}
        self.withheld: dict[int, Withheld] = {}
        self.undecided: list[Record] = []

    def take(self, page: Listing, hashes: Hashes) -> Counter[str]:
        """Take the records of a listing; count how many documents were new, changed, unchanged, or not to be told."""
        kept = self._take(page.records, hashes)
        self._sightings(blanked(page.records, self.withheld), kept)
        return self._count(kept)

    def take_document(self, page: DocumentPage, hashes: Hashes) -> Counter[str]:
        """Take a document page: it sights nothing in a listing, but holds texts and files."""
        kept = self._take([page.record], hashes)
        document = kept[0].document
        if document is not None:
            outcome = self._outcome.get(document, "unchanged")
            changed = keep_attached(self._db, document, page, hashes.attached, self._place, new=outcome == "new")
            self._outcome[document] = "changed" if changed and outcome == "unchanged" else outcome
        return self._count(kept)

    def _take(self, records: Sequence[Record], hashes: Hashes) -> list[Kept]:
        """Take what records say; give for each its statement, new or said before, and its document."""
        own = own_keys(records, self._place.source.name)
        self._table.load(own)
        self.withheld = withheld(self._db, records, self._place)
        self.undecided = [records[number] for number, one in self.withheld.items() if one.undecided]
        said = enumerate(zip(own, hashes.records, strict=True))
        known = [self.withheld.get(n) or self._table.same(key, digest) for n, (key, digest) in said]
        if all(known):
            return [Kept(s.id, s.document) for s in known if s]
        keys = keys_of(records, self._place.source.name)
        fresh = [(r, k, d) for r, k, d, s in zip(records, keys, hashes.records, known, strict=True) if s is None]
        self._assignment.load([k for _, k, _ in fresh])
        kept = iter([self._keep(r, k, digest, hashes.attached) for r, k, digest in fresh])
        self._assignment.settle()
        self._outcome = {document: self._write(document) for document in self._assignment.in_order()}
        taken = [Kept(s.id, s.document) if s else next(kept) for s in known]
        return self._as_moved(taken) if self._assignment.moved else taken

    def _keep(self, record: Record, keys: Keys, digest: str, attached: str | None) -> Kept:
        said = (digest, content_of(record, attached), record.cut)
        document = self._assignment.assign(keys)
        return Kept(self._table.keep(keys.own, said, document), document)

    def _write(self, document: int) -> str:
        write = write_new if document in self._assignment.new else write_document
        return write(self._db, document, self._place.source, self._place.run, self._place.observed_at)

    def _as_moved(self, kept: list[Kept]) -> list[Kept]:
        """Give the documents that the statements belong to now."""
        marks = ",".join("?" * len(kept))
        sql = f"SELECT id, document_id FROM statements WHERE id IN ({marks})"
        found: dict[int, int | None] = dict(self._db.execute(sql, [one.statement for one in kept]).fetchall())
        return [Kept(one.statement, found[one.statement]) for one in kept]

    def _sightings(self, records: Sequence[Record], kept: list[Kept]) -> None:
        sql = """INSERT OR REPLACE INTO sightings
            (capture_id, position, document_id, date_text, title, has_summary, statement_id)
            VALUES (?, ?, ?, ?, ?, ?, ?)"""
        rows = [
            (self._place.capture, r.position, one.document, r.date.text, r.title, r.summary is not None, one.statement)
            for r, one in zip(records, kept, strict=True)
        ]
        self._db.conn.executemany(sql, rows)

    def _count(self, kept: list[Kept]) -> Counter[str]:
        """Count records by what became of their documents; a document is new or changed once, then unchanged."""
        outcome = dict(self._outcome)
        counted: Counter[str] = Counter()
        for _, document in kept:
            counted["untold" if document is None else outcome.pop(document, "unchanged")] += 1
        return counted + Counter(o for o in outcome.values() if o != "unchanged")

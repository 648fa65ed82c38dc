"""Writes the records of one page: statements, sightings, and the documents that follow from them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from harvester.store.assignment import Assignment
from harvester.store.documents import insert_document, update_document
from harvester.store.keys import keys_of, own_keys, page_keys
from harvester.store.listing_members import recount_members
from harvester.store.statements import StatementTable, content_of, page_statement
from harvester.store.texts import Attachments, is_attached
from harvester.store.timeline import ValueOrigin
from harvester.store.votes import NAMED, Statement, Vote, named_key
from harvester.store.withdrawal.withheld import blanked, stand_ins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database

    from harvester.model import DocumentPage, Listing, Record
    from harvester.store.captures import Provenance
    from harvester.store.documents import DocumentIds
    from harvester.store.keys import Keys
    from harvester.store.page_hashes import PageHashes
    from harvester.store.withdrawal.withheld import StandIn, Withholder


class StoredRecord(NamedTuple):
    """The statement of a record, and the document that it belongs to, if that is known."""

    statement: int
    document: int | None


# Documents with statements that contradict this page: reading it again may decide.
_DISAGREEING = """SELECT DISTINCT g.document_id FROM sightings AS g WHERE g.capture_id = :capture AND EXISTS
        (SELECT 1 FROM sightings AS o WHERE o.document_id = g.document_id AND o.statement_id <> g.statement_id)
    UNION SELECT s.document_id FROM statements AS s WHERE s.is_own_page AND s.capture_id = :capture AND (EXISTS
        (SELECT 1 FROM statements AS o WHERE o.document_id = s.document_id AND o.is_own_page AND o.id <> s.id)
        OR s.document_id IN (SELECT document_id FROM unconfirmed_changes))"""
_OF_CAPTURE = """(id IN (SELECT statement_id FROM sightings WHERE capture_id = :capture)
    OR (is_own_page AND capture_id = :capture))"""
# The addresses that claims have, or name, and those that another document had before.
_CLAIMS = "FROM statements AS s WHERE is_own_page AND document_id IS NULL"
_NAMED_BY_CLAIMS = " UNION ALL ".join(f"SELECT {named_key('s', kind)} {_CLAIMS}" for kind in NAMED)
_DOUBTFUL = (
    f"SELECT key FROM identities WHERE until IS NOT NULL UNION ALL SELECT key {_CLAIMS} UNION ALL {_NAMED_BY_CLAIMS}"
)
# Those of them on the page.
_CONTESTED = f"""SELECT key FROM statements AS s WHERE {_OF_CAPTURE} AND key IN ({_DOUBTFUL})""" + "".join(
    f" UNION SELECT {named_key('s', kind)} AS key FROM statements AS s WHERE is_own_page AND capture_id = :capture"
    for kind in NAMED
)
# The addresses on the page at which documents' own pages were read, if the page is older than these.
_PASSED_OVER = f"""SELECT key FROM statements AS s WHERE {_OF_CAPTURE}
    AND (:at IS NULL OR EXISTS (SELECT 1 FROM reads WHERE captured_at > :at))
    AND EXISTS (SELECT 1 FROM statements AS o WHERE o.is_own_page AND o.document_id = s.document_id)"""
_ANY_CONTESTED = f"""SELECT EXISTS (SELECT 1 FROM identities WHERE until IS NOT NULL) OR EXISTS (SELECT 1 {_CLAIMS})"""


INSERT_SIGHTING = """INSERT INTO sightings
    (capture_id, position, document_id, date_text, title, has_summary, statement_id) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET document_id = excluded.document_id, date_text = excluded.date_text,
    title = excluded.title, has_summary = excluded.has_summary, statement_id = excluded.statement_id"""


def sighting_row(
    capture: int, record: Record, document: int | None, statement: int
) -> tuple[str | int | bool | None, ...]:
    """Return the row that says that a capture shows a record at its position."""
    return (capture, record.position, document, record.date.text, record.title, record.summary is not None, statement)


class PageWriter:
    """Writes the records of one parsed page into the database, inside the caller's transaction.

    `recount`: collects the documents whose memberships are to be counted anew, where that has to wait.
    """

    def __init__(
        self, db: Database, provenance: Provenance, ids: DocumentIds | None = None, recount: set[int] | None = None
    ) -> None:
        self._db = db
        self._recount = recount
        self._provenance = provenance
        self._table = StatementTable(db, provenance)
        self._assignment = Assignment(db, provenance, ids)
        self._outcome: dict[int, str] = {}
        self._fresh: dict[int, list[Statement]] = {}
        self._own: StoredRecord | None = None
        self.withheld: dict[int, StandIn] = {}
        self.undecided: list[Record] = []

    def write_listing(self, page: Listing, hashes: PageHashes, withholder: Withholder = stand_ins) -> Counter[str]:
        """Write the records of a listing; return how many documents were new, changed, unchanged or unknown."""
        own = own_keys(page.records, self._provenance.source.name)
        self._table.load(own)
        self.withheld = withholder(self._db, page.records, self._provenance)
        self.undecided = [page.records[number] for number, record in self.withheld.items() if record.undecided]
        same = [self.withheld.get(n) or self._table.find(k, d) for n, (k, d) in enumerate(zip(own, hashes.records))]  # noqa: B905
        stored = (
            [StoredRecord(s.id, s.document) for s in same if s]
            if all(same)
            else self._insert_new(page.records, hashes, same)
        )
        self._write_sightings(blanked(page.records, self.withheld), stored)
        return self._settle(stored)

    def write_document_page(self, page: DocumentPage, hashes: PageHashes) -> Counter[str]:
        """Write a document's own page: it has no sightings in a listing, but texts and files."""
        keys = page_keys(page.record, self._provenance.uri, self._provenance.source)
        self._assignment.load([keys])
        statement = self._insert_statement(page.record, keys, hashes.records[0], hashes.attached, own=True)
        page_attachments = Attachments.of_page(page, hashes.attached, self._provenance.capture)
        counted = self._settle([StoredRecord(statement.id, statement.document)], page_attachments, own=True)
        if not (self._own and is_attached(self._db, self._own.document, hashes.attached)):
            page_attachments.save_unassigned(self._db)
        return counted

    def write_reading(self) -> Counter[str]:
        """Write what a known page states, which counts at the time of this reading too."""
        stored = page_statement(self._db, self._provenance.capture)
        return self._settle([StoredRecord(stored.id, stored.document)], own=True) if stored else self._settle([])

    @property
    def regrouped(self) -> set[int]:
        """Documents whose sightings have changed since before the page was written."""
        return self._assignment.regrouped

    @property
    def is_claim(self) -> bool:
        """Whether the capture is an own page whose document cannot be known."""
        return self._own is not None and self._own.document is None

    def _insert_new(self, records: Sequence[Record], hashes: PageHashes, same: Sequence[object]) -> list[StoredRecord]:
        """Insert the statements of a listing that has new ones; return those of all its records."""
        keys = keys_of(records, self._provenance.source.name)
        self._assignment.load([k for k, known in zip(keys, same, strict=True) if not known])
        stored = []
        for record, k, digest, known in zip(records, keys, hashes.records, same, strict=True):
            statement = known or self._table.find(k.own, digest) or self._insert_statement(record, k, digest, None)
            stored.append(StoredRecord(statement.id, statement.document))  # type: ignore[attr-defined]
        return stored

    def _insert_statement(
        self, record: Record, keys: Keys, digest: str, attached: str | None, *, own: bool = False
    ) -> Statement:
        content = content_of(record, attached, believed=not (own and record.cut))
        is_new = len(self._assignment.new)
        document = self._assignment.assign(keys, page=own)
        fields = (
            keys.own,
            keys.natural,
            self._provenance.form,
            self._provenance.host,
            own,
            record.cut,
            digest,
            content,
        )
        statement = self._table.insert(Statement(0, document, *fields))
        if document is not None and len(self._assignment.new) > is_new:
            self._fresh[document] = [statement]
        elif document is not None:
            self._fresh.pop(document, None)
        return statement

    def _settle(
        self, stored: list[StoredRecord], page_attachments: Attachments | None = None, *, own: bool = False
    ) -> Counter[str]:
        """Write the documents that may have changed; count records by the outcome of their documents."""
        disagreeing = set[int]()
        if own and self._assignment.is_contested:  # all addresses of an own page are contested, and one document
            self._assignment.settle()
        else:
            self._mark_contested()
            self._assignment.settle()
            disagreeing = self._disagreeing()
        if self._assignment.moved:
            stored = self._with_new_documents(stored)
            self._fresh = {}
        self._own = stored[0] if own else None
        if self._recount is None:
            recount_members(self._db, self._assignment.regrouped)
        else:  # not all sightings are written yet
            self._recount |= self._assignment.regrouped
        touched = sorted(self._assignment.touched | disagreeing)
        self._outcome = {document: self._write_document(document, page_attachments) for document in touched}
        return self._count(stored)

    @property
    def _values(self) -> dict[str, Any]:
        return {"capture": self._provenance.capture, "at": self._provenance.observed_at}

    def _mark_contested(self) -> None:
        contested = self._db.execute(_ANY_CONTESTED).fetchone()[0]
        for sql in (_CONTESTED, _PASSED_OVER) if contested else (_PASSED_OVER,):
            self._assignment.mark_contested(key for (key,) in self._db.execute(sql, self._values).fetchall() if key)

    def _disagreeing(self) -> set[int]:
        rows = self._db.execute(_DISAGREEING, self._values).fetchall()
        return {row[0] for row in rows if row[0] is not None}

    def _write_document(self, document: int, page_attachments: Attachments | None) -> str:
        source, run = self._provenance.source, self._provenance.run
        if document not in self._assignment.new:
            page = ValueOrigin(self._provenance.observed_at or "", self._provenance.capture)
            votes = None if self._assignment.moved else self._assignment.votes.get(document)
            return update_document(self._db, document, source, run, page_attachments, page, votes)
        fresh = self._fresh.get(document)
        votes = [self._vote(statement) for statement in fresh] if fresh else None
        return insert_document(self._db, document, source, run, votes, page_attachments)

    def _vote(self, statement: Statement) -> Vote:
        provenance = self._provenance
        return Vote(
            provenance.observed_at or "", statement, provenance.capture, provenance.listing, False, 0, ("", None), 0
        )

    def _with_new_documents(self, stored: list[StoredRecord]) -> list[StoredRecord]:
        """Return the records with the documents that their statements belong to now."""
        marks = ",".join("?" * len(stored))
        sql = f"SELECT id, document_id FROM statements WHERE id IN ({marks})"
        found: dict[int, int | None] = dict(self._db.execute(sql, [record.statement for record in stored]).fetchall())
        return [StoredRecord(record.statement, found[record.statement]) for record in stored]

    def _write_sightings(self, records: Sequence[Record], stored: list[StoredRecord]) -> None:
        capture = self._provenance.capture
        rows = [sighting_row(capture, r, s.document, s.statement) for r, s in zip(records, stored, strict=True)]
        self._db.conn.executemany(INSERT_SIGHTING, rows)

    def _count(self, stored: list[StoredRecord]) -> Counter[str]:
        """Count records by the outcome of their documents; a document is new or changed once, then unchanged."""
        outcome = {document: found for document, found in self._outcome.items() if found in ("new", "changed")}
        counted: Counter[str] = Counter()
        for _, document in stored:
            counted["untold" if document is None else outcome.pop(document, "unchanged")] += 1
        counted.update(outcome.values())  # documents that are not on the page but follow from it
        counted["new"] -= self._assignment.merged_new
        return counted

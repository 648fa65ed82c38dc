"""Assigns statements to documents, and moves those that prove to belong to another document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harvester.store.documents import DocumentIds, merge_documents, own_addresses, unmerge_document
from harvester.store.holders import AddressHolders, IdentityVote, identity_vote
from harvester.store.identity import (
    INSERT_IDENTITY,
    NEW,
    addressed_documents,
    documents_by_key,
    is_free_title,
    load_group,
    natural_groups,
    resolve,
)
from harvester.store.keys import LOST_DATE, OPEN_TITLE, base_of, date_of, group_of, kind_of
from harvester.store.votes import votes_of, votes_without_document

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sqlite_utils import Database

    from harvester.store.captures import Provenance
    from harvester.store.holders import Item
    from harvester.store.keys import Keys
    from harvester.store.votes import Statement, Vote


class Assignment:
    """Decides which document each statement of a page belongs to."""

    def __init__(self, db: Database, provenance: Provenance, ids: DocumentIds | None = None) -> None:
        self._db = db
        self._provenance = provenance
        self._ids = ids or DocumentIds(db)
        self._regroup: set[str] = set()
        self._holders: dict[str, set[int]] = {}
        self._contested: set[str] = set()
        self._is_provisional = False
        self.votes: dict[int, list[Vote]] = {}
        """All votes of documents whose addresses were resolved; they count if nothing has moved."""
        self.moved = False
        """Whether statements have moved to other documents."""
        self.touched: set[int] = set()
        """Documents whose content may have changed."""
        self.regrouped: set[int] = set()
        """Documents whose sightings have changed."""
        self.new: set[int] = set()
        """Documents that have no row yet."""
        self.merged_new = 0
        """How many documents that this run had counted as new proved to be others, at a new address."""

    def load(self, keys: Iterable[Keys]) -> None:
        """Load the documents that the keys of new statements lead to, in one query."""
        names = [name for one in keys for name in (*one.strong, base_of(one.natural))]
        self._holders = {name: set() for name in names} | documents_by_key(self._db, names)

    def assign(self, keys: Keys, *, page: bool = False) -> int | None:
        """Return the document of a new statement; None if only `settle` can decide.

        An item's own page belongs to the document of its address; `settle` decides whether it fits. Mostly it does, so
        that it gets that document meanwhile: otherwise all that is unassigned would be looked through.
        """
        document = self._addressed_document(keys, page=page) if keys.strong else self._unaddressed_document(keys)
        if document:
            self.touched.add(document)
        elif page and len(found := {d for key in keys.strong for d in self._holders[key]}) == 1:
            self._is_provisional = True
            (document,) = found
        return document

    @property
    def is_contested(self) -> bool:
        """Whether there are addresses whose holder `settle` is to decide."""
        return bool(self._contested)

    def mark_contested(self, keys: Iterable[str]) -> None:
        """Mark addresses whose holder `settle` is to decide."""
        self._contested |= set(keys)

    def settle(self) -> None:
        """Resolve contested addresses, then decide again which documents the records of the marked titles belong to.

        Makes one move at a time, because each can settle others: an undated record follows the document that it finds.
        """
        while self._contested or self._regroup:
            if self._contested:
                self._resolve_addresses()
                continue
            prefix = min(self._regroup)
            self._regroup.remove(prefix)
            while move := self._next_move(prefix):
                self._move(*move)

    def _addressed_document(self, keys: Keys, *, page: bool) -> int | None:
        """Find or make the document of a statement with an address."""
        found = {d for key in keys.strong for d in self._holders[key]}
        if not found:
            natural = base_of(keys.natural)
            adopted = self._adoptable(natural)
            document = adopted[0] if adopted else self._make(*keys.strong, natural)
            self._identify(document, *keys.strong, natural)
            self._mark_title(group_of(natural))
            return document
        if page or len(found) > 1 or self._has_pages(found) or not self._has_all(keys, found):
            self._contested |= set(keys.strong)
            return None
        (document,) = found
        natural = base_of(keys.natural)
        if document not in self._holders[natural]:
            self._identify(document, natural)
            self._mark_title(group_of(natural))
        return document

    def _mark_title(self, prefix: str) -> None:
        """Mark a title for `settle`, if records without an address have it."""
        if not is_free_title(self._db, prefix):
            self._regroup.add(prefix)

    def _has_pages(self, documents: set[int]) -> bool:
        sql = "SELECT 1 FROM statements WHERE document_id IN (SELECT value FROM json_each(?)) AND is_own_page LIMIT 1"
        return self._db.execute(sql, [json.dumps([*documents])]).fetchone() is not None

    def _has_all(self, keys: Keys, found: set[int]) -> bool:
        return all(self._holders[key] == found for key in keys.strong)

    def _adoptable(self, natural: str) -> list[int]:
        """Return the one document without an address that has this natural key, unless one with an address has it."""
        holders = self._holders[natural]
        return list(holders) if len(holders) == 1 and not addressed_documents(self._db, holders) else []

    def _unaddressed_document(self, keys: Keys) -> int | None:
        """Find the document of a record without an address, if its key is known; else its title is resolved."""
        row = self._db.execute("SELECT document_id FROM statements WHERE key = ?", [keys.natural]).fetchone()
        if row:
            return None if row[0] is None else int(row[0])
        prefix = group_of(keys.natural)
        if keys.natural.endswith(OPEN_TITLE) or not is_free_title(self._db, prefix, identities=True):
            self._regroup.add(prefix)
            return None
        document = self._make(keys.natural)
        self._identify(document, keys.natural)
        return document

    def _make(self, *keys: str) -> int:
        """Return the id of a new document that will have these keys; its row is written later."""
        document = self._ids.allocate(keys)
        self.new.add(document)
        return document

    def _identify(self, document: int, *keys: str) -> None:
        """Make keys lead to a document."""
        fresh = [key for key in keys if document not in self._holders.setdefault(key, set())]
        if fresh:
            self._db.conn.executemany(INSERT_IDENTITY, [(key, document) for key in fresh])
        for key in fresh:
            self._holders[key].add(document)

    # Addresses

    def _resolve_addresses(self) -> None:
        """Decide again, from all that was shown at the contested addresses, which item each statement belongs to."""
        votes = self._votes_at(self._contested)
        self._contested = set()
        stored = {vote.statement.id: vote.statement.document for vote in votes}
        settled = {**stored, **dict.fromkeys(self._provisional_statements(votes))}
        self._is_provisional = False
        shown = [one for one in (identity_vote(vote, self._provenance.source) for vote in votes) if one.keys]
        holders = AddressHolders(shown)
        statements = {one.statement.id: one.statement for one in shown}
        documents = self._documents_of(holders, settled)
        for statement in statements.values():
            item = holders.item_of(statement.id)
            current = self._document_of(statement.id) if self.moved else stored[statement.id]
            self._reassign(statement, current, documents[item] if item else None)
        self._merge_claims(holders, documents, shown, settled)
        for item, document in documents.items():
            self._write_keys(item, document, holders.items)
        if len(documents) == 1 and not holders.claims and not self.moved:
            self.votes[next(iter(documents.values()))] = votes

    def _provisional_statements(self, votes: Iterable[Vote]) -> Iterator[int]:
        """Yield the statement of the page that is being written, if its document is not decided yet."""
        for vote in votes if self._is_provisional else ():
            if vote.statement.own and vote.capture == self._provenance.capture:
                yield vote.statement.id

    def _votes_at(self, keys: Collection[str]) -> list[Vote]:
        """Return the votes of all documents that lead to these addresses or name them, claims included."""
        known = set(keys)
        while True:
            holders = {d for found in self._documents_at(known).values() for d in found}
            claims = votes_without_document(self._db, sorted(known))
            shown = [identity_vote(vote, self._provenance.source) for vote in claims]
            named = {key for one in shown for key in one.keys}
            named |= _addresses_of(self._db, holders)
            if named <= known:
                votes = votes_of(self._db, sorted(holders)) if holders else []
                return sorted([*votes, *claims], key=lambda vote: vote.order)
            known |= named

    def _documents_at(self, keys: set[str]) -> dict[str, set[int]]:
        """Return the documents that addresses lead to, as far as they are known yet without asking the database."""
        unknown = sorted(keys - self._holders.keys())
        found = {key: self._holders[key] for key in keys & self._holders.keys()}
        return found | documents_by_key(self._db, unknown) if unknown else found

    def _merge_claims(
        self,
        holders: AddressHolders,
        documents: dict[Item, int],
        shown: Sequence[IdentityVote],
        settled: Mapping[int, int | None],
    ) -> None:
        """Merge documents that have only claims left into those at their addresses."""
        for one in shown:
            document = settled[one.statement.id]
            if one.statement.id not in holders.claims or document is None or document in documents.values():
                continue
            holder = next((item for key in one.keys if (item := holders.holder_of(key)) in documents), None)
            if holder is not None and self._db.execute("SELECT 1 FROM documents WHERE id = ?", [document]).fetchone():
                documents[holder] = self._merge({document, documents[holder]})

    def _documents_of(self, holders: AddressHolders, settled: Mapping[int, int | None]) -> dict[Item, int]:
        """Return the document of each item: an item keeps its document for ever, the oldest if it had several.

        `settled`: the documents that statements have, by id.
        """
        items = holders.items
        candidates: dict[int, list[Item]] = {}
        for item in items:
            for document in {settled[number] for number in item.statements} - {None}:
                candidates.setdefault(document, []).append(item)  # type: ignore[arg-type]
        owned: dict[Item, list[int]] = {item: [] for item in items}
        for document in sorted(candidates):
            owned[self._main_item(document, candidates[document])].append(document)
        found = {item: documents[0] for item, documents in owned.items() if documents}
        for item, documents in owned.items():
            if len(documents) > 1:
                self._merge(set(documents))
            elif not documents:
                found[item] = self._own_document(item, {settled[number] for number in item.statements} - {None})
        return found

    def _main_item(self, document: int, items: Sequence[Item]) -> Item:
        """Return the one of several items that stays the document.

        It is the one that was first at its public addresses; without one, the one that has its number; else the first.
        """
        if len(items) == 1:
            return items[0]
        own = own_addresses(self._db, document)
        since = {item: min((item.since[key] for key in own & item.since.keys()), default=None) for item in items}
        at = [(first, provenance) for provenance, first in enumerate(since.values()) if first is not None]
        if at:
            return items[min(at)[1]]
        known = _addresses_of(self._db, [document])
        return next((item for item in items if known & set(item.numbers.values())), items[0])

    def _own_document(self, item: Item, shared: set[int | None]) -> int:
        """Return a document for an item without one; a document that was merged by mistake is restored."""
        slugs = {key: since for key, since in item.since.items() if kind_of(key) == "slug"}
        for document in sorted(filter(None, shared)):
            former = unmerge_document(self._db, slugs, document)
            if former:
                self.new.add(former)
                return former
        return self._make(*item.since)

    def _document_of(self, statement: int) -> int | None:
        row = self._db.execute("SELECT document_id FROM statements WHERE id = ?", [statement]).fetchone()
        return None if row[0] is None else int(row[0])

    def _reassign(self, statement: Statement, current: int | None, document: int | None) -> None:
        """Move a statement and its sightings from a document to another, or to none (a claim)."""
        self.touched |= {document} if document else set()
        if current == document:
            return
        self.moved = True
        self._db.execute("UPDATE statements SET document_id = ? WHERE id = ?", [document, statement.id])
        self._db.execute("UPDATE sightings SET document_id = ? WHERE statement_id = ?", [document, statement.id])
        if current is None:
            return
        self.regrouped |= {current, *([document] if document else [])}
        if self._db.execute("SELECT 1 FROM statements WHERE document_id = ?", [current]).fetchone():
            self.touched.add(current)
        elif document is not None:
            self._merge({current, document})

    def _write_keys(self, item: Item, document: int, items: Sequence[Item]) -> None:
        """Make only the keys of an item, and the natural keys of its statements, lead to its document."""
        stored = {
            key: (since, until)
            for key, since, until in self._db.execute(
                "SELECT key, since, until FROM identities WHERE document_id = ?", [document]
            )
            if kind_of(key) != "public"
        }
        shared = {key for other in items if other is not item for key in other.since}
        wanted: dict[str, tuple[str | None, str | None]] = {
            key: (item.since[key] or None, item.until.get(key)) if key in shared else (None, None) for key in item.since
        }
        sql = "SELECT DISTINCT rtrim(natural_key, ?) FROM statements WHERE document_id = ?"
        natural = {row[0] for row in self._db.execute(sql, [OPEN_TITLE, document])}
        wanted |= dict.fromkeys(natural, (None, None))
        if wanted == stored:
            return
        gone = [(key, document) for key in stored if key not in wanted]
        if gone:
            self._db.conn.executemany("DELETE FROM identities WHERE key = ? AND document_id = ?", gone)
        sql = """INSERT INTO identities (key, document_id, since, until) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET since = excluded.since, until = excluded.until"""
        differing = [(key, document, *times) for key, times in wanted.items() if stored.get(key) != times]
        self._db.conn.executemany(sql, differing)
        for key in {*stored, *wanted}:
            self._holders.pop(key, None)
        changed = {key for key in stored.keys() ^ wanted.keys() if kind_of(key) == "natural"}
        addressed = any(kind_of(key) != "natural" for key in wanted) != any(kind_of(key) != "natural" for key in stored)
        for prefix in {group_of(key) for key in (natural if addressed else changed)}:
            self._mark_title(prefix)

    # Titles of records without an address

    def _next_move(self, prefix: str) -> tuple[str, int | None, int | None] | None:
        """Return a key that must lead to another document (or to none), with the present one and the right one."""
        group = load_group(self._db, prefix)
        for key, target in resolve(group).items():
            if target != group.loose[key]:
                return key, group.loose[key], self._make(key) if target == NEW else target
        return None

    def _move(self, key: str, current: int | None, document: int | None) -> None:
        """Move the statements and sightings under a key to another document, or to none."""
        self.moved = True
        if document is not None and not key.endswith(OPEN_TITLE):
            self._identify(document, key)
        seen = (
            """UPDATE sightings SET document_id = ? WHERE statement_id IN (SELECT id FROM statements WHERE key = ?)"""
        )
        self._db.execute(seen, [document, key])
        self._db.execute("UPDATE statements SET document_id = ? WHERE key = ?", [document, key])
        self.touched |= {document} if document else set()
        if current is not None:
            self._clean_up_left(key, current, document)

    def _clean_up_left(self, key: str, left: int, document: int | None) -> None:
        """Clean up the document that a key has left: one without any statement is merged into the other."""
        if self._db.execute("SELECT 1 FROM statements WHERE document_id = ?", [left]).fetchone():
            if date_of(key) == LOST_DATE or not addressed_documents(
                self._db, {left}
            ):  # else the key belongs to it alone
                self._db.execute("DELETE FROM identities WHERE key = ? AND document_id = ?", [key, left])
                self._holders.setdefault(key, set()).discard(left)
            self.touched.add(left)
        elif document is not None:
            self._merge({left, document})

    def _is_of_this_run(self, document: int) -> bool:
        sql = "SELECT 1 FROM changes WHERE document_id = ? AND kind = 'new' AND run_id = ? AND merged_from IS NULL"
        return self._db.execute(sql, [document, self._provenance.run]).fetchone() is not None

    def _merge(self, documents: set[int]) -> int:
        """Merge documents; the oldest keeps its id."""
        kept = min(documents)
        for gone in sorted(documents - {kept}):
            self.merged_new += self._is_of_this_run(gone)
            merge_documents(self._db, gone, kept, self._provenance)
            self.touched.discard(gone)
            for holders in self._holders.values():
                if gone in holders:
                    holders.remove(gone)
                    holders.add(kept)
        if len(documents) > 1:
            self.moved = True
            self._regroup |= natural_groups(self._db, kept)  # what was ambiguous between two may be clear now
        self.touched.add(kept)
        return kept


def _addresses_of(db: Database, documents: Collection[int]) -> set[str]:
    """Return the strong keys that lead to documents."""
    sql = "SELECT key FROM identities WHERE document_id IN (SELECT value FROM json_each(?))"
    rows = db.execute(sql, [json.dumps([*documents])])
    return {key for (key,) in rows if kind_of(key) not in ("natural", "public")}

"""Assigns the records of one page to documents, and moves what turns out to belong elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.store.attached import merge_attached
from harvester.store.documents import Ids, give_up_address, merge_documents
from harvester.store.identity import (
    NEW,
    addressed_among,
    agreeing,
    holders_of,
    is_alone,
    last_said,
    load_group,
    natural_groups,
    resolve,
)
from harvester.store.keys import LOST_DATE, OPEN_TITLE, base_of, date_of, group_of, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

    from harvester.store.captures import Place
    from harvester.store.keys import Keys


class Assignment:
    """Which document each record of a page belongs to.

    `touched`: those whose content may be other than before. `moved`: some belong to others than at first.
    `moved_out`: those whose address another document has now, which is to be written first.
    """

    def __init__(self, db: Database, place: Place, ids: Ids | None = None) -> None:
        self._db = db
        self._place = place
        self._ids = ids or Ids(db)
        self._regroup: set[str] = set()
        self._holders: dict[str, set[int]] = {}
        self.moved = False
        self.touched: set[int] = set()
        self.new: set[int] = set()
        self.moved_out: set[int] = set()

    def load(self, keys: Iterable[Keys]) -> None:
        """Read which documents the keys of new statements lead to, in one query."""
        names = [name for one in keys for name in (*one.strong, base_of(one.natural))]
        self._holders = {name: set() for name in names} | holders_of(self._db, names)

    def assign(self, keys: Keys) -> int | None:
        """Give the document of a record; None if only `settle` can tell."""
        document = self._addressed(keys) if keys.strong else self._loose(keys)
        if document:
            self.touched.add(document)
        return document

    def settle(self) -> None:
        """Ask again to which documents the records of the titles at hand lead, and move what leads elsewhere now.

        One move at a time, because each can settle others: an undated record follows the document it finds.
        """
        while self._regroup:
            prefix = min(self._regroup)
            self._regroup.remove(prefix)
            while move := self._next_move(prefix):
                self._move(*move)

    def in_order(self) -> list[int]:
        """Give the documents that are to be written, in the order in which that can be done."""
        return sorted(self.touched, key=lambda document: (document in self.moved_out, document))

    def _addressed(self, keys: Keys) -> int:
        """Find or make the document of a record with an address, and let all its keys lead there."""
        found = [d for key in keys.strong for d in self._holders[key]] or self._adoptable(keys.natural)
        agreed = agreeing(self._db, found, keys) if found else []
        document = self._merge(set(agreed)) if agreed else self._make(*keys.strong, base_of(keys.natural))
        strong = [key for key in keys.strong if self._is_its(key, document, keys.own)]
        natural = base_of(keys.natural)
        known = document in self._holders[natural]
        self._identify(document, *strong, natural)
        if not known and not is_alone(self._db, group_of(natural)):
            self._regroup.add(group_of(natural))
        return document

    def _adoptable(self, natural: str) -> list[int]:
        """Give the one document without an address that has this natural key, unless one with an address has it."""
        holders = self._holders[base_of(natural)]
        return list(holders) if len(holders) == 1 and not addressed_among(self._db, holders) else []

    def _loose(self, keys: Keys) -> int | None:
        """Find the document of a record without an address, if its key is known; else its title is resolved."""
        row = self._db.execute("SELECT document_id FROM statements WHERE key = ?", [keys.natural]).fetchone()
        if row:
            return None if row[0] is None else int(row[0])
        prefix = group_of(keys.natural)
        if keys.natural.endswith(OPEN_TITLE) or not is_alone(self._db, prefix, identities=True):
            self._regroup.add(prefix)
            return None
        document = self._make(keys.natural)
        self._identify(document, keys.natural)
        return document

    def _make(self, *keys: str) -> int:
        """Give the id of a document that is yet to be written, and will have these keys."""
        document = self._ids.give(keys)
        self.new.add(document)
        return document

    def _identify(self, document: int, *keys: str) -> None:
        """Let keys lead to a document."""
        fresh = [key for key in keys if document not in self._holders.setdefault(key, set())]
        if fresh:
            sql = "INSERT OR IGNORE INTO identities (key, document_id) VALUES (?, ?)"
            self._db.conn.executemany(sql, [(key, document) for key in fresh])
        for key in fresh:
            self._holders[key].add(document)

    def _is_its(self, key: str, document: int, own: str) -> bool:
        """Let an address lead to one document only: it may have moved to another item, and the later page is right."""
        others = self._holders[key] - {document}
        if not others:
            return True
        if (self._place.observed_at or "", own) < last_said(self._db, others, key):
            return False
        self._db.execute("DELETE FROM identities WHERE key = ? AND document_id <> ?", [key, document])
        self._holders[key] &= {document}
        give_up_address(self._db, others, value_of(key))
        self.touched |= others
        self.moved_out |= others
        return True

    def _next_move(self, prefix: str) -> tuple[str, int | None, int | None] | None:
        """Give a key that must lead to another document (or to none) than it does now."""
        group = load_group(self._db, prefix)
        for key, target in resolve(group).items():
            if target != group.loose[key]:
                return key, group.loose[key], self._make(key) if target == NEW else target
        return None

    def _move(self, key: str, current: int | None, document: int | None) -> None:
        """Let the statements and sightings under a key belong to another document, or to none."""
        self.moved = True
        if document is not None and not key.endswith(OPEN_TITLE):
            self._identify(document, key)
        seen = """UPDATE sightings SET document_id = ? WHERE document_id IS ?
            AND statement_id IN (SELECT id FROM statements WHERE key = ?)"""
        self._db.execute(seen, [document, current, key])
        self._db.execute("UPDATE statements SET document_id = ? WHERE key = ?", [document, key])
        self.touched |= {document} if document else set()
        if current is not None:
            self._leave(key, current, document)

    def _leave(self, key: str, left: int, document: int | None) -> None:
        """Look after the document that a key has left: one without any statement is merged into the other."""
        if self._db.execute("SELECT 1 FROM statements WHERE document_id = ?", [left]).fetchone():
            if date_of(key) == LOST_DATE or not addressed_among(self._db, {left}):  # else the key is its own too
                self._db.execute("DELETE FROM identities WHERE key = ? AND document_id = ?", [key, left])
                self._holders.setdefault(key, set()).discard(left)
            self.touched.add(left)
        elif document is not None:
            self._merge({left, document})

    def _merge(self, documents: set[int]) -> int:
        """Make one document of several; the oldest keeps its id."""
        kept = min(documents)
        for gone in sorted(documents - {kept}):
            merge_attached(self._db, gone, kept, self._place)
            merge_documents(self._db, gone, kept, self._place.run, self._place.observed_at)
            self.touched.discard(gone)
            for holders in self._holders.values():
                if gone in holders:
                    holders.remove(gone)
                    holders.add(kept)
        if len(documents) > 1:
            self.moved = True
            self._regroup |= natural_groups(self._db, kept)  # what two might have meant, one may mean now
        self.touched.add(kept)
        return kept

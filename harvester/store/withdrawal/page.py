"""Decides whether a document's own page is that of a withdrawn document, of a namesake, or of another document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harvester.store.keys import base_of, keys_of, kind_of
from harvester.store.withdrawal import vault
from harvester.store.withdrawal.release import release_namesake
from harvester.store.withdrawal.secret import database_file, hasher_of
from harvester.store.withdrawal.withdraw import WithdrawalOrder, remove_document
from harvester.store.withdrawal.withdrawn import (
    NAMESAKE,
    OWN_KINDS,
    UNDECIDED,
    add_keys,
    contradicts,
    delete_keys,
    find_by_own_key,
    find_withdrawn,
    is_public,
    original_withdrawal,
)
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from sqlite_utils import Database

    from harvester.model import DocumentPage
    from harvester.source import Source

BY = "the harvester"
PROVED = "its page showed that it is the withdrawn document {}"


class PageCheck:
    """Checks one page, within the caller's transaction, and applies the consequences."""

    def __init__(self, db: Database, uri: str, page: DocumentPage, source: Source) -> None:
        self._db, self._uri, self._record = db, uri, page.record
        self._path, self._hasher = database_file(db), hasher_of(db)
        (self._keys,) = keys_of([page.record], source.name)
        self._names = [self._hasher.key(key) for key in self._keys.strong]
        self._summary = self._hasher.summary(source.name, page.record.summary)
        self._known = find_withdrawn(db, self._hasher.of_record(self._keys, page.record))

    def is_withheld_page(self) -> bool:
        """Return whether the page is to be withheld."""
        if not self._known:
            return False
        own = find_by_own_key(self._db, self._hasher, self._keys, self._known)
        undecided = self._first(UNDECIDED)
        if own is not None:
            return self._withhold(original_withdrawal(self._db, own))
        if undecided is not None:
            return self._decide(original_withdrawal(self._db, undecided))
        if self._first(NAMESAKE) is not None:
            return False
        return self._check_content()

    def _first(self, sign: str) -> int | None:
        names = (f"{sign}{name}" for name in self._names)
        return next((self._known[name] for name in names if name in self._known), None)

    def _check_content(self) -> bool:
        titled = self._known.get(self._hasher.titled(self._keys.natural))
        addressed = self._first("")
        if addressed is not None:
            if titled is not None or self._has_same_summary or not self._contradicts(addressed):
                return self._withhold(original_withdrawal(self._db, addressed))
            return False
        if titled is None or is_public(self._db, self._keys.strong):
            return False
        if self._has_same_summary or not self._contradicts(titled):
            return self._withhold(original_withdrawal(self._db, titled))
        return self._release(titled)

    def _decide(self, document: int) -> bool:
        """Decide about a record that was held back. Its page decides only if it has that title and date itself."""
        if self._has_same_summary or not self._contradicts(document):
            return self._withhold(document)
        return self._release(document) if self._is_as_listed else True

    @property
    def _is_as_listed(self) -> bool:
        """Return whether the page shows the title and the date of the record that was held back at its address."""
        held = {self._hasher.key(one.key): one.natural for one in vault.held_records(self._path)}
        wanted = [held[name] for name in self._names if f"{UNDECIDED}{name}" in self._known and name in held]
        return _stem(self._keys.natural) in map(_stem, wanted)

    @property
    def _has_same_summary(self) -> bool:
        return any(name in self._known for name in self._summary)

    def _contradicts(self, document: int) -> bool:
        return contradicts(self._db, self._hasher, document, self._keys)

    def _release(self, document: int) -> bool:
        release_namesake(self._db, self._path, self._hasher, document, self._keys.strong, self._uri)
        return False

    def _withhold(self, document: int) -> bool:
        """Withdraw the keys of the page, and the visible documents at its address, unless those have another number."""
        standing = [(row, self._keys_of_document(row["id"])) for row in self._visible_documents()]
        others = [row for row, keys in standing if self._is_another(keys)]
        if others and not self._is_as_listed:
            return True  # the page was served for another one
        doubtful = set()
        for row, keys in standing:
            if row in others:
                continue  # the withdrawn document has its address now, as the listing says, too
            remove_document(
                self._db,
                self._path,
                self._hasher,
                row,
                WithdrawalOrder(BY, PROVED.format(document), utc_timestamp(), document),
            )
            naturals = [key for key in keys if kind_of(key) == "natural"]
            if _stem(self._keys.natural) not in map(_stem, naturals):
                doubtful |= self._hold_for_reading(row, keys, naturals)
        names = [*self._names, *self._summary]
        names += [self._hasher.address(address) for address in (self._uri, self._record.slug) if address]
        add_keys(self._db, self._hasher, document, names, self._keys.natural)
        decided = {f"{sign}{name}" for name in self._names for sign in (UNDECIDED, NAMESAKE)} - doubtful
        delete_keys(self._db, self._hasher, decided)
        words = (self._record.title, self._record.slug, self._record.url, self._uri)
        vault.add_words(self._path, document, [word for word in words if word])
        return True

    def _visible_documents(self) -> list[dict[str, Any]]:
        """Return the visible documents at the page's addresses."""
        keys = [key for key in self._keys.strong if kind_of(key) not in OWN_KINDS]
        sql = f"""SELECT * FROM documents WHERE url = ? OR id IN
            (SELECT document_id FROM identities WHERE key IN ({",".join("?" * len(keys))}))"""
        return list(self._db.query(sql, [self._uri, *keys]))

    def _keys_of_document(self, document: int) -> list[str]:
        sql = "SELECT key FROM identities WHERE document_id = ? AND instr(key, ':public:') = 0"
        return [key for (key,) in self._db.execute(sql, [document])]

    def _is_another(self, keys: list[str]) -> bool:
        """Return whether a document has a number that differs from the page's."""
        stated = {kind_of(key): key for key in self._keys.strong if kind_of(key) in OWN_KINDS}
        return any(stated.get(kind_of(key), key) != key for key in keys)

    def _hold_for_reading(self, row: dict[str, Any], keys: list[str], naturals: list[str]) -> set[str]:
        """Withhold the record until the page is read again: the listing shows something else at its address."""
        own = next(key for key in keys if kind_of(key) != "natural")
        held = vault.HeldRecord(own, row["source"], row["id"], self._uri, naturals[0], row["title"])
        vault.hold_record(self._path, held)
        name = f"{UNDECIDED}{self._hasher.key(own)}"
        add_keys(self._db, self._hasher, row["id"], [name])
        return {name}


def _stem(natural: str) -> str:
    """Return a natural key without its occurrence on the page."""
    return base_of(natural).rpartition(":")[0]

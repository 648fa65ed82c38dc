"""Recognises withdrawn documents by hashes of their keys (`withdrawn_keys`).

A row is the hash of a key, an address, a title with its date, or a summary. With the prefix `!` it is the key of a
namesake, which is visible; with `?` it is one that is withheld until a page has shown whose it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from harvester.store.keys import LOST_DATE, base_of, date_of, kind_of
from harvester.store.withdrawal.secret import hasher_of, is_empty, write_seal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlite_utils import Database

    from harvester.model import Record
    from harvester.store.keys import Keys
    from harvester.store.withdrawal.secret import Hasher

PLACEHOLDER = "[withdrawn]"
"""The placeholder for a removed text of a withdrawn document."""
NAMESAKE = "!"
UNDECIDED = "?"
SIGNS = (NAMESAKE, UNDECIDED)
OWN_KINDS = ("record", "node")
"""Kinds of keys that never pass to another document, as a slug does."""


class Match(NamedTuple):
    """The withdrawn document that a record is, or may be: `undecided` until the record's page is read."""

    document: int
    undecided: bool = False


def withdrawn_key(source: str, document: int) -> str:
    """Return the key of a document's blanked statements, which is also the address of its blanked pages."""
    return f"{source}:withdrawn:{document}"


def stand_in_key(hasher: Hasher, source: str, document: int, own: str) -> str:
    """Return the key of a blanked statement: a different one for each key of the record that it replaces.

    So a walk that counts distinct keys counts the record as it would have.
    """
    return f"{withdrawn_key(source, document)}:{hasher.digest(own)}"


def is_withdrawn_address(db: Database, uri: str) -> bool:
    """Return whether an address is that of a withdrawn document."""
    if is_empty(db):
        return False
    sql = "SELECT 1 FROM withdrawn_keys WHERE key = ?"
    return db.execute(sql, [hasher_of(db).address(uri)]).fetchone() is not None


def is_withdrawn_name(db: Database, uri: str) -> bool:
    """Return whether an address is that of a withdrawn document, or of a file that is named after it."""
    return is_withdrawn_address(db, uri) or is_withdrawn_address(db, uri.rpartition("/")[2].partition(".")[0])


def find_withdrawn(db: Database, names: Iterable[str]) -> dict[str, int]:
    """Return which of the hashed names are stored, also as `!name` and `?name`, each with its withdrawn document."""
    wanted = [f"{sign}{name}" for name in names for sign in ("", NAMESAKE, UNDECIDED)]
    marks = ",".join("?" * len(wanted))
    sql = f"SELECT key, document_id FROM withdrawn_keys WHERE key IN ({marks}) ORDER BY document_id DESC"
    return dict(db.execute(sql, wanted).fetchall())


def find_matches(db: Database, hasher: Hasher, found: Sequence[Keys], records: Sequence[Record]) -> dict[int, Match]:
    """Return which records of a listing are, or may be, of withdrawn documents, by their number on the page."""
    names = {name for keys, record in zip(found, records, strict=True) for name in hasher.of_record(keys, record)}
    names |= {hasher.undated(keys.natural) for keys in found if not keys.strong}
    known = find_withdrawn(db, names)
    if not known:
        return {}
    matches = {}
    for number, (keys, record) in enumerate(zip(found, records, strict=True)):
        match = _match(db, hasher, keys, record, known)
        if match:
            matches[number] = match
            if not match.undecided:
                add_keys(db, hasher, match.document, [hasher.key(k) for k in keys.strong], keys.natural)
    return matches


def _match(db: Database, hasher: Hasher, keys: Keys, record: Record, known: dict[str, int]) -> Match | None:
    if not keys.strong:
        return _by_title_alone(hasher, keys, known)
    names = [hasher.key(key) for key in keys.strong]
    own = find_by_own_key(db, hasher, keys, known)
    if own is not None:
        return Match(own)
    if any(f"{NAMESAKE}{name}" in known for name in names):
        return None
    titled = known.get(hasher.titled(keys.natural))
    same = any(name in known for name in hasher.summary(keys.natural.split(":", 1)[0], record.summary))
    addressed = next((known[name] for name in names if name in known), None)
    if addressed is not None:
        if titled is not None or same:
            return Match(addressed)
        return None if contradicts(db, hasher, addressed, keys) else Match(addressed, undecided=True)
    if titled is None or (contradicts(db, hasher, titled, keys) and not same):
        return None
    return Match(titled, undecided=bool(_kinds(db, titled)))


def _by_title_alone(hasher: Hasher, keys: Keys, known: dict[str, int]) -> Match | None:
    names = [hasher.key(base_of(keys.natural))]
    if date_of(keys.natural) == LOST_DATE:
        names.append(hasher.undated(keys.natural))
    return next((Match(known[name]) for name in names if name in known), None)


def find_by_own_key(db: Database, hasher: Hasher, keys: Keys, known: dict[str, int]) -> int | None:
    """Return the withdrawn document that a record number or a node number names, unless the other says otherwise."""
    names = [hasher.key(key) for key in keys.strong if kind_of(key) in OWN_KINDS]
    documents = [known[name] for name in names if name in known]
    return next((document for document in documents if not contradicts(db, hasher, document, keys)), None)


def original_withdrawal(db: Database, document: int) -> int:
    """Return the document of the first withdrawal, for one that was withdrawn because it proved to be the same."""
    row = db.execute("SELECT coalesce(same_as, id) FROM withdrawn WHERE id = ?", [document]).fetchone()
    return int(row[0]) if row else document


def contradicts(db: Database, hasher: Hasher, document: int, keys: Keys) -> bool:
    """Return whether a record number or a node number shows that a record is of another document."""
    kinds = _kinds(db, document)
    stated = [key for key in keys.strong if kind_of(key) in OWN_KINDS]
    return any(hasher.key(key) not in kinds.get(kind_of(key), [hasher.key(key)]) for key in stated)


def _kinds(db: Database, document: int) -> dict[str, set[str]]:
    """Return the hashed keys of the source's own that a withdrawn document has, by their kind."""
    kinds: dict[str, set[str]] = {}
    sql = "SELECT key FROM withdrawn_keys WHERE document_id IN (?, ?)"
    for (key,) in db.execute(sql, [document, original_withdrawal(db, document)]):
        if key[0] not in SIGNS and kind_of(key) in (*OWN_KINDS, "slug"):
            kinds.setdefault(kind_of(key), set()).add(key)
    return kinds


def is_public(db: Database, keys: Iterable[str]) -> bool:
    """Return whether one of these keys leads to a visible document."""
    wanted = list(keys)
    sql = f"SELECT 1 FROM identities WHERE key IN ({','.join('?' * len(wanted))})"
    return db.execute(sql, wanted).fetchone() is not None


def add_keys(db: Database, hasher: Hasher, document: int, names: Iterable[str], natural: str | None = None) -> None:
    """Write hashed names of a withdrawn document, and of its title with the date."""
    rows = {*names, *([hasher.key(base_of(natural)), hasher.titled(natural)] if natural else ())}
    sql = "INSERT OR IGNORE INTO withdrawn_keys (key, document_id) VALUES (?, ?)"
    before = db.conn.total_changes
    db.conn.executemany(sql, [(name, document) for name in sorted(rows)])
    if db.conn.total_changes != before:
        write_seal(db, hasher, document)


def delete_keys(db: Database, hasher: Hasher, names: Iterable[str]) -> set[int]:
    """Delete hashed names of any withdrawn documents; return the documents."""
    wanted = list(names)
    marks = ",".join("?" * len(wanted))
    sql = f"SELECT DISTINCT document_id FROM withdrawn_keys WHERE key IN ({marks})"
    documents = {row[0] for row in db.execute(sql, wanted).fetchall()}
    db.execute(f"DELETE FROM withdrawn_keys WHERE key IN ({marks})", wanted)
    for document in sorted(documents):
        write_seal(db, hasher, document)
    return documents

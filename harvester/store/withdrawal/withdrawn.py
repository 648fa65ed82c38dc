"""Recognises withdrawn documents by hashes of their keys, by the same rules as any document (identity.py).

So nobody can read what was withdrawn, and still no page brings it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.store.keys import (
    LOST_DATE,
    STRONG_KINDS,
    base_of,
    date_of,
    group_of,
    kind_of,
    short_hash,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlite_utils import Database

    from harvester.store.keys import Keys

SHOWN = "[withdrawn]"
"""What stands where something of a withdrawn document stood."""


def mark_of(source: str, document: int) -> str:
    """Give the key of statements, and the address of pages, that say nothing because a document is withdrawn."""
    return f"{source}:withdrawn:{document}"


def hidden_key(key: str) -> str:
    """Give a key as it is kept of a withdrawn document."""
    source, kind, _ = key.split(":", 2)
    return f"{source}:{kind}:{short_hash(key)}"


def hidden_address(uri: str) -> str:
    """Give an address as it is kept of a withdrawn document."""
    return f"address:{short_hash(uri)}"


def undated_key(natural: str) -> str:
    """Give the key of records of this title that a form has lost the date of."""
    return hidden_key(f"{group_of(natural)}{LOST_DATE}")


def is_empty(db: Database) -> bool:
    """Say whether nothing is withdrawn, as almost always."""
    return db.execute("SELECT 1 FROM withdrawn LIMIT 1").fetchone() is None


def is_address(db: Database, uri: str) -> bool:
    """Say whether an address is that of a withdrawn document."""
    sql = "SELECT 1 FROM withdrawn_keys WHERE key = ?"
    return db.execute(sql, [hidden_address(uri)]).fetchone() is not None


def is_named(db: Database, uri: str) -> bool:
    """Say whether an address is that of a withdrawn document, or a file's that is named after it."""
    return is_address(db, uri) or is_address(db, uri.rpartition("/")[2].partition(".")[0])


def documents_of(db: Database, found: Sequence[Keys]) -> dict[int, int]:
    """Give the withdrawn documents that records with these keys are of, by the records' numbers; learn new keys."""
    names = {name for keys in found for name in (*_strong(keys), *_natural(keys))}
    sql = f"SELECT key, document_id FROM withdrawn_keys WHERE key IN ({','.join('?' * len(names))})"
    known: dict[str, int] = dict(db.execute(sql, [*names]).fetchall())
    if not known:
        return {}
    documents = {n: document for n, keys in enumerate(found) if (document := _document(db, keys, known)) is not None}
    for n, document in documents.items():
        learn(db, document, [*_strong(found[n]), hidden_key(base_of(found[n].natural))])
    return documents


def _document(db: Database, keys: Keys, known: dict[str, int]) -> int | None:
    """Find the withdrawn document of a record: by address, else by title and date where no address says otherwise."""
    addressed = [known[name] for name in _strong(keys) if name in known]
    if addressed:
        return next((document for document in addressed if _agrees(db, document, keys)), None)
    document = next((known[name] for name in _natural(keys) if name in known), None)
    if document is None or not keys.strong:
        return document
    return document if _keys_by_kind(db, document).keys().isdisjoint(STRONG_KINDS) else None


def _agrees(db: Database, document: int, keys: Keys) -> bool:
    """Say whether no key of the archive says that it is another: a slug may have moved on."""
    held = _keys_by_kind(db, document)
    return all(hidden_key(key) in held.get(kind_of(key), [hidden_key(key)]) for key in keys.strong if _stays(key))


def _stays(key: str) -> bool:
    return kind_of(key) != "slug"


def _strong(keys: Keys) -> list[str]:
    return [hidden_key(key) for key in keys.strong]


def _natural(keys: Keys) -> list[str]:
    lost = not keys.strong and date_of(keys.natural) == LOST_DATE
    return [hidden_key(base_of(keys.natural)), *([undated_key(keys.natural)] if lost else [])]


def _keys_by_kind(db: Database, document: int) -> dict[str, list[str]]:
    held: dict[str, list[str]] = {}
    for (key,) in db.execute("SELECT key FROM withdrawn_keys WHERE document_id = ?", [document]):
        held.setdefault(kind_of(key), []).append(key)
    return held


def learn(db: Database, document: int, keys: Iterable[str]) -> None:
    """Keep keys and addresses of a withdrawn document."""
    db.conn.executemany("INSERT OR IGNORE INTO withdrawn_keys VALUES (?, ?)", [(key, document) for key in keys])

"""Makes namesakes of withdrawn documents visible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.registry import load_sources
from harvester.store.keys import kind_of, value_of
from harvester.store.withdrawal import vault
from harvester.store.withdrawal.restore import reinstate
from harvester.store.withdrawal.secret import Hasher, database_file, hasher_of, is_empty
from harvester.store.withdrawal.withdrawn import (
    NAMESAKE,
    SIGNS,
    UNDECIDED,
    add_keys,
    delete_keys,
    find_withdrawn,
    original_withdrawal,
    stand_in_key,
)
from harvester.urls import at_every_host

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlite_utils import Database

BY = "the harvester"
_MISSING = """SELECT (SELECT max(read_at) FROM reads WHERE uri = ? AND http_status IN (404, 410)) >=
    coalesce((SELECT max(read_at) FROM reads WHERE capture_id IN (SELECT sightings.capture_id FROM sightings
        JOIN statements ON statements.id = statement_id WHERE statements.key = ?)), '')"""


def release_namesake(
    db: Database, path: Path, hasher: Hasher, document: int, keys: Sequence[str], uri: str | None = None
) -> None:
    """Make the record that has these keys visible, within the caller's transaction: it is not the withdrawn document.

    Pages that showed it are marked as not read, so that the next harvest brings it.
    """
    # A slug that has passed to another document is no namesake's: the document may have it again.
    held = find_withdrawn(db, [hasher.key(key) for key in keys if kind_of(key) == "slug"])
    moved = any(name[0] not in SIGNS and original_withdrawal(db, one) == one == document for name, one in held.items())
    root, names = original_withdrawal(db, document), [hasher.key(key) for key in keys]
    source = load_sources()[keys[0].split(":", 1)[0]]
    marks = ",".join("?" * len(names))
    sql = f"""SELECT id, vault_id FROM withdrawn WHERE same_as = ? AND id IN
        (SELECT document_id FROM withdrawn_keys WHERE key IN ({marks}))"""
    joined = dict(db.execute(sql, [root, *names]).fetchall())
    stand_ins = [stand_in_key(hasher, source.name, one, key) for one in (root, *joined) for key in keys]
    for one in vault.withdrawals(path, joined.values()):
        reinstate(db, path, one)
        vault.mark_undone(path, one.id, BY)
    addresses = [value_of(key) for key in keys if kind_of(key) == "slug"]
    if uri:
        addresses += [uri, *at_every_host(uri, source)]
    delete_keys(db, hasher, [*names, *(f"{UNDECIDED}{name}" for name in names), *map(hasher.address, addresses)])
    if not moved:
        add_keys(db, hasher, root, [f"{NAMESAKE}{name}" for name in names])
    sql = f"""UPDATE captures SET parser_version = 0 WHERE id IN (SELECT sightings.capture_id FROM sightings
        JOIN statements ON statements.id = statement_id WHERE statements.key IN ({",".join("?" * len(stand_ins))}))"""
    db.execute(sql, stand_ins)
    db.execute("DELETE FROM containers_read")


def undecided_records(db: Database, path: Path) -> list[vault.HeldRecord]:
    """Return the records that are held back until their pages are read."""
    if is_empty(db):
        return []
    hasher = hasher_of(db)
    open_ = {key for (key,) in db.execute("SELECT key FROM withdrawn_keys WHERE key > '?' AND key < '@'")}
    return [held for held in vault.held_records(path) if f"{UNDECIDED}{hasher.key(held.key)}" in open_]


def undecided_addresses(db: Database, source: str) -> list[str]:
    """Return the addresses of pages to be read once, to identify the records that are withheld.

    A page that does not exist is requested again when a listing has shown the record since.
    """
    here = [held for held in undecided_records(db, database_file(db)) if held.source == source]
    if not here:
        return []
    hasher = hasher_of(db)
    return [held.uri for held in here if held.uri and not _is_missing(db, hasher, held)]


def _is_missing(db: Database, hasher: Hasher, held: vault.HeldRecord) -> bool:
    key = stand_in_key(hasher, held.source, held.document_id, held.key)
    return bool(db.execute(_MISSING, [held.uri, key]).fetchone()[0])


def find_namesakes(db: Database, path: Path) -> list[vault.HeldRecord]:
    """Return what can be released by its key: records that are or were withheld, documents withdrawn as the same."""
    found = {held.key: held for held in vault.held_records(path)}
    joined = dict(db.execute("SELECT id, vault_id FROM withdrawn WHERE same_as IS NOT NULL").fetchall())
    for number in joined.values():
        rows = vault.removed_rows(path, number)
        keys = [row.row["key"] for row in rows if row.table == "identities" and ":public:" not in row.row["key"]]
        (document,) = [row.row for row in rows if row.table == "documents" and row.was is None]
        own = next((key for key in keys if kind_of(key) != "natural"), None)
        if own:
            held = vault.HeldRecord(own, document["source"], document["id"], document["url"], "", document["title"])
            found[own] = held
    return list(found.values())

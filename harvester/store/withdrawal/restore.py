"""Restores withdrawn documents, and withdraws them again in a rebuilt database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harvester.errors import DatabaseError
from harvester.model import Record
from harvester.parsers.dates import read_date
from harvester.registry import load_sources
from harvester.store.database import transaction
from harvester.store.keys import STRONG_KINDS, keys_of, kind_of
from harvester.store.search_index import index_now, purge_deleted
from harvester.store.user_objects import without_triggers
from harvester.store.withdrawal import vault
from harvester.store.withdrawal.hiding import restore_rows
from harvester.store.withdrawal.secret import Hasher, check_secret, hasher_at, is_empty, write_seal
from harvester.store.withdrawal.withdraw import WithdrawalOrder, remove_document
from harvester.store.withdrawal.withdrawn import (
    NAMESAKE,
    PLACEHOLDER,
    add_keys,
    find_withdrawn,
    original_withdrawal,
    withdrawn_key,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

    from harvester.store.withdrawal.vault import Withdrawal


@dataclass(frozen=True)
class WithdrawnState:
    """What is withdrawn from a database. `keys`, `same_as`: of each document; `seen`: keys of all visible documents.

    `since`: the pages and keys of the stand-ins for records that were kept out after a document was withdrawn.
    """

    withdrawals: list[Withdrawal] = field(default_factory=list)
    keys: dict[int, list[str]] = field(default_factory=dict)
    same_as: dict[int, int | None] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    since: set[tuple[int, str]] = field(default_factory=set)


def undo_withdrawal(db: Database, path: Path, withdrawal: Withdrawal, by: str) -> None:
    """Restore a document. What pages have stated about it since comes with their next harvest.

    Documents that were withdrawn as the same are restored too.
    """
    sql = "SELECT vault_id FROM withdrawn WHERE same_as = ?"
    numbers = [number for (number,) in db.execute(sql, [withdrawal.document_id])]
    all_of_it = [*vault.withdrawals(path, numbers), withdrawal]
    with transaction(db), without_triggers(db):
        for one in all_of_it:
            reinstate(db, path, one)
    for one in all_of_it:
        vault.mark_undone(path, one.id, by)


def present_withdrawals(db: Database, path: Path) -> tuple[list[Withdrawal], list[int]]:
    """Return the present withdrawals, and the withdrawn documents that are not in the vault."""
    numbers = dict(db.execute("SELECT id, vault_id FROM withdrawn ORDER BY id").fetchall())
    found = vault.withdrawals(path, numbers.values())
    return found, sorted(numbers.keys() - {one.document_id for one in found})


def restore_all(copy: Database, path: Path) -> WithdrawnState:
    """Undo every withdrawal in a private copy of the database, for a rebuild; return what was undone."""
    found, _ = present_withdrawals(copy, path)
    state = WithdrawnState(found, seen={key for (key,) in copy.execute("SELECT key FROM identities")})
    for key, document in copy.execute("SELECT key, document_id FROM withdrawn_keys"):
        state.keys.setdefault(document, []).append(key)
    state.same_as.update(copy.execute("SELECT id, same_as FROM withdrawn").fetchall())
    for one in found:
        with transaction(copy), without_triggers(copy):
            state.since.update(reinstate(copy, path, one))
    return state


def reapply_withdrawals(db: Database, path: Path, state: WithdrawnState) -> None:
    """Withdraw in a rebuilt database what was withdrawn in the one before it."""
    if not state.withdrawals:
        return
    hasher = hasher_at(path)
    with transaction(db):
        for one in sorted(state.withdrawals, key=lambda one: state.same_as[one.document_id] is not None):
            _reapply(db, path, hasher, one, state)
        for document in _unseen_documents(db, state):
            _withdraw_same(db, path, hasher, document, state.withdrawals[0])
        _check_withdrawn(db, hasher)
    purge_deleted(db)


def _reapply(db: Database, path: Path, hasher: Hasher, one: Withdrawal, state: WithdrawnState) -> None:
    document, same_as = one.document_id, state.same_as[one.document_id]
    for row in list(db.query("SELECT * FROM documents WHERE id = ?", [document])):
        remove_document(db, path, hasher, row, WithdrawalOrder(one.by, one.reason, one.withdrawn_at, same_as))
    # If no page states it any more, its keys still keep it out.
    sql = "INSERT OR IGNORE INTO withdrawn (id, withdrawn_at, vault_id, same_as) VALUES (?, ?, ?, ?)"
    db.execute(sql, [document, one.withdrawn_at, one.id, same_as])
    kept = set(state.keys.get(document, ()))
    sql = "SELECT key FROM withdrawn_keys WHERE document_id = ?"
    fresh = {key for (key,) in db.execute(sql, [document])} - kept
    # Visible namesakes were known before: documents that are new now are none, those that were released stay so, and an
    # address that has passed to another document does not come back.
    others = {hasher.key(key) for key in state.seen if kind_of(key) in STRONG_KINDS}
    wrong = {key for key in fresh if key.startswith((NAMESAKE, "address:")) or key in others}
    wrong |= {key[1:] for key in kept if key.startswith(NAMESAKE)}
    sql = "DELETE FROM withdrawn_keys WHERE key = ? AND document_id = ?"
    db.conn.executemany(sql, [(key, document) for key in wrong])
    add_keys(db, hasher, document, kept)
    write_seal(db, hasher, document)


def _unseen_documents(db: Database, state: WithdrawnState) -> list[int]:
    """Return the documents with addresses of which none was visible before."""
    addressed: dict[int, bool] = {}
    for key, document in db.execute("SELECT key, document_id FROM identities ORDER BY document_id"):
        if kind_of(key) in STRONG_KINDS:
            addressed[document] = addressed.get(document, False) or key in state.seen
    return [document for document, seen in addressed.items() if not seen]


def _withdraw_same(db: Database, path: Path, hasher: Hasher, document: int, act: Withdrawal) -> None:
    """Withdraw a document that never was visible, if its keys, or its title and date, are withdrawn."""
    sql = "SELECT key FROM identities WHERE document_id = ? AND instr(key, ':public:') = 0"
    keys = [key for (key,) in db.execute(sql, [document])]
    strong = [hasher.key(key) for key in keys if kind_of(key) != "natural"]
    titled = [hasher.titled(key) for key in keys if kind_of(key) == "natural"]
    known = find_withdrawn(db, [*strong, *titled])
    innocent = any(f"{NAMESAKE}{name}" in known for name in strong)
    found = [known[name] for name in (*strong, *(() if innocent else titled)) if name in known]
    if found:
        (row,) = db.query("SELECT * FROM documents WHERE id = ?", [document])
        remove_document(
            db,
            path,
            hasher,
            row,
            WithdrawalOrder(act.by, act.reason, act.withdrawn_at, original_withdrawal(db, found[0])),
        )


def _check_withdrawn(db: Database, hasher: Hasher) -> None:
    """Raise `DatabaseError` if the title and date of a withdrawn document are visible, and no namesake is known."""
    sql = """SELECT DISTINCT document_id, source, sightings.title, sightings.date_text FROM sightings
        JOIN documents ON documents.id = document_id"""
    for document, source, title, date_text in db.execute(sql).fetchall():
        known_source = load_sources().get(source)
        date = read_date(date_text, known_source.date_order if known_source else None)
        (keys,) = keys_of([Record(1, title, date)], source)
        if hasher.titled(keys.natural) not in find_withdrawn(db, [hasher.titled(keys.natural)]):
            continue
        strong = [key for (key,) in db.execute("SELECT key FROM identities WHERE document_id = ?", [document])]
        names = [hasher.key(key) for key in strong if kind_of(key) in STRONG_KINDS]
        if names and not any(f"{NAMESAKE}{name}" in find_withdrawn(db, [name]) for name in names):
            raise DatabaseError(
                f"made again, document {document} would show what is withdrawn, so the database was left as it is: "
                f"withdraw {document} first, or say with `harvester withdraw --not KEY` that it is another document"
            )


def check_vault(db: Database, path: Path) -> None:
    """Raise `DatabaseError` if the vault or the secret of a database with withdrawals is missing."""
    if is_empty(db):
        return
    check_secret(db)
    _, lost = present_withdrawals(db, path)
    if lost:
        raise vault.missing_error(path, lost)


def reinstate(db: Database, path: Path, withdrawal: Withdrawal) -> set[tuple[int, str]]:
    """Restore what was removed of a document, within the caller's transaction.

    Return the pages and keys of the stand-ins for records that were kept out since: these were never stored.
    """
    db.execute("DELETE FROM withdrawn_keys WHERE document_id = ?", [withdrawal.document_id])
    db.execute("DELETE FROM withdrawn WHERE id = ?", [withdrawal.document_id])
    restore_rows(db, vault.removed_rows(path, withdrawal.id))
    return _reattach_sightings(db, withdrawal.document_id)


def _reattach_sightings(db: Database, document: int) -> set[tuple[int, str]]:
    """Assign to the document what was seen meanwhile, and mark the pages that show it as not read."""
    (source,) = db.execute("SELECT source FROM documents WHERE id = ?", [document]).fetchone()
    mark = withdrawn_key(source, document)
    values = {"document": document, "mark": mark, "from": f"{mark}:", "to": f"{mark};", "shown": PLACEHOLDER}
    statements = "SELECT id FROM statements WHERE document_id = :document"
    stand_ins = "SELECT id FROM statements WHERE key = :mark OR (key > :from AND key < :to)"
    seen = f"statement_id IN ({statements}) OR statement_id IN ({stand_ins})"
    sql = f"""SELECT sightings.capture_id, key FROM sightings JOIN statements ON statements.id = statement_id
        WHERE statement_id IN ({stand_ins})"""
    since = set(db.execute(sql, values).fetchall())
    sql = f"""UPDATE sightings SET document_id = :document, statement_id = CASE WHEN statement_id IN ({statements})
        THEN statement_id ELSE (SELECT max(id) FROM statements WHERE document_id = :document) END
        WHERE title = :shown AND ({seen})"""
    db.execute(sql, values)
    db.execute(f"DELETE FROM statements WHERE id IN ({stand_ins})", values)
    sql = """UPDATE captures SET parser_version = 0
        WHERE id IN (SELECT capture_id FROM sightings WHERE document_id = :document AND title = :shown)"""
    db.execute(sql, values)
    db.execute("DELETE FROM containers_read")
    index_now(db)
    return since

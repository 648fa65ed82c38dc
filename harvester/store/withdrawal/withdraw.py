"""Withdraws a document: removes it from all tables that are served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from harvester.errors import UsageError
from harvester.registry import load_sources
from harvester.store.database import transaction
from harvester.store.keys import STRONG_KINDS, base_of, date_of, group_of, kind_of
from harvester.store.search_index import index_now, purge_deleted
from harvester.store.user_objects import without_triggers
from harvester.store.withdrawal import vault
from harvester.store.withdrawal.hiding import Removal
from harvester.store.withdrawal.secret import check_secret, make_hasher
from harvester.store.withdrawal.withdrawn import NAMESAKE, PLACEHOLDER, add_keys, stand_in_key, withdrawn_key
from harvester.urls import at_every_host, host_of
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

    from harvester.source import Source
    from harvester.store.withdrawal.secret import Hasher

TEXT_COLUMNS = (("runs", "command"), ("runs", "reason"), ("problems", "message"), ("problems", "extract"))
"""Columns in which a document's name may be, because a user typed it or a message quotes it."""
# Pages of the document alone: all on them and under their addresses is the document's.
_NAMED = "(uri = :url OR instr(uri || '.', '/' || :slug || '.'))"
_OWN = f"""listing_id IS NULL AND id NOT IN (SELECT capture_id FROM statements WHERE document_id IS NOT :id)
    AND ({_NAMED} OR id IN (SELECT capture_id FROM statements WHERE document_id = :id) OR content_hash IN
        (SELECT content_hash FROM statements JOIN captures AS own ON own.id = capture_id
            WHERE document_id = :id AND own.listing_id IS NULL))"""
_SHOWING = "uri IN (SELECT uri FROM captures JOIN sightings ON capture_id = captures.id WHERE document_id = ?)"


SHORTEST_WORD = 4
"""Characters of a name that is searched for in messages: shorter ones occur in other words."""


def withdraw(db: Database, path: Path, row: dict[str, Any], by: str, reason: str | None, at: str | None = None) -> None:
    """Hide a document for good. A new secret is only made where nothing is withdrawn yet."""
    check_secret(db)
    hasher = make_hasher(path)
    with transaction(db), without_triggers(db):
        remove_document(db, path, hasher, row, WithdrawalOrder(by, reason, at or utc_timestamp()))
    purge_deleted(db)


class WithdrawalOrder(NamedTuple):
    """The user who withdraws a document, why and when; `same_as`: the withdrawn document that it proved to be."""

    by: str
    reason: str | None
    at: str
    same_as: int | None = None


def remove_document(db: Database, path: Path, hasher: Hasher, row: dict[str, Any], order: WithdrawalOrder) -> None:
    """Remove a document within the caller's transaction. What is removed is written to the vault first."""
    document, source = row["id"], _source(row["source"])
    db.execute("PRAGMA secure_delete = ON")
    removal, keys, words = Removal(db), _keys(db, document), _words(db, row)
    own = removal.id_list("captures", _OWN, row)
    addresses = _addresses(db, own, row, source)
    names = {hasher.key(key) for key in keys} | {
        hasher.address(uri) for uri in (*addresses, row["slug"], row["key"]) if uri
    }
    for key in (key for key in keys if kind_of(key) == "natural"):
        names |= {hasher.titled(key), *(f"{NAMESAKE}{hasher.key(other)}" for other in _namesakes(db, document, key))}
        names |= {hasher.undated(key)} if len(date_of(key)) in (0, 4) else set()
    if order.same_as is None:  # what proved to be the same by one page may prove to be another by the next
        names |= {*hasher.summary(row["source"], row["summary"])}
    _blank_pages(removal, own, row, addresses)
    _blank_statements(removal, hasher, row, keys)
    _blank_words(removal, words)
    removal.remove_all_of(document)
    vault.add_words(path, document, words)
    number = vault.add_withdrawal(path, row, order.at, order.by, order.reason, removal.removed)
    sql = "INSERT INTO withdrawn (id, withdrawn_at, vault_id, same_as) VALUES (?, ?, ?, ?)"
    db.execute(sql, [document, order.at, number, order.same_as])
    add_keys(db, hasher, document, names)
    index_now(db)


def _source(name: str) -> Source:
    sources = load_sources()
    if name not in sources:
        raise UsageError(
            f"the document is of {name}, an archive that this version does not know: upgrade the harvester"
        )
    return sources[name]


def _keys(db: Database, document: int) -> list[str]:
    sql = "SELECT key FROM identities WHERE document_id = ? AND instr(key, ':public:') = 0"
    return [row[0] for row in db.execute(sql, [document])]


def _namesakes(db: Database, document: int, natural: str) -> set[str]:
    """Return the addresses of other documents with the same title and date, which stay visible."""
    stem = base_of(natural).rpartition(":")[0] + ":"
    sql = """SELECT key FROM identities WHERE document_id IN (SELECT document_id FROM identities
        WHERE key > ? AND key < ? AND document_id <> ?)"""
    found = {key for (key,) in db.execute(sql, [stem, stem + "\U0010ffff", document])}
    return {key for key in found if kind_of(key) in STRONG_KINDS}


def _words(db: Database, row: dict[str, Any]) -> list[str]:
    """Return the names of the document, present and former, the longest first."""
    sql = """SELECT substr(key, instr(key, ':slug:') + 6) FROM identities
            WHERE document_id = ?1 AND instr(key, ':slug:')
        UNION SELECT before FROM changes WHERE document_id = ?1 AND field IN ('title', 'slug', 'url')
        UNION SELECT after FROM changes WHERE document_id = ?1 AND field IN ('title', 'slug', 'url')"""
    found = {word for (word,) in db.execute(sql, [row["id"]])} | {row[name] for name in ("title", "url", "slug", "key")}
    return sorted((word for word in found if word and len(word) >= SHORTEST_WORD), key=lambda word: (-len(word), word))


def _addresses(db: Database, own: str, row: dict[str, Any], source: Source) -> list[str]:
    """Return the addresses of the document's own pages, at every host of the source."""
    sql = f"SELECT uri FROM captures WHERE id IN ({own}) UNION SELECT uri FROM reads WHERE capture_id IN ({own})"
    found = {uri for (uri,) in db.execute(sql)} | ({row["url"]} if row["url"] else set())
    at_source = [uri for uri in found if host_of(uri) in source.hosts]
    return sorted(found | {address for uri in at_source for address in at_every_host(uri, source)})


def _blank_pages(removal: Removal, own: str, row: dict[str, Any], addresses: list[str]) -> None:
    mark, marks = withdrawn_key(row["source"], row["id"]), ",".join("?" * len(addresses))
    nowhere = {"uri": mark, "file": None, "offset": None}
    page = {"sha256": "", "content_hash": None, "etag": None, "last_modified": None}
    blank_problem = {"uri": mark, "message": PLACEHOLDER, "extract": None}
    removal.blank("problems", f"uri IN ({marks})", addresses, blank_problem)
    removal.blank("problems", _NAMED, row, blank_problem)
    removal.blank("problems", _SHOWING, [row["id"]], {"extract": None})
    removal.blank("reads", f"capture_id IN ({own})", [], nowhere)
    removal.blank("captures", f"id IN ({own})", [], {**nowhere, **page})
    removal.remove("attachments", f"capture_id IN ({own})", [])
    removal.remove("web_captures", f"page IN ({marks}) OR uri IN ({marks})", [*addresses, *addresses])


def _blank_statements(removal: Removal, hasher: Hasher, row: dict[str, Any], keys: list[str]) -> None:
    """Blank statements and sightings but keep their rows: the records' positions on pages stay occupied."""
    mark = withdrawn_key(row["source"], row["id"])
    own = removal.id_list("statements", "document_id = ?", [row["id"]])
    groups = {group_of(key) for key in keys if kind_of(key) == "natural"}
    span = " OR ".join("key > ? AND key < ?" for _ in groups) or "0"
    values = [bound for group in sorted(groups) for bound in (group, group + "\U0010ffff")]
    unassigned = removal.id_list("statements", f"document_id IS NULL AND ({span})", values)
    nothing = {
        "document_id": None,
        "natural_key": mark,
        "form": "",
        "host": "",
        "is_own_page": 0,
        "hash": "",
        "content": "{}",
    }
    seen = {"document_id": None, "date_text": None, "title": PLACEHOLDER, "has_summary": 0}
    removal.blank("sightings", f"document_id = ? OR statement_id IN ({unassigned})", [row["id"]], seen)
    for key in removal.values("statements", "key", f"id IN ({own})"):
        blank = {**nothing, "key": stand_in_key(hasher, row["source"], row["id"], key)}
        removal.blank("statements", f"id IN ({own}) AND key = ?", [key], blank)
    removal.blank("statements", f"id IN ({unassigned})", [], {**nothing, "key": f"{mark}:unassigned"})


def _blank_words(removal: Removal, words: list[str]) -> None:
    """Replace the document's names in the texts of runs and problems."""
    for word in words:
        for table, column in TEXT_COLUMNS:
            removal.replace(table, column, word, PLACEHOLDER)

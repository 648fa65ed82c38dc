"""Takes a document out of all that is served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harvester.clock import stamp
from harvester.errors import UsageError
from harvester.sources import load_sources
from harvester.store.database import transaction
from harvester.store.keys import date_of, group_of, kind_of
from harvester.store.search import forget_words, index_now
from harvester.store.withdrawal import vault
from harvester.store.withdrawal.hiding import Hiding
from harvester.store.withdrawal.withdrawn import SHOWN, hidden_address, hidden_key, mark_of, undated_key

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

    from harvester.source import Source

TELLING = (("runs", "command"), ("runs", "reason"), ("problems", "message"))
"""Where a document's name may stand because somebody typed it."""
# Pages of the document alone: what stands on them, and under their addresses, is of nothing else.
_NAMED = "(uri = :url OR instr(uri || '.', '/' || :slug || '.'))"
_OWN = f"""listing_id IS NULL AND id NOT IN (SELECT capture_id FROM statements WHERE document_id IS NOT :id)
    AND ({_NAMED} OR id IN (SELECT capture_id FROM statements WHERE document_id = :id) OR content_hash IN
        (SELECT content_hash FROM statements JOIN captures AS own ON own.id = capture_id
            WHERE document_id = :id AND own.listing_id IS NULL))"""
_SHOWING = "uri IN (SELECT uri FROM captures JOIN sightings ON capture_id = captures.id WHERE document_id = ?)"


def withdraw(db: Database, path: Path, row: dict[str, Any], by: str, reason: str | None, at: str | None = None) -> None:
    """Hide a document for good. What is taken out lies in the vault before it is taken out."""
    document, at, source = row["id"], at or stamp(), _source(row["source"])
    db.execute("PRAGMA secure_delete = ON")
    with transaction(db):
        hiding, keys = Hiding(db), _keys(db, document)
        own = hiding.ids("captures", _OWN, row)
        addresses = _addresses(db, own, row, source)
        _hide_pages(hiding, own, row, addresses)
        _hide_statements(hiding, row, keys)
        _hide_words(hiding, row)
        hiding.remove_all_of(document)
        number = vault.keep(path, row, at, by, reason, hiding.kept)
        db.execute("INSERT INTO withdrawn (id, withdrawn_at, kept_as) VALUES (?, ?, ?)", [document, at, number])
        hidden = {hidden_key(key) for key in keys} | {hidden_address(uri) for uri in (*addresses, row["slug"]) if uri}
        hidden |= {undated_key(key) for key in keys if kind_of(key) == "natural" and len(date_of(key)) in (0, 4)}
        db.conn.executemany("INSERT INTO withdrawn_keys VALUES (?, ?)", [(key, document) for key in sorted(hidden)])
        index_now(db)
    forget_words(db)


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


def _addresses(db: Database, own: str, row: dict[str, Any], source: Source) -> list[str]:
    """Give the addresses of the document's own pages, at every host of the archive."""
    sql = f"SELECT uri FROM captures WHERE id IN ({own}) UNION SELECT uri FROM reads WHERE capture_id IN ({own})"
    found = {uri for (uri,) in db.execute(sql)} | ({row["url"]} if row["url"] else set())
    paths = {urlsplit(uri).path for uri in found if urlsplit(uri).hostname in source.hosts}
    return sorted(found | {f"https://{host}{path}" for host in source.hosts for path in paths})


def _hide_pages(hiding: Hiding, own: str, row: dict[str, Any], addresses: list[str]) -> None:
    mark, marks = mark_of(row["source"], row["id"]), ",".join("?" * len(addresses))
    nowhere = {"uri": mark, "file": None, "offset": None}
    page = {"sha256": "", "content_hash": None, "etag": None, "last_modified": None}
    said = {"uri": mark, "message": SHOWN, "extract": None}
    hiding.blank("problems", f"uri IN ({marks})", addresses, said)
    hiding.blank("problems", _NAMED, row, said)
    hiding.blank("problems", _SHOWING, [row["id"]], {"extract": None})
    hiding.blank("reads", f"capture_id IN ({own})", [], nowhere)
    hiding.blank("captures", f"id IN ({own})", [], {**nowhere, **page})


def _hide_statements(hiding: Hiding, row: dict[str, Any], keys: list[str]) -> None:
    """Leave statements and sightings where they are, but let them say nothing: their places on pages stay held."""
    mark = mark_of(row["source"], row["id"])
    own = hiding.ids("statements", "document_id = ?", [row["id"]])
    groups = {group_of(key) for key in keys if kind_of(key) == "natural"}
    span = " OR ".join("key > ? AND key < ?" for _ in groups) or "0"
    values = [bound for group in sorted(groups) for bound in (group, group + "\U0010ffff")]
    untold = hiding.ids("statements", f"document_id IS NULL AND ({span})", values)
    nothing = {"document_id": None, "form": "", "host": "", "hash": "", "content": "{}"}
    seen = {"document_id": None, "date_text": None, "title": SHOWN, "has_summary": 0}
    hiding.blank("sightings", f"document_id = ? OR statement_id IN ({untold})", [row["id"]], seen)
    hiding.blank("statements", f"id IN ({own})", [], {**nothing, "key": mark})
    hiding.blank("statements", f"id IN ({untold})", [], {**nothing, "key": f"{mark}:untold"})


def _hide_words(hiding: Hiding, row: dict[str, Any]) -> None:
    """Take the document's name out of what runs tell of themselves."""
    for word in (row["title"], row["url"], row["slug"], row["key"]):
        for table, column in TELLING:
            hiding.replace(table, column, word, SHOWN)

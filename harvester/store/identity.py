"""Decides which document a record belongs to.

Records with an address (a strong key) find their document by it. Records without one are resolved title by title:
`resolve` decides for all natural keys of a title. It depends only on the keys known, and runs again whenever a title
gains a key, so the order in which pages arrive does not matter.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harvester.store.keys import LOST_DATE, OPEN_TITLE, base_of, date_of, group_of, is_dated, kind_of

if TYPE_CHECKING:
    from sqlite_utils import Database

INSERT_IDENTITY = "INSERT OR IGNORE INTO identities (key, document_id) VALUES (?, ?)"
NEW = 0
"""The target of a document that is yet to be made; ids begin at 1."""


@dataclass
class TitleGroup:
    """All that is known of one title."""

    holders: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """The documents that each natural key leads to."""
    addressed: set[int] = field(default_factory=set)
    """Those of them that have an address."""
    loose: dict[str, int | None] = field(default_factory=dict)
    """The keys of records without an address, with the document that each leads to now."""


def resolve(group: TitleGroup) -> dict[str, int | None]:
    """Return the document of each loose key: NEW for one of its own, None if it cannot be decided."""
    targets: dict[str, int | None] = {key: _dated_target(key, group) for key in group.loose if is_dated(key)}
    undated = [key for key in group.loose if date_of(key) == LOST_DATE and not key.endswith(OPEN_TITLE)]
    for key in undated:
        targets[key] = _undated_target(key, group, targets, alone=len(undated) == 1)
    for key in group.loose:
        if key.endswith(OPEN_TITLE):
            targets[key] = _open_target(base_of(key), group, targets)
    return targets


def _dated_target(key: str, group: TitleGroup) -> int | None:
    addressed = group.holders[key] & group.addressed
    if len(addressed) > 1:
        return None
    return next(iter(addressed or group.holders[key] - group.addressed), NEW)


def _undated_target(key: str, group: TitleGroup, targets: dict[str, int | None], *, alone: bool) -> int | None:
    """Return the one document whose date this form would have lost; else the record stays by itself."""
    candidates = {
        d
        for other, documents in group.holders.items()
        if _may_lose_date(other)
        for d in documents
        if d in group.addressed
    }
    candidates |= {d for other, d in targets.items() if _may_lose_date(other) and d is not None}
    if alone and len(candidates) == 1 and NEW not in candidates:
        return candidates.pop()
    settled = {d for other, documents in group.holders.items() if date_of(other) != LOST_DATE for d in documents}
    return next(iter(group.holders[key] - settled), NEW)


def _may_lose_date(key: str) -> bool:
    """Return whether a form that loses years would show no date for this key."""
    return len(date_of(key).rstrip("?")) in (0, 4) and date_of(key) != LOST_DATE


def _open_target(base: str, group: TitleGroup, targets: dict[str, int | None]) -> int | None:
    documents = group.holders[base] | {d for d in [targets.get(base)] if d}
    return documents.pop() if len(documents) == 1 else None


def load_group(db: Database, prefix: str) -> TitleGroup:
    """Load all that is known of a title; `prefix` is what its natural keys begin with."""
    group = TitleGroup()
    span = (prefix, prefix + "\U0010ffff")
    for key, document in db.execute("SELECT key, document_id FROM identities WHERE key > ? AND key < ?", span):
        group.holders[key].add(document)
    for key, document in db.execute("SELECT DISTINCT key, document_id FROM statements WHERE key > ? AND key < ?", span):
        group.loose[key] = document
    group.addressed = addressed_documents(db, set().union(*group.holders.values()))
    return group


def addressed_documents(db: Database, documents: set[int]) -> set[int]:
    """Return those of the documents that have an address."""
    sql = "SELECT key, document_id FROM identities WHERE document_id IN (SELECT value FROM json_each(?))"
    rows = db.execute(sql, [json.dumps([*documents])])
    return {document for key, document in rows if kind_of(key) not in ("natural", "public")}


def natural_groups(db: Database, document: int) -> set[str]:
    """Return the title prefixes of the natural keys that lead to a document."""
    rows = db.execute("SELECT key FROM identities WHERE document_id = ?", [document])
    return {group_of(key) for (key,) in rows if kind_of(key) == "natural"}


def documents_by_key(db: Database, keys: list[str]) -> dict[str, set[int]]:
    """Return the documents that each of these keys leads to."""
    holders: dict[str, set[int]] = defaultdict(set)
    sql = "SELECT key, document_id FROM identities WHERE key IN (SELECT value FROM json_each(?))"
    for key, document in db.execute(sql, [json.dumps(keys)]):
        holders[key].add(document)
    return dict(holders)


def is_free_title(db: Database, prefix: str, *, identities: bool = False) -> bool:
    """Return whether no record without an address has this title; with `identities`, no document either."""
    span = (prefix, prefix + "\U0010ffff")
    tables = ("statements", "identities") if identities else ("statements",)
    return not any(
        db.execute(f"SELECT 1 FROM {table} WHERE key > ? AND key < ? LIMIT 1", span).fetchone() for table in tables
    )

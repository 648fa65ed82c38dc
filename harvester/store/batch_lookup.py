"""What the database holds that the pages of a batch meet: asked once for all of them."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from harvester.store.identity import documents_by_key
from harvester.store.keys import kind_of, value_of
from harvester.store.votes import votes_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlite_utils import Database

    from harvester.store.votes import Vote

_LISTED = "(SELECT value FROM json_each(?))"
# Withdrawn documents, claims, addresses that have passed on, documents that are gone, sites that have changed: with one
# of these, what a page says can concern more than the document at its address.
_UNUSUAL = """SELECT EXISTS (SELECT 1 FROM withdrawn) OR EXISTS (SELECT 1 FROM statements WHERE document_id IS NULL)
    OR EXISTS (SELECT 1 FROM identities WHERE until IS NOT NULL)
    OR EXISTS (SELECT 1 FROM documents WHERE gone_at IS NOT NULL) OR EXISTS (SELECT 1 FROM site_changes)"""


def is_usual(db: Database) -> bool:
    """Return whether nothing in the database makes pages concern other documents than those at their addresses."""
    return not db.execute(_UNUSUAL).fetchone()[0]


def known_addresses(db: Database, uris: Collection[str]) -> set[str]:
    """Return those of these addresses that were captured before."""
    sql = f"SELECT uri FROM captures WHERE uri IN {_LISTED}"
    return {uri for (uri,) in db.execute(sql, [json.dumps([*uris])])}


def read_once(db: Database, captures: Collection[int]) -> set[int]:
    """Return those of these captures that were read at no other time than theirs: each makes one vote."""
    sql = f"""SELECT capture_id FROM reads JOIN captures ON captures.id = capture_id WHERE capture_id IN {_LISTED}
        GROUP BY capture_id HAVING count(DISTINCT coalesce(reads.captured_at, '')) = 1
            AND max(coalesce(reads.captured_at, '')) = coalesce(max(captures.captured_at), '')"""
    return {capture for (capture,) in db.execute(sql, [json.dumps([*captures])])}


class BatchLookup:
    """Answers for the pages of a batch, as the database was before them.

    `keys`: the addresses and numbers on the pages; `own`: those under which statements are stored; `titles`: prefixes
    of natural keys.
    """

    def __init__(self, db: Database, keys: Collection[str], own: Collection[str], titles: Collection[str]) -> None:
        self._db = db
        self.holders = documents_by_key(db, [*keys])
        """The documents that keys lead to."""
        self.public_keys = self._public_keys(keys)
        """The public addresses among those of these keys that a document has or had."""
        sql = f"SELECT key FROM statements WHERE key IN {_LISTED} AND NOT is_own_page"
        self.stated = {key for (key,) in self._ask(sql, own)}
        """The keys under which listings have stated something."""
        self.loose_titles = self._loose_titles(titles)
        """The titles that records without an address have, too: which document they are is decided title by title."""
        self.rows: dict[int, dict[str, Any]] = {}
        self.votes: dict[int, list[Vote]] = defaultdict(list)
        self.keys: dict[int, set[str]] = defaultdict(set)
        """All keys that lead to a document."""
        self.terms: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.unconfirmed: set[int] = set()
        """Documents with changes that their own pages have not confirmed."""
        if self.holders:
            self._load_documents({document for found in self.holders.values() for document in found})

    def _public_keys(self, keys: Collection[str]) -> set[str]:
        slugs = {
            value_of(key): f"{key.partition(':')[0]}:public:{value_of(key)}" for key in keys if kind_of(key) == "slug"
        }
        had = self._ask(f"SELECT key FROM identities WHERE key IN {_LISTED}", slugs.values())
        have = self._ask(f"SELECT key FROM documents WHERE key IN {_LISTED}", slugs)
        return {value_of(key) for (key,) in had} | {key for (key,) in have}

    def _loose_titles(self, titles: Collection[str]) -> set[str]:
        sql = "SELECT EXISTS (SELECT 1 FROM statements WHERE key > ? AND key < ?)"
        spans = [(f"{name}:natural:", f"{name}:natural;") for name in {title.partition(":")[0] for title in titles}]
        self.has_loose_titles = any(self._db.execute(sql, span).fetchone()[0] for span in spans)
        sql = """SELECT value FROM json_each(?) WHERE EXISTS
            (SELECT 1 FROM statements WHERE key > value AND key < value || char(1114111))"""
        return {title for (title,) in self._ask(sql, titles)} if self.has_loose_titles else set()

    def _load_documents(self, documents: Collection[int]) -> None:
        for vote in votes_of(self._db, documents):
            self.votes[vote.statement.document or 0].append(vote)
        sql = f"SELECT document_id, key FROM identities WHERE document_id IN {_LISTED}"
        for document, key in self._ask(sql, documents):
            self.keys[document].add(key)
        cursor = self._ask(f"SELECT * FROM documents WHERE id IN {_LISTED}", documents)
        names = [column[0] for column in cursor.description]
        self.rows = {row[0]: dict(zip(names, row, strict=True)) for row in cursor}
        sql = f"SELECT document_id, facet, term FROM document_terms WHERE document_id IN {_LISTED}"
        for document, facet, term in self._ask(sql, documents):
            self.terms[document][facet].append(term)
        sql = f"SELECT document_id FROM unconfirmed_changes WHERE document_id IN {_LISTED}"
        self.unconfirmed = {document for (document,) in self._ask(sql, documents)}

    def _ask(self, sql: str, values: Iterable[object]) -> Any:
        return self._db.execute(sql, [json.dumps([*values])])

"""Votes: what a page states about an item, at each reading of the page. All of them come from `reads`."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlite_utils import Database

ALWAYS = "9999"
"""Later than any time."""
# A row is in every capture that repeats it, an own page only in its capture. last_read: of two captures of one file
# without a time, the one read last has the file's present content.
_VOTES = """
    SELECT s.id, s.document_id, s.key, s.natural_key, s.form, s.host, s.is_own_page, s.truncated, s.hash, s.content,
        coalesce(r.captured_at, '') AS at, c.id, c.listing_id, coalesce(l.is_whole_source, 0), c.parser_version,
        c.uri, c.file, max(r.id) AS last_read
    FROM {statements} AS s {captures}
    JOIN reads AS r ON r.capture_id = c.id LEFT JOIN listings AS l ON l.id = c.listing_id
    WHERE {where} AND r.read_at <= :known GROUP BY s.id, c.id, r.captured_at"""
_OF_ROWS = "JOIN sightings AS g ON g.statement_id = s.id JOIN captures AS c ON c.id = g.capture_id"
_OF_PAGES = "JOIN captures AS c ON c.id = s.capture_id"


@dataclass(frozen=True)
class Statement:
    """What a page states about one item."""

    id: int
    document: int | None
    key: str
    """The address under which it was stated, or its natural key."""
    natural: str
    form: str
    host: str
    own: bool
    """Whether it is of the item's own page."""
    cut: bool
    """Whether the page ends in it: it then only fills gaps."""
    hash: str
    content: str

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The stated fields by name; terms as tuples under the name of their facet. Unstated fields are absent."""
        fields: dict[str, Any] = json.loads(self.content)
        terms = fields.pop("terms", {})
        return fields | {facet: tuple(found) for facet, found in terms.items()}


@dataclass(frozen=True)
class Vote:
    """One reading of a statement."""

    at: str
    """When the bytes were fetched (UTC), empty if unknown."""
    statement: Statement
    capture: int
    listing: int | None
    whole_source: bool
    """Whether the listing is of the whole source."""
    parser: int
    file: tuple[str, str | None]
    """The address and the file of the capture."""
    last_read: int
    superseded: bool = False
    """Whether the file, which has no time, has another content now."""

    @property
    def order(self) -> tuple[str, bool, bool, str, str, str, int]:
        """The sort key of votes by time; at one time the item's own page comes after listings.

        Of equal ones the address decides: the number of a capture tells only which came first.
        """
        place = (self.file[0], self.file[1] or "")
        return self.at, not self.superseded, self.statement.own, self.statement.hash, *place, self.capture


def votes_of(db: Database, documents: Collection[int], known_at: str = ALWAYS) -> list[Vote]:
    """Return the votes of documents, oldest first, as far as they had been read by the time `known`."""
    return _select(db, "s.document_id IN (SELECT value FROM json_each(:documents))", known_at, documents=documents)


def votes_without_document(db: Database, keys: Collection[str]) -> list[Vote]:
    """Return the votes without a document that are at these addresses or name them: claims, and new ones."""
    if db.execute("SELECT 1 FROM statements WHERE document_id IS NULL LIMIT 1").fetchone() is None:
        return []
    marks = "(SELECT value FROM json_each(:keys))"
    named = " OR ".join(f"{named_key('s', kind)} IN {marks}" for kind in NAMED)
    where = f"s.document_id IS NULL AND (s.key IN {marks} OR (s.is_own_page AND ({named})))"
    return _select(db, where, ALWAYS, keys=keys)


_REPEATED = """SELECT EXISTS (SELECT 1 FROM reads WHERE capture_id = :capture AND captured_at IS :at)
    AND NOT EXISTS (SELECT 1 FROM statements WHERE is_own_page AND capture_id = :capture AND document_id IS NULL)
    AND (:at IS NOT NULL OR NOT EXISTS (SELECT 1 FROM captures AS c JOIN captures AS other ON other.uri = c.uri
        WHERE c.id = :capture AND other.id <> c.id AND other.captured_at IS NULL))"""


def is_repeated(db: Database, capture: int, at: str | None) -> bool:
    """Return whether a capture was read at this time before, so that reading it again adds no vote.

    Without a time the content of an address that was read last counts, so it adds one where there is another content.
    A page whose document is not known is looked at again.
    """
    return bool(db.execute(_REPEATED, {"capture": capture, "at": at}).fetchone()[0])


NAMED = {"record": "record_id", "node": "node_id", "slug": "slug"}
"""The field in which a page states a key, by the kind of the key."""


def named_key(table: str, kind: str) -> str:
    """Return the SQL expression of a key of this kind that an own page states."""
    source = f"substr({table}.natural_key, 1, instr({table}.natural_key, ':'))"
    return f"{source} || '{kind}:' || json_extract({table}.content, '$.{NAMED[kind]}')"


def _select(db: Database, where: str, known_at: str, **lists: Collection[Any]) -> list[Vote]:
    values = {"known": known_at} | {name: json.dumps([*values]) for name, values in lists.items()}
    statements: dict[int, Statement] = {}
    votes = []
    for own, captures in ((0, _OF_ROWS), (1, _OF_PAGES)):
        sql = _VOTES.format(statements="statements", captures=captures, where=f"s.is_own_page = {own} AND {where}")
        for row in db.execute(sql, values):
            statement = statements.get(row[0]) or _statement(row)
            statements[statement.id] = statement
            at, capture, listing, whole, parser, uri, file, last = row[10:]
            votes.append(Vote(at, statement, capture, listing, bool(whole), parser, (uri, file), last))
    return sorted(_with_superseded(votes), key=lambda vote: vote.order)


def _statement(row: tuple[Any, ...]) -> Statement:
    number, document, key, natural, form, host, own, cut, digest, content = row[:10]
    return Statement(number, document, key, natural, form, host, bool(own), bool(cut), digest, content)


def _with_superseded(votes: list[Vote]) -> Iterable[Vote]:
    """Mark votes of an undated file that had other content then."""
    undated = [vote for vote in votes if not vote.at]
    if len(undated) < 2:
        return votes
    newest: dict[tuple[Any, ...], Vote] = {}
    for vote in undated:
        place = (*vote.file, vote.statement.key)
        if place not in newest or newest[place].last_read < vote.last_read:
            newest[place] = vote
    captures = {place: vote.capture for place, vote in newest.items()}
    return [
        vote if vote.at or captures[*vote.file, vote.statement.key] == vote.capture else replace(vote, superseded=True)
        for vote in votes
    ]

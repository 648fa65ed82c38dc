"""Keeps withdrawn documents out: their records and pages are not stored, whatever is harvested later."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harvester.model import DocumentPage, Refused
from harvester.parsers.dates import NO_DATE
from harvester.store.keys import keys_of
from harvester.store.withdrawal import vault
from harvester.store.withdrawal.page import Judge
from harvester.store.withdrawal.secret import database_file, hasher_at, hasher_of, is_empty
from harvester.store.withdrawal.withdrawn import (
    INNOCENT,
    SHOWN,
    UNDECIDED,
    Match,
    is_named,
    learn,
    matches_of,
    stand_in_key,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from harvester.model import Capture, Page, Record
    from harvester.source import Source
    from harvester.store.captures import Place
    from harvester.store.keys import Keys
    from harvester.store.withdrawal.restore import Hidden
    from harvester.store.withdrawal.secret import Hasher

    Keeper = Callable[[Database, Sequence[Record], Place], "dict[int, StandIn]"]
    """Returns the stand-ins of those records of a page that are not to be stored, by their number on the page."""


@dataclass(frozen=True)
class Withheld:
    """The stand-in for a record of a withdrawn document: the id of a blanked statement."""

    id: int
    undecided: bool
    document: None = None


def withheld(db: Database, records: Sequence[Record], place: Place) -> dict[int, Withheld]:
    """Return the stand-ins of the records of a page that are of withdrawn documents, by their number on the page.

    A record that may be of one, at an address never seen before, is held back until the page there is read.
    """
    if is_empty(db):
        return {}
    hasher, found = hasher_of(db), keys_of(records, place.source.name)
    matches = matches_of(db, hasher, found, records)
    for number, match in matches.items():
        if match.undecided:
            learn(db, hasher, match.document, [f"{UNDECIDED}{hasher.key(found[number].own)}"])
            _hold(db, match.document, found[number], records[number], place)
    return {number: _stand_in(db, hasher, match, found[number], place) for number, match in matches.items()}


def keeper_of(path: Path, hidden: Hidden) -> Keeper:
    """Return the function that keeps out the records that the database at `path` kept out, except those of namesakes.

    They were never stored, so a document that had their address before has nothing of them.
    """
    if not hidden.since:
        return lambda *_: {}
    hasher = hasher_at(path)
    names = {name for found in hidden.keys.values() for name in found}

    def is_kept_out(keys: Keys) -> bool:
        those = [hasher.key(key) for key in keys.strong]
        if any(f"{INNOCENT}{name}" in names for name in those):
            return False
        signs = {sign + name for name in those for sign in ("", UNDECIDED)}
        return bool(those) and bool(names & {*signs, hasher.titled(keys.natural)})

    def kept_out(db: Database, records: Sequence[Record], place: Place) -> dict[int, Withheld]:
        here = {key for capture, key in hidden.since if capture == place.capture}
        return {
            number: _stand_in(db, hasher, Match(document), keys, place)
            for number, keys in enumerate(keys_of(records, place.source.name) if here else ())
            if is_kept_out(keys)
            for document in hidden.keys
            if stand_in_key(hasher, place.source.name, document, keys.own) in here
        }

    return kept_out


def blanked(records: Sequence[Record], withheld: Container[int]) -> Sequence[Record]:
    """Return the records of a page as they may be stored: those of withdrawn documents are blanked."""
    return [
        replace(record, title=SHOWN, date=NO_DATE, summary=None) if n in withheld else record
        for n, record in enumerate(records)
    ]


def is_withheld(db: Database, capture: Capture, page: Page, source: Source) -> bool:
    """Return whether a whole page is to be withheld: that of a withdrawn document, or a refusal at its address."""
    if is_empty(db):
        return False
    if not isinstance(page, DocumentPage):
        return isinstance(page, Refused) and is_named(db, capture.uri)
    return Judge(db, capture.uri, page, source).leaves_out()


def _hold(db: Database, document: int, keys: Keys, record: Record, place: Place) -> None:
    held = vault.Held(keys.own, place.source.name, document, record.url, keys.natural, record.title)
    vault.hold(database_file(db), held)


def _stand_in(db: Database, hasher: Hasher, match: Match, keys: Keys, place: Place) -> Withheld:
    """Find or insert the blanked statement of a record."""
    key = stand_in_key(hasher, place.source.name, match.document, keys.own)
    row = db.execute("SELECT min(id) FROM statements WHERE key = ?", [key]).fetchone()
    if row[0] is None:
        sql = """INSERT INTO statements (key, natural, form, host, hash, content, capture_id)
            VALUES (?1, ?1, '', '', '', '{}', ?2)"""
        row = (db.execute(sql, [key, place.capture]).lastrowid,)
    return Withheld(int(row[0]), match.undecided)

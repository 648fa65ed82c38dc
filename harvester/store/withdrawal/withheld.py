"""Keeps withdrawn documents out: their records and pages are not stored, whatever is harvested later."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harvester.model import DocumentPage, Refused
from harvester.parsers.dates import NO_DATE
from harvester.store.keys import keys_of
from harvester.store.withdrawal import vault
from harvester.store.withdrawal.page import PageCheck
from harvester.store.withdrawal.secret import database_file, hasher_at, hasher_of, is_empty
from harvester.store.withdrawal.withdrawn import (
    NAMESAKE,
    PLACEHOLDER,
    UNDECIDED,
    Match,
    add_keys,
    find_matches,
    is_withdrawn_name,
    stand_in_key,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from harvester.model import Capture, Page, Record
    from harvester.source import Source
    from harvester.store.captures import Provenance
    from harvester.store.keys import Keys
    from harvester.store.withdrawal.restore import WithdrawnState
    from harvester.store.withdrawal.secret import Hasher

    Withholder = Callable[[Database, Sequence[Record], Provenance], "dict[int, StandIn]"]
    """Returns the stand-ins of those records of a page that are not to be stored, by their number on the page."""


@dataclass(frozen=True)
class StandIn:
    """The stand-in for a record of a withdrawn document: the id of a blanked statement."""

    id: int
    undecided: bool
    document: None = None


def stand_ins(db: Database, records: Sequence[Record], provenance: Provenance) -> dict[int, StandIn]:
    """Return the stand-ins of the records of a page that are of withdrawn documents, by their number on the page.

    A record that may be of one, at an address never seen before, is held back until the page there is read.
    """
    if is_empty(db):
        return {}
    hasher, found = hasher_of(db), keys_of(records, provenance.source.name)
    matches = find_matches(db, hasher, found, records)
    for number, match in matches.items():
        if match.undecided:
            add_keys(db, hasher, match.document, [f"{UNDECIDED}{hasher.key(found[number].own)}"])
            _hold_record(db, match.document, found[number], records[number], provenance)
    return {number: _find_stand_in(db, hasher, match, found[number], provenance) for number, match in matches.items()}


def withholder_of(path: Path, hidden: WithdrawnState) -> Withholder | None:
    """Return the function that keeps out the records that the database at `path` kept out, except those of namesakes.

    None if it kept out nothing.

    They were never stored, so a document that had their address before has nothing of them.
    """
    if not hidden.since:
        return None
    hasher = hasher_at(path)
    names = {name for found in hidden.keys.values() for name in found}

    def is_kept_out(keys: Keys) -> bool:
        those = [hasher.key(key) for key in keys.strong]
        if any(f"{NAMESAKE}{name}" in names for name in those):
            return False
        signs = {sign + name for name in those for sign in ("", UNDECIDED)}
        return bool(those) and bool(names & {*signs, hasher.titled(keys.natural)})

    def kept_out(db: Database, records: Sequence[Record], provenance: Provenance) -> dict[int, StandIn]:
        here = {key for capture, key in hidden.since if capture == provenance.capture}
        return {
            number: _find_stand_in(db, hasher, Match(document), keys, provenance)
            for number, keys in enumerate(keys_of(records, provenance.source.name) if here else ())
            if is_kept_out(keys)
            for document in hidden.keys
            if stand_in_key(hasher, provenance.source.name, document, keys.own) in here
        }

    return kept_out


def blanked(records: Sequence[Record], stand_ins: Container[int]) -> Sequence[Record]:
    """Return the records of a page as they may be stored: those of withdrawn documents are blanked."""
    return [
        replace(record, title=PLACEHOLDER, date=NO_DATE, summary=None) if n in stand_ins else record
        for n, record in enumerate(records)
    ]


def is_withheld(db: Database, capture: Capture, page: Page, source: Source) -> bool:
    """Return whether a whole page is to be withheld: that of a withdrawn document, or a refusal at its address."""
    if is_empty(db):
        return False
    if not isinstance(page, DocumentPage):
        return isinstance(page, Refused) and is_withdrawn_name(db, capture.uri)
    return PageCheck(db, capture.uri, page, source).is_withheld_page()


def _hold_record(db: Database, document: int, keys: Keys, record: Record, provenance: Provenance) -> None:
    held = vault.HeldRecord(keys.own, provenance.source.name, document, record.url, keys.natural, record.title)
    vault.hold_record(database_file(db), held)


def _find_stand_in(db: Database, hasher: Hasher, match: Match, keys: Keys, provenance: Provenance) -> StandIn:
    """Find or insert the blanked statement of a record."""
    key = stand_in_key(hasher, provenance.source.name, match.document, keys.own)
    row = db.execute("SELECT min(id) FROM statements WHERE key = ?", [key]).fetchone()
    if row[0] is None:
        sql = """INSERT INTO statements (key, natural_key, form, host, hash, content, capture_id)
            VALUES (?1, ?1, '', '', '', '{}', ?2)"""
        row = (db.execute(sql, [key, provenance.capture]).lastrowid,)
    return StandIn(int(row[0]), match.undecided)

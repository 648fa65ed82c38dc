"""Statements: what one form of page at one host says about an item, and the document columns that follow from it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from harvester.parsers.dates import read_date
from harvester.parsers.titles import LOOKED_AT, TitleParts, read_title
from harvester.source import FACETS as LABELLED_FACETS
from harvester.store.keys import normalize_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlite_utils import Database

    from harvester.model import Record
    from harvester.source import DateOrder
    from harvester.store.captures import Provenance
    from harvester.store.timeline import FieldValue, ValueOrigin
    from harvester.store.votes import Statement


DESCRIBED = (
    "title",
    "summary",
    "kind",
    "archive",
    "archive_location",
    "classification",
    "rights",
    "uploaded",
    "credit",
)
TEXT_KINDS = ("transcript", "translation")
STATED = (*DESCRIBED, "date_text", "url", "slug", "record_id", "node_id")
"""The fields of a statement, besides `terms` (by facet) and `attached` (a hash of texts and files)."""
FACETS = (*LABELLED_FACETS, "other")
"""Those that a label can state, and what stands behind labels of an archive's own."""
KEYS = ("url", "slug", "record_id", "node_id")
"""Those of them by which the source itself identifies an item."""


def content_of(record: Record, attached: str | None, *, believed: bool = True) -> str:
    """Return the content of a record as JSON; `attached` is a hash of the texts and files on its page.

    The numbers and the canonical address of an own page that is incomplete are left out.
    """
    values = {
        name: value for name in _ATTRIBUTES if (value := getattr(record, name)) and (believed or name not in KEYS)
    }
    values |= {"date_text": record.date.text} if record.date.text else {}
    values |= {"terms": _by_facet(record)} if record.terms else {}
    return json.dumps(values | ({"attached": attached} if attached else {}), ensure_ascii=False)


_ATTRIBUTES = tuple(name for name in STATED if name != "date_text")


def _by_facet(record: Record) -> dict[str, list[str]]:
    facets = sorted({facet for facet, _ in record.terms})
    return {facet: sorted({normalize_text(term) for name, term in record.terms if name == facet}) for facet in facets}


def columns_of(content: Mapping[str, FieldValue], order: DateOrder | None) -> dict[str, Any]:
    """Return the columns of a document that holds these fields: None where nothing is stated.

    `order`: how its archive writes dates of numbers only.
    """
    return _with_derived({name: content[name].value if name in content else None for name in STATED}, order)


def attached_in(content: Mapping[str, FieldValue]) -> str | None:
    """Return the hash of the texts and files of a document that holds these fields; None if it has neither."""
    return content["attached"].value if "attached" in content else None


def terms_of(content: Mapping[str, FieldValue]) -> dict[str, list[str]]:
    """Return the terms of a document that holds these fields, by facet."""
    return {facet: list(content[facet].value or ()) if facet in content else [] for facet in FACETS}


def origin_of(name: str, content: Mapping[str, FieldValue], columns: Mapping[str, Any]) -> ValueOrigin | None:
    """Return the origin of a tracked column, a facet or a text (`transcript English`); None if it has none."""
    if name == "date":
        name = "date_text"
    elif name.partition(" ")[0] in TEXT_KINDS:
        name = "attached"
    elif name == "kind" and columns["kind"] and _parts((columns["title"] or "")[:LOOKED_AT]).kind:
        name = "title"
    return content[name].origin if name in content else None


def _with_derived(content: dict[str, Any], order: DateOrder | None) -> dict[str, Any]:
    date = read_date(content["date_text"], order)
    title = _parts(content["title"][:LOOKED_AT])  # its title has priority over the archive's name for the item
    return content | {
        "date": date.edtf,
        "date_from": date.first_day,
        "date_to": date.last_day,
        "date_precision": date.precision,
        "year": date.year,
        "kind": title.kind or _parts((content["kind"] or "")[:LOOKED_AT]).kind,
        "sender": title.sender,
        "recipient": title.recipient,
    }


@lru_cache(maxsize=20480)  # a listing and, after all listings of an archive, a document page state the same title
def _parts(title: str) -> TitleParts:
    return read_title(title)


@dataclass(frozen=True)
class StoredStatement:
    """The id of a stored statement, and its document."""

    id: int
    document: int | None


_COLUMNS = "document_id, key, natural_key, form, host, is_own_page, truncated, hash, content, capture_id"
_INSERT = f"INSERT INTO statements ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
INSERT_STATEMENT = f"INSERT INTO statements (id, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def statement_row(statement: Statement, capture: int) -> tuple[str | int | None, ...]:
    """Return the row of a statement that a capture makes, with its id."""
    identity = (statement.id, statement.document, statement.key, statement.natural, statement.form, statement.host)
    return (*identity, statement.own, statement.cut, statement.hash, statement.content, capture)


class StatementTable:
    """Reads and writes the statements of pages of one form at one host."""

    def __init__(self, db: Database, provenance: Provenance) -> None:
        self._db = db
        self._provenance = provenance
        self._stored: dict[tuple[str, str], StoredStatement] = {}

    def load(self, keys: Iterable[str]) -> None:
        """Load the statements of rows under these keys, in one query."""
        sql = """SELECT key, hash, id, document_id FROM statements
            WHERE key IN (SELECT value FROM json_each(?)) AND form = ? AND host = ? AND NOT is_own_page"""
        values = [json.dumps([*keys]), self._provenance.form, self._provenance.host]
        for key, digest, number, document in self._db.execute(sql, values):
            self._stored[key, digest] = StoredStatement(number, document)

    def find(self, key: str, digest: str) -> StoredStatement | None:
        """Return the stored statement with this key and hash."""
        return self._stored.get((key, digest))

    def insert(self, statement: Statement) -> Statement:
        """Insert a statement; return it with its id."""
        _, *values = statement_row(statement, self._provenance.capture)
        number = int(self._db.execute(_INSERT, values).lastrowid or 0)
        if not statement.own:
            self._stored[statement.key, statement.hash] = StoredStatement(number, statement.document)
        return replace(statement, id=number)


def page_statement(db: Database, capture: int) -> StoredStatement | None:
    """Return the statement of a capture of an own page."""
    row = db.execute(
        "SELECT id, document_id FROM statements WHERE is_own_page AND capture_id = ?", [capture]
    ).fetchone()
    return StoredStatement(*row) if row else None


_OPEN_CLAIMS = """SELECT DISTINCT captures.uri FROM reads JOIN captures ON captures.id = reads.capture_id
    JOIN statements ON is_own_page AND statements.capture_id = captures.id
    WHERE reads.run_id = ? AND statements.document_id IS NULL AND statements.content <> '{}' AND NOT EXISTS (
        SELECT 1 FROM captures AS other JOIN reads AS later ON later.capture_id = other.id
        JOIN statements AS believed ON believed.is_own_page AND believed.capture_id = other.id
        WHERE other.uri = captures.uri AND later.id > reads.id AND believed.document_id IS NOT NULL)
    ORDER BY 1"""


def open_claims(db: Database, run: int) -> list[str]:
    """Return the addresses at which a run has read only claims."""
    return [row[0] for row in db.execute(_OPEN_CLAIMS, [run])]

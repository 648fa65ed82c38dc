"""Checks that documents follow from their statements, and that their changes add up to their values."""

from __future__ import annotations

import json
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from harvester.registry import load_sources
from harvester.store.documents import TRACKED, document_state
from harvester.store.keys import is_different
from harvester.store.statements import FACETS, attached_in, terms_of
from harvester.store.votes import votes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

    from harvester.source import Source


_DOCUMENTS = """SELECT *, (SELECT json_group_array(json_array(facet, term))
        FROM document_terms WHERE document_id = documents.id) AS terms
    FROM documents ORDER BY id"""


def find_differing(db: Database) -> Iterator[str]:
    """Yield the name of each document that does not follow from its statements, with the columns that differ."""
    for document, names in differing_documents(db):
        yield f"document {document} ({', '.join(names)})"


def differing_documents(db: Database) -> Iterator[tuple[int, list[str]]]:
    """Yield the id of each such document and the columns that differ. Documents of unknown sources are not checked."""
    sources = load_sources()
    for row in db.query(_DOCUMENTS):
        if row["source"] in sources:
            names = _differing_names(db, row, sources[row["source"]])
            if names:
                yield row["id"], names


def _differing_names(db: Database, row: dict[str, Any], source: Source) -> list[str]:
    votes = votes_of(db, [row["id"]])
    if not votes:
        return []  # another check reports it
    now = document_state(db, row["id"], source, votes)
    columns, stated = now.columns, terms_of(now.content)
    names = [name for name, value in columns.items() if row[name] != value]
    attached = attached_in(now.content)
    names += ["attached"] * (row["attached"] != attached)
    terms = sorted((facet, term) for facet in FACETS for term in stated[facet])
    return names + ["terms"] * (sorted(map(tuple, json.loads(row["terms"]))) != terms)


# Changes of a document that was merged into another are a chain of their own, which ended with it.
_CHANGED = """SELECT document_id, coalesce(merged_from, 0), field, id, kind, before, after
    FROM changes WHERE kind IN ('filled', 'changed') AND NOT is_past ORDER BY 1, 2, 3, 4"""
_LAST = """SELECT document_id, field, changes.kind, after FROM changes JOIN documents ON documents.id = document_id
    WHERE changes.id IN (SELECT max(id) FROM changes WHERE kind IN ('filled', 'changed') AND merged_from IS NULL
        AND NOT is_past GROUP BY document_id, field)"""
_TERMS = """SELECT group_concat(term, '; ') FROM
    (SELECT term FROM document_terms WHERE document_id = ? AND facet = ? ORDER BY term)"""
_TEXT = "SELECT text FROM texts WHERE document_id = ? AND kind || coalesce(' ' || language, '') = ?"


def broken_chains(db: Database) -> Iterator[str]:
    """Yield each change that does not begin with the value that the change before it ended with."""
    for (document, _, field), rows in groupby(db.execute(_CHANGED), key=itemgetter(0, 1, 2)):
        last: tuple[str, str | None] | None = None
        for *_, change, kind, before, after in rows:
            if last and not _follows(*last, before):
                yield f"change {change} of document {document} ({field})"
            last = (kind, after)


def _follows(kind: str, after: str | None, value: str | None) -> bool:
    """Return whether a value is that with which a change ended; the row of a first text does not say which that was."""
    return value is not None if kind == "filled" and after is None else not is_different(value, after)


def outdated_values(db: Database) -> Iterator[str]:
    """Yield each field whose value is not that of its last change."""
    for document, field, kind, after in db.execute(_LAST):
        if not _follows(kind, after, present_value(db, document, field)):
            yield f"document {document} ({field})"


def present_value(db: Database, document: int, field: str) -> str | None:
    """Return the present value of a field in the form that changes have."""
    if field in TRACKED:
        row = db.execute(f'SELECT "{field}" FROM documents WHERE id = ?', [document]).fetchone()
    else:
        row = db.execute(_TERMS if field in FACETS else _TEXT, [document, field]).fetchone()
    return None if row is None else row[0]

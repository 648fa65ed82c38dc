"""Whether what was kept of changes adds up to what is held now."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from harvester.store.documents import TRACKED
from harvester.store.keys import differ
from harvester.store.statements import FACETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

# Changes of a document that was merged into another are a chain of their own, which ended with it.
_CHANGED = """SELECT document_id, coalesce(merged_from, 0), field, id, before, after FROM changes
    WHERE kind IN ('filled', 'changed') ORDER BY 1, 2, 3, 4"""
_LAST = """SELECT document_id, field, after FROM changes JOIN documents ON documents.id = document_id
    WHERE changes.id IN (SELECT max(id) FROM changes WHERE kind IN ('filled', 'changed') AND merged_from IS NULL
        GROUP BY document_id, field)"""
_TERMS = """SELECT group_concat(term, '; ') FROM
    (SELECT term FROM document_terms WHERE document_id = ? AND facet = ? ORDER BY term)"""
_TEXT = "SELECT text FROM texts WHERE document_id = ? AND kind || coalesce(' ' || language, '') = ?"


def broken_chains(db: Database) -> Iterator[str]:
    """Name each change that begins with something else than what the one before it ended with."""
    for (document, _, field), rows in groupby(db.execute(_CHANGED), key=itemgetter(0, 1, 2)):
        held: tuple[str | None, ...] = ()
        for *_, change, before, after in rows:
            if held and differ(before, held[0]):
                yield f"change {change} of document {document} ({field})"
            held = (after,)


def outdated_values(db: Database) -> Iterator[str]:
    """Name each field that holds something else than what its last change has made it."""
    for document, field, after in db.execute(_LAST):
        if differ(present_value(db, document, field), after):
            yield f"document {document} ({field})"


def present_value(db: Database, document: int, field: str) -> str | None:
    """Give what a field holds now, as changes tell it."""
    if field in TRACKED:
        row = db.execute(f'SELECT "{field}" FROM documents WHERE id = ?', [document]).fetchone()
    else:
        row = db.execute(_TERMS if field in FACETS else _TEXT, [document, field]).fetchone()
    return None if row is None else row[0]

"""Whether documents are what their pages say: a document is a function of its statements alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harvester.sources import load_sources
from harvester.store.documents import present
from harvester.store.statements import FACETS, terms_of
from harvester.store.votes import votes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

    from harvester.source import Source

_HELD = """SELECT *, (SELECT json_group_array(json_array(facet, term))
        FROM document_terms WHERE document_id = documents.id) AS terms
    FROM documents ORDER BY id"""


def differing(db: Database) -> Iterator[str]:
    """Name each document that is not what its statements make, and the columns and facets that differ."""
    for document, names in differing_documents(db):
        yield f"document {document} ({', '.join(names)})"


def differing_documents(db: Database) -> Iterator[tuple[int, list[str]]]:
    """Give each such document. What is of an archive that this version does not know cannot be told."""
    sources = load_sources()
    for row in db.query(_HELD):
        if row["source"] in sources:
            names = _names(db, row, sources[row["source"]])
            if names:
                yield row["id"], names


def _names(db: Database, row: dict[str, Any], source: Source) -> list[str]:
    votes = votes_of(db, [row["id"]])
    if not votes:
        return []  # another check names it
    now = present(db, row["id"], source, votes)
    columns, stated = now.columns, terms_of(now.content)
    names = [name for name, value in columns.items() if row[name] != value]
    attached = now.content["attached"].value if "attached" in now.content else None
    names += ["attached"] * (row["attached"] != attached)
    terms = sorted((facet, term) for facet in FACETS for term in stated[facet])
    return names + ["terms"] * (sorted(map(tuple, json.loads(row["terms"]))) != terms)

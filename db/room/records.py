"""Reads documents with their terms, texts and files, many at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..citations.citable import Citable, citable
from .asking import numbers
from .harvests import catalogues

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from datasette.app import Datasette

    from .asking import Read

DOCUMENTS = (
    "SELECT d.* FROM json_each(?) AS wanted CROSS JOIN documents AS d ON d.id = wanted.value ORDER BY wanted.key"
)
TERMS = "SELECT t.* FROM json_each(?) AS wanted CROSS JOIN document_terms AS t ON t.document_id = wanted.value"
FILES = "SELECT f.* FROM json_each(?) AS wanted CROSS JOIN files AS f ON f.document_id = wanted.value"


def documents(read: Read, ids: Iterable[int]) -> list[dict[str, Any]]:
    """Give documents in the order asked, each with its `terms` by facet and its `files`."""
    wanted = numbers(ids)
    return assembled(*(read(sql, wanted) for sql in (DOCUMENTS, TERMS, FILES)))


def assembled(
    found: Iterable[dict[str, Any]], terms: Iterable[dict[str, Any]], files: Iterable[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Put documents together with their terms and files."""
    of, offered = _grouped(terms), _grouped(files)
    return [
        {
            **row,
            "terms": _by_facet(of.get(row["id"], ())),
            "files": [file["url"] for file in offered.get(row["id"], ())],
        }
        for row in found
    ]


def _grouped(found: Iterable[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    groups: dict[int, list[dict[str, Any]]] = {}
    for row in found:
        groups.setdefault(row["document_id"], []).append(row)
    return groups


def _by_facet(terms: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    facets: dict[str, list[str]] = {}
    for row in terms:
        facets.setdefault(row["facet"], []).append(row["term"])
    return facets


def cited(
    datasette: Datasette, found: Sequence[Mapping[str, Any]], address: Callable[[str], str] = lambda _: ""
) -> list[Citable]:
    """Return documents as they are cited; `address` gives the address of a document's page by its key."""
    names = catalogues(datasette)
    return [citable(row, row["terms"], row["files"], names, page=address(row["key"])) for row in found]

"""Writes documents in export formats, in chunks: only a few are in memory at once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..citations import bibtex, csl, ris, sheets
from ..citations.citable import cited_document
from .document_data import documents
from .queries import json_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ..citations.citable import CitedDocument
    from .queries import ReadRows

    Documents = Iterable[dict[str, Any]]
    Names = Mapping[str, str]
    Address = Callable[[str], str]
    Cite = Callable[[dict[str, Any]], CitedDocument]

CHUNK = 100
"""Documents held in memory at once."""
TEXTS = """SELECT t.document_id, t.kind, t.language, t.text FROM json_each(?) AS wanted
    CROSS JOIN texts AS t ON t.document_id = wanted.value ORDER BY wanted.key, t.id"""


@dataclass(frozen=True)
class Format:
    """An export format: its file extension, its media type, and the function that writes documents."""

    ending: str
    media_type: str
    _write: Callable[[Documents, Cite], Iterator[str]]

    def write(self, found: Documents, names: Names, address: Address = lambda _: "") -> Iterator[str]:
        """Yield the parts of a file of documents.

        `names` are those of archives by source; `address` gives the address of a document's page here by its key.
        """
        return self._write(
            found, lambda row: cited_document(row, row["terms"], row["files"], names, page=address(row["key"]))
        )


def _bibtex(found: Documents, cite: Cite) -> Iterator[str]:
    return (bibtex.entry(cite(row)) + "\n" for row in found)


def _ris(found: Documents, cite: Cite) -> Iterator[str]:
    return (ris.to_ris([cite(row)]) for row in found)


def _csl_json(found: Documents, cite: Cite) -> Iterator[str]:
    return json_list(csl.csl_item(cite(row)) for row in found)


def _csv(found: Documents, cite: Cite) -> Iterator[str]:  # noqa: ARG001 - as all formats are called
    yield sheets.to_csv([])
    for row in found:
        yield sheets.to_csv([row]).split("\r\n", 1)[1]


def _jsonl(found: Documents, cite: Cite) -> Iterator[str]:  # noqa: ARG001 - as all formats are called
    return (json.dumps(row, ensure_ascii=False) + "\n" for row in found)


def json_list(found: Iterable[object]) -> Iterator[str]:
    """Yield the parts of a JSON list, one item a line."""
    before = "["
    for item in found:
        yield f"{before}\n{json.dumps(item, ensure_ascii=False)}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


FORMATS = {
    name: Format(ending, media_type, write)
    for name, ending, media_type, write in (
        ("csv", "csv", "text/csv; charset=utf-8", _csv),
        ("bibtex", "bib", "application/x-bibtex; charset=utf-8", _bibtex),
        ("ris", "ris", "application/x-research-info-systems; charset=utf-8", _ris),
        ("csl-json", "csljson", "application/vnd.citationstyles.csl+json; charset=utf-8", _csl_json),
        ("jsonl", "jsonl", "application/jsonl; charset=utf-8", _jsonl),
    )
}
"""By the name that `harvester export` takes."""
BY_ENDING = {format_.ending: format_ for format_ in FORMATS.values()}


def read_documents(read: ReadRows, found: Sequence[int], *, texts: bool) -> Iterator[dict[str, Any]]:
    """Yield documents, read in chunks; with their `texts` on request."""
    for start in range(0, len(found), CHUNK):
        wanted = found[start : start + CHUNK]
        rows = documents(read, wanted)
        if texts:
            of: dict[int, list[dict[str, Any]]] = {}
            for text in read(TEXTS, json_ids(wanted)):
                of.setdefault(text.pop("document_id"), []).append(text)
            rows = [{**row, "texts": of.get(row["id"], [])} for row in rows]
        yield from rows

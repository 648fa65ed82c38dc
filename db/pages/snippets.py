"""Snippets: where the words are in the documents found, in titles, summaries, texts and catalogue fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .highlighting import Marker, to_markup
from .queries import json_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markupsafe import Markup

    from .queries import ReadRows
    from .search_syntax import SearchQuery

TEXTS_OF = """SELECT id, document_id, kind, language, text FROM texts
    WHERE document_id IN (SELECT value FROM json_each(?)) ORDER BY kind = 'transcript', id"""
FIELDS = {
    "sender": ("From", "sender"),
    "recipient": ("To", "recipient"),
    "archive": ("Archive", "archive"),
    "archive_location": ("Archive location", "archive"),
    "classification": ("Classification", "archive"),
    "record_id": ("Record number", "number"),
    "node_id": ("Node number", "number"),
    "key": ("Address", "number"),
}
"""Searched fields besides titles, summaries, texts and terms: the label, and the column of the index."""
TERMS = {
    "person": ("Person", "person"),
    "place": ("Place", "place"),
    "subject": ("Subject", "subject"),
    "contributor": ("Author", "author"),
    "collection": ("Collection", "collection"),
    "donor": ("Donor", "collection"),
    "other": ("Other", "collection"),
}
LEAD = 320
"""Characters of a summary that are shown if none of the words is in it."""
MOST = 3
"""Extracts of texts, and fields, that are shown of one document: each shows a word that is not shown yet."""


def find_snippets(read: ReadRows, words: SearchQuery, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return documents with snippets added.

    `title_marked`, `summary_marked`; `find_snippets` of texts (`kind`, `language`, `extract`; the first one is also
    `extract`); `fields` of the catalogue (`label`, `value`) for words that are nowhere else.
    """
    marker = Marker(words)
    texts: dict[int, list[dict[str, Any]]] = {}
    for text in read(TEXTS_OF, json_ids(row["id"] for row in found)) if marker else ():
        texts.setdefault(text["document_id"], []).append(text)
    return [_with_snippets(marker, row, texts.get(row["id"], [])) for row in found]


def _with_snippets(marker: Marker, row: dict[str, Any], texts: list[dict[str, Any]]) -> dict[str, Any]:
    title, summary = row["title"], row["summary"] or ""
    shown = {number for _, _, number in marker.hits(title, "title")}
    in_summary = marker.extract(summary, "summary")
    shown |= in_summary[1] if in_summary else set()
    of_texts: list[dict[str, Any]] = []
    of_fields: list[dict[str, Any]] = []
    for text in texts:
        part = marker.extract(text["text"], "text")
        if part and (not of_texts or part[1] - shown) and len(of_texts) < MOST:
            shown |= part[1]
            of_texts.append({"kind": text["kind"], "language": text["language"], "extract": to_markup(part[0])})
    for label, column, value in _fields(row) if marker else ():
        terms = {number for _, _, number in marker.hits(value, column)}
        if terms - shown and len(of_fields) < MOST:
            shown |= terms
            of_fields.append({"label": label, "value": to_markup(marker.mark(value, column))})
    return {
        **row,
        "title_marked": to_markup(marker.mark(title, "title")),
        "summary_marked": to_markup(in_summary[0] if in_summary else _lead(summary)),
        "extract": of_texts[0] if of_texts else None,
        "extracts": of_texts,
        "fields": of_fields,
    }


def _fields(row: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield label, index column and value of the other searched fields of a document."""
    for name, (label, column) in FIELDS.items():
        if row.get(name):
            yield label, column, row[name]
    for facet, (label, column) in TERMS.items():
        for term in row["terms"].get(facet, ()):
            yield label, column, term


def _lead(summary: str) -> str:
    return summary if len(summary) <= LEAD else summary[:LEAD].rsplit(" ", 1)[0] + " …"


def mark_texts(words: SearchQuery, texts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return whole texts with the words marked: as markup, and `raw`, where the marks are not markup yet."""
    marker = Marker(words)
    raw = [marker.mark(row["text"], "text") if marker else row["text"] for row in texts]
    return [{**row, "text": to_markup(text), "raw": text} for row, text in zip(texts, raw, strict=True)]


def mark_document(words: SearchQuery, row: dict[str, Any]) -> dict[str, Markup]:
    """Return a document's title and summary with the words marked."""
    marker = Marker(words)
    return {name: to_markup(marker.mark(row[name] or "", name)) for name in ("title", "summary")}

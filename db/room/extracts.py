"""Highlighted extracts: where the words stand in titles, summaries and texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .asking import attempt, numbers
from .words import OPEN, SHUT, Words, marked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from .asking import Read

IN_DOCUMENTS = """
    SELECT f.rowid AS id, highlight(documents_fts, 0, ?1, ?2) AS title,
        snippet(documents_fts, 1, ?1, ?2, ' … ', 40) AS summary
    FROM documents_fts AS f WHERE documents_fts MATCH ?3 AND f.rowid = ?4
        AND f.rowid NOT IN (SELECT id FROM documents_unindexed)"""
IN_TEXTS = """
    SELECT t.document_id AS id, t.kind, t.language, snippet(texts_fts, 0, ?1, ?2, ' … ', 40) AS extract
    FROM texts_fts AS f CROSS JOIN texts AS t ON t.id = f.rowid
    WHERE texts_fts MATCH ?3
        AND f.rowid = ?4 AND f.rowid NOT IN (SELECT id FROM texts_unindexed)"""
WHOLE_TEXTS = """
    SELECT f.rowid AS id, highlight(texts_fts, 0, ?1, ?2) AS text FROM texts_fts AS f
    WHERE texts_fts MATCH ?3 AND f.rowid = ?4
        AND f.rowid NOT IN (SELECT id FROM texts_unindexed)"""
TEXTS_OF = "SELECT id FROM texts WHERE document_id IN (SELECT value FROM json_each(?)) ORDER BY kind = 'transcript', id"
LEAD = 320
"""Letters of a summary that are shown where none of the words stands in it."""


def extracts(read: Read, words: Words, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add `title_marked`, `summary_marked` and `extract` (from a text) to documents."""
    documents = {row["id"]: row for row in _ask(read, IN_DOCUMENTS, words, found)}
    held = read(TEXTS_OF, numbers(row["id"] for row in found)) if words.groups else []
    texts: dict[int, dict[str, Any]] = {}
    for row in _ask(read, IN_TEXTS, words, held):
        texts.setdefault(row["id"], row)
    return [_with(row, documents.get(row["id"], {}), texts.get(row["id"])) for row in found]


def _with(row: dict[str, Any], seen: dict[str, Any], text: dict[str, Any] | None) -> dict[str, Any]:
    summary = seen.get("summary")
    extract = {**text, "extract": marked(text["extract"])} if text else None
    return {
        **row,
        "title_marked": marked(seen.get("title") or row["title"]),
        "summary_marked": marked(summary if summary and OPEN in summary else _lead(row["summary"])),
        "extract": extract,
    }


def _lead(summary: str | None) -> str:
    text = summary or ""
    return text if len(text) <= LEAD else text[:LEAD].rsplit(" ", 1)[0] + " …"


def texts_marked(read: Read, words: Words, texts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give whole texts with the words marked."""
    seen = {row["id"]: row["text"] for row in _ask(read, WHOLE_TEXTS, words, texts)}
    return [{**row, "text": marked(seen.get(row["id"], row["text"]))} for row in texts]


def document_marked(read: Read, words: Words, row: dict[str, Any]) -> dict[str, Markup]:
    """Give a document's title and summary with the words marked."""
    sql = IN_DOCUMENTS.replace("snippet(documents_fts, 1, ?1, ?2, ' … ', 40)", "highlight(documents_fts, 1, ?1, ?2)")
    seen = next(iter(_ask(read, sql, words, [row])), row)
    return {"title": marked(seen["title"]), "summary": marked(seen["summary"])}


def _ask(read: Read, sql: str, words: Words, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    if not words.groups:
        return []
    # One by one: asked for several at once, SQLite goes through all that hold the words.
    answers = (attempt(read, sql, OPEN, SHUT, words.any, row["id"]) for row in found)
    return [row for answer in answers for row in answer or []]

"""Queries of documents with their terms, texts, files and related documents."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from ..citations.citable import CitedDocument, cited_document
from .databases import catalogues
from .labels import listing_title
from .queries import json_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from datasette.app import Datasette

    from .queries import ReadRows


TEXTS = "SELECT * FROM texts WHERE document_id = ? ORDER BY kind = 'transcript', language, id"
SIGHTINGS = """
    SELECT s.position, s.title, s.date_text, s.has_summary, c.id AS capture_id, c.uri, c.captured_at, c.form,
        l.id AS listing_id, l.name, l.key, coalesce(c.declared_total, l.declared_total) AS declared_total
    FROM sightings AS s JOIN captures AS c ON c.id = s.capture_id LEFT JOIN listings AS l ON l.id = c.listing_id
    WHERE s.document_id = ? ORDER BY c.captured_at DESC, c.id DESC LIMIT 101"""
HISTORY = """
    SELECT c.id, c.kind, c.field, c.before, c.after, c.observed_at, c.capture_id, c.run_id, r.started_at AS learned_at
    FROM changes AS c JOIN runs AS r ON r.id = c.run_id WHERE c.document_id = ? ORDER BY c.id DESC LIMIT 101"""
FILES = "SELECT * FROM files WHERE document_id = ? ORDER BY url"
# A key is an address of the document, or was: its own, or one of those that ever led to it.
# since and until: where the archive let it lead to one document after the other.
KEYS = """
    SELECT d.id, d.key, max(i.since) AS since, max(i.until) AS until
    FROM identities AS i JOIN documents AS d ON d.id = i.document_id
    WHERE i.key IN (SELECT s.source || k.column1 || ?1
        FROM (SELECT DISTINCT source FROM listings UNION SELECT DISTINCT source FROM captures) AS s,
            (VALUES (':public:'), (':slug:'), (':record:'), (':node:')) AS k)
    GROUP BY d.id ORDER BY since, d.id"""
# Addresses of the archive that a document has or had, and who else had them.
SHARED = """
    SELECT substr(mine.key, length(d.source) + 7) AS address, mine.since, mine.until,
        d.key, d.title, d.date, d.date_text, theirs.since AS their_since, theirs.until AS their_until
    FROM identities AS mine
    JOIN identities AS theirs ON theirs.key = mine.key AND theirs.document_id <> mine.document_id
    JOIN documents AS d ON d.id = theirs.document_id
    WHERE mine.document_id = ? AND mine.key LIKE d.source || ':slug:%' ORDER BY mine.key, theirs.since"""
# Captures of its own page that a web archive plays back, and that were read.
WEB_CAPTURES = """
    SELECT w.captured_at, w.web_archive,
        w.web_archive || '/' || strftime('%Y%m%d%H%M%S', w.captured_at) || '/' || w.original AS url
    FROM documents AS d JOIN web_captures AS w ON w.source = d.source AND w.page = d.url
    WHERE d.id = ? AND EXISTS (SELECT 1 FROM reads JOIN captures ON captures.id = reads.capture_id
        WHERE reads.uri = w.uri AND reads.captured_at = w.captured_at AND captures.refusal_code IS NULL)
    ORDER BY w.captured_at DESC, w.web_archive"""
NAMED = """
    SELECT d.id, d.key, d.title, d.date, d.date_text
    FROM json_each(?) AS wanted CROSS JOIN documents AS d ON d.id = wanted.value
    ORDER BY wanted.key"""
BEFORE = """
    SELECT id, key, title, date, date_text FROM documents WHERE (date_from, id) < (?, ?)
    ORDER BY date_from DESC, id DESC LIMIT 1"""
AFTER = """
    SELECT id, key, title, date, date_text FROM documents WHERE (date_from, id) > (?, ?)
    ORDER BY date_from, id LIMIT 1"""
# The nearest before and after, each from an index: two people may have written thousands of letters.
PARTIES = "SELECT id, date_from FROM documents WHERE sender = {0} AND recipient = {1} AND date_from"
BETWEEN_THEM = f"""
    SELECT id FROM (
        SELECT * FROM ({PARTIES.format("?1", "?2")} >= ?4 ORDER BY date_from LIMIT 7)
        UNION SELECT * FROM ({PARTIES.format("?1", "?2")} < ?4 ORDER BY date_from DESC LIMIT 6)
        UNION SELECT * FROM ({PARTIES.format("?2", "?1")} >= ?4 ORDER BY date_from LIMIT 7)
        UNION SELECT * FROM ({PARTIES.format("?2", "?1")} < ?4 ORDER BY date_from DESC LIMIT 6)
        UNION SELECT * FROM ({PARTIES.format("?1", "?2")} IS NULL LIMIT 7)
    ) WHERE id <> ?3 ORDER BY date_from IS NULL, abs(julianday(date_from) - julianday(?4)), id LIMIT 6"""
AROUND = """
    SELECT id FROM (
        SELECT * FROM (SELECT id, date_from, date_precision FROM documents
            WHERE date_from BETWEEN ?4 AND ?2 ORDER BY date_from LIMIT 12)
        UNION SELECT * FROM (SELECT id, date_from, date_precision FROM documents
            WHERE date_from >= ?1 AND date_from < ?4 ORDER BY date_from DESC LIMIT 12)
    ) WHERE id <> ?3 AND date_precision = 'day' ORDER BY abs(julianday(date_from) - julianday(?4)), id LIMIT 6"""
# A term of very many documents says little; one of few is what two documents have in common.
ALIKE = """
    WITH shared AS (
        SELECT t.facet, t.term, (SELECT count(*) FROM (SELECT 1 FROM document_terms AS o
            WHERE o.facet = t.facet AND o.term = t.term LIMIT 501)) AS times
        FROM document_terms AS t WHERE t.document_id = ?1 AND t.facet IN ('subject', 'person', 'place')
    )
    SELECT o.document_id AS id FROM shared CROSS JOIN document_terms AS o USING (facet, term)
    WHERE times BETWEEN 2 AND 500 AND o.document_id <> ?1
    GROUP BY 1 ORDER BY sum(1.0 / times) DESC, 1 LIMIT 6"""
DAYS = 3


def find_by_key(read: ReadRows, key: str) -> list[dict[str, Any]]:
    """Return the documents (id, key) that a key leads to: the one that has it now, else all that had it."""
    return read("SELECT id, key FROM documents WHERE key = ?", key) or read(KEYS, key)


def full_document(read: ReadRows, number: int) -> dict[str, Any]:
    """Return a document with everything that its page shows."""
    (row,) = documents(read, [number])
    parts = {"texts": TEXTS, "sightings": SIGHTINGS, "history": HISTORY, "offered": FILES, "shared": SHARED}
    parts["web_captures"] = WEB_CAPTURES
    before, after = neighbours(read, row)
    found = {name: read(sql, number) for name, sql in parts.items()}
    for seen in found["sightings"]:
        named = {"name": seen.pop("name"), "key": seen.pop("key"), "declared_total": seen["declared_total"]}
        seen["listing"] = listing_title(named) if seen["listing_id"] else None
    return {
        **row,
        **found,
        "before": before,
        "after": after,
        "related": related(read, row),
    }


def neighbours(read: ReadRows, row: dict[str, Any]) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the documents before and after by date; (None, None) for an undated one."""
    if not row["date_from"]:
        return None, None
    before, after = (read(sql, row["date_from"], row["id"]) for sql in (BEFORE, AFTER))
    return next(iter(before), None), next(iter(after), None)


def related(read: ReadRows, row: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return related documents, grouped by how they are related; each appears once."""
    questions = {"correspondents": _between(row), "days_around": _around(row), "terms": (ALIKE, row["id"])}
    found: dict[str, list[dict[str, Any]]] = {}
    seen: set[int] = set()
    for name, question in questions.items():
        if question:
            ids = [other["id"] for other in read(*question) if other["id"] not in seen]
            seen.update(ids)
            found[name] = read(NAMED, json_ids(ids))
    return {name: group for name, group in found.items() if group}


def _between(row: dict[str, Any]) -> tuple[Any, ...] | None:
    if not row["sender"] or not row["recipient"]:
        return None
    return BETWEEN_THEM, row["sender"], row["recipient"], row["id"], row["date_from"]


def _around(row: dict[str, Any]) -> tuple[Any, ...] | None:
    if row["date_precision"] != "day":
        return None
    day = date.fromisoformat(row["date_from"])
    near = [(day + timedelta(days)).isoformat() for days in (-DAYS, DAYS)]
    return AROUND, *near, row["id"], row["date_from"]


DOCUMENTS = (
    "SELECT d.* FROM json_each(?) AS wanted CROSS JOIN documents AS d ON d.id = wanted.value ORDER BY wanted.key"
)
TERMS = "SELECT t.* FROM json_each(?) AS wanted CROSS JOIN document_terms AS t ON t.document_id = wanted.value"
FILES_OF = "SELECT f.* FROM json_each(?) AS wanted CROSS JOIN files AS f ON f.document_id = wanted.value"


def documents(read: ReadRows, ids: Iterable[int]) -> list[dict[str, Any]]:
    """Return documents in the order of `ids`, each with its `terms` by facet and its `files`."""
    wanted = json_ids(ids)
    return assemble_documents(*(read(sql, wanted) for sql in (DOCUMENTS, TERMS, FILES_OF)))


def assemble_documents(
    found: Iterable[dict[str, Any]], terms: Iterable[dict[str, Any]], files: Iterable[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return documents with their `terms` by facet and their `files` added."""
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


def cited_documents(
    datasette: Datasette, found: Sequence[Mapping[str, Any]], address: Callable[[str], str]
) -> list[CitedDocument]:
    """Return documents as they are cited; `address` gives the address of a document's page by its key."""
    names = catalogues(datasette)
    return [cited_document(row, row["terms"], row["files"], names, page=address(row["key"])) for row in found]

"""Invariants between tables, as SQL queries: each row of a result is a place where an invariant does not hold."""

from __future__ import annotations

DEPENDENT_TABLES = ("document_terms", "identities", "texts", "files", "listing_members", "sightings")
"""Tables whose rows belong to a document or a capture: without it they can be deleted."""
_DERIVED = ", ".join(f"'{name}'" for name in DEPENDENT_TABLES)
_ORPHANS = """SELECT "table" || coalesce(' row ' || rowid, '') || ', of a row of ' || parent
    FROM pragma_foreign_key_check WHERE "table" """
_GONE = """SELECT kind FROM changes WHERE document_id = documents.id AND merged_from IS NULL
    AND kind IN ('gone', 'returned') ORDER BY id DESC LIMIT 1"""
_WITHDRAWN = "instr(uri, ':withdrawn:')"
_ADDRESS = "'document ' || id || ' (' || key || ')'"

INVARIANTS: tuple[tuple[str, str, bool, str], ...] = (
    # name, what is wrong, whether a repair mends it, where
    ("references", "rows left over from others that are gone", True, f"{_ORPHANS} IN ({_DERIVED})"),
    ("references", "rows that refer to nothing", False, f"{_ORPHANS} NOT IN ({_DERIVED})"),
    (
        "statements",
        "documents that no page vouches for",
        False,
        f"""SELECT {_ADDRESS} FROM documents
            WHERE id NOT IN (SELECT document_id FROM statements WHERE document_id IS NOT NULL)""",
    ),
    (
        "statements",
        "documents that pages vouch for, and that are not there",
        True,
        """SELECT 'document ' || document_id FROM statements WHERE document_id NOT IN (SELECT id FROM documents)
            GROUP BY document_id""",
    ),
    (
        "sightings",
        "sightings of another document than their statement is of",
        True,
        """SELECT 'capture ' || sightings.capture_id || ', position ' || position
            FROM sightings JOIN statements ON statements.id = statement_id
            WHERE sightings.document_id IS NOT statements.document_id""",
    ),
    (
        "identities",
        "documents that no key leads to",
        False,
        f"SELECT {_ADDRESS} FROM documents WHERE id NOT IN (SELECT document_id FROM identities)",
    ),
    (
        "identities",
        "addresses of merged documents that do not lead on",
        False,
        """SELECT 'document ' || document_id || ', once ' || before
            FROM changes JOIN documents ON documents.id = document_id
            WHERE changes.kind = 'merged' AND field = 'key' AND merged_from NOT IN (SELECT id FROM documents)
                AND NOT EXISTS (SELECT 1 FROM identities AS known
                WHERE known.key = source || ':public:' || before AND known.document_id = changes.document_id)""",
    ),
    (
        "changes",
        "documents without a first change",
        False,
        f"SELECT {_ADDRESS} FROM documents WHERE id NOT IN (SELECT document_id FROM changes WHERE kind = 'new')",
    ),
    (
        "changes",
        "documents whose last change does not say whether they are gone",
        False,
        f"SELECT {_ADDRESS} FROM documents WHERE (gone_at IS NOT NULL) <> (coalesce(({_GONE}), '') = 'gone')",
    ),
    (
        "walks",
        "walks without a verdict whose run has ended",
        True,
        """SELECT 'walk ' || walks.id || ' of run ' || run_id FROM walks JOIN runs ON runs.id = run_id
            WHERE walks.status IS NULL AND runs.status <> 'running'""",
    ),
    (
        "walks",
        "walks that hold another number of pages than they went through, or a verdict without what it needs",
        False,
        """SELECT 'walk ' || id FROM walks WHERE finished_at IS NOT NULL AND (
            pages <> (SELECT count(*) FROM walk_pages WHERE walk_id = walks.id)
            OR started_at > finished_at OR (status = 'complete') <> (proof IS NOT NULL)
            OR (status = 'complete' AND declared_total IS NULL AND checked_against NOT IN ('pages', 'nothing'))
            OR (status = 'complete' AND declared_total IS NOT NULL AND distinct_records IS NOT declared_total))""",
    ),
    (
        "captures",
        "listing pages of which not all records are held as sightings",
        False,
        """SELECT 'capture ' || id FROM captures WHERE listing_id IS NOT NULL AND form IS NOT NULL
            AND records <> (SELECT count(*) FROM sightings WHERE capture_id = captures.id)""",
    ),
    (
        "captures",
        "captures that were never read",
        False,
        "SELECT 'capture ' || id FROM captures WHERE id NOT IN (SELECT capture_id FROM reads)",
    ),
    (
        "captures",
        "captures that say neither what they hold nor why they were refused",
        False,
        f"""SELECT 'capture ' || id FROM captures WHERE (form IS NULL) = (refusal_code IS NULL)
            OR (length(sha256) <> 64 AND NOT {_WITHDRAWN}) OR (form IS NOT NULL AND content_hash IS NULL
                AND NOT {_WITHDRAWN})""",
    ),
    (
        "reads",
        "readings at a time before their run began",
        False,
        """SELECT 'reading ' || reads.id FROM reads JOIN runs ON runs.id = run_id
            WHERE read_at < started_at OR (finished_at IS NOT NULL AND read_at > finished_at)""",
    ),
    (
        "reads",
        "runs that have read fewer pages than they count",
        False,
        """SELECT 'run ' || id FROM runs WHERE finished_at IS NOT NULL AND command LIKE '% harvest %'
            AND pages < (SELECT count(*) FROM reads WHERE run_id = runs.id)""",
    ),
    (
        "runs",
        "runs that count other problems than they keep",
        False,
        """SELECT 'run ' || id FROM runs WHERE finished_at IS NOT NULL
            AND problems <> (SELECT count(*) FROM problems WHERE run_id = runs.id)""",
    ),
    (
        "statements",
        "statements that cannot be read",
        False,
        "SELECT 'statement ' || id FROM statements WHERE NOT json_valid(content)",
    ),
    (
        "sightings",
        "sightings whose title is not that of their statement",
        False,
        """SELECT 'capture ' || sightings.capture_id || ', position ' || position
            FROM sightings JOIN statements ON statements.id = statement_id
            WHERE json_valid(content) AND content ->> 'title' IS NOT NULL
                AND sightings.title NOT IN (content ->> 'title', '[withdrawn]')
                AND lower(replace(sightings.title, ' ', '')) <> lower(replace(content ->> 'title', ' ', ''))""",
    ),
    (
        "identities",
        "statements whose key does not lead to their document",
        False,
        """SELECT 'statement ' || id FROM statements WHERE document_id IS NOT NULL AND key NOT LIKE '%:natural:%'
            AND NOT EXISTS (SELECT 1 FROM identities AS i WHERE i.key = statements.key
                AND i.document_id = statements.document_id)""",
    ),
    (
        "identities",
        "addresses of documents that do not lead to them",
        False,
        f"""SELECT {_ADDRESS} FROM documents WHERE slug IS NOT NULL AND NOT EXISTS (SELECT 1 FROM identities AS i
            WHERE i.key = source || ':slug:' || slug AND i.document_id = documents.id)""",
    ),
    (
        "listing_members",
        "documents seen on a walked listing that are not among its members",
        False,
        """SELECT DISTINCT 'document ' || s.document_id || ', listing ' || w.listing_id
            FROM walks AS w JOIN walk_pages ON walk_pages.walk_id = w.id
            JOIN sightings AS s ON s.capture_id = walk_pages.capture_id
            WHERE w.status = 'complete' AND s.document_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM listing_members AS m
                WHERE m.listing_id = w.listing_id AND m.document_id = s.document_id)""",
    ),
    (
        "documents",
        "documents that changed before they were first seen",
        False,
        f"SELECT {_ADDRESS} FROM documents WHERE last_changed < first_seen",
    ),
)

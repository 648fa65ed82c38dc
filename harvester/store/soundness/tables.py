"""What must hold between tables, as questions in SQL: each row of an answer is a place where it does not."""

from __future__ import annotations

DERIVED = ("document_terms", "identities", "texts", "files", "members", "sightings")
"""Tables whose rows say something of a document or a capture: without it they are left over and can go."""
_DERIVED = ", ".join(f"'{name}'" for name in DERIVED)
_ORPHANS = """SELECT "table" || coalesce(' row ' || rowid, '') || ', of a row of ' || parent
    FROM pragma_foreign_key_check WHERE "table" """
_GONE = """SELECT kind FROM changes WHERE document_id = documents.id AND merged_from IS NULL
    AND kind IN ('gone', 'returned') ORDER BY id DESC LIMIT 1"""
_ADDRESS = "'document ' || id || ' (' || key || ')'"

QUESTIONS: tuple[tuple[str, str, bool, str], ...] = (
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
            WHERE changes.kind = 'merged' AND field = 'key' AND NOT EXISTS (SELECT 1 FROM identities AS known
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
)

"""Labels of fields: the words of a library catalogue, not column names."""

from __future__ import annotations

from collections import Counter

FIELDS = {
    "title": "title",
    "date": "date",
    "date_text": "date",
    "summary": "summary",
    "url": "address",
    "slug": "address",
    "record_id": "record number",
    "node_id": "record number",
    "kind": "kind",
    "sender": "sender",
    "recipient": "recipient",
    "archive": "archive",
    "archive_location": "archive location",
    "classification": "classification",
    "rights": "rights",
    "uploaded": "date put online",
    "credit": "credit",
    "gone_at": "whether the archive has it",
    "contributor": "author",
    "person": "people",
    "place": "places",
    "subject": "subjects",
    "file": "file",
    "files": "file",
}
MOST = 2
"""How many fields a line names; the others are only counted."""


def field_label(name: str | None) -> str:
    """Return what a field is called: `transcript Russian` is the Russian transcript."""
    if not name:
        return ""
    kind, _, language = name.partition(" ")
    if kind in ("transcript", "translation"):
        return f"{kind} ({language})" if language else kind
    return FIELDS.get(name, FIELDS.get(kind, name.replace("_", " ")))


def fields_in_words(names: str) -> str:
    """Return which fields changed, in one short line: `texts, title and 9 other fields`."""
    labels = [field_label(name) for name in names.split(", ")]
    kinds = ["texts" if label.startswith(("transcript", "translation")) else label for label in labels]
    # Of "author, author, people" three fields changed, and two are named.
    each = list(Counter(kinds))
    each.sort(key=lambda label: label != "texts")
    rest = len(each) - MOST
    if rest <= 0:
        return " and ".join(each)
    return f"{', '.join(each[:MOST])} and {rest} other field{'s' if rest > 1 else ''}"

"""Labels of fields: the words of a library catalogue, not column names."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FIELDS = {
    "title": "title",
    "date": "date",
    "date_text": "date",
    "summary": "summary",
    "url": "address",
    "slug": "address",
    "record_id": "record number",
    "node_id": "node number",
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
FACETS = {
    "in": ("Database", "Databases"),
    "kind": ("Kind", "Kinds"),
    "sender": ("From", "Senders"),
    "recipient": ("To", "Recipients"),
    "language": ("Language", "Languages"),
    "person": ("People", "People and organizations"),
    "place": ("Places", "Places"),
    "subject": ("Subjects", "Subjects"),
    "contributor": ("Authors", "Authors"),
    "collection": ("Collection", "Collections"),
    "donor": ("Donor", "Donors"),
    "source": ("Archive", "Archives"),
    "listing": ("Listing", "Listings of the archive"),
    "gone": ("No longer in the archive", "No longer in the archive"),
}
"""What a document is found by, in the order of the filters: the label at a value, and at a list of all values."""
CHECKED_AGAINST = {
    "range": "checked against the ranges and the total that it declares",
    "total": "checked against the total that it declares",
    "pages": "checked against the number of pages that it declares; it declares no total",
    "nothing": "it declares nothing: two equal walks are all that proves it",
}
"""What a complete walk of a listing was checked against, in words, by what the listing declares."""
MOST = 2
"""How many fields a line names; the others are only counted."""


def listing_title(row: Mapping[str, Any]) -> str:
    """Return what a listing is called, from its `name`, `key` and `declared_total`.

    A saved page without an address or a heading has no name but its file's: it is called by how many records it states.
    """
    if not _is_file(row):
        return str(row["name"])
    total = row["declared_total"]
    return f"Listing of {total:,} record{'s' if total != 1 else ''}" if total else "Listing without a total"


def listing_file(row: Mapping[str, Any]) -> str:
    """Return the file that a listing is known by, if it has no name of its own."""
    return str(row["name"]) if _is_file(row) else ""


def listing_labels(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the titles of listings by their numbers; where several have one title, with their files."""
    titles = {str(row["id"]): (listing_title(row), listing_file(row)) for row in rows}
    times = Counter(title for title, _ in titles.values())
    return {
        number: f"{title} ({file})" if file and times[title] > 1 else title for number, (title, file) in titles.items()
    }


def _is_file(row: Mapping[str, Any]) -> bool:
    """Return whether a listing is named by its file: `wilson:file:file:///pages/1.html`, or a container's member."""
    return ":file:" in row["key"] and re.split("[/#]", unquote(row["key"]))[-1] == row["name"]


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

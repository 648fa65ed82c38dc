"""CSV that spreadsheets open as it is: UTF-8 said at the start, and no cell that they would run as a formula."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MARK = "\ufeff"
"""Without it, Excel takes UTF-8 for the machine's own encoding."""
# A transcript is longer than the module's own limit; it is in memory by then anyway.
csv.field_size_limit(2**31 - 1)
_FORMULA = re.compile(r"\s*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
COLUMNS = (
    "date",
    "title",
    "kind",
    "sender",
    "recipient",
    "summary",
    "url",
    "archive",
    "archive_location",
    "classification",
    "rights",
    "language",
    "person",
    "place",
    "subject",
    "key",
    "source",
    "gone_at",
    "date_text",
)


def harmless(value: object) -> str:
    """Give a cell's text; what would be a formula gets an apostrophe before it, which spreadsheets do not show."""
    text = "" if value is None else str(value)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def line(cells: Iterable[object]) -> str:
    """Write one row."""
    out = io.StringIO()
    csv.writer(out).writerow([harmless(cell) for cell in cells])
    return out.getvalue()


def again(part: str) -> str:
    """Write whole rows of CSV again, harmless."""
    return "".join(line(row) for row in csv.reader(io.StringIO(part, newline="")))


def to_csv(documents: Iterable[dict[str, object]], columns: Sequence[str] = COLUMNS) -> str:
    """Write documents with their terms; several of one facet stand in one cell."""
    return MARK + line(columns) + "".join(line(_cell(row, name) for name in columns) for row in documents)


def _cell(row: dict[str, object], name: str) -> object:
    terms = row.get("terms")
    if name not in row and isinstance(terms, dict):
        return "; ".join(terms.get(name, ()))
    return row.get(name)

"""CSV that spreadsheets open correctly: with a byte order mark, and no cell that would run as a formula.

The csv module writes it; what makes cells safe is a line, so there is no library for it.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BOM = "\ufeff"
"""The byte order mark. Without it, Excel reads UTF-8 as the machine's own encoding."""
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


def escape_formula(value: object) -> str:
    """Return a cell's text, with an apostrophe before a formula, which spreadsheets do not show."""
    text = "" if value is None else str(value)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def format_row(cells: Iterable[object]) -> str:
    """Return one row of CSV."""
    out = io.StringIO()
    csv.writer(out).writerow([escape_formula(cell) for cell in cells])
    return out.getvalue()


def escape_rows(part: str) -> str:
    """Return whole rows of CSV with formulas escaped."""
    return "".join(format_row(row) for row in csv.reader(io.StringIO(part, newline="")))


def to_csv(documents: Iterable[dict[str, object]], columns: Sequence[str] = COLUMNS) -> str:
    """Return documents with their terms as CSV; several terms of a facet share a cell."""
    return BOM + format_row(columns) + "".join(format_row(_cell(row, name) for name in columns) for row in documents)


def _cell(row: dict[str, object], name: str) -> object:
    terms = row.get("terms")
    if name not in row and isinstance(terms, dict):
        return "; ".join(terms.get(name, ()))
    return row.get(name)

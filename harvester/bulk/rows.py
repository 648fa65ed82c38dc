"""What the pages of a part say, as rows of a Parquet file, without loss: the store makes the same of it as of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from harvester.model import DocumentPage, Listing, Page, ParsedCapture, Problem, Refused, Skipped
from harvester.walk_log import WalkNote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from harvester.model import Capture

Row = dict[str, Any]

PAGES: dict[str, TypeAdapter[Any]] = {
    "listing": TypeAdapter(Listing),
    "document": TypeAdapter(DocumentPage),
    "refused": TypeAdapter(Refused),
}
"""How the kinds of pages become JSON, and pages again."""
_PROBLEM: TypeAdapter[Any] = TypeAdapter(Problem)
SKIPPED, IGNORED, NOTE, REVISIT = "skipped", "ignored", "note", "revisit"
"""Kinds of rows that are no pages: a problem; a number of items that are no pages; a note on a walk; a revisit whose
original is not in the part."""

GROUP_ROWS, GROUP_BYTES = 1000, 16 * 1024**2
"""A group of rows is written, and later loaded, together; so much of a part is in memory."""
COPIED = ("uri", "captured_at", "listing", "file", "offset", "media_type", "charset", "http_status")
CAPTURE = (*COPIED, "etag", "last_modified", "step")
SCHEMA = pa.schema(
    [
        ("kind", pa.dictionary(pa.int8(), pa.string())),
        ("uri", pa.string()),
        ("captured_at", pa.timestamp("us", tz="UTC")),
        ("source", pa.dictionary(pa.int16(), pa.string())),
        ("content", pa.string()),  # a page, problem or note, as JSON
        ("sha256", pa.string()),
        ("listing", pa.string()),
        ("file", pa.string()),
        ("offset", pa.int64()),
        ("media_type", pa.string()),
        ("charset", pa.string()),
        ("http_status", pa.int16()),
        ("etag", pa.string()),
        ("last_modified", pa.string()),
        ("step", pa.string()),
        ("reference", pa.string()),  # the fields of a WARC record by which revisits refer to it, or it to another
        ("count", pa.int64()),
    ]
)


def page_row(capture: Capture, source: str, page: Page, reference: str | None) -> Row:
    """Return the row of a page, refused or not."""
    kind = "listing" if isinstance(page, Listing) else "document" if isinstance(page, DocumentPage) else "refused"
    row: Row = {name: getattr(capture, name) for name in CAPTURE}
    content = PAGES[kind].dump_json(page, exclude_defaults=True).decode()
    return row | {
        "kind": kind,
        "source": source,
        "content": content,
        "sha256": capture.sha256,
        "reference": reference,
    }


def skipped_row(item: Skipped) -> Row:
    """Return the row of a note on a walk, or of what gave no page for a reason."""
    if isinstance(item, WalkNote):
        return {"kind": NOTE, "uri": item.uri, "content": json.dumps(item.fields)}
    return {"kind": SKIPPED, "uri": item.uri, "content": _PROBLEM.dump_json(item.problem).decode()}


def item_of(row: Row) -> ParsedCapture | Skipped:
    """Return what a row was made of: a page, a problem, or a note on a walk."""
    kind, content = row["kind"], row["content"]
    if kind == NOTE:
        return WalkNote(row["uri"], fields=json.loads(content))
    if kind == SKIPPED:
        return Skipped(row["uri"], _PROBLEM.validate_json(content))
    adapter = PAGES[kind]
    return ParsedCapture(
        **{name: row[name] for name in CAPTURE},
        body=b"",
        digest=row["sha256"],
        source=row["source"],
        load_page=lambda: adapter.validate_json(content),
    )


class RowWriter:
    """Writes rows, a group at a time. Items that are ignored are one row a group, behind the others."""

    def __init__(self, path: Path, part: str) -> None:
        self._writer = pq.ParquetWriter(path, SCHEMA.with_metadata({"part": part}), compression="zstd")
        self._rows: list[Row] = []
        self._bytes = 0
        self._ignored = 0
        self.count = 0

    def add(self, row: Row) -> None:
        """Add a row; write its group if that is large enough."""
        self._rows.append(row)
        self._bytes += len(row.get("content") or "")
        if len(self._rows) >= GROUP_ROWS or self._bytes >= GROUP_BYTES:
            self._flush()

    def ignore(self, count: int = 1) -> None:
        """Count items that are no pages."""
        self._ignored += count

    def __enter__(self) -> RowWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._ignored:
            self._rows.append({"kind": IGNORED, "count": self._ignored})
        if self._rows:
            columns = {name: [row.get(name) for row in self._rows] for name in SCHEMA.names}
            self._writer.write_table(pa.table(columns, SCHEMA))
        self.count += len(self._rows)
        self._rows, self._bytes, self._ignored = [], 0, 0


def count_groups(path: Path) -> int:
    """Return how many groups of rows a part has."""
    return int(pq.read_metadata(path).num_row_groups)


def read_group(path: Path, number: int) -> list[Row]:
    """Return the rows of a group, numbered from 0."""
    with pq.ParquetFile(path) as file:
        rows: list[Row] = file.read_row_group(number).to_pylist()
    return rows


def read_columns(path: Path, columns: list[str]) -> Iterator[Row]:
    """Yield the rows of a part with some of their columns only."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(GROUP_ROWS, columns=columns):
            yield from batch.to_pylist()

"""Makes Datasette's own CSV open correctly in spreadsheets; `_raw=1` leaves it as it is."""

from __future__ import annotations

import csv
import io
from typing import Any
from urllib.parse import parse_qs

from ..citations.sheets import BOM, escape_rows, format_row


def wrap(app: Any, most: int, base_url: str) -> Any:
    """Return the application wrapped. Datasette cuts query results after `most` rows; this adds a note to the CSV."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        path, query = scope.get("path", ""), scope.get("query_string", b"")
        raw = b"_raw" in query and parse_qs(query).get(b"_raw")
        ours = path.endswith("/search.csv")  # is so already, and comes in pieces that are made elsewhere
        if raw or ours or not path.endswith(".csv"):
            await app(scope, receive, send)
            return
        of_query = path.count("/") == 1 + base_url.rstrip("/").count("/") and b"sql=" in query
        await app(scope, receive, harmless(send, most if of_query else None))

    return answer


def harmless(send: Any, most: int | None = None) -> Any:
    """Return a `send` that escapes the rows of a CSV; anything else (an error, a redirect) passes unchanged."""
    rows = CsvRows(most)

    async def on(message: Any) -> None:
        if message["type"] == "http.response.start":
            kind = dict(message["headers"]).get(b"content-type", b"")
            rows.is_csv = message["status"] == 200 and kind.startswith((b"text/plain", b"text/csv"))
        elif rows.is_csv:
            message = {**message, "body": rows.add(message.get("body", b""), last=not message.get("more_body"))}
        await send(message)

    return on


class CsvRows:
    """Collects CSV that arrives in pieces, and returns it in whole rows."""

    def __init__(self, most: int | None) -> None:
        self.is_csv = False
        self._most, self._rows = most, 0
        self._kept = b""
        self._begun = False

    def add(self, piece: bytes, *, last: bool) -> bytes:
        """Add a piece; return the whole rows that can be written now."""
        self._kept += piece
        whole = self._kept if last else self._whole()
        self._kept = self._kept[len(whole) :]
        start, self._begun = ("" if self._begun or not whole or whole.startswith(BOM.encode()) else BOM), True
        text = whole.decode()
        if self._most is not None:
            self._rows += sum(1 for _ in csv.reader(io.StringIO(text, newline="")))
        return (start + escape_rows(text) + (self._cut() if last else "")).encode()

    def _cut(self) -> str:
        """Return the note for a result that may have been cut; empty if it has fewer rows than the limit."""
        if self._most is None or self._rows <= self._most:
            return ""
        return format_row(
            [f"Cut after {self._most:,} rows: there may be more. Add LIMIT and OFFSET to the query for the rest."]
        )

    def _whole(self) -> bytes:
        """Return the part up to the last line end that is not inside quotation marks."""
        end = self._kept.rfind(b"\r\n") + 2
        while end > 1 and self._kept.count(b'"', 0, end) % 2:
            end = self._kept.rfind(b"\r\n", 0, end - 2) + 2
        return self._kept[:end] if end > 1 else b""

"""Makes Datasette's own CSV one that spreadsheets open as it is; `_raw=1` leaves it alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from ..citations.sheets import MARK, again


def wrap(app: Any) -> Any:
    """Wrap the application."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        raw = b"_raw" in scope.get("query_string", b"") and parse_qs(scope["query_string"]).get(b"_raw")
        await app(scope, receive, send if raw or not scope.get("path", "").endswith(".csv") else harmless(send))

    return answer


def harmless(send: Any) -> Any:
    """Give what sends a CSV on, row by row; anything else (an error, a redirect) passes as it is."""
    rows = Rows()

    async def on(message: Any) -> None:
        if message["type"] == "http.response.start":
            kind = dict(message["headers"]).get(b"content-type", b"")
            rows.are = message["status"] == 200 and kind.startswith((b"text/plain", b"text/csv"))
        elif rows.are:
            message = {**message, "body": rows.take(message.get("body", b""), last=not message.get("more_body"))}
        await send(message)

    return on


class Rows:
    """CSV that comes in pieces; a row may be cut anywhere but is only written whole."""

    def __init__(self) -> None:
        self.are = False
        self._kept = b""
        self._begun = False

    def take(self, piece: bytes, *, last: bool) -> bytes:
        """Give what can be written of it now."""
        self._kept += piece
        whole = self._kept if last else self._whole()
        self._kept = self._kept[len(whole) :]
        if not whole:
            return b""
        start, self._begun = ("" if self._begun or whole.startswith(MARK.encode()) else MARK), True
        return (start + again(whole.decode())).encode()

    def _whole(self) -> bytes:
        """Give the part that ends with a row: at a line's end that is not within quotation marks."""
        end = self._kept.rfind(b"\r\n") + 2
        while end > 1 and self._kept.count(b'"', 0, end) % 2:
            end = self._kept.rfind(b"\r\n", 0, end - 2) + 2
        return self._kept[:end] if end > 1 else b""

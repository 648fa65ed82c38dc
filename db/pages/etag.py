"""ETags: browsers and proxies may cache responses, whose tag changes whenever a database does.

Own code: Datasette has none, and only the database's own counter knows when a page is out of date.
"""

from __future__ import annotations

import hashlib
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasette.app import Datasette

REQUEST_NOTES: ContextVar[dict[str, bool]] = ContextVar("noted")
"""Notes on the current request: `mark_stale`, if its response is older than the database and must not be cached."""
STARTED = str(Path(__file__).stat().st_mtime_ns)


def mark_stale() -> None:
    """Note that the current response is older than the database."""
    REQUEST_NOTES.get({})["behind"] = True


def stamp(datasette: Datasette) -> str:
    """Return a text that changes with every commit (by file times) and every day (since citations name the day)."""
    parts = [STARTED, datetime.now(UTC).date().isoformat(), datasette.setting("base_url")]
    for database in datasette.databases.values():
        for file in (Path(f"{database.path}{ending}") for ending in ("", "-wal") if database.path):
            found = file.stat() if file.exists() else None
            parts.append(f"{found.st_mtime_ns}:{found.st_size}" if found else "-")
    return "|".join(parts)


def wrapper(datasette: Datasette) -> Any:
    """Return a function that wraps the application."""

    def wrap(app: Any) -> Any:
        async def answer(scope: Any, receive: Any, send: Any) -> None:
            if not _is_cacheable(scope):
                await app(scope, receive, send)
                return
            mark = _etag(datasette, scope)
            headers = dict(scope["headers"])
            if mark.encode() in headers.get(b"if-none-match", b""):
                await _unchanged(send, mark)
                return
            token = REQUEST_NOTES.set({})
            try:
                await app(scope, receive, _adding_etag(send, mark, datasette.setting("default_cache_ttl")))
            finally:
                REQUEST_NOTES.reset(token)

        return answer

    return wrap


def _is_cacheable(scope: Any) -> bool:
    """Return whether a response is the same for everyone: not with Datasette's cookies, for messages and actors."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or "/-/" in scope["path"]:
        return False
    return b"ds_" not in dict(scope["headers"]).get(b"cookie", b"")


def _etag(datasette: Datasette, scope: Any) -> str:
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")  # addresses in feeds name it
    address = f"{host}|{scope['path']}?{scope.get('query_string', b'').decode('latin-1')}"
    return f'W/"{hashlib.sha256(f"{stamp(datasette)}|{address}".encode()).hexdigest()[:20]}"'


async def _unchanged(send: Any, mark: str) -> None:
    await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", mark.encode())]})
    await send({"type": "http.response.body", "body": b""})


def _adding_etag(send: Any, mark: str, seconds: int) -> Any:
    """Return a `send` that adds the ETag; a response that is behind gets `no-cache` instead."""

    async def on(message: Any) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            names = {name.lower() for name, _ in message["headers"]}
            late = REQUEST_NOTES.get({}).get("behind", False)
            added = [] if late else [(b"etag", mark.encode())]
            if b"cache-control" not in names:
                added.append((b"cache-control", b"no-cache" if late else f"max-age={seconds}".encode()))
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return on

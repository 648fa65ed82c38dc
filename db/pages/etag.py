"""Lets browsers and proxies keep answers: each carries a mark that changes whenever a database does."""

from __future__ import annotations

import hashlib
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasette.app import Datasette

NOTED: ContextVar[dict[str, bool]] = ContextVar("noted")
"""What is noted of the request under way: whether its answer is behind the database, so that nobody must keep it."""
STARTED = str(Path(__file__).stat().st_mtime_ns)


def behind() -> None:
    """Note that the answer under way shows less than the database holds by now."""
    NOTED.get({})["behind"] = True


def stamp(datasette: Datasette) -> str:
    """Return what changes with every commit (when files were written) and every day (citations name it)."""
    parts = [STARTED, datetime.now(UTC).date().isoformat(), datasette.setting("base_url")]
    for database in datasette.databases.values():
        for file in (Path(f"{database.path}{ending}") for ending in ("", "-wal") if database.path):
            found = file.stat() if file.exists() else None
            parts.append(f"{found.st_mtime_ns}:{found.st_size}" if found else "-")
    return "|".join(parts)


def wrapper(datasette: Datasette) -> Any:
    """Give what wraps the application."""

    def wrap(app: Any) -> Any:
        async def answer(scope: Any, receive: Any, send: Any) -> None:
            if not _may_be_kept(scope):
                await app(scope, receive, send)
                return
            mark = _mark(datasette, scope)
            headers = dict(scope["headers"])
            if mark.encode() in headers.get(b"if-none-match", b""):
                await _unchanged(send, mark)
                return
            token = NOTED.set({})
            try:
                await app(scope, receive, _marking(send, mark, datasette.setting("default_cache_ttl")))
            finally:
                NOTED.reset(token)

        return answer

    return wrap


def _may_be_kept(scope: Any) -> bool:
    """Say whether an answer is the same for all who ask. Cookies are for what is not: messages, actors."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or "/-/" in scope["path"]:
        return False
    return b"ds_" not in dict(scope["headers"]).get(b"cookie", b"")


def _mark(datasette: Datasette, scope: Any) -> str:
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")  # addresses in feeds name it
    asked = f"{host}|{scope['path']}?{scope.get('query_string', b'').decode('latin-1')}"
    return f'W/"{hashlib.sha256(f"{stamp(datasette)}|{asked}".encode()).hexdigest()[:20]}"'


async def _unchanged(send: Any, mark: str) -> None:
    await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", mark.encode())]})
    await send({"type": "http.response.body", "body": b""})


def _marking(send: Any, mark: str, seconds: int) -> Any:
    """Give what sends an answer on with its mark; one that is behind must be asked for again."""

    async def on(message: Any) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            names = {name.lower() for name, _ in message["headers"]}
            late = NOTED.get({}).get("behind", False)
            added = [] if late else [(b"etag", mark.encode())]
            if b"cache-control" not in names:
                added.append((b"cache-control", b"no-cache" if late else f"max-age={seconds}".encode()))
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return on

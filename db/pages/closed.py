"""Blocks Datasette's own pages that are for the operator: forms, threads, paths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from datasette.utils.asgi import Response

PUBLISHED = Path(__file__).resolve().parent.parent / "published.json"
"""A file that `harvester publish` writes."""
FORMS = (
    *("actor", "actions", "allow-debug", "allowed", "auth-token", "check", "create-token", "debug", "logout"),
    *("messages", "patterns", "permissions", "rules", "threads"),
)
"""Below `/-/`, with any ending. Datasette 1.0 has more of them than 0.65."""
OF_THE_MACHINE = ("config", "databases", "jump", "metadata", "plugins", "schema", "settings", "tables", "versions")
"""Pages that show paths and versions: blocked if the folder is published."""


def wrap(app: Any, base_url: str) -> Any:
    """Return the application wrapped: it answers 403 for blocked pages."""
    names = (*FORMS, *OF_THE_MACHINE) if PUBLISHED.exists() else FORMS

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "").removeprefix(base_url.rstrip("/"))
        if scope["type"] == "http" and path.startswith("/-/") and path[3:].split(".")[0].split("/")[0] in names:
            await Response.text("This page is not open here.\n", status=403).asgi_send(send)
            return
        await app(scope, receive, send)

    return answer

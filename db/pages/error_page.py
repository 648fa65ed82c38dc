"""Shows errors as pages of the reading room, with its menu and a search box; programs get Datasette's own JSON."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from datasette.utils import tilde_decode
from datasette.utils.asgi import NotFound, Response

from .http_gone import GONE, WITHDRAWN, is_withdrawn

if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.utils.asgi import Request

TITLES = {400: "This cannot be answered", 403: "This is not open", 404: "There is no such page", 410: "Withdrawn"}
NOT_MINE = re.compile(r"^(?:Database|Table|Row) not found|^404$|^No such (?:database|table)", re.IGNORECASE)


async def error_page(datasette: Datasette, request: Request, exception: Exception) -> Response | None:
    """Return the page for an error; None where a program asks, which Datasette answers itself."""
    path = request.path
    if isinstance(exception, NotFound) and await is_withdrawn(datasette, path):
        exception.status, exception.args = GONE, (WITHDRAWN,)  # Datasette's own answer to programs says so, too
    if path.partition("?")[0].endswith(".json") or "/-/" in path:
        return None
    status = getattr(exception, "status", 500)
    message = str(getattr(exception, "message", None) or (exception.args[0] if exception.args else ""))
    if isinstance(exception, sqlite3.OperationalError) and re.match(r"no such column|Cannot sort", str(exception)):
        status = 400
    if "Cannot sort table by" in message:
        status = 400
    if status >= 500:
        # What went wrong is for the operator, in whose log Datasette has written it: no reader knows what a table is.
        message = "Something went wrong here. It was noted in the server's log; try again, or search for what you need."
    elif status == 404 and (not message or NOT_MINE.match(message)):
        message = f"Nothing stands at {readable(path)}: search for it, or begin at the front page."
    context: dict[str, Any] = {"error": message, "status": status, "title": TITLES.get(status, "Something went wrong")}
    html = await datasette.render_template(["error.html"], context, request=request)
    headers = {"Access-Control-Allow-Origin": "*"} if datasette.cors else {}
    return Response.html(html, status=status, headers=headers)


def readable(path: str) -> str:
    """Return a path as people write it, whatever it was encoded with."""
    return unquote(tilde_decode(path)) if "~" in path else unquote(path)

"""Responses: pages, JSON and files; and the addresses in them."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from datasette.utils.asgi import Response

from .databases import harvest_param

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from datasette.app import Datasette
    from datasette.utils.asgi import Request

OPEN_TO_ALL = {"Access-Control-Allow-Origin": "*"}
"""Headers that let any site's scripts read responses: the database is public and read-only."""


async def render_page(
    datasette: Datasette, request: Request, template: str, content: Mapping[str, Any], database: str
) -> Response:
    """Return a page rendered from a template."""
    context = {"harvest": database, "database": database, "link": linker(datasette, database), **content}
    return Response.html(await datasette.render_template(template, context, request=request))


def json_response(content: object, status: int = 200) -> Response:
    """Return a JSON response."""
    body = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    return Response(body, status=status, content_type="application/json; charset=utf-8", headers=OPEN_TO_ALL)


def text_response(body: str, media_type: str, name: str = "") -> Response:
    """Return a text response; with a name, as a download."""
    headers = dict(OPEN_TO_ALL)
    if name:
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(body, content_type=media_type, headers=headers)


def linker(datasette: Datasette, database: str) -> Any:
    """Return a function that makes addresses of pages for this harvest."""
    harvest = urlencode(harvest_param(datasette, database))
    full_path = cache(lambda path: str(datasette.urls.path(path)))  # a page has hundreds of links to a few paths

    def link(path: str, query: str = "", **more: str) -> str:
        pairs = urlencode([(name, value) for name, value in more.items() if value])
        params = "&".join(part for part in (query, harvest, pairs) if part)
        return full_path(path) + (f"?{params}" if params else "")

    return link


def document_path(key: str, ending: str = "") -> str:
    """Return the path of a document's page."""
    return f"/document/{quote(key, safe='~')}{ending}"


def absolute_url(datasette: Datasette, request: Request, path: str) -> str:
    """Return the absolute URL of a path, as the client can reach it."""
    return str(datasette.absolute_url(request, path))


def permalinks(datasette: Datasette, request: Request) -> Callable[[str], str]:
    """Return a function from a document's key to its permanent absolute URL."""
    return lambda key: absolute_url(datasette, request, str(datasette.urls.path(document_path(key))))

"""Citations of the documents in any table, view or query of Datasette: `.bib`, `.ris`, `.csljson`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from datasette.utils.asgi import BadRequest, Response

from .databases import harvests
from .downloads import stream_documents
from .exports import BY_ENDING
from .queries import rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping

    from datasette.app import Datasette
    from datasette.utils.asgi import AsgiStream, Request

BY_KEY = "SELECT d.id FROM json_each(?) AS wanted CROSS JOIN documents AS d ON d.key = wanted.value ORDER BY wanted.key"

PAGING = ("_size", "_next", "_facet", "_facet_size", "_nofacet", "_nocount", "_shape")
"""Parameters that say which rows a page has and what stands beside them, not which rows are meant."""

MOST_ROWS, FEWEST_ROWS = 1000, 10
"""Rows of a table that are read at once."""


def renderer(ending: str) -> dict[str, Any]:
    """Return an output renderer for Datasette to register."""
    return {"extension": ending, "render": _render(ending), "can_render": can_render}


def can_render(columns: list[str], database: str, datasette: Datasette) -> bool:
    """Return whether rows identify documents, by id or key."""
    return database in harvests(datasette) and ("document_id" in columns or {"key", "title"} <= set(columns))


def _render(ending: str) -> Callable[..., Any]:
    async def render(
        datasette: Datasette, request: Request, database: str, table: str | None, rows: list[Any]
    ) -> Response:
        found = _table_pages(datasette, request, database, table) if table else _one_page(rows)
        ids: dict[int, None] = {}
        async for page in found:
            ids |= dict.fromkeys(await _document_ids(datasette, database, page))
        format_ = BY_ENDING[ending]
        return _Streamed(stream_documents(datasette, request, database, [*ids], format_, table or "query"))

    return render


class _Streamed(Response):  # type: ignore[misc] # Datasette has no types
    """A response that sends a stream: of a renderer Datasette takes no other."""

    def __init__(self, stream: AsgiStream) -> None:
        super().__init__(headers=stream.headers, content_type=stream.content_type)
        self._stream = stream

    async def asgi_send(self, send: Any) -> None:
        """Send the stream, with the headers that Datasette has added."""
        self._stream.headers = self.headers
        await self._stream.asgi_send(send)


async def _document_ids(datasette: Datasette, database: str, page: Iterable[Mapping[str, Any]]) -> list[int]:
    """Return the ids of the documents that rows identify."""
    every = list(page)
    if every and "document_id" in every[0]:
        return [row["document_id"] for row in every if isinstance(row["document_id"], int)]
    keys = [str(row["key"]) for row in every if row.get("key")]
    return [row["id"] for row in await rows(datasette, database, BY_KEY, json.dumps(keys))]


async def _one_page(found: Iterable[Any]) -> AsyncIterator[list[dict[str, Any]]]:
    yield [dict(row) for row in found]


async def _table_pages(
    datasette: Datasette, request: Request, database: str, table: str
) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield all rows of a table, page by page: citations of a listing need all of it, not the first hundred."""
    params = [(name, value) for name in request.args for value in request.args.getlist(name) if name not in PAGING]
    params += [("_shape", "objects"), ("_nofacet", "1"), ("_nocount", "1")]
    following: str | None = None
    size = MOST_ROWS
    while True:
        pairs = [*params, ("_size", str(size)), *([("_next", following)] if following else [])]
        path = datasette.urls.table(database, table, format="json")
        answer = (await datasette.client.get(f"{path}?{urlencode(pairs)}")).json()
        if "rows" not in answer and size > FEWEST_ROWS:
            size //= 10  # on a busy machine a page of very many rows may take longer than queries may
            continue
        if "rows" not in answer:
            raise BadRequest(str(answer.get("error")))
        yield answer["rows"]
        following = answer.get("next")
        if not following:
            return

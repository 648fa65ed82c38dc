"""Citations of the documents in any table, view or query of Datasette: `.bib`, `.ris`, `.csljson`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ..citations import FORMATS
from . import responses
from .databases import harvests
from .document_data import cited_documents, documents
from .queries import rows, with_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from datasette.app import Datasette
    from datasette.utils.asgi import Request, Response

    from .queries import ReadRows

BY_KEY = "SELECT d.id FROM json_each(?) AS wanted CROSS JOIN documents AS d ON d.key = wanted.value ORDER BY wanted.key"


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
        every = await _all_rows(datasette, request, database, table) if table else [dict(row) for row in rows]
        numbers = await _document_ids(datasette, database, every)
        media_type, write = FORMATS[ending]

        def written(read: ReadRows) -> str:
            return write(cited_documents(datasette, documents(read, numbers), responses.permalinks(datasette, request)))

        body = await with_reader(datasette, database, written, export=True)
        return responses.text_response(body, media_type, f"{table or 'query'}.{ending}")

    return render


async def _document_ids(datasette: Datasette, database: str, table_rows: Iterable[Mapping[str, Any]]) -> list[int]:
    """Return the ids of the documents that rows identify, each once."""
    every = list(table_rows)
    if every and "document_id" in every[0]:
        numbers = (row["document_id"] for row in every)
        return list(dict.fromkeys(number for number in numbers if isinstance(number, int)))
    keys = [str(row["key"]) for row in every if row.get("key")]
    return [row["id"] for row in await rows(datasette, database, BY_KEY, json.dumps(keys))]


async def _all_rows(datasette: Datasette, request: Request, database: str, table: str) -> list[dict[str, Any]]:
    """Return all rows of a table, page by page: citations of a listing need all of it, not the first hundred."""
    params = [(name, value) for name in request.args for value in request.args.getlist(name) if name != "_size"]
    table_rows: list[dict[str, Any]] = []
    following: str | None = None
    while True:
        pairs = [*params, ("_size", "max"), ("_shape", "objects"), *([("_next", following)] if following else [])]
        path = datasette.urls.table(database, table, format="json")
        answer = (await datasette.client.get(f"{path}?{urlencode(pairs)}")).json()
        table_rows += answer["rows"]
        following = answer.get("next")
        if not following:
            return table_rows

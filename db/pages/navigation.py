"""Navigation between search results and documents: back to the results, and to the previous and next result."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from . import responses
from .databases import harvests
from .queries import json_ids, rows
from .search import result_page, search_database
from .search_request import read_request

if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.utils.asgi import Request

    from .search_request import SearchRequest

NUMBER = "_n"
"""The parameter of a document's address with its number among the results; the others are those of the search."""
KEYS = """SELECT d.id, d.key FROM json_each(?) AS wanted CROSS JOIN documents AS d ON d.id = wanted.value
    ORDER BY wanted.key"""


def result_query(question: SearchRequest, number: int) -> str:
    """Return the query of a document's address that keeps the question and which of the results it is."""
    return urlencode([*question.pairs(), (NUMBER, str(number))])


async def result_navigation(
    request: Request, datasette: Datasette, database: str, document: int
) -> dict[str, Any] | None:
    """Return the links back to the results and to the neighbouring ones.

    `back`: the address of the page of results. `number`, `total`, `previous` and `next` are there only if the document
    is still the result of that number. None if the request does not come from a search.
    """
    question = read_request(request.args)
    typed_number = request.args.get(NUMBER) or ""
    number = int(typed_number) if re.fullmatch(r"[1-9]\d{0,8}", typed_number, re.ASCII) else 0
    if not number and not question.pairs():
        return None
    link = responses.linker(datasette, database)
    back = link("/search", question.query(page=(number - 1) // question.size + 1 if number else 1))
    if not number or (len(harvests(datasette)) > 1 and "in" not in request.args):
        return {"back": back}
    start = max(0, number - 2)
    try:
        found = await search_database(datasette, database, question)
        ids = await result_page(datasette, database, question, found, start, number + 1)
    except sqlite3.OperationalError:
        return {"back": back}  # the search takes too long, and its own page says so
    neighbours = await rows(datasette, database, KEYS, json_ids(ids))
    at = number - 1 - start
    if at >= len(neighbours) or neighbours[at]["id"] != document:
        return {"back": back}

    def address(index: int) -> str | None:
        if not 0 <= index < len(neighbours):
            return None
        path = responses.document_path(neighbours[index]["key"])
        return str(link(path, result_query(question, start + index + 1)))

    return {
        "back": back,
        "number": number,
        "total": len(found.ids),
        "previous": address(at - 1),
        "next": address(at + 1),
    }

"""Navigation between search results and documents: back to the results, and to the previous and next result."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from . import responses
from .databases import harvests
from .queries import json_ids, rows
from .search import search_database
from .search_request import read_request
from .several import ordered_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datasette.app import Datasette
    from datasette.utils.asgi import Request

    from .search import SearchResult
    from .search_request import SearchRequest

NUMBER = "_n"
"""The parameter of a document's address with its number among the results; the others are those of the search."""
EVERYWHERE = "_all"
"""The parameter that says that all served databases were searched; `in` names the one that has the document."""
KEYS = "SELECT d.id, d.key FROM json_each(?) AS wanted CROSS JOIN documents AS d ON d.id = wanted.value"


def result_query(question: SearchRequest, number: int, *, everywhere: bool = False) -> str:
    """Return the query of a document's address that keeps the question, which of the results it is, and where of."""
    return urlencode([*question.pairs(), *([(EVERYWHERE, "1")] if everywhere else []), (NUMBER, str(number))])


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
    everywhere = len(harvests(datasette)) > 1 and EVERYWHERE in request.args
    names = harvests(datasette) if everywhere else [database]
    page = (number - 1) // question.size + 1 if number else 1
    back = responses.linker(datasette, names[0])("/search", question.query(page=page))
    if not number:
        return {"back": back}
    start = max(0, number - 2)
    try:
        found = {name: await search_database(datasette, name, question) for name in names}
        neighbours = await _neighbours(datasette, question, found, start, number + 1)
    except sqlite3.OperationalError:
        return {"back": back}  # the search takes too long, and its own page says so
    at = number - 1 - start
    if at >= len(neighbours) or neighbours[at][:2] != (database, document):
        return {"back": back}

    def address(index: int) -> str | None:
        if not 0 <= index < len(neighbours):
            return None
        name, _, key = neighbours[index]
        query = result_query(question, start + index + 1, everywhere=everywhere)
        return str(responses.linker(datasette, name)(responses.document_path(key), query))

    return {
        "back": back,
        "number": number,
        "total": sum(len(one.ids) for one in found.values()),
        "previous": address(at - 1),
        "next": address(at + 1),
    }


async def _neighbours(
    datasette: Datasette, question: SearchRequest, found: Mapping[str, SearchResult], start: int, stop: int
) -> list[tuple[str, int, str]]:
    """Return some of the documents found: the database, the id and the key of each that is still there."""
    wanted = await ordered_page(datasette, question, found, start, stop)
    keys: dict[tuple[str, int], str] = {}
    for name in found:
        ids = json_ids(number for held, number in wanted if held == name)
        keys |= {(name, row["id"]): row["key"] for row in await rows(datasette, name, KEYS, ids)}
    return [(*one, keys[one]) for one in wanted if one in keys]

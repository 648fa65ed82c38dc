"""Documents that were ticked among results, as a file: `/ticked.bib?key=…&key=…`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from datasette.utils.asgi import NotFound, Response

from . import responses
from .databases import catalogues, harvests
from .exports import BY_ENDING, read_documents
from .queries import with_reader

if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.utils.asgi import Request

    from .queries import Reader

ROUTE = r"^/ticked\.(?P<format>csv|bib|ris|csljson|jsonl)$"
BY_KEY = """SELECT d.id FROM json_each(?) AS wanted CROSS JOIN documents AS d ON d.key = wanted.value
    ORDER BY wanted.key"""


async def ticked(request: Request, datasette: Datasette) -> Response:
    """Return the documents with the given keys, in that order, as a file."""
    format_ = BY_ENDING[request.url_vars["format"]]
    keys = json.dumps(request.args.getlist("key"))
    names, address = catalogues(datasette), responses.permalinks(datasette, request)

    def written(read: Reader) -> list[str]:
        ids = [number for (number,) in read.tuples(BY_KEY, keys)]
        found = list(read_documents(read, ids, texts=format_.ending == "jsonl"))
        return list(format_.write(found, names, address)) if found else []

    parts = [part for name in harvests(datasette) for part in await with_reader(datasette, name, written, export=True)]
    if not parts:
        raise NotFound("None of these documents is held here, or none was ticked: go back, and tick some")
    return responses.text_response("".join(parts), format_.media_type, f"ticked.{format_.ending}")

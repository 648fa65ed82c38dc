"""unAPI: reference managers prefer it to a page's own metadata, and so get archive and signature, too.

Specification: https://unapi.info/specs/ (version 1): no `id` lists the formats, an `id` alone those of a record (300).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from datasette.utils.asgi import NotFound, Response

from ..citations import FORMATS
from . import responses
from .databases import harvests
from .document_data import cited_documents, documents, find_by_key
from .queries import with_reader

if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.utils.asgi import Request

NAMES = {"ris": "ris", "bibtex": "bib", "csljson": "csljson"}
"""The formats by their names in unAPI, with our own file extensions."""


async def unapi(request: Request, datasette: Datasette) -> Response:
    """Return the list of formats, or a document in one of them."""
    key, wanted = request.args.get("id"), request.args.get("format")
    if not key or not wanted:
        return Response(_formats(key), status=300 if key else 200, content_type="application/xml; charset=utf-8")
    if wanted not in NAMES:
        return Response.text(f"There is no format {wanted}: take one of {', '.join(NAMES)}.", status=406)
    for database in harvests(datasette):
        found = await with_reader(datasette, database, lambda reader: find_by_key(reader, key))
        if len(found) == 1:
            ids = [found[0]["id"]]
            rows = await with_reader(datasette, database, partial(documents, ids=ids))
            media_type, write = FORMATS[NAMES[wanted]]
            return responses.text_response(
                write(cited_documents(datasette, rows, responses.permalinks(datasette, request))), media_type
            )
    raise NotFound(f"No document has the key “{key}”")


def _formats(key: str | None) -> str:
    types = {name: FORMATS[ending][0].partition(";")[0] for name, ending in NAMES.items()}
    listed = "".join(f"<format name={quoteattr(name)} type={quoteattr(kind)}/>" for name, kind in types.items())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<formats{f" id={quoteattr(key)}" if key else ""}>{listed}</formats>\n'
    )

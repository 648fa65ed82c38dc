"""`/document/<key>`: a document as a page, as JSON, and as a citation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from datasette.utils.asgi import NotFound, Response

from ..citations import FORMATS, chicago, embedded
from ..citations.citable import web_address
from . import responses
from .databases import harvests, requested_harvest
from .document_data import cited_documents, documents, find_by_key, full_document
from .error_page import readable
from .highlighting import OPEN
from .navigation import result_navigation
from .queries import with_reader
from .search_syntax import parse_query
from .snippets import mark_document, mark_texts
from .texts import lang_of, parallel, plain_text

if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.utils.asgi import Request

    from ..citations.citable import CitedDocument
    from .queries import ReadRows
    from .search_syntax import SearchQuery

ROUTE = r"^/document/(?P<key>[^/]+?)(?:\.(?P<format>json|bib|ris|csljson|txt))?$"


async def document_page(request: Request, datasette: Datasette) -> Response:
    """Return a document as a page, as data, or as a citation."""
    key, ending = unquote(request.url_vars["key"]), request.url_vars["format"] or ""
    database, found = await _find_document(datasette, request, key)
    if len(found) > 1:
        by_id = {row["id"]: row for row in await _documents(datasette, database, found)}
        each = [{**by_id[one["id"]], "since": one["since"], "until": one["until"]} for one in found]
        return await responses.render_page(datasette, request, "document_which.html", {"found": each}, database)
    if found[0]["key"] != key:
        path = responses.document_path(found[0]["key"], f".{ending}" if ending else "")
        params = [(name, value) for name in request.args if name != "in" for value in request.args.getlist(name)]
        return Response.redirect(responses.linker(datasette, database)(path, urlencode(params)))
    if ending in FORMATS:
        rows = await _documents(datasette, database, found)
        return _citation(cited_documents(datasette, rows, responses.permalinks(datasette, request)), ending)
    words = parse_query(request.args.get("q") or "")
    row = await with_reader(datasette, database, lambda reader: _read_marked(reader, found[0]["id"], words))
    (item,) = cited_documents(datasette, [row], responses.permalinks(datasette, request))
    if ending == "json":
        return responses.json_response(document_as_json(row, item))
    if ending == "txt":
        body = plain_text(row, item, chicago.archives_form(item))
        return responses.text_response(body, "text/plain; charset=utf-8", f"{item.key}.txt")
    return await _page(request, datasette, database, row, item)


async def _find_document(datasette: Datasette, request: Request, key: str) -> tuple[str, list[dict[str, Any]]]:
    """Return the database and the documents with a key, from the requested harvest or else any; raise NotFound."""
    for database in dict.fromkeys([requested_harvest(datasette, request), *harvests(datasette)]):
        if found := await with_reader(datasette, database, lambda reader: find_by_key(reader, key)):
            return database, found
    shown = readable(key)
    raise NotFound(f"No document has the address “{shown}” here: look for words of its title instead")


async def _documents(datasette: Datasette, database: str, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return await with_reader(datasette, database, lambda reader: documents(reader, [row["id"] for row in found]))


def _citation(items: list[CitedDocument], ending: str) -> Response:
    media_type, write = FORMATS[ending]
    return responses.text_response(write(items), media_type, f"{items[0].key}.{ending}")


async def _page(
    request: Request, datasette: Datasette, database: str, row: dict[str, Any], item: CitedDocument
) -> Response:
    canonical = responses.permalinks(datasette, request)(row["key"])
    beside = parallel(row["texts_marked"])
    context = {
        "document": row,
        "q": request.args.get("q") or "",
        "way": await result_navigation(request, datasette, database, row["id"]),
        "lang_of": lang_of,
        "may_be_parallel": bool(beside),
        "parallel": None if request.args.get("_view") == "one" else beside,
        "marks": sum(text["raw"].count(OPEN) for text in row["texts_marked"]),
        "citations": citations(item),
        "embedded": {
            "tags": embedded.meta_tags(item),
            "json_ld": embedded.json_ld(item, canonical),
        },
        "original": web_address(row["url"]),
        "web_captures": [one for one in row["web_captures"] if web_address(one["url"])],
        "offered": [file for file in row["offered"] if web_address(file["url"])],
        "canonical": canonical,
    }
    return await responses.render_page(datasette, request, "document.html", context, database)


def _read_marked(reader: ReadRows, number: int, words: SearchQuery) -> dict[str, Any]:
    """Return a document with everything that its page shows, and the words marked."""
    row = full_document(reader, number)
    marked = {"marked": mark_document(words, row), "texts_marked": mark_texts(words, row["texts"])}
    return {**row, **marked}


def citations(item: CitedDocument) -> dict[str, str]:
    """Return the citations in words, by style."""
    return {
        "archive": chicago.archives_form(item),
        "note": chicago.note(item),
        "bibliography": chicago.bibliography(item),
    }


def document_as_json(row: dict[str, Any], item: CitedDocument) -> dict[str, Any]:
    """Return a document as JSON data; other documents by their keys alone."""
    beside = {name: row[name]["key"] if row[name] else None for name in ("before", "after")}
    related = {name: [one["key"] for one in group] for name, group in row["related"].items()}
    absent = ("marked", "texts_marked")
    fields = {name: value for name, value in row.items() if name not in absent}
    return {**fields, **beside, "related": related, "citations": citations(item)}

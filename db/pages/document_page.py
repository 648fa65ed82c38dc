"""`/document/<key>`: a document as a page, as JSON, and as a citation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from datasette.utils.asgi import NotFound, Response

from ..citations import FORMATS, chicago, embedded
from ..citations.citable import web_address
from . import responses
from .databases import harvests, meant
from .document_data import cited, documents, everything, keys_lead_to
from .error_page import readable
from .highlighting import OPEN
from .navigation import way
from .queries import reading
from .search_syntax import read
from .snippets import document_marked, texts_marked
from .texts import lang_of, parallel, plain_text

if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.utils.asgi import Request

    from ..citations.citable import Citable
    from .queries import Read
    from .search_syntax import Words

ROUTE = r"^/document/(?P<key>[^/]+?)(?:\.(?P<format>json|bib|ris|csljson|txt))?$"


async def document_page(request: Request, datasette: Datasette) -> Response:
    """Return a document as a page, as data, or as a citation."""
    key, ending = unquote(request.url_vars["key"]), request.url_vars["format"] or ""
    database, found = await _find(datasette, request, key)
    if len(found) > 1:
        by_id = {row["id"]: row for row in await _documents(datasette, database, found)}
        each = [{**by_id[one["id"]], "since": one["since"], "until": one["until"]} for one in found]
        return await responses.page(datasette, request, "document_which.html", {"found": each}, database)
    if found[0]["key"] != key:
        path = responses.document_path(found[0]["key"], f".{ending}" if ending else "")
        asked_with = [(name, value) for name in request.args if name != "in" for value in request.args.getlist(name)]
        return Response.redirect(responses.linker(datasette, database)(path, urlencode(asked_with)))
    if ending in FORMATS:
        rows = await _documents(datasette, database, found)
        return _citation(cited(datasette, rows, responses.lasting(datasette, request)), ending)
    words = read(request.args.get("q") or "")
    row = await reading(datasette, database, lambda reader: _read_marked(reader, found[0]["id"], words))
    (item,) = cited(datasette, [row], responses.lasting(datasette, request))
    if ending == "json":
        return responses.data(as_data(row, item))
    if ending == "txt":
        body = plain_text(row, item, chicago.archives_form(item))
        return responses.text(body, "text/plain; charset=utf-8", f"{item.key}.txt")
    return await _page(request, datasette, database, row, item)


async def _find(datasette: Datasette, request: Request, key: str) -> tuple[str, list[dict[str, Any]]]:
    """Return the database and the documents with a key, from the requested harvest or else any; raise NotFound."""
    for database in dict.fromkeys([meant(datasette, request), *harvests(datasette)]):
        if found := await reading(datasette, database, lambda reader: keys_lead_to(reader, key)):
            return database, found
    shown = readable(key)
    raise NotFound(f"No document has the address “{shown}” here: look for words of its title instead")


async def _documents(datasette: Datasette, database: str, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return await reading(datasette, database, lambda reader: documents(reader, [row["id"] for row in found]))


def _citation(items: list[Citable], ending: str) -> Response:
    media_type, write = FORMATS[ending]
    return responses.text(write(items), media_type, f"{items[0].key}.{ending}")


async def _page(request: Request, datasette: Datasette, database: str, row: dict[str, Any], item: Citable) -> Response:
    canonical = responses.lasting(datasette, request)(row["key"])
    beside = parallel(row["texts_marked"])
    said = {
        "document": row,
        "q": request.args.get("q") or "",
        "way": await way(request, datasette, database, row["id"]),
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
        "offered": [file for file in row["offered"] if web_address(file["url"])],
        "canonical": canonical,
    }
    return await responses.page(datasette, request, "document.html", said, database)


def _read_marked(reader: Read, number: int, words: Words) -> dict[str, Any]:
    """Return a document with everything that its page shows, and the words marked."""
    row = everything(reader, number)
    marked = {"marked": document_marked(words, row), "texts_marked": texts_marked(words, row["texts"])}
    return {**row, **marked}


def citations(item: Citable) -> dict[str, str]:
    """Return the citations in words, by style."""
    return {
        "archive": chicago.archives_form(item),
        "note": chicago.note(item),
        "bibliography": chicago.bibliography(item),
    }


def as_data(row: dict[str, Any], item: Citable) -> dict[str, Any]:
    """Return a document as JSON data; other documents by their keys alone."""
    beside = {name: row[name]["key"] if row[name] else None for name in ("before", "after")}
    related = {name: [one["key"] for one in group] for name, group in row["related"].items()}
    absent = ("marked", "texts_marked")
    known = {name: value for name, value in row.items() if name not in absent}
    return {**known, **beside, "related": related, "citations": citations(item)}

"""`/search`: as a page, JSON, files and feeds; over all served harvests, or one."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Response

from ..citations import embedded
from . import feeds, responses
from .databases import description, harvests, requested_harvest
from .document_data import cited_documents, documents
from .downloads import stream_download, stream_json
from .exports import BY_ENDING
from .facet_counts import by_name, count, values
from .navigation import result_query
from .queries import with_reader
from .search import SearchAnswer, count_matches, search_database
from .search_request import FACETS, SearchRequest, read_request
from .several import merge_pages, ordered_page
from .snippets import find_snippets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datasette.app import Datasette
    from datasette.utils.asgi import Request

ROUTE = r"^/search(?:\.(?P<format>json|csv|bib|ris|csljson|jsonl|atom|feed\.json))?$"
VALUES_ROUTE = r"^/search/(?P<facet>[a-z]+)(?:\.(?P<format>json))?$"
FEED_ROUTE = r"^/feed\.(?P<format>atom|json)$"
PATIENCE = 1.0
"""Seconds until a page says that it is counting, and reloads itself."""
LATE = (
    "This took too long and was given up: very many words begin so, or all of these stand in very many documents. "
    "Type more letters, or a rarer word."
)


async def search_page(request: Request, datasette: Datasette) -> Any:
    """Return the results of a search as a page, data, a file or a feed."""
    question, ending = read_request(request.args), request.url_vars["format"] or ""
    names = _searched(datasette, request)
    if ending in ("atom", "feed.json"):
        return await _feed(request, datasette, names, question, ending)
    searches = asyncio.gather(*(search_database(datasette, name, question) for name in names))
    try:
        if not ending:
            done, _ = await asyncio.wait([searches], timeout=PATIENCE)
            if not done:
                searches.add_done_callback(
                    lambda made: made.cancelled() or made.exception()
                )  # the next request sees it
                return await _counting_page(request, datasette, names, question)
        found = dict(zip(names, await searches, strict=True))
    except sqlite3.OperationalError as error:
        return await _timeout_page(request, datasette, names, question, error)
    answer = SearchAnswer(datasette, request, question, found)
    if ending in BY_ENDING:
        return stream_download(answer, BY_ENDING[ending])
    if ending == "json" and "page" not in request.args and "size" not in request.args:
        return stream_json(answer)
    context = await results(answer)
    if ending == "json":
        return responses.json_response(results_as_json(answer, context))
    return await responses.render_page(datasette, request, "search.html", context, answer.first)


async def values_page(request: Request, datasette: Datasette) -> Response:
    """Show all values of a facet among the results, sorted by name or count."""
    question, facet = read_request(request.args), request.url_vars["facet"]
    names = _searched(datasette, request)
    found = dict(
        zip(names, await asyncio.gather(*(search_database(datasette, name, question) for name in names)), strict=True)
    )
    if not any(facet in one.facets.values for one in found.values()):
        return Response.redirect(str(datasette.urls.path("/search")))
    rows = values(list(found.values()), facet, question)
    rows = rows if request.args.get("_sort") == "count" else by_name(rows)
    if request.url_vars["format"]:
        return responses.json_response({"query": question.query(), "facet": facet, "values": rows})
    context = {"question": question, "facet": facet, "rows": rows, "by_count": request.args.get("_sort") == "count"}
    return await responses.render_page(datasette, request, "search_values.html", context, names[0])


def _searched(datasette: Datasette, request: Request) -> list[str]:
    """Return the harvests that are searched: the one named by `in`, or all."""
    first = requested_harvest(datasette, request)
    return [first] if request.args.get("in") else harvests(datasette)


async def _counting_page(
    request: Request, datasette: Datasette, names: Sequence[str], question: SearchRequest
) -> Response:
    context = {"question": question, "words": question.words, "counting": True, "notes": question.remarks, "counts": {}}
    response = await responses.render_page(datasette, request, "search.html", context, names[0])
    response.headers |= {"Cache-Control": "no-store", "Refresh": "1"}
    return response


async def _timeout_page(
    request: Request,
    datasette: Datasette,
    names: Sequence[str],
    question: SearchRequest,
    error: sqlite3.OperationalError,
) -> Response:
    """Return the page for a search that took too long, with advice; raise any other error."""
    if str(error) != "interrupted":
        raise error
    if request.url_vars["format"]:
        return responses.json_response({"query": question.query(), "error": LATE}, 503)
    context = {"question": question, "words": question.words, "late": LATE, "notes": [], "counts": {}}
    return await responses.render_page(datasette, request, "search.html", context, names[0])


async def feed(request: Request, datasette: Datasette) -> Response:
    """Return the feed of all documents."""
    ending = "atom" if request.url_vars["format"] == "atom" else "feed.json"
    return await _feed(request, datasette, _searched(datasette, request), SearchRequest(), ending)


async def results(answer: SearchAnswer) -> dict[str, Any]:
    """Return the template variables of one page of results; the last page, if the request is beyond it."""
    question, total = answer.question, answer.total
    pages = max(1, -(-total // question.size))
    notes = question.remarks
    if question.page > pages:
        notes.append(f"There are {pages:,} pages: this is the last.")
        question = answer.question = replace(question, page=pages)
    start = (question.page - 1) * question.size
    shown = await _result_rows(answer, start, start + question.size)
    counts = count(answer.found, question)
    return {
        "question": question,
        "words": question.words,
        "notes": notes,
        "results": shown,
        "first": start + 1,
        "total": total,
        "pages": pages,
        "page_numbers": sorted({1, pages, *range(max(1, question.page - 2), min(pages, question.page + 2) + 1)}),
        "counts": counts,
        "chosen": _chosen(question, counts),
        "next": question.page + 1 if question.page < pages else None,
        "alone": [] if total else await _count_each_term(answer),
    }


def _chosen(question: SearchRequest, counts: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the chosen filters with their labels, so that they can be removed."""
    labels = {(facet, row["value"]): row["label"] for facet in FACETS for row in counts.get(facet, ())}
    return [{"facet": one[0], "value": one[1], "label": labels.get(one, one[1])} for one in question.chosen]


async def _result_rows(answer: SearchAnswer, start: int, stop: int) -> list[dict[str, Any]]:
    """Return some of the documents found, with the words marked, wherever they are held."""
    datasette, words = answer.datasette, answer.question.words
    wanted = await ordered_page(datasette, answer.question, answer.found, start, stop)
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    for name in answer.found:
        ids = [one for held, one in wanted if held == name]
        read = await with_reader(datasette, name, lambda r, ids=ids: find_snippets(r, words, documents(r, ids)))  # type: ignore[misc]
        link = responses.linker(datasette, name)
        for row, item in zip(
            read, cited_documents(datasette, read, responses.permalinks(datasette, answer.request)), strict=True
        ):
            rows[name, row["id"]] = {**row, "coins": embedded.coins(item), "database": name, "link": link}
    shown = [rows[one] for one in wanted if one in rows]
    everywhere = len(answer.found) > 1
    return [
        {**row, "way": result_query(answer.question, start + number, everywhere=everywhere)}
        for number, row in enumerate(shown, 1)
    ]


async def _count_each_term(answer: SearchAnswer) -> list[tuple[str, int]]:
    """Return each word with the number of documents that it finds alone."""
    counted = []
    for term in answer.question.words.terms:
        found = [
            await with_reader(answer.datasette, name, lambda read, m=term.match: count_matches(read, m))  # type: ignore[misc]
            for name in answer.found
        ]
        counted.append((str(term), sum(found)))
    return counted


def results_as_json(answer: SearchAnswer, context: dict[str, Any]) -> dict[str, Any]:
    """Return a page of results as data."""
    link = responses.linker(answer.datasette, answer.first)
    following = link("/search.json", answer.question.query(page=context["next"])) if context["next"] else None
    absent = (
        "title_marked",
        "summary_marked",
        "coins",
        "link",
        "way",
        *(() if len(answer.found) > 1 else ("database",)),
    )
    found = []
    for row in context["results"]:
        address = responses.absolute_url(
            answer.datasette, answer.request, row["link"](responses.document_path(row["key"]))
        )
        found.append({**{name: value for name, value in row.items() if name not in absent}, "page": address})
    return {
        "query": answer.question.query(page=answer.question.page),
        "total": context["total"],
        "notes": context["notes"],
        "results": found,
        "counts": context["counts"],
        "next": responses.absolute_url(answer.datasette, answer.request, following) if following else None,
    }


async def _feed(
    request: Request, datasette: Datasette, names: Sequence[str], question: SearchRequest, ending: str
) -> Response:
    """Return the latest changes among the results of a search as a feed."""
    latest = replace(question, order="changed", page=1)
    found = {name: await search_database(datasette, name, latest) for name in names}
    wanted = await merge_pages(datasette, latest, found, 0, feeds.ENTRIES)
    rows, addresses = [], []
    for name, one in wanted:
        link = responses.linker(datasette, name)
        # A harvest may have merged it since it was found.
        for row in await with_reader(datasette, name, lambda read, one=one: documents(read, [one])):  # type: ignore[misc]
            rows.append(row)
            addresses.append(responses.absolute_url(datasette, request, link(responses.document_path(row["key"]))))
    link = (
        responses.linker(datasette, names[0])
        if len(names) == 1
        else responses.linker(datasette, harvests(datasette)[0])
    )
    site = description().get("title") or "Archive harvest"
    context = feeds.Feed(
        title=f"{site}: {question.q or 'new and changed documents'}",
        page=responses.absolute_url(datasette, request, link("/search", latest.query())),
        address=responses.absolute_url(datasette, request, link(f"/search.{ending}", latest.query())),
        entries=feeds.make_entries(rows, addresses),
    )
    if ending == "atom":
        return responses.text_response(feeds.to_atom(context), "application/atom+xml; charset=utf-8")
    return responses.text_response(feeds.to_json_feed(context), "application/feed+json; charset=utf-8")

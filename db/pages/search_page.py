"""`/search`: as a page, JSON, files and feeds; over all served harvests, or one."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Response

from ..citations import embedded
from . import feeds, responses
from .databases import description, harvests, meant
from .document_data import cited, documents
from .downloads import download, everything
from .exports import BY_ENDING
from .facet_counts import by_name, count, values
from .navigation import onward
from .queries import reading
from .search import Found, count_matches, find, page
from .search_request import FACETS, Asked, asked
from .several import merged
from .snippets import extracts

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


@dataclass
class Answer:
    """A search and its results in each of the searched harvests."""

    datasette: Datasette
    request: Request
    question: Asked
    found: dict[str, Found]

    @property
    def total(self) -> int:
        """How many documents were found."""
        return sum(len(found.ids) for found in self.found.values())

    @property
    def first(self) -> str:
        """The harvest whose layout the page uses."""
        return next(iter(self.found))


async def search_page(request: Request, datasette: Datasette) -> Any:
    """Return the results of a search as a page, data, a file or a feed."""
    question, ending = asked(request.args), request.url_vars["format"] or ""
    names = _searched(datasette, request)
    if ending in ("atom", "feed.json"):
        return await _feed(request, datasette, names, question, ending)
    looking = asyncio.gather(*(find(datasette, name, question) for name in names))
    try:
        if not ending:
            done, _ = await asyncio.wait([looking], timeout=PATIENCE)
            if not done:
                looking.add_done_callback(lambda made: made.cancelled() or made.exception())  # the next request sees it
                return await _counting(request, datasette, names, question)
        found = dict(zip(names, await looking, strict=True))
    except sqlite3.OperationalError as error:
        return await _given_up(request, datasette, names, question, error)
    answer = Answer(datasette, request, question, found)
    if ending in BY_ENDING:
        return download(datasette, question, found, BY_ENDING[ending])
    if ending == "json" and "page" not in request.args and "size" not in request.args:
        return everything(answer)
    said = await results(answer)
    if ending == "json":
        return responses.data(as_data(answer, said))
    return await responses.page(datasette, request, "search.html", said, answer.first)


async def values_page(request: Request, datasette: Datasette) -> Response:
    """Show all values of a facet among the results, sorted by name or count."""
    question, facet = asked(request.args), request.url_vars["facet"]
    names = _searched(datasette, request)
    found = dict(zip(names, await asyncio.gather(*(find(datasette, name, question) for name in names)), strict=True))
    if not any(facet in one.facets.values for one in found.values()):
        return Response.redirect(str(datasette.urls.path("/search")))
    rows = values(list(found.values()), facet, question)
    rows = rows if request.args.get("_sort") == "count" else by_name(rows)
    if request.url_vars["format"]:
        return responses.data({"query": question.query(), "facet": facet, "values": rows})
    said = {"asked": question, "facet": facet, "rows": rows, "by_count": request.args.get("_sort") == "count"}
    return await responses.page(datasette, request, "search_values.html", said, names[0])


def _searched(datasette: Datasette, request: Request) -> list[str]:
    """Return the harvests that are searched: the one named by `in`, or all."""
    first = meant(datasette, request)
    return [first] if request.args.get("in") else harvests(datasette)


async def _counting(request: Request, datasette: Datasette, names: Sequence[str], question: Asked) -> Response:
    said = {"asked": question, "words": question.words, "counting": True, "notes": question.remarks, "counts": {}}
    response = await responses.page(datasette, request, "search.html", said, names[0])
    response.headers |= {"Cache-Control": "no-store", "Refresh": "1"}
    return response


async def _given_up(
    request: Request, datasette: Datasette, names: Sequence[str], question: Asked, error: sqlite3.OperationalError
) -> Response:
    """Return the page for a search that took too long, with advice; raise any other error."""
    if str(error) != "interrupted":
        raise error
    if request.url_vars["format"]:
        return responses.data({"query": question.query(), "error": LATE}, 503)
    said = {"asked": question, "words": question.words, "late": LATE, "notes": [], "counts": {}}
    return await responses.page(datasette, request, "search.html", said, names[0])


async def feed(request: Request, datasette: Datasette) -> Response:
    """Return the feed of all documents."""
    ending = "atom" if request.url_vars["format"] == "atom" else "feed.json"
    return await _feed(request, datasette, _searched(datasette, request), Asked(), ending)


async def results(answer: Answer) -> dict[str, Any]:
    """Return the template variables of one page of results; the last page, if the request is beyond it."""
    question, total = answer.question, answer.total
    pages = max(1, -(-total // question.size))
    notes = question.remarks
    if question.page > pages:
        notes.append(f"There are {pages:,} pages: this is the last.")
        question = answer.question = replace(question, page=pages)
    start = (question.page - 1) * question.size
    shown = await _shown(answer, start, start + question.size)
    counts = count(answer.found, question)
    return {
        "asked": question,
        "words": question.words,
        "notes": notes,
        "results": shown,
        "first": start + 1,
        "total": total,
        "pages": pages,
        "counts": counts,
        "chosen": _chosen(question, counts),
        "next": question.page + 1 if question.page < pages else None,
        "alone": [] if total else await _each_word(answer),
    }


def _chosen(question: Asked, counts: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the chosen filters with their labels, so that they can be removed."""
    labels = {(facet, row["value"]): row["label"] for facet in FACETS for row in counts.get(facet, ())}
    return [{"facet": one[0], "value": one[1], "label": labels.get(one, one[1])} for one in question.chosen]


async def _shown(answer: Answer, start: int, stop: int) -> list[dict[str, Any]]:
    """Return some of the documents found, with the words marked, wherever they are held."""
    datasette, words = answer.datasette, answer.question.words
    if len(answer.found) == 1:
        name, found = next(iter(answer.found.items()))
        wanted = [(name, one) for one in await page(datasette, name, answer.question, found, start, stop)]
    else:
        wanted = await merged(datasette, answer.question, answer.found, start, stop)
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    for name in answer.found:
        ids = [one for held, one in wanted if held == name]
        read = await reading(datasette, name, lambda r, ids=ids: extracts(r, words, documents(r, ids)))  # type: ignore[misc]
        link = responses.linker(datasette, name)
        for row, item in zip(read, cited(datasette, read, responses.lasting(datasette, answer.request)), strict=True):
            rows[name, row["id"]] = {**row, "coins": embedded.coins(item), "database": name, "link": link}
    shown = [rows[one] for one in wanted if one in rows]
    return [{**row, "way": onward(answer.question, start + number)} for number, row in enumerate(shown, 1)]


async def _each_word(answer: Answer) -> list[tuple[str, int]]:
    """Return each word with the number of documents that it finds alone."""
    counted = []
    for term in answer.question.words.terms:
        found = [
            await reading(answer.datasette, name, lambda read, m=term.match: count_matches(read, m))  # type: ignore[misc]
            for name in answer.found
        ]
        counted.append((str(term), sum(found)))
    return counted


def as_data(answer: Answer, said: dict[str, Any]) -> dict[str, Any]:
    """Return a page of results as data."""
    link = responses.linker(answer.datasette, answer.first)
    following = link("/search.json", answer.question.query(page=said["next"])) if said["next"] else None
    absent = (
        "title_marked",
        "summary_marked",
        "coins",
        "link",
        "way",
        *(() if len(answer.found) > 1 else ("database",)),
    )
    found = []
    for row in said["results"]:
        address = responses.absolute(answer.datasette, answer.request, row["link"](responses.document_path(row["key"])))
        found.append({**{name: value for name, value in row.items() if name not in absent}, "page": address})
    return {
        "query": answer.question.query(page=answer.question.page),
        "total": said["total"],
        "notes": said["notes"],
        "results": found,
        "counts": said["counts"],
        "next": responses.absolute(answer.datasette, answer.request, following) if following else None,
    }


async def _feed(request: Request, datasette: Datasette, names: Sequence[str], question: Asked, ending: str) -> Response:
    """Return the latest changes among the results of a search as a feed."""
    latest = replace(question, order="changed", page=1)
    found = {name: await find(datasette, name, latest) for name in names}
    wanted = await merged(datasette, latest, found, 0, feeds.ENTRIES)
    rows, addresses = [], []
    for name, one in wanted:
        link = responses.linker(datasette, name)
        # A harvest may have merged it since it was found.
        for row in await reading(datasette, name, lambda read, one=one: documents(read, [one])):  # type: ignore[misc]
            rows.append(row)
            addresses.append(responses.absolute(datasette, request, link(responses.document_path(row["key"]))))
    link = (
        responses.linker(datasette, names[0])
        if len(names) == 1
        else responses.linker(datasette, harvests(datasette)[0])
    )
    site = description().get("title") or "Archive harvest"
    said = feeds.Feed(
        title=f"{site}: {question.q or 'new and changed documents'}",
        page=responses.absolute(datasette, request, link("/search", latest.query())),
        address=responses.absolute(datasette, request, link(f"/search.{ending}", latest.query())),
        entries=feeds.entries(rows, addresses),
    )
    if ending == "atom":
        return responses.text(feeds.to_atom(said), "application/atom+xml; charset=utf-8")
    return responses.text(feeds.to_json_feed(said), "application/feed+json; charset=utf-8")

"""`/search`: as a page, as JSON, as files to take away, and as feeds."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from ..citations import FORMATS, embedded
from ..citations.sheets import to_csv
from . import answers, feeds
from .asked import FACETS, PAGE, Asked, asked
from .asking import ask, reading
from .counting import count
from .extracts import extracts
from .finding import find
from .harvests import meant
from .records import cited, documents

if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.utils.asgi import Request, Response

    from .finding import Found

ROUTE = r"^/search(?:\.(?P<format>json|csv|bib|ris|csljson|atom|feed\.json))?$"
FEED_ROUTE = r"^/feed\.(?P<format>atom|json)$"

LATE = (
    "This took too long and was given up: very many words begin so, or all of these stand in very many documents. "
    "Type more letters, or a rarer word."
)


async def search_page(request: Request, datasette: Datasette) -> Response:
    """Answer a question."""
    database, question = meant(datasette, request), asked(request.args)
    ending = request.url_vars["format"] or ""
    if ending in ("atom", "feed.json"):
        return await _feed(request, datasette, database, question, ending)
    try:
        found = await find(datasette, database, question)
    except sqlite3.OperationalError as error:
        return await _given_up(request, datasette, database, question, error)
    if ending in ("", "json"):
        said = await _results(datasette, database, question, found)
        if ending:
            return answers.data(_as_data(request, datasette, database, question, said))
        return await answers.page(datasette, request, "search.html", said, database)
    rows = await reading(datasette, database, lambda read: documents(read, found.ids))
    if ending == "csv":
        return answers.text(to_csv(rows), "text/csv; charset=utf-8", "documents.csv")
    media_type, write = FORMATS[ending]
    return answers.text(write(cited(datasette, rows)), media_type, f"documents.{ending}")


async def _given_up(
    request: Request, datasette: Datasette, database: str, question: Asked, error: sqlite3.OperationalError
) -> Response:
    """Say that it took too long, and what to ask instead."""
    if str(error) != "interrupted":
        raise error
    if request.url_vars["format"]:
        return answers.data({"query": question.query(), "error": LATE}, 503)
    said = {"asked": question, "words": question.words, "late": LATE, "notes": [], "counts": {}}
    return await answers.page(datasette, request, "search.html", said, database)


async def feed(request: Request, datasette: Datasette) -> Response:
    """Give the feed of everything."""
    ending = "atom" if request.url_vars["format"] == "atom" else "feed.json"
    return await _feed(request, datasette, meant(datasette, request), Asked(), ending)


async def _results(datasette: Datasette, database: str, question: Asked, found: Found) -> dict[str, Any]:
    """Give one page of results, and what leads on from there."""
    start = (question.page - 1) * PAGE
    ids, words = found.ids[start : start + PAGE], question.words
    shown = await reading(datasette, database, lambda read: extracts(read, words, documents(read, ids)))
    counts = await count(datasette, database, question, found)
    return {
        "asked": question,
        "words": question.words,
        "notes": [*question.notes, *question.words.notes],
        "results": _with_coins(datasette, shown),
        "first": start + 1,
        "total": len(found.ids),
        "more": found.more,
        "counts": counts,
        "chosen": [{**row, "facet": facet} for facet in FACETS for row in counts[facet] if row["chosen"]],
        "next": question.page + 1 if start + PAGE < len(found.ids) else None,
        "alone": [] if found.ids else await _each_word(datasette, database, question),
    }


def _with_coins(datasette: Datasette, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "coins": embedded.coins(item)} for row, item in zip(rows, cited(datasette, rows), strict=True)]


async def _each_word(datasette: Datasette, database: str, question: Asked) -> list[tuple[str, int]]:
    """Say of each word how much it finds by itself, where together they find nothing."""
    sql = """SELECT (SELECT count(*) FROM (SELECT 1 FROM documents_fts WHERE documents_fts MATCH ?1 LIMIT 1000))
        + (SELECT count(*) FROM (SELECT 1 FROM texts_fts WHERE texts_fts MATCH ?1 LIMIT 1000)) AS found"""
    counted = [(str(term), await ask(datasette, database, sql, term.match)) for term in question.words.terms]
    return [(term, rows[0]["found"] if rows else 0) for term, rows in counted]


def _as_data(
    request: Request, datasette: Datasette, database: str, question: Asked, said: dict[str, Any]
) -> dict[str, Any]:
    """Give a page of results as data."""
    link = answers.linker(datasette, database)
    absent = ("title_marked", "summary_marked", "coins")
    results = [{name: value for name, value in row.items() if name not in absent} for row in said["results"]]
    following = link("/search.json", question.query(page=said["next"])) if said["next"] else None
    for row in results:
        row["page"] = answers.absolute(datasette, request, link(answers.document_path(row["key"])))
    return {
        "query": question.query(page=question.page),
        "total": said["total"],
        "more": said["more"],
        "notes": said["notes"],
        "results": results,
        "counts": said["counts"],
        "next": answers.absolute(datasette, request, following) if following else None,
    }


async def _feed(request: Request, datasette: Datasette, database: str, question: Asked, ending: str) -> Response:
    """Give what is new and changed among the answers to a question, as a feed."""
    query = question.query(order="changed")
    found = await find(datasette, database, asked_for(question))
    rows = await reading(datasette, database, lambda read: documents(read, found.ids[: feeds.ENTRIES]))
    link = answers.linker(datasette, database)
    addresses = [answers.absolute(datasette, request, link(answers.document_path(row["key"]))) for row in rows]
    site = datasette.metadata("title") or "Archive harvest"
    said = feeds.Feed(
        title=f"{site}: {question.q or 'new and changed documents'}",
        page=answers.absolute(datasette, request, link("/search", query)),
        address=answers.absolute(datasette, request, link(f"/search.{ending}", query)),
        entries=feeds.entries(rows, addresses),
    )
    if ending == "atom":
        return answers.text(feeds.to_atom(said), "application/atom+xml; charset=utf-8")
    return answers.text(feeds.to_json_feed(said), "application/feed+json; charset=utf-8")


def asked_for(question: Asked) -> Asked:
    """Give the question as a feed answers it: the latest change first."""
    return Asked(question.q, question.year_from, question.year_to, question.chosen, "changed")

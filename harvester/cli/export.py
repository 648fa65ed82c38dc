"""`harvester export`: documents, or those that a search finds, as files for other programs."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click

from harvester.cli.commands import db_option
from harvester.cli.serve import name_archives
from harvester.db.pages.databases import read_metadata
from harvester.db.pages.exports import FORMATS, read_documents
from harvester.db.pages.facets import load_facets
from harvester.db.pages.queries import Reader
from harvester.db.pages.search import find_documents, ordered_ids
from harvester.db.pages.search_dates import read_date
from harvester.db.pages.search_request import FACETS, SearchRequest
from harvester.errors import UsageError
from harvester.store.database import open_to_read, translate_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlite_utils import Database

LIMIT_MS = 3_600_000
"""Milliseconds that a query may take here, where no other reader waits."""
filters = [
    click.option(f"--{name}", multiple=True, help=f"Only those of this {name}; several narrow down.")
    for name in FACETS
    if name not in ("listing", "gone", "kind")
]


def _with_filters(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(filters):
        command = option(command)
    return command


@click.command()
@click.argument("format", type=click.Choice(list(FORMATS)))
@db_option
@click.option("--search", default="", metavar="WORDS", help="Only documents that hold these words, best first.")
@click.option("--from", "date_from", metavar="DATE", help="From this year, month or day on (1956, 1956-10-23).")
@click.option("--to", "date_to", metavar="DATE", help="Up to this year, month or day.")
@click.option("--kind", multiple=True, help="Only those of this kind, or of one of several.")
@_with_filters
@click.option("--listing", type=int, metavar="NUMBER", help="Only those seen in this listing.")
@click.option("--output", type=click.File("w", "utf-8", lazy=True), metavar="FILE", help="Write into this file.")
def export(format: str, db: Path, output: Any, **params: Any) -> None:  # noqa: A002 - click's name for the argument
    """Write documents as FORMAT: bibtex, ris, csl-json, csv or jsonl.

    All of them by date, or those that a search finds. The CSV opens in spreadsheets as it is; jsonl holds the texts,
    too.

    Examples:
        harvester export csv --from 1950 --to 1950 --kind Telegram --output telegrams.csv
        harvester export bibtex --search "Stalin Mao" > cables.bib

    """
    with translate_errors(db), open_to_read(db) as database:
        # Its own line ends: RIS and CSV have theirs, which text streams of some systems would double.
        out = nullcontext(sys.stdout) if output is None else output
        with out as file:
            documents = read_matching(database, build_request(**params), texts=format == "jsonl")
            for part in FORMATS[format].write(documents, name_archives(read_metadata())):
                file.write(part)


def build_request(
    search: str, date_from: str | None, date_to: str | None, listing: int | None, **chosen: tuple[str, ...]
) -> SearchRequest:
    """Return the search request that the options describe."""
    pairs = [(facet, value) for facet, values in chosen.items() for value in values]
    pairs += [("listing", str(listing))] if listing is not None else []
    start, end = (_date(text) for text in (date_from, date_to))
    return SearchRequest(" ".join(search.split()), start and start[0], end and end[1], tuple(pairs))


def _date(text: str | None) -> tuple[str, str] | None:
    dates = read_date(text) if text else None
    if text and not dates:
        raise UsageError(f"{text} is no year and no date: write it as 1956, 1956-10 or 1956-10-23")
    return dates


def read_matching(db: Database, question: SearchRequest, *, texts: bool) -> Iterator[dict[str, Any]]:
    """Yield the documents that match a request, read in chunks."""
    if question.remarks:
        click.echo(" ".join(question.remarks), err=True)
    reader = Reader(db.conn, LIMIT_MS)
    facets = load_facets(reader)
    ids = ordered_ids(reader, question, find_documents(reader, facets, question))
    if not ids:
        click.echo("no document matches", err=True)
    yield from read_documents(reader, ids, texts=texts)

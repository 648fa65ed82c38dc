"""`harvester export`: documents, or those that a search finds, as files for other programs."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click

from harvester.cli.commands import db_option
from harvester.cli.serve import described
from harvester.db.citations import bibtex, csl, ris, sheets
from harvester.db.citations.citable import Citable, citable
from harvester.db.room.asked import FACETS, Asked
from harvester.db.room.querying import query
from harvester.db.room.records import DOCUMENTS, FILES, TERMS, assembled
from harvester.store.database import explained, open_to_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from sqlite_utils import Database

    Documents = Iterable[dict[str, Any]]

CHUNK = 500
"""Documents held in memory at once."""


def _cited(documents: Documents) -> Iterator[Citable]:
    names = described()["plugins"]["reading-room"]["archives"]
    return (citable(row, row["terms"], row["files"], names) for row in documents)


def _bibtex(documents: Documents) -> Iterator[str]:
    return (bibtex.entry(item) + "\n" for item in _cited(documents))


def _ris(documents: Documents) -> Iterator[str]:
    return (ris.to_ris([item]) for item in _cited(documents))


def _csl_json(documents: Documents) -> Iterator[str]:
    before = "["
    for item in _cited(documents):
        yield f"{before}\n{json.dumps(csl.csl_item(item), ensure_ascii=False)}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


def _csv(documents: Documents) -> Iterator[str]:
    yield sheets.to_csv([])
    for row in documents:
        yield sheets.to_csv([row]).split("\r\n", 1)[1]


def _jsonl(documents: Documents) -> Iterator[str]:
    return (json.dumps(row, ensure_ascii=False) + "\n" for row in documents)


FORMATS: dict[str, Callable[[Documents], Iterator[str]]] = {
    "bibtex": _bibtex,
    "ris": _ris,
    "csl-json": _csl_json,
    "csv": _csv,
    "jsonl": _jsonl,
}
filters = [
    click.option(f"--{name}", multiple=True, help=f"Only those of this {name}; several narrow down.")
    for name in FACETS
    if name not in ("listing", "gone", "kind")
]


def _filtered(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(filters):
        command = option(command)
    return command


@click.command()
@click.argument("format", type=click.Choice(list(FORMATS)))
@db_option
@click.option("--search", default="", metavar="WORDS", help="Only documents that hold these words, best first.")
@click.option("--from", "year_from", type=int, metavar="YEAR", help="From this year on.")
@click.option("--to", "year_to", type=int, metavar="YEAR", help="Up to this year.")
@click.option("--kind", multiple=True, help="Only those of this kind, or of one of several.")
@_filtered
@click.option("--listing", type=int, metavar="NUMBER", help="Only those seen in this listing.")
@click.option("--output", type=click.File("w", "utf-8", lazy=True), metavar="FILE", help="Write into this file.")
def export(format: str, db: Path, output: Any, **asked: Any) -> None:  # noqa: A002 - click's name for the argument
    """Write documents as FORMAT: bibtex, ris, csl-json, csv or jsonl.

    All of them by date, or those that a search finds. The CSV opens in spreadsheets as it is.

    Examples:
        harvester export csv --from 1950 --to 1950 --kind Telegram --output telegrams.csv
        harvester export bibtex --search "Stalin Mao" > cables.bib

    """
    with explained(db), open_to_read(db) as database:
        # Its own line ends: RIS and CSV have theirs, which text streams of some systems would double.
        out = nullcontext(sys.stdout) if output is None else output
        with out as file:
            for part in FORMATS[format](read(database, question(**asked))):
                file.write(part)


def question(search: str, year_from: int | None, year_to: int | None, listing: int | None, **chosen: Any) -> Asked:
    """Give what is asked for, in the words of search."""
    pairs = [(facet, value) for facet, values in chosen.items() for value in values]
    pairs += [("listing", str(listing))] if listing is not None else []
    return Asked(" ".join(search.split()), year_from, year_to, tuple(pairs))


def read(db: Database, asked: Asked) -> Iterator[dict[str, Any]]:
    """Read the documents that are asked for, some at a time."""
    if asked.words.notes:
        click.echo(" ".join(asked.words.notes), err=True)
    sql, values = query(asked)
    ids = [row[0] for row in db.execute(sql, values)]
    for start in range(0, len(ids), CHUNK):
        wanted = [json.dumps(ids[start : start + CHUNK])]
        yield from assembled(*(list(db.query(part, wanted)) for part in (DOCUMENTS, TERMS, FILES)))

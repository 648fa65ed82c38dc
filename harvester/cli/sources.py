"""`harvester sources`: lists the archives that are known, and shows how pages are read by the definition of one."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harvester.cli.commands import INNER, json_option, with_example
from harvester.errors import UsageError
from harvester.model import DocumentPage, Listing, Refused, Skipped
from harvester.parsers.parse import parse
from harvester.readers.targets import read_targets
from harvester.registry import choose_sources, definition_files, load_sources, sources_folder
from harvester.urls import listing_for, page_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harvester.config.loader import LoadedConfig
    from harvester.model import Page, Record
    from harvester.source import Source

REFUSED = 3
"""Exit status if a page cannot be read."""
FEW = 3
"""Records of a page that are shown whole."""


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def sources(context: click.Context, as_json: bool) -> None:
    """List the archives that are known: those shipped, and your own definitions in `sources`.

    Examples:
        harvester sources
        harvester sources check city page.html

    """
    if context.invoked_subcommand is not None:
        return
    own = {file.stem: str(file) for file in definition_files(sources_folder())}
    rows = [
        {"name": name, "title": source.title, "host": source.hosts[0], "defined_in": own.get(name, "shipped")}
        for name, source in load_sources().items()
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    widths = [max(len(row[key]) for row in rows) for key in ("name", "title", "host")]
    for row in rows:
        cells = zip((row["name"], row["title"], row["host"]), widths, strict=True)
        click.echo("  ".join([*(f"{cell:<{width}}" for cell, width in cells), row["defined_in"]]))


@sources.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show what is known of an archive: its addresses, pages and what its listings declare.

    Example:
        harvester sources show wilson

    """
    facts = dict(_facts(choose_sources(name)[0]))
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    for label, value in facts.items():
        click.echo(f"{label:<16} {value}")


def _facts(source: Source) -> Iterator[tuple[str, str]]:
    yield "name", source.name
    yield "title", source.title
    yield "hosts", ", ".join(source.hosts)
    if source.pager:
        whole = listing_for(source)
        yield "first page", page_url(whole, 0, source)
        following = source.pager.next
        yield "second page", f"where its link leads ({following})" if following else page_url(whole, 1, source)
        yield "records a page", str(source.pager.size)
        yield "newest first", "yes" if source.pager.newest_first else "not known: every walk is made twice"
    if source.declares_nothing:
        yield "declares", "nothing: two equal walks are all that proves a harvest complete"
    if source.addresses:
        yield "records", ", ".join(f"…{part}…" for part in source.addresses.links)
    if source.minimum:
        yield "asserted", f"at least {source.minimum.records:,} records, {source.minimum.dated:,} of them dated"
    yield "kinds of pages", ", ".join(form.name for form in source.forms)


@sources.command()
@click.argument("name")
@click.argument("pages", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@json_option
def check(name: str, pages: tuple[Path, ...], as_json: bool) -> int:
    """Show what the definition of an archive reads in saved pages, and what not; nothing is written.

    Exit status 3 if a page cannot be read.

    Example:
        harvester sources check city page.html

    """
    return _check(choose_sources(name)[0], list(pages), as_json=as_json)


def _check(source: Source, pages: list[Path], *, as_json: bool) -> int:
    refused = 0
    for capture in read_targets(pages, sources=(source,)):
        if isinstance(capture, Skipped):
            if capture.problem:
                click.echo(f"{capture.uri}: {capture.problem.message}", err=True)
                refused += capture.problem.severity == "error"
            continue
        page = parse(capture, source)
        refused += isinstance(page, Refused)
        if as_json:
            click.echo(json.dumps({"uri": capture.uri, **_as_json(page)}, ensure_ascii=False))
        else:
            click.echo("\n".join([capture.uri, *(f"  {line}" for line in describe(page)), ""]))
    return REFUSED if refused else 0


def _as_json(page: Page) -> dict[str, Any]:
    return {"kind": {Listing: "listing", DocumentPage: "document", Refused: "refused"}[type(page)], **asdict(page)}


def describe(page: Page) -> Iterator[str]:
    """Yield lines that say what was read in a page."""
    if isinstance(page, Refused):
        yield f"not read ({page.code}): {page.message}"
        yield from [f"it says: {page.extract}"] if page.extract else []
        return
    if isinstance(page, DocumentPage):
        yield f"the page of a record, with {len(page.texts)} texts and {len(page.files)} files"
        yield from _describe_record(page.record)
    else:
        behind = ", and a link to more" if page.onward else ""
        yield f"a listing: {declared_in(page)}, {len(page.records)} records{behind}"
        filled = Counter(field for record in page.records for field, _ in _values(record))
        yield from (f"{count:>4} of {len(page.records)} have {field}" for field, count in filled.items())
        for record in page.records[:FEW]:
            yield f"record {record.position}"
            yield from (f"  {line}" for line in _describe_record(record))
    for problem in page.problems:
        at = f" (record {problem.position})" if problem.position else ""
        yield f"{problem.severity}{at}: {problem.message}" + (f": {problem.extract}" if problem.extract else "")


def declared_in(page: Listing) -> str:
    """Return what a listing declares, in words."""
    if page.first is not None:
        return f"{page.first:,} - {page.last:,} of {page.declared_total:,} declared"
    if page.declared_total is not None:
        return f"{page.declared_total:,} in all declared"
    return f"{page.declared_pages:,} pages declared" if page.declared_pages else "nothing declared"


def _describe_record(record: Record) -> Iterator[str]:
    for field, value in _values(record):
        yield f"{field:<16} {' '.join(value.split())[:160]}"


def _values(record: Record) -> Iterator[tuple[str, str]]:
    """Yield the fields that a record has, each once, with their values."""
    read = f" (read as {record.date.edtf})" if record.date.edtf else " (not read as a date)"
    values = {"title": record.title, "date": record.date.text and record.date.text + read, "summary": record.summary}
    columns = ("url", "record_id", "node_id", "archive", "archive_location", "classification", "rights", "kind")
    values |= {field: getattr(record, field) for field in (*columns, "uploaded", "credit")}
    terms: dict[str, list[str]] = {}
    for facet, term in record.terms:
        label, _, value = term.partition(": ") if facet == "other" else (facet, "", term)
        terms.setdefault(label, []).append(value)
    yield from ((field, value) for field, value in values.items() if value)
    yield from ((label, "; ".join(found)) for label, found in terms.items())


@sources.command()
@click.argument("name")
@click.option("--contact", metavar="TEXT", envvar="HARVESTER_CONTACT", help="How the archive can reach you.")
@click.option("--base-url", metavar="URL", help="Where else the archive is served (a staging copy).")
@json_option
@click.pass_obj
def sample(loaded: LoadedConfig | None, name: str, contact: str | None, base_url: str | None, as_json: bool) -> int:
    """Fetch the first page of an archive's listing, politely, and show what is read in it; nothing is kept.

    Example:
        harvester sources sample city --contact me@example.org

    """
    from harvester.cli.live import fetch_sample  # Scrapy takes its time, and is needed only here

    source = choose_sources(name)[0]
    if source.pager is None:
        raise UsageError(f"{name} has no live listing that is known: write a table [pager] in its definition")
    with tempfile.TemporaryDirectory() as folder:
        fetch_sample(source, Path(folder), loaded, contact=contact, base_url=base_url)
        return _check(source, [Path(folder, "captures")], as_json=as_json)


for command in INNER["sources"]:
    with_example(sources.commands[command])

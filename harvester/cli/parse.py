"""`harvester parse`: shows what the parsers read in pages and titles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harvester.cli.commands import json_option, source_option
from harvester.errors import UsageError
from harvester.ingest import read_page
from harvester.model import DocumentPage, Listing, Refused, Skipped
from harvester.parsers.titles import explain_title
from harvester.readers.targets import read_targets
from harvester.registry import choose_sources

if TYPE_CHECKING:
    from harvester.model import Capture, Page, Problem, Record
    from harvester.parsers.html.forms import EngineChoice


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@source_option
@click.option(
    "--title", "titles", multiple=True, metavar="TEXT", help="Show how this title is read, and by which rules."
)
@click.option(
    "--engine",
    type=click.Choice(["auto", "reference", "fast"]),
    default="auto",
    show_default=True,
    help="What reads HTML: the fast engine where its reading is consistent, else the reference; or only one of them.",
)
@json_option
def parse(
    files: tuple[Path, ...], source: str | None, titles: tuple[str, ...], engine: EngineChoice, as_json: bool
) -> int:
    """Show what the parsers see in saved pages, or in a title; nothing is written.

    With --json, one object a line for each page or title. Exit status 3 if a page was refused.

    Example:
        harvester parse seeds/000_31c5458d84f41e75.txt
        harvester parse --title "Cable, Filippov [Stalin] to Mao Zedong"

    """
    if not files and not titles:
        raise UsageError("name a file or folder of saved pages, or give a title with --title TEXT")
    for title in titles:
        click.echo(json.dumps(_title_as_json(title), ensure_ascii=False) if as_json else _format_title(title))
    sources = choose_sources(source)
    missing = [path for path in files if not path.exists()]
    if missing:
        raise UsageError(f"no file or folder {missing[0]}: check the path")
    refused = 0
    for capture in read_targets(list(files), sources=sources):
        if isinstance(capture, Skipped):
            refused += _report_skipped(capture)
            continue
        page = read_page(capture, sources, engine)[1]
        refused += isinstance(page, Refused)
        click.echo(
            json.dumps(page_as_json(capture, page), ensure_ascii=False) if as_json else _format_page(capture, page)
        )
    return 3 if refused else 0


def _title_as_json(title: str) -> dict[str, Any]:
    parts, rules = explain_title(title)
    return {"title": title, **parts._asdict(), "rules": rules._asdict()}


def _format_title(title: str) -> str:
    parts, rules = explain_title(title)
    lines = [
        f"  {role:<10} {value or '-'}" + (f"  ({rule})" if rule else "")
        for role, value, rule in zip(parts._fields, parts, rules, strict=True)
    ]
    return "\n".join([title, *lines])


def _report_skipped(item: Skipped) -> bool:
    if item.problem:
        click.echo(f"{item.uri}: {item.problem.message}", err=True)
    return item.problem is not None


def page_as_json(capture: Capture, page: Page) -> dict[str, Any]:
    """Return a page as the JSON object that other programs rely on."""
    listing = page if isinstance(page, Listing) else None
    return {
        "uri": capture.uri,
        "form": page.form,
        "first": listing and listing.first,
        "last": listing and listing.last,
        "declared_total": listing and listing.declared_total,
        "records": [_record(record) for record in _records(page)],
        "refused": {"code": page.code, "message": page.message} if isinstance(page, Refused) else None,
        "problems": [] if isinstance(page, Refused) else [_problem(problem) for problem in page.problems],
    }


def _records(page: Page) -> tuple[Record, ...]:
    if isinstance(page, DocumentPage):
        return (page.record,)
    return page.records if isinstance(page, Listing) else ()


def _record(record: Record) -> dict[str, Any]:
    return {
        "position": record.position,
        "date_text": record.date.text,
        "date": record.date.edtf,
        "title": record.title,
        "summary": record.summary,
        "url": record.url,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    names = ("severity", "code", "message", "position", "extract")
    return {name: getattr(problem, name) for name in names}


def _format_page(capture: Capture, page: Page) -> str:
    if isinstance(page, Refused):
        return f"{capture.uri}\n  refused ({page.code}): {page.message}\n"
    lines = [capture.uri, f"  form {page.form}, {_describe_page(page)}"]
    lines += [f"  {r.position:>6}  {r.date.edtf or _words(r):<10}  {r.title}" for r in _records(page)]
    lines += [
        f"  {p.severity}: {p.message}" + (f" (position {p.position})" if p.position else "") for p in page.problems
    ]
    return "\n".join(lines) + "\n"


def _words(record: Record) -> str:
    return f"“{record.date.text}”" if record.date.text else "-"


def _describe_page(page: Listing | DocumentPage) -> str:
    if isinstance(page, DocumentPage):
        return f"a document page with {len(page.texts)} texts and {len(page.files)} files"
    stated = f"{page.first} - {page.last} of {page.declared_total}" if page.first else page.heading or "no range line"
    return f"{stated}, {len(page.records)} records"

"""`harvester learn`: writes the definition of an archive from one or two saved pages of its listing."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from harvester.cli.sources import declared_in
from harvester.errors import UsageError
from harvester.model import Listing, Skipped
from harvester.readers.targets import read_targets
from harvester.registry import sources_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harvester.learn.definition import Definition
    from harvester.learn.learner import Learned
    from harvester.model import Capture

NONE, UNVERIFIED = 1, 3
"""Exit statuses: no definition, and one that no second page confirms."""
_MOST_PAGES = 2
"""Pages that are looked at: one to learn from, and one to confirm it."""
_SHOWN = 5
"""Records that are shown."""
_WIDTH = 60


@click.command()
@click.argument("pages", nargs=-1, required=True)
@click.option("--name", metavar="NAME", help="The archive's short name; otherwise that of its host.")
@click.option("--address", metavar="URL", default="", help="Where the archive is, if its pages do not state it.")
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write here, not into `sources`.")
def learn(pages: tuple[str, ...], name: str | None, address: str, output: Path | None) -> int:
    """Write the definition of an archive from one or two saved pages of its listing, and show what was seen.

    A second page confirms the first. Exit status 3 if nothing confirms the definition: harvests by it are never
    called complete. Exit status 1 if there is no listing to learn from; then nothing is written.

    Example:
        harvester learn results-1.html results-2.html --name city

    """
    from harvester.learn.definition import learn as learn_definition  # takes its time, and is needed only here

    captures = list(_captures(pages))
    if len(captures) == 1 and sys.stdin.isatty():
        second = click.prompt(
            "A second page of the same listing, to be sure (Enter: none)", default="", show_default=False
        )
        captures += _captures((second,)) if second else []
    if len(captures) > _MOST_PAGES:
        click.echo(f"the first {_MOST_PAGES} of {len(captures)} pages are looked at: more confirm nothing", err=True)
    wanted = name or (_name(captures[0], address) if captures else "archive")
    target = _target(wanted, output)
    definition = learn_definition(captures[:_MOST_PAGES], wanted, address)
    if definition is None:
        click.echo("no listing was recognised: give a page that lists records, saved whole (as HTML)", err=True)
        return NONE
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(definition.text, encoding="utf-8")
    click.echo("\n".join(_report(definition, captures[0], target)))
    return 0 if definition.verified else UNVERIFIED


def _captures(pages: tuple[str, ...]) -> Iterator[Capture]:
    """Yield the pages; an address is refused, because what learns does not ask the network."""
    for page in pages:
        if re.match(r"https?://", page):
            raise UsageError(f"{page[:80]} is an address: save the page in your browser, and give the file")
        if not Path(page).is_file():
            raise UsageError(f"no file {page[:80]}: check the path")
    for capture in read_targets([Path(page) for page in pages], sources=()):
        if not isinstance(capture, Skipped):
            yield capture
        else:
            reason = capture.problem.message if capture.problem else "by its name it is no page"
            click.echo(f"{capture.uri}: {reason}", err=True)


def _name(capture: Capture, address: str) -> str:
    """Return a name for the archive: that of its host without what all hosts have, else that of the file."""
    host = urlsplit(address or capture.uri).hostname or ""
    stem = host.removeprefix("www.").split(".")[0] or Path(urlsplit(capture.uri).path).stem
    return re.sub(r"[^a-z0-9]+", "-", stem.casefold()).strip("-")[:40] or "archive"


def _target(name: str, output: Path | None) -> Path:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", name):
        raise UsageError(f"“{name[:40]}” is no name: use small letters, digits, - and _ only")
    target = output or sources_folder() / f"{name}.toml"
    if target.exists():
        raise UsageError(f"{target} is there already: give another --name, or an --output")
    return target


def _report(definition: Definition, capture: Capture, target: Path) -> Iterator[str]:
    from harvester.learn.software import offers, platform_of

    page = definition.pages[0]
    yield from _records(definition)
    yield ""
    if definition.platform:
        yield from _by_platform(definition, definition.platform)
    else:
        yield f"records   {len(page.records)} on the page, by {', '.join(page.verdict.reasons)}"
        yield f"declares  {page.declared.line if page.declared else 'nothing'}"
        yield f"pager     {_pager(page)}"
        platform = platform_of(capture.body)
        if platform:
            yield f"software  it looks like {platform}, but what is known of that does not read all of these pages"
    yield from (f"offers    {offer}" for offer in offers(page.tree, capture.body))
    yield from (f"doubt     {doubt}" for doubt in definition.doubts)
    yield f"written   {target}: read it, correct it, and check it with `harvester sources check {target.stem} PAGE…`"


def _by_platform(definition: Definition, platform: str) -> Iterator[str]:
    """Yield what the definition of a platform reads."""
    for number, page in enumerate(definition.read, 1):
        if isinstance(page, Listing):
            yield f"page {number}    {declared_in(page)}, {len(page.records)} records"
    yield f"software  {platform}: how its pages are read and addressed is known"


def _records(definition: Definition) -> Iterator[str]:
    """Yield the first records as a table, as the definition reads them."""
    listing = next((page for page in definition.read if isinstance(page, Listing)), None)
    rows = [(record.date.text or "", record.title) for record in (listing.records[:_SHOWN] if listing else ())]
    width = max((min(len(date), _WIDTH) for date, _ in rows), default=0)
    yield from (f"{_cell(date):<{width}}  {_cell(title)}".rstrip() for date, title in rows)


def _cell(text: str) -> str:
    line = " ".join(filter(str.isprintable, text.split()))
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"


def _pager(page: Learned) -> str:
    pager = page.pager
    if pager is None:
        return "none: all pages have to be saved"
    return {
        "page": f"{pager.name}={pager.begin}, {pager.begin + 1}, …",
        "offset": f"{pager.name}={pager.begin}, {pager.begin + pager.step}, …",
        "page_path": pager.path,
        "next": f"the link {pager.next}" if pager.next != "a" else "a link like all others: save the pages",
    }[pager.kind]

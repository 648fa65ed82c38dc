"""`harvester learn`: writes the definition of an archive from one or two saved pages of its listing."""

from __future__ import annotations

import re
import sys
import tempfile
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from harvester.cli.sources import declared_in
from harvester.errors import HarvesterError, UsageError
from harvester.model import Listing, Skipped
from harvester.readers.targets import read_targets
from harvester.registry import sources_folder
from harvester.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harvester.config.loader import LoadedConfig
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
_NAME = r"[a-z0-9][a-z0-9_-]{0,39}"


@click.command()
@click.argument("pages", nargs=-1, required=True)
@click.option("--name", metavar="NAME", help="The archive's short name; otherwise that of its host.")
@click.option("--address", metavar="URL", default="", help="Where the archive is, if its pages do not state it.")
@click.option("--contact", metavar="TEXT", envvar="HARVESTER_CONTACT", help="How the archive can reach you.")
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write here, not into `sources`.")
@click.pass_obj
def learn(
    loaded: LoadedConfig | None,
    pages: tuple[str, ...],
    name: str | None,
    address: str,
    contact: str | None,
    output: Path | None,
) -> int:
    """Write the definition of an archive from one or two pages of its listing, and show what was seen.

    PAGES are saved pages, or addresses: of each address one request is made, politely.

    A second page confirms the first. Exit status 3 if nothing confirms the definition: harvests by it are never
    called complete. Exit status 1 if there is no listing to learn from; then nothing is written.

    Example:
        harvester learn results-1.html results-2.html --name city

    """
    from harvester.learn.definition import learn as learn_definition  # takes its time, and is needed only here

    _check_pages(pages)
    if address and not (_is_address(address) and _is_readable(address)):
        raise UsageError(f"--address {address[:80]} is no web address: begin it with https:// or http://")
    captures, addresses = list(_read(pages)), [page for page in pages if _is_address(page)]
    wanted = name or _name([address, *addresses, *(capture.uri for capture in captures)])
    target = _target(wanted, output)
    if len(pages) == 1 and sys.stdin.isatty():
        more = _second_page(pages[0])
        captures += _read(more)
        addresses += filter(_is_address, more)
    given = len(captures) + len(addresses)
    if given > _MOST_PAGES:
        click.echo(f"the first {_MOST_PAGES} of {given} pages are looked at: more confirm nothing", err=True)
    asked = addresses[: max(0, _MOST_PAGES - len(captures))]
    if asked:
        captures += _fetched(_source_at(asked[0], wanted), asked, loaded, contact)
    definition = learn_definition(captures[:_MOST_PAGES], wanted, address)
    if definition is None:
        alone = [one.uri for one in captures[:_MOST_PAGES] if len(captures) > 1 and not learn_definition([one], wanted)]
        which = f" in {' and '.join(alone)}" if alone else ""
        click.echo(f"no listing was recognised{which}: give pages that list records, saved whole (as HTML)", err=True)
        return NONE
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(definition.text, encoding="utf-8")
    click.echo("\n".join(_report(definition, captures[0], target)))
    return 0 if definition.verified else UNVERIFIED


def _check_pages(pages: tuple[str, ...]) -> None:
    """Raise UsageError if a page is neither a file nor an address, or if the addresses are not of one host."""
    missing = next((page for page in pages if not _is_address(page) and not Path(page).is_file()), None)
    if missing is not None:
        what = "is a folder: name its pages" if Path(missing).is_dir() else "is no file that is here: check the path"
        raise UsageError(f"{missing} {what}")
    addresses = [page for page in pages if _is_address(page)]
    wrong = next((page for page in addresses if not _is_readable(page)), None)
    if wrong is not None:
        raise UsageError(f"{wrong[:80]} is no web address: copy it from your browser")
    hosts = {urlsplit(page).netloc for page in addresses}
    if len(hosts) > 1:
        raise UsageError(f"{' and '.join(sorted(hosts))} are two hosts: give pages of one listing")


def _is_address(page: str) -> bool:
    return bool(re.match(r"https?://[^/]", page))


def _is_readable(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", address)
    except ValueError:  # such as http://[
        return False


def _second_page(first: str) -> tuple[str, ...]:
    """Return the page that the user names at the terminal, if one is named."""
    while True:
        question = "A second page of the same listing, to be sure (Enter: none)"
        page = click.prompt(question, default="", show_default=False)
        try:
            _check_pages((first, page) if page else (first,))
        except UsageError as error:
            click.echo(str(error), err=True)
        else:
            return (page,) if page else ()


def _fetched(source: Source, addresses: list[str], loaded: LoadedConfig | None, contact: str | None) -> list[Capture]:
    """Return the pages at addresses; raise what went wrong if none came."""
    from harvester.cli.live import fetch_sample  # Scrapy takes its time, and is needed only here

    failure: HarvesterError | None = None
    with tempfile.TemporaryDirectory() as folder:
        try:
            fetch_sample(source, Path(folder), loaded, contact=contact, addresses=addresses)
        except HarvesterError as error:  # also when all came: nothing is known yet of how they are read
            failure = error
        captures = Path(folder, "captures")
        found = list(_read([str(captures)])) if captures.exists() else []
    pages = [capture for capture in found if capture.http_status == HTTPStatus.OK]
    if failure and not pages:
        raise failure
    if len(pages) < len(addresses):
        advice = "write each as your browser shows it, or save the pages, and give the files"
        click.echo(f"{len(pages)} of {len(addresses)} addresses gave a page: {advice}", err=True)
    return pages


def _read(pages: Iterable[str]) -> Iterator[Capture]:
    """Yield the pages in files, not those at addresses; what is no page is named."""
    for capture in read_targets([Path(page) for page in pages if not _is_address(page)], sources=()):
        if not isinstance(capture, Skipped):
            yield capture
        elif capture.problem:
            click.echo(f"{capture.uri}: {capture.problem.message}", err=True)
        elif not capture.uri.startswith("http"):  # robots.txt and what has moved stand beside pages that are fetched
            click.echo(f"{capture.uri}: by its name it is no page", err=True)


def _source_at(address: str, name: str) -> Source:
    """Return an archive of which only its address is known; how it is asked stands in the configuration by its name."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    return Source(name, title=host, hosts=(host,), origin=f"{parts.scheme}://{parts.netloc.lower()}")


def _name(addresses: list[str]) -> str:
    """Return a name for the archive at the first address: that of its host without what all have, or of the file."""
    parts = urlsplit(next(filter(None, addresses), ""))
    stem = (parts.hostname or "").removeprefix("www.").split(".")[0] or Path(parts.path).stem
    return re.sub(r"[^a-z0-9]+", "-", stem.casefold()).strip("-")[:40].strip("-") or "archive"


def _target(name: str, output: Path | None) -> Path:
    if not re.fullmatch(_NAME, name):
        raise UsageError(f"“{name[:40]}” is no name: use small letters, digits, - and _ only")
    target = output or sources_folder() / f"{name}.toml"
    if target.suffix != ".toml" or not re.fullmatch(_NAME, target.stem):
        raise UsageError(f"{target} is no name of a definition: write it as city.toml, in small letters")
    if target.exists():
        raise UsageError(f"{target} is there already: give another --name, or an --output")
    return target


def _report(definition: Definition, capture: Capture, target: Path) -> Iterator[str]:
    from harvester.learn.archive import UNKNOWN
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
    if UNKNOWN in definition.text:
        yield "address   no page states where the archive is: write it into the file, or give --address"
    elsewhere = target.parent.absolute() != sources_folder().absolute()
    then = f"put it into {sources_folder()}/, and" if elsewhere else "and"
    yield f"written   {target}: read it, correct it, {then} check it with `harvester sources check {target.stem} PAGE…`"


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

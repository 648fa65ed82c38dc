"""The options of `harvester harvest`, and the crawl options made from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from harvester.cli.commands import command_line, source_option
from harvester.errors import UsageError
from harvester.politeness import REFRESH_AFTER_DAYS, RESUME_WITHIN_HOURS
from harvester.store.database import BUSY_SECONDS, open_to_read
from harvester.store.due_pages import find_due_pages
from harvester.store.walks import declared_total
from harvester.webarchive.place import INTERNET_ARCHIVE

if TYPE_CHECKING:
    from collections.abc import Callable

    from harvester.crawl.options import CrawlOptions
    from harvester.source import Source
    from harvester.urls import ListingAddress

Function = "Callable[..., Any]"


class TimeType(click.ParamType[datetime]):
    """A click type for a day (meaning its last second) or a time, in UTC unless another zone is given."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the time in UTC; fail for one in the future."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time: write 2025-03-01, or 2025-03-01T12:00:00Z", param, ctx)
        if len(value) == len("2025-03-01"):
            moment = moment.replace(hour=23, minute=59, second=59)
        moment = moment.replace(microsecond=0) if moment.tzinfo else moment.replace(microsecond=0, tzinfo=UTC)
        if moment > datetime.now(UTC) + timedelta(days=1):
            self.fail(f"{value!r} is still to come: name the day on which the pages were saved", param, ctx)
        return moment.astimezone(UTC)


SAVED = (
    source_option,
    click.option("--listing", metavar="NAME", help="The pages without an address are all of one listing; its name."),
    click.option(
        "--captured-at",
        type=TimeType(),
        metavar="TIME",
        help="When the pages were saved that do not say it themselves: 2025-03-01, or 2025-03-01T12:00:00Z.",
    ),
    click.option(
        "--wait",
        type=click.FloatRange(0),
        default=BUSY_SECONDS,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait for another process that writes to the database.",
    ),
)
LIVE = (
    click.option("--search", metavar="TEXT", default="", help="Live: only what the archive's search finds."),
    click.option("--max-pages", type=click.IntRange(1), metavar="N", help="Live: stop after N pages of the listing."),
    click.option(
        "--until-known",
        type=click.IntRange(1),
        metavar="N",
        help="Live: stop after N pages in a row without anything new, where new records come first.",
    ),
    click.option(
        "--max-requests",
        type=click.IntRange(1),
        metavar="N",
        help="Live, web archive: stop after N requests; the next run goes on.",
    ),
    click.option(
        "--max-seconds",
        type=click.FloatRange(1),
        metavar="SECONDS",
        help="Live, web archive: stop after so long; the next run goes on.",
    ),
    click.option("--documents/--no-documents", default=True, help="Live: read document pages, too.  [default: yes]"),
    click.option(
        "--refresh-after",
        type=click.FloatRange(0, 36500),
        default=REFRESH_AFTER_DAYS,
        show_default=True,
        metavar="DAYS",
        help="Live, web archive: read document pages again when they were read longer ago.",
    ),
    click.option(
        "--resume-within",
        type=click.FloatRange(0, 8760),
        default=RESUME_WITHIN_HOURS,
        show_default=True,
        metavar="HOURS",
        help="Live: begin a walk afresh that was cut short if it began longer ago.",
    ),
    click.option("--base-url", metavar="URL", help="Live: where else the archive is served (a staging copy)."),
    click.option(
        "--delay",
        type=click.FloatRange(0),
        metavar="SECONDS",
        help="Live, web archive: time between requests, at least 1.",
    ),
    click.option(
        "--contact",
        metavar="ADDRESS",
        envvar="HARVESTER_CONTACT",
        show_envvar=True,
        help="Live, web archive: how the archive's people can reach you.",
    ),
    click.option(
        "--captures",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="FOLDER",
        help="Live, web archive: where answers are kept as WARC.  [default: captures beside the database]",
    ),
    click.option("--no-captures", is_flag=True, help="Live, web archive: keep no answers."),
    click.option(
        "--accept-removals",
        is_flag=True,
        help="Live: believe it if more than a tenth of a listing's records have left it.",
    ),
    click.option(
        "--dry-run",
        is_flag=True,
        help="Live, web archive: only say what would be fetched, and how long it would take. A web archive's index is "
        "asked for that.",
    ),
)
WEB_ARCHIVE = (
    click.option(
        "--web-archive",
        is_flag=False,
        flag_value=INTERNET_ARCHIVE,
        metavar="[URL]",
        help="Web archive: harvest the captures that are played back there.  [without a URL: the Internet Archive]",
    ),
    click.option("--from", "since", metavar="DATE", help="Web archive: no older captures: 2015, 2015-06, 2015-06-01."),
    click.option("--to", "until", metavar="DATE", help="Web archive: no newer captures."),
    click.option(
        "--versions",
        type=click.Choice(["newest", "changed", "all"]),
        default="changed",
        show_default=True,
        help="Web archive: of each page the newest capture; that and one of each change; or all of them.",
    ),
)


def saved_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for saved pages."""
    return _add_options(function, SAVED)


def live_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for live harvests."""
    return _add_options(function, LIVE)


def web_archive_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for web archives."""
    return _add_options(function, WEB_ARCHIVE)


def _add_options(function: Callable[..., Any], options: tuple[Callable[..., Any], ...]) -> Callable[..., Any]:
    for option in reversed(options):
        function = option(function)
    return function


Kind = Literal["saved", "live", "web archive"]
_MISPLACED = {
    "saved": (("Live", "is for live harvests"), ("Web archive:", "is for web archives")),
    "live": (("Web archive:", "is for web archives"),),
    "web archive": (("Live:", "is for live harvests"),),
}
"""How the help of options begins that have no effect on a kind of harvest, and what they are for."""
_KINDS = {"saved": "saved pages", "live": "live harvests", "web archive": "web archives"}


def check_options(kind: Kind) -> None:
    """Raise UsageError for options given on the command line that have no effect on this kind of harvest."""
    context = click.get_current_context()
    given = [
        option for option in context.command.params if isinstance(option, click.Option) and _is_on_command_line(option)
    ]
    for option in given:
        for beginning, what_for in _MISPLACED[kind]:
            if (option.help or "").startswith(beginning):
                raise UsageError(f"{option.opts[0]} {what_for}: leave it out for {_KINDS[kind]}")
        if kind == "live" and option.name == "listing":
            raise UsageError("--listing is for saved pages: of a live archive give the address of the listing instead")
        if kind == "web archive" and option.name in ("listing", "captured_at"):
            raise UsageError(f"{option.opts[0]} is for saved pages: leave it out, captures state it themselves")


def _is_on_command_line(option: click.Option) -> bool:
    source = click.get_current_context().get_parameter_source(option.name or "")
    return source is click.core.ParameterSource.COMMANDLINE


def apply_config(params: dict[str, Any], source: str) -> dict[str, Any]:
    """Return the options with the configuration's values for a source, where the command line gives none."""
    context = click.get_current_context()
    if context.obj is None:
        return params
    settings = context.obj.settings
    own = settings.sources.get(source)
    configured = {"delay": own.delay if own and own.delay is not None else settings.delay}
    configured |= {"base_url": own.base_url, "documents": own.documents} if own else {}
    unset = {name for name in configured if context.get_parameter_source(name) is click.core.ParameterSource.DEFAULT}
    return params | {name: configured[name] for name in unset}


def resolve_listing(targets: tuple[str, ...], params: dict[str, Any]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return targets and options with the name of a configured listing replaced by its URL or search."""
    loaded = click.get_current_context().obj
    listing = loaded.settings.listings.get(targets[0]) if loaded and len(targets) == 1 else None
    if listing is None or Path(targets[0]).exists():
        return targets, params
    return (listing.url or listing.source,), params | {"search": listing.search or ""}


def captures_folder(params: dict[str, Any], db: Path) -> Path | None:
    """Return where answers are kept, None for nowhere."""
    return None if params["no_captures"] else params["captures"] or db.parent / "captures"


def crawl_options(params: dict[str, Any], listing: str, db: Path) -> CrawlOptions:
    """Return the options of a live crawl."""
    from harvester.crawl.options import CrawlOptions  # a harvest of saved pages does not need it

    return CrawlOptions(
        listing=listing,
        search=params["search"],
        base=params["base_url"],
        most_pages=params["max_pages"],
        until_known=params["until_known"],
        most_requests=params["max_requests"],
        most_seconds=params["max_seconds"],
        documents=params["documents"],
        accept_removals=params["accept_removals"],
        delay=params["delay"],
        db=db,
        captures=captures_folder(params, db),
        refresh_after=params["refresh_after"],
        resume_within=params["resume_within"],
        command=command_line(),
    )


def describe_dry_run(options: CrawlOptions, source: Source) -> str:
    """Return a description of what a live harvest would fetch, without fetching anything."""
    listing, delay = options.address(source), options.agreed_delay(source)
    pages, documents = _count_expected(options, listing, source)
    most = f"at most {options.most_pages} pages" if options.most_pages else "every page"
    known = f" (about {pages})" if pages else ""
    also = "and the page of each new or changed document" if options.documents else "and no document page"
    due = f" ({documents} of those that are held are due)" if documents else ""
    seconds = timedelta(seconds=round(delay * (min(pages, options.most_pages or pages) + documents)))
    place = options.base or source.root()
    head = f"{listing.name} of {source.title}: {most}{known} of {place}, {also}{due}"
    if not delay:
        return f"{head};\nwithout a pause between requests"
    takes = f"at least {seconds} (hours:minutes:seconds)" if pages else f"{3600 / delay:,.0f} an hour"
    return f"{head};\none request every {delay:g} seconds, or slower if robots.txt says so: {takes}"


def _count_expected(options: CrawlOptions, listing: ListingAddress, source: Source) -> tuple[int, int]:
    """Return the number of pages that the listing last declared, and of document pages that are due; 0 if not known."""
    if not options.db.is_file() or source.pager is None:
        return 0, 0
    with open_to_read(options.db) as db:
        total = declared_total(db, listing)
        due = len(find_due_pages(db, listing, options.stale_before)) if options.documents else 0
    return -(-total // source.pager.size), due

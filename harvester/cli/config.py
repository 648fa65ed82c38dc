"""`harvester config`: shows and checks the configuration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from harvester.cli.commands import json_option
from harvester.config.loader import Read
from harvester.config.render import example, in_force

if TYPE_CHECKING:
    from harvester.config.loader import SettingsError
    from harvester.source import Source


@click.command()
@click.option("--example", "as_example", is_flag=True, help="Print a file with every key, explained.")
@json_option
@click.pass_obj
def config(read: Read | None, as_example: bool, as_json: bool) -> None:
    """Show what is in force and from where, and check it.

    Examples:
        harvester config
        harvester config --example > harvester.toml

    """
    if as_example:
        click.echo(example(), nl=False)
        return
    if read:
        check_archives(read)
    lines = list(in_force(read or Read()))
    if as_json:
        click.echo(json.dumps([dict(zip(("key", "value", "from"), line, strict=True)) for line in lines]))
        return
    click.echo(str(read.file.absolute()) if read and read.file else "no harvester.toml here: all is as it is by itself")
    widths = [max(len(line[column]) for line in lines) for column in (0, 1)]
    for key, value, origin in lines:
        click.echo(f"{key:<{widths[0]}}  {value:<{widths[1]}}  {origin}")


def check_archives(read: Read) -> None:
    """Raise SettingsError if a name is of no archive or listing, or a listing cannot be walked as its schedule says."""
    from harvester.registry import load_sources

    sources = load_sources()
    settings = read.settings
    for name in settings.sources:
        _known(read, ("sources", name), name, sources)
    for name, listing in settings.listings.items():
        if name in sources:
            raise read.error_at(("listings", name), f'"{name}" is an archive, too; give the listing another name')
        _known(read, ("listings", name, "source"), listing.source, sources)
    for name, schedule in settings.schedules.items():
        if schedule.harvest not in settings.listings:
            _known(read, ("schedules", name, "harvest"), schedule.harvest, sources, tuple(settings.listings))
        _walkable(read, name, sources)


def _known(
    read: Read, path: tuple[str, ...], name: str, sources: dict[str, Source], listings: tuple[str, ...] = ()
) -> None:
    if name in sources:
        return
    import difflib

    names = [*sources, *listings]
    near = difflib.get_close_matches(name, names, n=1)
    told = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names)}"
    raise read.error_at(path, f'there is no archive{" or listing" if listings else ""} "{name}"; {told}')


def _walkable(read: Read, name: str, sources: dict[str, Source]) -> None:
    """Raise SettingsError if the listing of a schedule does not exist or cannot be walked incrementally."""
    from harvester.crawl.options import Order
    from harvester.errors import UsageError

    schedule = read.settings.schedules[name]
    listing = read.settings.listings.get(schedule.harvest)
    source = sources[listing.source if listing else schedule.harvest]
    order = Order(listing=(listing.url if listing else None) or "", search=(listing.search if listing else None) or "")
    try:
        order.address(source)
    except UsageError as error:
        raise _wrong_listing(read, name, str(error)) from error
    if schedule.incremental:
        try:
            Order(listing=order.listing, search=order.search, until_known=1).address(source)
        except UsageError as error:
            said = "this listing does not show new records first; leave it out: every walk is a full one"
            raise read.error_at(("schedules", name, "incremental"), said) from error


def _wrong_listing(read: Read, name: str, said: str) -> SettingsError:
    harvest = read.settings.schedules[name].harvest
    if harvest in read.settings.listings:
        return read.error_at(("listings", harvest), said)
    return read.error_at(("schedules", name, "harvest"), said)

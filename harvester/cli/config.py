"""`harvester config`: shows and checks the configuration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from harvester.cli.commands import json_option
from harvester.config.loader import LoadedConfig
from harvester.config.render import example, in_force
from harvester.config.toml_file import suggestion

if TYPE_CHECKING:
    from harvester.config.toml_file import SettingsError
    from harvester.source import Source


@click.command()
@click.option("--example", "as_example", is_flag=True, help="Print a file with every key, explained.")
@json_option
@click.pass_obj
def config(loaded: LoadedConfig | None, as_example: bool, as_json: bool) -> None:
    """Show what is in force and from where, and check it.

    Examples:
        harvester config
        harvester config --example > harvester.toml

    """
    if as_example:
        click.echo(example(), nl=False)
        return
    if loaded:
        check_archives(loaded)
    lines = list(in_force(loaded or LoadedConfig()))
    if as_json:
        click.echo(json.dumps([dict(zip(("key", "value", "from"), line, strict=True)) for line in lines]))
        return
    click.echo(
        str(loaded.file.absolute()) if loaded and loaded.file else "no harvester.toml here: all is as it is by itself"
    )
    widths = [max(len(line[column]) for line in lines) for column in (0, 1)]
    for key, value, origin in lines:
        click.echo(f"{key:<{widths[0]}}  {value:<{widths[1]}}  {origin}")


def check_archives(loaded: LoadedConfig) -> None:
    """Raise SettingsError if a name is of no archive or listing, or a listing cannot be walked as its schedule says."""
    from harvester.registry import load_sources

    sources = load_sources()
    settings = loaded.settings
    for name in settings.sources:
        _check_name(loaded, ("sources", name), name, sources)
    for name, listing in settings.listings.items():
        if name in sources:
            raise loaded.error_at(("listings", name), f'"{name}" is an archive, too; give the listing another name')
        _check_name(loaded, ("listings", name, "source"), listing.source, sources)
    for name, schedule in settings.schedules.items():
        if schedule.harvest not in settings.listings:
            _check_name(loaded, ("schedules", name, "harvest"), schedule.harvest, sources, tuple(settings.listings))
        _check_walkable(loaded, name, sources)


def _check_name(
    loaded: LoadedConfig, path: tuple[str, ...], name: str, sources: dict[str, Source], listings: tuple[str, ...] = ()
) -> None:
    if name in sources:
        return
    hint = suggestion(name, [*sources, *listings])
    raise loaded.error_at(path, f'there is no archive{" or listing" if listings else ""} "{name}"; {hint}')


def _check_walkable(loaded: LoadedConfig, name: str, sources: dict[str, Source]) -> None:
    """Raise SettingsError if the listing of a schedule does not exist or cannot be walked incrementally."""
    from harvester.crawl.options import CrawlOptions
    from harvester.errors import UsageError

    schedule = loaded.settings.schedules[name]
    listing = loaded.settings.listings.get(schedule.harvest)
    source = sources[listing.source if listing else schedule.harvest]
    options = CrawlOptions(
        listing=(listing.url if listing else None) or "", search=(listing.search if listing else None) or ""
    )
    try:
        options.address(source)
    except UsageError as error:
        raise _wrong_listing(loaded, name, str(error)) from error
    if schedule.incremental:
        try:
            CrawlOptions(listing=options.listing, search=options.search, until_known=1).address(source)
        except UsageError as error:
            message = "this listing does not show new records first; leave it out: every walk is a full one"
            raise loaded.error_at(("schedules", name, "incremental"), message) from error


def _wrong_listing(loaded: LoadedConfig, name: str, message: str) -> SettingsError:
    harvest = loaded.settings.schedules[name].harvest
    if harvest in loaded.settings.listings:
        return loaded.error_at(("listings", harvest), message)
    return loaded.error_at(("schedules", name, "harvest"), message)

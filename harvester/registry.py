"""The registry of sources by name. Scrapy's loader (`harvester.crawl.spiders`) finds their spiders by these names."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from harvester import spiders
from harvester.errors import UsageError
from harvester.source import Source
from harvester.urls import host_of

if TYPE_CHECKING:
    from harvester.model import Capture


@cache
def load_sources() -> dict[str, Source]:
    """Return every archive of which there is a file in `spiders`, by name."""
    modules = [import_module(f"{spiders.__name__}.{found.name}") for found in iter_modules(spiders.__path__)]
    definitions = [getattr(value, "source", value) for module in modules for value in vars(module).values()]
    sources = {value for value in definitions if isinstance(value, Source)}
    return {source.name: source for source in sorted(sources, key=lambda source: source.name)}


def choose_sources(name: str | None) -> tuple[Source, ...]:
    """Return the archive of that name, or all of them if none is named."""
    sources = load_sources()
    if name is None:
        return tuple(sources.values())
    if name not in sources:
        raise UsageError(f"no source “{name}”: there are {', '.join(sources)}")
    return (sources[name],)


def sources_for(capture: Capture, sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """Return the archives that a capture can be of: the one whose host it is from, else all."""
    host = host_of(capture.uri)
    return tuple(source for source in sources if host in source.hosts) or sources

"""Finds archives by name, through Scrapy's own loader; it starts no reactor."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from harvester.errors import UsageError

if TYPE_CHECKING:
    from harvester.capture import Capture
    from harvester.source import Source

SETTINGS_MODULE = "harvester.crawl.settings"


def load_sources() -> dict[str, Source]:
    """Give every archive that has a spider, by name."""
    settings = Settings()
    settings.setmodule(SETTINGS_MODULE)
    loader = SpiderLoader.from_settings(settings)
    return {name: loader.load(name).source for name in sorted(loader.list())}  # type: ignore[attr-defined]


def choose_sources(name: str | None) -> tuple[Source, ...]:
    """Give the archive of that name, or all of them if none is named."""
    sources = load_sources()
    if name is None:
        return tuple(sources.values())
    if name not in sources:
        raise UsageError(f"no source “{name}”: there are {', '.join(sources)}")
    return (sources[name],)


def sources_for(capture: Capture, sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """Give the archives that a capture can be of: the one whose host it is from, else all."""
    host = urlsplit(capture.uri).hostname or ""
    return tuple(source for source in sources if host in source.hosts) or sources

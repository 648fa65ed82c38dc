"""The registry of sources by name. Scrapy's loader (`harvester.crawl.spiders`) finds their spiders by these names."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from harvester import spiders
from harvester.errors import UsageError
from harvester.source import Source
from harvester.urls import host_of

if TYPE_CHECKING:
    from harvester.model import Capture


FOLDER = "HARVESTER_SOURCES"
"""The environment variable that names the folder of the user's definitions."""
PLATFORMS = Path(spiders.__path__[0]) / "platforms"
"""The definitions of software that many archives run on."""
config_file: Path | None = None
"""The configuration that the command line was given; otherwise that of the environment, or that of this folder."""


def sources_folder() -> Path:
    """Return the folder of the user's definitions: `sources` beside the configuration, unless the environment says."""
    folder = os.environ.get(FOLDER)
    if folder:
        return Path(folder)
    return (config_file or Path(os.environ.get("HARVESTER_CONFIG") or "harvester.toml")).parent / "sources"


def load_sources() -> dict[str, Source]:
    """Return every archive that is known, by name: those in `spiders/`, and the user's own, which replace these."""
    return _load(sources_folder().absolute())


@cache
def _load(folder: Path) -> dict[str, Source]:
    modules = [import_module(f"{spiders.__name__}.{found.name}") for found in iter_modules(spiders.__path__)]
    definitions = [getattr(value, "source", value) for module in modules for value in vars(module).values()]
    sources = {value.name: value for value in definitions if isinstance(value, Source)}
    sources |= {file.stem: load_definition(file) for file in definition_files(folder)}
    return dict(sorted(sources.items()))


def definition_files(folder: Path) -> list[Path]:
    """Return the definitions in a folder."""
    return sorted(folder.glob("*.toml"))


def load_definition(file: Path) -> Source:
    """Return the source that a file defines."""
    from harvester.definitions import loader  # pydantic takes its time, and is not needed without a definition

    return loader.load_definition(file, PLATFORMS)


def choose_sources(name: str | None) -> tuple[Source, ...]:
    """Return the archive of that name, or all of them if none is named."""
    sources = load_sources()
    if name is None:
        return tuple(sources.values())
    if name not in sources:
        raise UsageError(f"no source “{name}”: there are {', '.join(sources)}")
    return (sources[name],)


def find_source(target: str, sources: tuple[Source, ...]) -> Source | None:
    """Return the archive of that name, or the one at whose host that address is; None if there is none."""
    try:
        host = host_of(target)
    except ValueError:  # not an address, such as http://[
        host = ""
    return next((source for source in sources if target == source.name or host in source.hosts), None)


def sources_for(capture: Capture, sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """Return the archives that a capture can be of: the one whose host it is from, else all."""
    host = host_of(capture.uri)
    return tuple(source for source in sources if host in source.hosts) or sources

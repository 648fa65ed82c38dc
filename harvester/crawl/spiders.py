"""A spider for each archive, where Scrapy's loader finds it.

They are made of the archives' sources: with a spider in the archive's own file, everything that reads saved pages would
have to import Scrapy. An archive that needs more than its Source may still have a spider of its own there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.crawl.spider import ArchiveSpider
from harvester.registry import load_sources

if TYPE_CHECKING:
    from harvester.source import Source


def spider_of(name: str) -> type[ArchiveSpider]:
    """Make the spider of an archive that is known by that name."""
    return spider_for(load_sources()[name])


def spider_for(source: Source) -> type[ArchiveSpider]:
    """Make the spider of an archive."""
    namespace = {"__module__": __name__, "__doc__": f"Harvests {source.title}.", "name": source.name, "source": source}
    return type(f"{source.name.title()}Spider", (ArchiveSpider,), namespace)


_own = {spider.name for spider in ArchiveSpider.__subclasses__()}
globals().update({name: spider_of(name) for name in load_sources() if name not in _own})

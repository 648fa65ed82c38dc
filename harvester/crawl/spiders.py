"""A spider for each archive, where Scrapy's loader finds it.

They are made of the archives' sources: with a spider in the archive's own file, everything that reads saved pages would
have to import Scrapy. An archive that needs more than its Source may still have a spider of its own there.
"""

from __future__ import annotations

from harvester.crawl.spider import ArchiveSpider
from harvester.registry import load_sources


def spider_of(name: str) -> type[ArchiveSpider]:
    """Make the spider of an archive."""
    source = load_sources()[name]
    namespace = {"__module__": __name__, "__doc__": f"Harvests {source.title}.", "name": name, "source": source}
    return type(f"{name.title()}Spider", (ArchiveSpider,), namespace)


_own = {spider.name for spider in ArchiveSpider.__subclasses__()}
globals().update({name: spider_of(name) for name in load_sources() if name not in _own})

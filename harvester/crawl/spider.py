"""The base of all spiders: it fetches addresses and makes captures of the answers. It knows no table."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import scrapy

if TYPE_CHECKING:
    from harvester.source import Source


class ArchiveSpider(scrapy.Spider):
    """Harvests one archive."""

    source: ClassVar[Source]

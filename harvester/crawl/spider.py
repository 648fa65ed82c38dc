"""The base of all spiders: it fetches addresses and makes captures of the answers. It knows no table."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote, urlsplit

import scrapy

from harvester.capture import Capture
from harvester.pages.page import Problem
from harvester.paths import default_database
from harvester.readers.files import PassedOver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.http import Response
    from twisted.python.failure import Failure

    from harvester.source import Source


class ArchiveSpider(scrapy.Spider):
    """Harvests start addresses of one archive, `file:` and `http:` alike, into the database `db`.

    Several addresses are separated by white space.
    """

    source: ClassVar[Source]

    def __init__(self, start: str = "", db: str | None = None, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.addresses = start.split()
        self.db = db or str(default_database())
        self.command = f"scrapy crawl {self.name} -a start={start}"
        self.finish_reason = ""

    async def start(self) -> AsyncIterator[Any]:
        """Ask for every start address; answers of any status are captures too."""
        for address in self.addresses:
            yield scrapy.Request(
                address,
                callback=self.capture,
                errback=self.failed,
                dont_filter=True,
                meta={"handle_httpstatus_all": True},
            )

    def capture(self, response: Response) -> Iterator[Capture]:
        """Make a capture of an answer. A file's date is no evidence of when the page was had."""
        local = urlsplit(response.url).scheme == "file"
        yield Capture(
            response.url,
            response.body,
            captured_at=None if local else datetime.now(UTC),
            file=str(Path(unquote(urlsplit(response.url).path))) if local else None,
            http_status=None if local else response.status,
        )

    def failed(self, failure: Failure) -> Iterator[PassedOver]:
        """Keep why an address gave no answer."""
        request = failure.request  # type: ignore[attr-defined]
        message = f"no answer ({failure.getErrorMessage()}): check the address, then run this again"
        yield PassedOver(request.url, Problem("error", "no-answer", message))

    def closed(self, reason: str) -> None:
        """Remember why the crawl ended: `finished`, `shutdown` (asked to stop), or a fault."""
        self.finish_reason = reason

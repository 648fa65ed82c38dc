"""The options of a live harvest, and its budget of requests and time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harvester.errors import UsageError
from harvester.politeness import REFRESH_AFTER_DAYS, RESUME_WITHIN_HOURS, agreed_delay
from harvester.urls import is_ordered, listing_for, listing_of
from harvester.utils import default_database, utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from harvester.source import Source
    from harvester.urls import ListingAddress


class CrawlBudget:
    """How many requests and how much time a run may use, and has used, by the monotonic clock."""

    def __init__(self, requests: int | None, seconds: float | None) -> None:
        self._requests = requests
        self._seconds = seconds
        self._began = time.monotonic()
        self._sent = 0

    def count(self) -> None:
        """Count a request, whatever for."""
        self._sent += 1

    @property
    def spent(self) -> str | None:
        """Return what is used up, if something is."""
        if self._requests is not None and self._sent >= self._requests:
            return f"its budget of {self._requests} requests is used up; the next run goes on from here"
        if self._seconds is not None and time.monotonic() - self._began >= self._seconds:
            return f"its budget of {self._seconds:g} seconds is used up; the next run goes on from here"
        return None


def _yes(text: str) -> bool:
    return text.lower() in ("1", "yes", "true")


ARGUMENTS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "listing": ("listing", str),
    "search": ("search", str),
    "base_url": ("base", str),
    "max_pages": ("most_pages", int),
    "until_known": ("until_known", int),
    "max_requests": ("most_requests", int),
    "max_seconds": ("most_seconds", float),
    "documents": ("documents", _yes),
    "accept_removals": ("accept_removals", _yes),
    "delay": ("delay", float),
    "db": ("db", Path),
    "captures": ("captures", Path),
    "refresh_after": ("refresh_after", float),
    "resume_within": ("resume_within", float),
}
"""Scrapy's arguments, the fields that they fill, and how they are read."""


@dataclass(frozen=True)
class CrawlOptions:
    """The options of a live harvest.

    `base` is another place where the same archive is served. `refresh_after`: the days after which a document page is
    read again. `resume_within`: the hours within which a walk must have begun to be gone on with.
    """

    listing: str = ""
    search: str = ""
    base: str | None = None
    most_pages: int | None = None
    until_known: int | None = None
    most_requests: int | None = None
    most_seconds: float | None = None
    documents: bool = True
    delay: float | None = None
    db: Path = field(default_factory=default_database)
    captures: Path | None = None
    refresh_after: float = REFRESH_AFTER_DAYS
    resume_within: float = RESUME_WITHIN_HOURS
    accept_removals: bool = False
    command: str = "harvest"

    @property
    def stale_before(self) -> str:
        """The time before which a document page must have been read to be read again."""
        return utc_timestamp(datetime.now(UTC) - timedelta(days=self.refresh_after))

    @property
    def resumed_since(self) -> str:
        """The time since which a walk must have begun to be gone on with."""
        return utc_timestamp(datetime.now(UTC) - timedelta(hours=self.resume_within))

    def address(self, source: Source) -> ListingAddress:
        """Return the listing that is meant: an address of it, a search, or the whole archive."""
        if source.pager is None:
            raise UsageError(f"{source.name} has no live listing that is known: give saved pages")
        if self.base is not None and not _is_place(self.base):
            raise UsageError(f"{self.base} is no web address of an archive: begin it with http:// or https://")
        found = listing_of(self.listing, source) if self.listing else listing_for(source, self.search)
        if found is None:
            example = listing_for(source, "TEXT").url
            raise UsageError(f"{self.listing} is no listing of {source.name}: copy the address of one, like {example}")
        if self.listing and self.search:
            raise UsageError("--search is for the whole archive: give either it or the address of a listing")
        if self.until_known is not None and not is_ordered(found, source):
            raise UsageError("--until-known needs a listing that shows new records first: leave it out for this one")
        return found

    def agreed_delay(self, source: Source, place: str | None = None) -> float:
        """Return the seconds between requests to the archive, or to `place`."""
        address = self.base or place or source.root()
        return 0.0 if address.startswith("file:") else agreed_delay(self.delay, address)

    @classmethod
    def of_arguments(cls, arguments: dict[str, str], command: str) -> CrawlOptions:
        """Return the options from Scrapy's arguments (`-a search=TEXT -a max_pages=3`)."""
        unknown = set(arguments) - set(ARGUMENTS)
        if unknown:
            raise UsageError(f"no argument {min(unknown)}: there are {', '.join(sorted(ARGUMENTS))}")
        return cls(command=command, **{ARGUMENTS[name][0]: _read(name, text) for name, text in arguments.items()})


def _is_place(base: str) -> bool:
    """Return whether an archive may be served there."""
    try:
        parts = urlsplit(base)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # no port has this number
        return False


def _read(name: str, text: str) -> Any:
    try:
        return ARGUMENTS[name][1](text)
    except ValueError as error:
        raise UsageError(f"{name}={text} cannot be read: {error}") from error

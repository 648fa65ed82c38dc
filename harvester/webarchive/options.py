"""What of a web archive is harvested, and how."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from harvester import __version__
from harvester.errors import UsageError
from harvester.parsers.dates import read_date
from harvester.politeness import REFRESH_AFTER_DAYS, agreed_delay
from harvester.utils import default_database
from harvester.webarchive.place import FIRST_YEAR, INTERNET_ARCHIVE, WebArchive, moment_of, played_back

if TYPE_CHECKING:
    from pathlib import Path

    from harvester.webarchive.listing import Versions

_NO_SCHEME = re.compile(r"^(https?://[^?#]*?/(?:\d{4,14}|\d{0,13}\*)/)(?!https?:)(?=[\w.-]+\.\w)", re.IGNORECASE)
"""Matches what stands before a captured address without `http://`: web archives take it in so short a form."""
BEGINNING = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class WebArchiveOptions:
    """The options of a harvest of a web archive.

    `page` is the address of the only page that is wanted. `refresh_after`: the days after which a capture is asked for
    again that was not playable. `list_only`: only the index is asked.
    """

    archive: WebArchive = field(default_factory=lambda: WebArchive(INTERNET_ARCHIVE))
    since: datetime = BEGINNING
    until: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    versions: Versions = "changed"
    page: str | None = None
    most_requests: int | None = None
    most_seconds: float | None = None
    delay: float | None = None
    db: Path = field(default_factory=default_database)
    captures: Path | None = None
    refresh_after: float = REFRESH_AFTER_DAYS
    contact: str | None = None
    command: str = "harvest"
    list_only: bool = False

    @property
    def agreed_delay(self) -> float:
        """The seconds between two captures."""
        return agreed_delay(self.delay, self.archive.url)

    @property
    def agent(self) -> str:
        """How the harvester names itself."""
        agent = f"archive-harvester/{__version__}"
        return f"{agent} (+{self.contact})" if self.contact else agent

    @property
    def retry_before(self) -> datetime:
        """The time before which a capture must have been requested in vain to be requested again."""
        return datetime.now(UTC) - timedelta(days=self.refresh_after)


@dataclass(frozen=True)
class WebArchiveTarget:
    """What an address of a web archive means: a source, perhaps one page of it, and a span of time."""

    archive: WebArchive
    address: str
    since: datetime | None
    until: datetime | None

    @property
    def page(self) -> str | None:
        """The address of the only page that is meant; None if every page is."""
        path = self.address.partition("://")[2].partition("/")[2]
        return None if path in ("", "*") or self.address.endswith("*") else self.address


def read_target(target: str) -> WebArchiveTarget | None:
    """Return what a target means that is an address of a web archive, as copied from a browser; else None.

    The digits of its time are a span: a year, a day, one second. `*` stands for any time, or for any page.
    """
    played = played_back(_NO_SCHEME.sub(r"\1http://", target))
    if played is None:
        return None
    since, until = moment_of(played.time), moment_of(played.time, end=True)
    return WebArchiveTarget(WebArchive.at(played.place), played.address, since, until)


def read_span_end(text: str, *, end: bool = False) -> datetime:
    """Return the first second of a date in EDTF, or with `end` the last one. Raise UsageError."""
    date = read_date(text)
    day = date.last_day if end else date.first_day
    if date.edtf != text or day is None:
        raise UsageError(f"{text!r} is no date: write 2015, 2015-06 or 2015-06-01")
    time = "235959" if end else "000000"
    moment = moment_of(day.replace("-", "") + time)
    if moment is None:
        raise UsageError(f"{text!r} is no date: write 2015, 2015-06 or 2015-06-01")
    return moment

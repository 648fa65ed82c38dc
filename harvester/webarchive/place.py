"""The addresses of a web archive: where it plays captures back, and where it may have an index of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import urlencode, urlsplit

from harvester.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

FIRST_YEAR = 1996
"""The Internet Archive has nothing older."""
INTERNET_ARCHIVE = "https://web.archive.org/web"
INTERNET_ARCHIVE_HOSTS = frozenset({"web.archive.org", "archive.org", "www.archive.org", "wayback.archive.org"})
Dialect = Literal["cdx", "cdxj", "timemap"]
"""`cdx`: the Internet Archive's server, which continues by resumeKey; `cdxj`: pywb's; `timemap`: Memento (RFC 7089)."""
_PLAYED_BACK = re.compile(r"(?P<place>.*?)/(?P<time>\d{4,14}|\*)(?:[a-z]{2}_|\*)?/+(?P<address>https?:/.*)", re.DOTALL)
"""The path of a page that a web archive plays back: a timestamp, then the captured address."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Played(NamedTuple):
    """An address of a web archive, taken apart: where it plays back, the digits of the time, what was captured."""

    place: str
    time: str
    address: str


@dataclass(frozen=True)
class WebArchive:
    """A web archive; `url` is the address before the timestamps of the captures that it plays back."""

    url: str

    @classmethod
    def at(cls, address: str) -> WebArchive:
        """Return the web archive at an address: where it plays back, or that of its index. Raise UsageError."""
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError:  # a port that no port can be
            parts, port = urlsplit(""), None
        if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
            raise UsageError(f"{address} is no address of a web archive: write one like {INTERNET_ARCHIVE}")
        if parts.hostname in INTERNET_ARCHIVE_HOSTS:
            return cls(INTERNET_ARCHIVE)
        path = parts.path.rstrip("/")
        if path.endswith("/cdx/search/cdx"):
            path = path.removesuffix("/cdx/search/cdx") + "/web"
        return cls(parts._replace(path=path.removesuffix("/cdx"), query="", fragment="").geturl())

    @property
    def host(self) -> str:
        """Its host, with a port if one is named."""
        return urlsplit(self.url).netloc

    def capture_url(self, captured_at: datetime, address: str) -> str:
        """Return where a capture is played back as it came from its site, without anything written into it (`id_`)."""
        return f"{self.url}/{stamp(captured_at)}id_/{address}"

    def indexes(self) -> tuple[tuple[Dialect, str], ...]:
        """Return where its index may be, each with the dialect that is spoken there."""
        root = urlsplit(self.url)._replace(path="").geturl()
        cdx: tuple[Dialect, str] = ("cdx", f"{root}/cdx/search/cdx")
        if self.url == INTERNET_ARCHIVE:
            return (cdx,)
        return (("cdxj", f"{self.url}/cdx"), cdx, ("timemap", f"{self.url}/timemap/link"))

    def has(self, url: str) -> bool:
        """Return whether an address is of this web archive: an index may name any other."""
        try:
            parts, own = urlsplit(url), urlsplit(self.url)
        except ValueError:
            return False
        return parts.scheme in ("http", "https") and parts.netloc == own.netloc


def played_back(url: str) -> Played | None:
    """Return the parts of an address that a web archive plays back; None if it is no such address."""
    try:
        parts = urlsplit(url)
    except ValueError:  # not an address, such as http://[
        return None
    rest = url.partition(parts.netloc)[2] if parts.scheme in ("http", "https") and parts.hostname else ""
    found = _PLAYED_BACK.fullmatch(rest)
    if found is None:
        return None
    address = re.sub(r"^(https?):/+", r"\1://", found["address"])
    return Played(f"{parts.scheme}://{parts.netloc}{found['place']}", found["time"].strip("*"), address)


def captured_address(address: str) -> str:
    """Return the address of a capture without a port that goes without saying: old indexes name it (`:80`)."""
    try:
        parts = urlsplit(address)
        default = parts.port == _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return address
    return parts._replace(netloc=parts.netloc.rpartition(":")[0]).geturl() if default and parts.port else address


def stamp(moment: datetime) -> str:
    """Return a time as web archives write it: 14 digits."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")


def moment_of(digits: str, *, end: bool = False) -> datetime | None:
    """Return the time that up to 14 digits mean: their first second, or with `end` their last; None if there is none.

    20150931 is no day, but some indexes have such a time.
    """
    if not re.fullmatch(r"\d{4}(?:\d\d){0,5}", digits, re.ASCII):
        return None
    missing = "99991231235959"[len(digits) :] if end else "00000101000000"[len(digits) :]
    text = digits + missing
    for day in ("", "30", "29", "28"):  # the last day of a month that is shorter
        whole = text[:6] + day + text[8:] if day and end and len(digits) < 8 else text
        try:
            return datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def query_url(index: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Return the address of a query of an index."""
    return f"{index}?{urlencode(list(parameters))}"

"""From what pages teach to how their archive is addressed: its host, the paths of its records, and how pages follow."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harvester.learn.learner import shapes_of, templates_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harvester.learn.addresses import Link
    from harvester.learn.learner import Learned
    from harvester.source import DateOrder

UNKNOWN = "archive.example.org"
"""Stands for a host that no page states."""
_PAGE_SEGMENT = re.compile(r"(.*?)((?:/[a-zA-Z]{1,10})?/[\w.-]*\{page\}[\w/.-]*)")
_WWW = re.compile(r"^ww[w0-9]+\.")
_MONTH_FIRST = re.compile(r"\.(?:gov|mil|us)$")
_DAY_FIRST = re.compile(r"\.(?:uk|ie|au|nz|in|de|at|ch|fr|be|nl|it|es|pt|br|ar|mx|cl|co|pe|pl|cz|ru|ua|gr|tr|il)$")
"""Hosts of countries that write dates of numbers with the month first, and with the day first."""
_HOST = re.compile(r"[\w-]+(\.[\w-]+)+")


@dataclass(frozen=True)
class Archive:
    """How an archive is addressed. `listing`, `page_path`: the pager's paths, if its pages are on the same host.

    `origin`: the beginning of its address, with another scheme than https and a port if it has these.
    """

    host: str
    origin: str
    hosts: tuple[str, ...]
    items: tuple[str, ...]
    listing: str | None = None
    page_path: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether a page states where the archive is."""
        return self.host != UNKNOWN

    @property
    def date_order(self) -> DateOrder | None:
        """How dates of numbers are written in its country; None if its host shows none, or one with both ways."""
        return "month-day" if _MONTH_FIRST.search(self.host) else "day-month" if _DAY_FIRST.search(self.host) else None


def archive_of(pages: Sequence[Learned], address: str = "", asked: Sequence[str] = ()) -> Archive:
    """Return how the archive of these pages is addressed.

    `address`: where it is, if the pages do not state it. `asked`: the addresses that the pages were captured from.
    """
    links = [link for page in pages for link in page.links]
    own = _host(address) or next(filter(None, (_host(page.address) for page in pages)), "")
    there = Counter(link.host for link in links)
    host = own or next((name for name, _ in there.most_common() if _HOST.fullmatch(name)), UNKNOWN)
    if links and own and not any(link.host in ("", own) for link in links):
        host = there.most_common(1)[0][0]  # the page only lists what is elsewhere
    aliases = tuple(name for name, _ in there.most_common() if name not in ("", host) and _same_site(name, host))
    near = {"", host, *aliases} if host == (own or host) else {host}
    items = templates_of([_on_host(link) for link in links if link.host in near])
    listing, page_path = _paths(pages[0]) if host == own or not own else (None, None)
    return Archive(host, _origin(host, [address, *asked]), aliases, items, listing, page_path)


def are_of_one(one: Learned, other: Learned) -> bool:
    """Return whether two pages are of the same archive: by the hosts that they state, else by links or columns."""
    hosts = _host(one.address), _host(other.address)
    if all(hosts):
        return _same_site(*hosts)
    same_columns = any(one.fields.columns) and one.fields.columns == other.fields.columns
    shapes = [shapes_of(replace(link, host=_WWW.sub("", link.host)) for link in page.links) for page in (one, other)]
    return same_columns or not shapes[0].isdisjoint(shapes[1])


def _host(address: str) -> str:
    host = urlsplit(address).hostname or ""
    return host if _HOST.fullmatch(host) else ""


def _origin(host: str, addresses: Sequence[str]) -> str:
    """Return the scheme and host of the address that is of that host; that with https if there is none."""
    there = [parts for parts in map(urlsplit, addresses) if parts.hostname == host]
    return f"{there[0].scheme}://{there[0].netloc.rpartition('@')[2]}" if there else f"https://{host}"


def _same_site(one: str, other: str) -> bool:
    return _WWW.sub("", one) == _WWW.sub("", other)


def _on_host(link: Link) -> Link:
    return replace(link, host="")


def _paths(page: Learned) -> tuple[str | None, str | None]:
    """Return the path of the listing, and the end of the path of its further pages, if these are counted in it."""
    pager = page.pager
    if pager is None or pager.next == "a":  # any link: nothing tells the one to the next page from others
        return None, None
    path = pager.path or urlsplit(page.address).path
    if pager.kind == "next" and not page.address:
        return None, None
    if pager.kind != "page_path":
        return (path, None) if path.startswith("/") and not re.search(r"[?#{}\s]", path) else (None, None)
    found = _PAGE_SEGMENT.fullmatch(path)
    return (found[1] or "/", found[2]) if found else (None, None)

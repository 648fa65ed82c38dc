"""Writes the short definition of an archive whose software is known: its platform, title and address."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from harvester.learn.confirm import LARGE, doubts_of_listings, key_of, read_by
from harvester.learn.learner import date_order_of
from harvester.learn.writer import PARAMETER, head_of, line_of
from harvester.model import Listing
from harvester.registry import PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harvester.learn.archive import Archive
    from harvester.learn.learner import Learned
    from harvester.model import Capture, Page
    from harvester.parsers.html.forms import EngineChoice

_MOST_PLATFORMS = 3
"""Platforms whose marks a page can have, as one that is built on another; with more they are no evidence."""


@dataclass(frozen=True)
class Short:
    """The definition that names a platform, as text, the pages as it reads them, and what speaks against it."""

    platform: str
    text: str
    read: tuple[Listing, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class _Platform:
    """A platform's own definition, as it is written."""

    name: str
    written: dict[str, Any]

    @property
    def pager(self) -> dict[str, Any]:
        """Its table of that name."""
        return self.written["pager"]  # type: ignore[no-any-return]

    @property
    def items(self) -> list[str]:
        """The addresses of its records."""
        items = self.written["items"]
        return [items] if isinstance(items, str) else items

    @property
    def declares(self) -> bool:
        """Whether its listings state what they have."""
        return bool(self.written["listing"]["declares"] != "nothing")

    def is_marked_on(self, page: Learned) -> bool:
        """Return whether a page has one of the texts that all listings of the software have."""
        signs = self.written["listing"].get("signs", [])
        return any(sign.encode() in page.data for sign in ([signs] if isinstance(signs, str) else signs))

    def counts_as(self, page: Learned) -> bool:
        """Return whether its parameter for pages is the one that the links of a page show, as far as they show one."""
        known = self.pager.get("page") or self.pager.get("offset") or "page"
        return page.pager is None or page.pager.kind not in ("page", "offset") or page.pager.name == known


def short_definition(
    pages: Sequence[Learned], captures: Sequence[Capture], archive: Archive, *, name: str, title: str
) -> Short | None:
    """Return the definition that names a platform; None if no platform's definition reads all that the pages declare.

    A page must declare the range of its records, or as many as it shows: nothing else proves that all are read.
    """
    known = [_Platform(file.stem, tomllib.loads(file.read_text("utf-8"))) for file in sorted(PLATFORMS.glob("*.toml"))]
    marked = [one for one in known if one.declares and all(map(one.is_marked_on, pages))]
    if len(marked) > _MOST_PLATFORMS:
        return None
    # As harvests read it, unless the page is so large that this would take seconds; what is no reading is found sooner.
    engines: list[EngineChoice] = ["fast", "auto"] if max(len(page.data) for page in pages) <= LARGE else ["fast"]
    for platform, items in product(filter(lambda one: all(map(one.counts_as, pages)), marked), ((), archive.items)):
        # the platform's own addresses of records are tried, then those that are seen
        lines = [*_where(platform, pages, archive, title, items)]
        text = "\n".join([*lines, *_pager(platform, pages, archive)])
        listings: tuple[Listing, ...] = ()
        for engine in engines:
            listings = _whole(read_by(text, name, captures, engine))
            if not listings:
                break
        if listings:
            doubts = tuple(doubts_of_listings(listings))
            lines = [*head_of(len(pages), doubts), *lines, *_pager(platform, pages, archive, listings)]
            return Short(platform.name, "\n".join(lines) + "\n", listings, doubts)
    return None


def _whole(read: Sequence[Page]) -> tuple[Listing, ...]:
    """Return the listings that are read, if they are all that was declared, each record once and with its title."""
    listings = [page for page in read if isinstance(page, Listing) and page.records]
    for page in listings:
        first, last = page.first or 1, page.last or page.declared_total
        keys, titles = {key_of(record) for record in page.records}, [record.title for record in page.records]
        whole = last is not None and last - first + 1 == len(titles) == len(keys) and all(titles) and None not in keys
        if not whole or any(problem.severity == "error" for problem in page.problems):
            return ()
    return tuple(listings) if len(listings) == len(read) else ()


def _where(
    platform: _Platform, pages: Sequence[Learned], archive: Archive, title: str, items: Sequence[str]
) -> Iterator[str]:
    """Yield what the definition says of where the archive is: its address is that of the page without the listing."""
    base, _ = _paths(platform, pages, archive)
    order = date_order_of(pages)
    yield line_of("platform", platform.name, "its definition reads all records that the pages declare")
    yield line_of("title", title)
    why = "the platform's own paths begin behind it" if base else ""
    yield line_of("address", archive.origin + base, why if archive.is_known else "no page states it: write it here")
    if archive.hosts:
        yield line_of("hosts", list(archive.hosts), "records link there, too")
    if items:
        yield line_of("items", list(items), "where records link here")
    if order:
        yield line_of("dates", order, "as all days after the twelfth show")


def _pager(
    platform: _Platform, pages: Sequence[Learned], archive: Archive, listings: Sequence[Listing] = ()
) -> Iterator[str]:
    """Yield what pages are addressed by, and how many records they show, where it is not as the platform's are."""
    _, path = _paths(platform, pages, archive)
    lines = [line_of("path", path, "the listing's own path")] if path else []
    full = [len(page.records) for page in listings if page.last not in (None, page.declared_total)]
    size = max(full, default=0)
    if size and size != platform.pager["size"]:
        lines.append(line_of("size", size, "records on a full page"))
        asked = {name: value for name, value in _parameters(pages) if value == str(size)}
        if asked:
            pairs = ", ".join(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in asked.items())
            lines.append(f"query = {{ {pairs} }}  # asks for so many")
    yield from ["[pager]", *lines] if lines else []


def _paths(platform: _Platform, pages: Sequence[Learned], archive: Archive) -> tuple[str, str | None]:
    """Return what stands before the platform's own paths, and the path of the listing if it is none of these."""
    known = platform.pager["path"].rstrip("/")
    path = (archive.listing or urlsplit(pages[0].address).path).rstrip("/")
    if path:
        return (path.removesuffix(known), None) if known and path.endswith(known) else ("", path)
    begins = [item.partition("{")[0] for item in platform.items]  # else the links of records show it
    there = [item.partition(begin)[0] for item in archive.items for begin in begins if begin != "/" and begin in item]
    return (there[0] if there else ""), None


def _parameters(pages: Sequence[Learned]) -> Iterator[tuple[str, str]]:
    """Yield the parameters of the addresses of the listing's pages, as far as definitions can have them."""
    for page in pages:
        for name, value in (*parse_qsl(urlsplit(page.address).query), *(page.pager.other if page.pager else ())):
            if PARAMETER.fullmatch(name) and (page.pager is None or name != page.pager.name):
                yield name, value

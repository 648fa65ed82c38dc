"""Pure functions of URLs: which listing a page belongs to, which page of it, and which item an address is of."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

if TYPE_CHECKING:
    from harvester.source import Addresses, Source


@lru_cache(maxsize=256)  # called several times for each page
def host_of(uri: str) -> str:
    """Return the host of a page's address; a file has none."""
    return urlsplit(uri).hostname or ""


class ListingAddress(NamedTuple):
    """The address of a listing, identified by its source, filters, search text and order.

    `url` is an address of the archive's own host for these, without a page.
    """

    source: str
    url: str
    filters: tuple[str, ...] = ()
    text: str = ""
    order: str = ""

    @property
    def key(self) -> str:
        """The listing's identity as text."""
        return f"{self.source}:url:{self.url}"

    @property
    def is_whole(self) -> bool:
        """Whether the listing contains all records of the archive, in any order."""
        return not self.filters and not self.text

    @property
    def name(self) -> str:
        """The name of the listing, as users see it."""
        parts = [f"“{self.text}”"] if self.text else []
        return " ".join([*parts, *self.filters]) or "whole archive"


@lru_cache(maxsize=256)  # the pages of a listing link one another
def listing_of(url: str, source: Source) -> ListingAddress | None:
    """Return the listing that an address is a page of; None if it is no listing's. Host and page do not matter."""
    pager = source.pager
    parts = urlsplit(url)
    if pager is None or not pager.path_pattern.fullmatch(parts.path):
        return None
    if source.addresses and source.addresses.parameters and item_url(url, source):  # a record at the listing's path
        return None
    query = _query(parts.query)
    filters = tuple(sorted({value for name, value in query if re.fullmatch(pager.filters, name)}))
    text = next((value for name, value in query if name == pager.text), "")
    order = next((value for name, value in query if name == pager.order), "")
    return ListingAddress(source.name, _address(source, filters, text, order), filters, text, order)


def listing_for(source: Source, text: str = "") -> ListingAddress:
    """Return the whole archive, or a search of it, in the order that lists new records first where there is one."""
    pager = source.pager
    order = (pager and pager.newest_first) or ""
    return ListingAddress(source.name, _address(source, (), text, order), (), text, order)


def is_ordered(listing: ListingAddress, source: Source) -> bool:
    """Return whether a listing shows new records first."""
    return bool(source.pager and source.pager.newest_first and listing.order == source.pager.newest_first)


def in_other_order(listing: ListingAddress, source: Source) -> ListingAddress | None:
    """Return the listing in the other order, new records first or the site's own; None if only one order is known."""
    newest_first = source.pager.newest_first if source.pager else None
    if newest_first is None:
        return None
    order = "" if listing.order == newest_first else newest_first
    url = _address(source, listing.filters, listing.text, order)
    return ListingAddress(listing.source, url, listing.filters, listing.text, order)


def item_url(url: str, source: Source) -> str | None:
    """Return an item's address without the parts that do not identify it; None if the address is not an item's.

    A slash at its end, a query (`?utm_source=…`), a fragment and needless codes (`%31` for `1`) do not identify it;
    nor do parameters that the source's addresses do not name.
    """
    parts = urlsplit(url)
    if source.addresses is None:
        return None
    path = (re.sub(r"%([0-9A-Fa-f]{2})", _decoded, parts.path) if "%" in parts.path else parts.path).rstrip("/")
    if source.addresses.parameters:
        path = _with_parameters(f"{path}?{parts.query}", source.addresses)
    if not source.addresses.pattern.fullmatch(path.removeprefix("/")):
        return None
    path, _, query = path.partition("?")
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def _with_parameters(path: str, addresses: Addresses) -> str:
    """Return a path with its query, without the parameters that identify no item."""
    before, _, query = path.partition("?")
    stated = {pair.partition("=")[0]: pair for pair in query.split("&")}
    kept = "&".join(stated[name] for name in addresses.parameters if name in stated)
    return f"{before}?{kept}" if kept else before


def _decoded(code: re.Match[str]) -> str:
    """Return the character of a code that is not needed (RFC 3986, 2.3), else the code in capitals."""
    letter = chr(int(code[1], 16))
    return letter if re.fullmatch(r"[A-Za-z0-9._~-]", letter) else code[0].upper()


def page_url(listing: ListingAddress, number: int, source: Source, base: str | None = None) -> str:
    """Return the address of a page of a listing, counted from 0; `base` is another place of the same archive."""
    assert source.pager is not None  # noqa: S101 - only a source with a pager has listings with addresses
    pager, parts = source.pager, urlsplit(listing.url)
    counted = str(pager.start + number * pager.step)
    queries = [parts.query] if parts.query else []
    if pager.next:
        pass  # the first page is meant: of those behind it only links tell
    elif pager.page_path is None:
        queries.append(f"{pager.parameter}={counted}")
    elif number:
        parts = parts._replace(path=parts.path.rstrip("/") + pager.page_path.replace("{page}", counted))
    queries += [urlencode(pager.query, quote_via=quote)] if pager.query else []
    url = parts._replace(query="&".join(queries)).geturl()
    return rebased(url, base) if base else url


@lru_cache(maxsize=256)
def page_number(url: str, source: Source) -> int | None:
    """Return which page of its listing an address is, counted from 0; None if the address does not say so."""
    listing = listing_of(url, source)
    if listing is None or source.pager is None:
        return None
    parts, pager = urlsplit(url), source.pager
    if pager.next:
        return 0 if urlsplit(page_url(listing, 0, source))[2:4] == parts[2:4] else None
    if pager.page_path is None:
        value = dict(_query(parts.query)).get(pager.parameter, str(pager.start))
    else:
        found = pager.path_pattern.fullmatch(parts.path)
        value = (found and found["page"]) or str(pager.start)
    return (int(value) - source.pager.start) // source.pager.step if re.fullmatch(r"\d{1,7}", value) else None


def at_every_host(uri: str, source: Source) -> list[str]:
    """Return the addresses of one page at all hosts of its archive."""
    parts = urlsplit(uri)
    query = f"?{parts.query}" if parts.query and source.addresses and source.addresses.parameters else ""
    return [f"{source.root(host)}{parts.path}{query}" for host in source.hosts]


def next_address(href: str, uri: str, source: Source) -> str | None:
    """Return the address that the link to the next page holds on the page `uri`; None if it leads to no other page."""
    try:
        target = canonical(urljoin(uri, href.strip()), source).partition("#")[0]
        listing, here = listing_of(target, source), listing_of(uri, source)
    except ValueError:  # not an address, such as http://[
        return None
    if listing is None or here is None or host_of(target) not in source.hosts:
        return None
    return target if target not in (uri, page_url(here, 0, source)) else None


def rebased(url: str, base: str) -> str:
    """Return an address moved to another host."""
    parts, at = urlsplit(url), urlsplit(base)
    return parts._replace(scheme=at.scheme, netloc=at.netloc, path=at.path.rstrip("/") + parts.path).geturl()


def canonical(url: str, source: Source, base: str | None = None) -> str:
    """Return an address on the archive's own host: hosts are aliases, and so is the place that `base` names."""
    parts, (scheme, host, *_) = urlsplit(url), urlsplit(source.root())
    if base and parts.netloc == urlsplit(base).netloc:
        path = parts.path.removeprefix(urlsplit(base).path.rstrip("/"))
        return parts._replace(scheme=scheme, netloc=host, path=path).geturl()
    return parts._replace(scheme=scheme, netloc=host).geturl() if parts.hostname in source.hosts else url


def _query(query: str) -> list[tuple[str, str]]:
    """Return the parameters of a query; doubly encoded names are decoded, empty values are left out."""
    pairs = parse_qsl(query)
    return [(unquote(unquote(name)), value.strip()) for name, value in pairs if value.strip()]


def _address(source: Source, filters: tuple[str, ...], text: str, order: str) -> str:
    assert source.pager is not None  # noqa: S101 - only a source with a pager has listings with addresses
    pager = source.pager
    pairs = [(f"f[{number}]", value) for number, value in enumerate(filters)]
    pairs += [(pager.text, text)] if text else []
    pairs += [(pager.order, order)] if order else []
    query = urlencode(pairs, quote_via=quote, safe="[]:")
    return f"{source.root()}{pager.path}" + (f"?{query}" if query else "")


# Web archives prefix the addresses that they archive with their own.
_KEPT = r"(?:(?:https?://web\.archive\.org)?/web/\d+[a-z_]*/)?"
_RESERVED = re.compile("(?i)%(?:2f|3f|23|25)")  # characters that would change their meaning without %
_KEPT_AS_THEY_ARE = "/?:;=@!$&'()*+,~.-_"
_REST = r"/?(?:[?#].*)?"
_DIGITS = "0123456789"


class Address(NamedTuple):
    """The address of an item, and the keys in it."""

    url: str
    slug: str | None = None
    record_id: str | None = None
    node_id: str | None = None


_FROM_ROOT = re.compile(r"\s*(?:[/#]|[a-zA-Z][a-zA-Z0-9+.-]*:)")


def read_link(href: str, source: Source) -> Address | None:
    """Return the address of an item of this archive to which a link on a listing's page leads; None if to none.

    Saved pages do not say in which folder they were: a link without one is taken to begin at the listing's, else at
    the root.
    """
    if not href or _FROM_ROOT.match(href):
        return read_address(href, source)
    listing = source.pager.path if source.pager else "/"
    joined = (urljoin(page, href.strip()) for page in (listing, "/"))
    places = dict.fromkeys(place if place.startswith("/") else f"/{place}" for place in joined)  # above the root: `../`
    return next(filter(None, (read_address(place, source) for place in places)), None)


def read_address(href: str, source: Source) -> Address | None:
    """Return the address of an item of this archive that a link holds; None if it is none."""
    if source.addresses is None:
        return None
    # The address of a page is read several times: by its parser, as its canonical link, by the store.
    read = _read_short if len(href) <= _SHORT else _read
    return read(href, source, source.addresses.path)


def read_file_address(href: str, source: Source) -> Address | None:
    """Return the address of a file of this archive that a link holds, with its node; None if it is none."""
    if source.addresses is None or source.addresses.file is None:
        return None
    return _read(href, source, source.addresses.file)


def _read(href: str, source: Source, path: str) -> Address | None:
    if " " in href or "\t" in href:  # browsers ignore tabs in addresses, and white space around them
        href = href.replace("\t", "").strip()
    found = _pattern(source.hosts, path).fullmatch(href)
    if found is None:
        return None
    plain = href.isascii() and "%" not in href  # as nearly all are
    groups = found.groupdict().items()
    keys = {name.rstrip(_DIGITS): value if plain else _percented(value) for name, value in groups if value}
    there = keys.pop("path")
    if source.addresses and "?" in there:
        there = _with_parameters(there, source.addresses)
    return Address(f"{source.root()}{there}", **keys)


_SHORT = 300
_read_short = lru_cache(maxsize=128)(_read)


def _percented(text: str) -> str:
    """Return an address as browsers send it, in one spelling: letters beyond ASCII with %, others without."""
    if (text.isascii() and "%" not in text) or _RESERVED.search(text):
        return text
    try:
        return quote(unquote(text, errors="strict"), safe=_KEPT_AS_THEY_ARE)
    except UnicodeDecodeError:  # in an encoding that the address does not name
        return text


@lru_cache(maxsize=64)
def _pattern(hosts: tuple[str, ...], path: str) -> re.Pattern[str]:
    host = "|".join(re.escape(name) for name in hosts)
    return re.compile(rf"{_KEPT}(?:(?i:https?:)?//(?i:{host})(?::\d+)?)?(?P<path>/(?:{path})){_REST}", re.DOTALL)

"""Whether a page of a listing links to one behind it, as “Next” does and the numbers of a pager do."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from harvester.addresses import canonical, host_of, listing_of, page_number

if TYPE_CHECKING:
    from harvester.capture import Capture
    from harvester.source import Source

_LINK = re.compile(rb"""<a\s[^<>]{0,2000}?href\s*=\s*["']?([^"'\s<>]{1,2000})""", re.IGNORECASE)


def links_onward(capture: Capture, source: Source) -> bool:
    """Say whether a capture of a listing's page links to a page of the same listing with a higher number."""
    listing, number = listing_of(capture.uri, source), page_number(capture.uri, source)
    if listing is None or number is None or source.pager is None:
        return False
    mark = f"{source.pager.parameter}=".encode()
    return any(
        mark in link and _leads_behind(unescape(link.decode("utf-8", "replace")), capture.uri, number, source)
        for link in _LINK.findall(capture.body)
    )


def _leads_behind(link: str, uri: str, number: int, source: Source) -> bool:
    try:
        target = canonical(urljoin(uri, link), source)
        listing, other = listing_of(target, source), page_number(target, source)
    except ValueError:  # no address at all, such as http://[
        return False
    if listing is None or other is None or other <= number or host_of(target) not in source.hosts:
        return False
    # Some pagers leave out what else the address says: `?page=3` alone.
    return listing == listing_of(uri, source) or not (listing.filters or listing.text or listing.order)

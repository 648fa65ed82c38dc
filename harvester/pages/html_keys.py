"""Which document a page is of: by the address that it was had from, and by what it says itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stringzilla import find, rfind

from harvester.pages.html_address import Address, read_address

if TYPE_CHECKING:
    from harvester.capture import Capture
    from harvester.html_source import DocumentForm
    from harvester.source import Source

_CANONICAL = re.compile(rb"<link\s(?=[^>]{0,500}?\brel=[\"']?canonical)[^>]{0,1000}>", re.IGNORECASE)
_HREF = re.compile(rb"\bhref=[\"']?([^\"'\s>]+)", re.IGNORECASE)
_DIGITS = re.compile(rb"\d{1,12}(?=\D)")  # something must follow: a page may be cut off between two digits
LONGEST_ADDRESS = 1000


def read_keys(capture: Capture, form: DocumentForm, source: Source) -> dict[str, str]:
    """Give what a page's own address and the page itself say of where it is: url, slug, record id, node id."""
    addresses = [read_address(capture.uri, source) if "//" in capture.uri else None, _canonical(capture.body, source)]
    keys: dict[str, str] = {}
    for address in filter(None, addresses):
        keys |= {name: value for name, value in address._asdict().items() if value and name not in keys}
    node_id = _node_id(capture.body, form)
    if node_id:
        keys.setdefault("node_id", node_id)
    return _with_url(keys, [address for address in addresses if address])


def _node_id(body: bytes, form: DocumentForm) -> str | None:
    for before in form.node_id:
        start = rfind(body, before)  # where it mostly stands, and faster to search for from there
        found = _DIGITS.match(body, start + len(before)) if start >= 0 else None
        if found:
            return found[0].decode()
    return None


def _with_url(keys: dict[str, str], addresses: list[Address]) -> dict[str, str]:
    """Prefer the address that has the slug: it is the one that the archive itself shows."""
    best = next((address for address in addresses if address.slug), addresses[0] if addresses else None)
    return keys | ({"url": best.url} if best else {})


def _canonical(body: bytes, source: Source) -> Address | None:
    head = find(body, b"<body")
    link = _CANONICAL.search(body, 0, head if head >= 0 else len(body))
    href = _HREF.search(link[0]) if link else None
    return read_address(href[1][:LONGEST_ADDRESS].decode("utf-8", "replace"), source) if href else None

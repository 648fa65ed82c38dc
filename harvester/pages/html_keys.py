"""Which document a page is of: by the address that it was had from, and by what it says itself."""

from __future__ import annotations

import json
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
_CURRENT_PATH = b'"currentPath"'
_STRING = re.compile(rb'\s{0,9}:\s{0,9}("(?:[^"\\]|\\.){0,200}")')
LONGEST_ADDRESS = 1000


def read_keys(capture: Capture, form: DocumentForm, source: Source) -> dict[str, str]:
    """Return what the page itself and its address say of where it is: url, slug, record id, node id.

    What it says of itself goes before the address: which page was asked for is known from the capture.
    """
    addresses = [_canonical(capture.body, source), read_address(capture.uri, source) if "//" in capture.uri else None]
    keys: dict[str, str] = {}
    for address in filter(None, addresses):
        keys |= {name: value for name, value in address._asdict().items() if value and name not in keys}
    node_id = _node_id(capture.body, form)
    if node_id:
        keys.setdefault("node_id", node_id)
    return _with_url(keys, [address for address in addresses if address])


def _node_id(body: bytes, form: DocumentForm) -> str | None:
    """Return the node that Drupal's settings, which are JSON, name as the page's path."""
    if form.node_path is None:
        return None
    start = rfind(body, _CURRENT_PATH)  # where it mostly stands, and faster to search for from there
    found = _STRING.match(body, start + len(_CURRENT_PATH)) if start >= 0 else None
    if found is None:
        return None
    try:
        path = json.loads(found[1])
    except ValueError:
        return None
    node = re.fullmatch(form.node_path, path)
    return node[1] if node else None


def _with_url(keys: dict[str, str], addresses: list[Address]) -> dict[str, str]:
    """Prefer the address that has the slug: it is the one that the archive itself shows."""
    best = next((address for address in addresses if address.slug), addresses[0] if addresses else None)
    return keys | ({"url": best.url} if best else {})


def _canonical(body: bytes, source: Source) -> Address | None:
    head = find(body, b"<body")
    link = _CANONICAL.search(body, 0, head if head >= 0 else len(body))
    href = _HREF.search(link[0]) if link else None
    return read_address(href[1][:LONGEST_ADDRESS].decode("utf-8", "replace"), source) if href else None

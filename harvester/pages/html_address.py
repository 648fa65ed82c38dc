"""Addresses of items and files, as links hold them and as they are known: hosts are aliases, scripts are no address."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from harvester.source import Source

# Web archives put their own address before the one that they keep.
_KEPT = r"(?:(?:https?://web\.archive\.org)?/web/\d+[a-z_]*/)?"
_RESERVED = re.compile("(?i)%(?:2f|3f|23|25)")  # what would be read otherwise without its %
_KEPT_AS_THEY_ARE = "/:;=@!$&'()*+,~.-_"
_REST = r"/?(?:[?#].*)?"


class Address(NamedTuple):
    """Where an item is, and the keys that this tells."""

    url: str
    slug: str | None = None
    record_id: str | None = None
    node_id: str | None = None


def read_address(href: str, source: Source) -> Address | None:
    """Read a link as the address of an item of this archive; None if it is none."""
    if source.addresses is None:
        return None
    return _read(href, source, source.addresses.path)


def read_file_address(href: str, source: Source) -> Address | None:
    """Read a link as the address of a file of this archive, with the node that it belongs to."""
    if source.addresses is None or source.addresses.file is None:
        return None
    return _read(href, source, source.addresses.file)


def _read(href: str, source: Source, path: str) -> Address | None:
    if " " in href or "\t" in href:  # browsers ignore tabs in addresses, and white space around them
        href = href.replace("\t", "").strip()
    found = _pattern(source.hosts, path).fullmatch(href)
    if found is None:
        return None
    keys = {name: _percented(value) if value else value for name, value in found.groupdict().items()}
    return Address(f"https://{source.hosts[0]}{keys.pop('path')}", **keys)


def _percented(text: str) -> str:
    """Return an address as browsers send it, letters beyond ASCII with %, others without: it has one spelling."""
    if (text.isascii() and "%" not in text) or _RESERVED.search(text):
        return text
    try:
        return quote(unquote(text, errors="strict"), safe=_KEPT_AS_THEY_ARE)
    except UnicodeDecodeError:  # in an encoding that the address does not tell
        return text


@lru_cache(maxsize=64)
def _pattern(hosts: tuple[str, ...], path: str) -> re.Pattern[str]:
    host = "|".join(re.escape(name) for name in hosts)
    return re.compile(rf"{_KEPT}(?:(?i:https?:)?//(?i:{host})(?::\d+)?)?(?P<path>/(?:{path})){_REST}", re.DOTALL)

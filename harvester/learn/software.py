"""What a page offers besides its blocks: the software that made it, a feed, an OAI-PMH endpoint, an ItemList."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harvester.learn.tree import Tree

_PLATFORMS = (
    ("atom", re.compile(rb'(?i)content="[^"]*\bAccess to Memory|\bAtoM \d|/plugins/arDominion')),
    ("archivesspace", re.compile(rb"(?i)ArchivesSpace")),
    ("omeka-s", re.compile(rb"(?i)/application/asset/|Omeka S\b")),
    ("omeka-classic", re.compile(rb"(?i)content=\"Omeka\b|Proudly powered by <a[^>]{0,80}omeka\.org")),
    ("dspace-6", re.compile(rb"(?i)content=\"DSpace [56]|/xmlui/|/jspui/")),
    ("dspace", re.compile(rb"(?i)<ds-app|content=\"DSpace")),
    ("vufind", re.compile(rb"(?i)content=\"VuFind|vufind")),
    ("blacklight", re.compile(rb"(?i)blacklight-|/blacklight")),
    ("drupal-views", re.compile(rb"(?i)\bviews-row\b|\bviews-table\b")),
)
_OAI = re.compile(rb"(?i)href=[\"']?([^\"'\s>]{0,200}(?:/oai(?:2|-pmh)?(?:/request)?|verb=Identify)[^\"'\s>]{0,80})")
_FEEDS = ("application/rss+xml", "application/atom+xml")
_ITEM_LIST = re.compile(rb"\"@type\"\s*:\s*\"ItemList\"")
_LOOKED_AT = 1_000_000


def platform_of(data: bytes) -> str | None:
    """Return the name of the platform whose marks a page has; None if none is recognised."""
    beginning = data[:_LOOKED_AT]
    return next((name for name, marks in _PLATFORMS if marks.search(beginning)), None)


def offers(tree: Tree, data: bytes) -> Iterator[str]:
    """Yield what may be read instead of the page, or tells more than it."""
    found = _OAI.search(data[:_LOOKED_AT])
    if found:
        yield f"OAI-PMH: {found[1].decode('utf-8', 'replace')} gives all records with their deletions"
    for element in tree.elements[:500]:
        if element.tag == "link" and element.attributes.get("type") in _FEEDS and element.attributes.get("href"):
            yield f"a feed: {element.attributes['href']} names the newest records"
            break
    if _ITEM_LIST.search(data[:_LOOKED_AT]):
        yield "an ItemList in JSON-LD: the page states its records for machines, too"

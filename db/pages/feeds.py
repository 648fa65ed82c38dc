"""Feeds of new and changed documents, for everything and for any search: Atom and JSON Feed.

Own code: both are a page, and must be safe for whatever titles hold. The ids never change, wherever it is published.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, tostring

from ..citations.citable import clean
from ..citations.dates import Date

if TYPE_CHECKING:
    from collections.abc import Sequence

ATOM = "http://www.w3.org/2005/Atom"
JSON_FEED = "https://jsonfeed.org/version/1.1"
NEVER = "1970-01-01T00:00:00Z"
ENTRIES = 50
AUTHOR = "Archive harvester"


@dataclass(frozen=True)
class FeedEntry:
    """An entry of a feed: a document."""

    id: str
    link: str
    title: str
    updated: str
    published: str
    summary: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Feed:
    """A feed: what it is of, where it is, and its entries, the latest change first."""

    title: str
    page: str
    address: str
    entries: tuple[FeedEntry, ...]

    @property
    def id(self) -> str:
        """The permanent id of the feed: its query, independent of the host."""
        return f"tag:archive-harvester,2026:feed:{urlsplit(self.page).query}"


def make_entry(row: dict[str, Any], link: str) -> FeedEntry:
    """Return the entry of a document. A change gives a new id, since feed readers would not show it again otherwise."""
    stated = Date(row["date"] or "", clean(row["date_text"]))
    date = stated.edtf if stated.parts else stated.printed or stated.edtf or "undated"
    tags = [clean(row["kind"]), "gone from the archive" if row["gone_at"] else ""]
    return FeedEntry(
        id=f"tag:archive-harvester,2026:{row['source']}:{row['key']}:{row['last_changed']}",
        link=link,
        title=f"{clean(row['title'])} ({date})",
        updated=row["last_changed"],
        published=row["first_seen"],
        summary=clean(row["summary"]),
        tags=tuple(tag for tag in tags if tag),
    )


def to_atom(feed: Feed) -> str:
    """Return the feed as Atom."""
    root = Element("feed", xmlns=ATOM)
    SubElement(root, "id").text = feed.id
    SubElement(root, "title").text = clean(feed.title)
    SubElement(root, "updated").text = max((entry.updated for entry in feed.entries), default=NEVER)
    SubElement(SubElement(root, "author"), "name").text = AUTHOR
    SubElement(root, "link", rel="self", type="application/atom+xml", href=feed.address)
    SubElement(root, "link", rel="alternate", type="text/html", href=feed.page)
    for entry in feed.entries:
        _atom_entry(SubElement(root, "entry"), entry)
    return tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _atom_entry(element: Element, entry: FeedEntry) -> None:
    SubElement(element, "id").text = clean(entry.id)
    SubElement(element, "title").text = entry.title
    SubElement(element, "link", rel="alternate", type="text/html", href=entry.link)
    SubElement(element, "updated").text = entry.updated
    SubElement(element, "published").text = entry.published
    for tag in entry.tags:
        SubElement(element, "category", term=tag)
    SubElement(element, "summary", type="text").text = entry.summary


def to_json_feed(feed: Feed) -> str:
    """Return the feed as JSON Feed 1.1."""
    content = {
        "version": JSON_FEED,
        "title": clean(feed.title),
        "home_page_url": feed.page,
        "feed_url": feed.address,
        "authors": [{"name": AUTHOR}],
        "items": [_json_item(entry) for entry in feed.entries],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _json_item(entry: FeedEntry) -> dict[str, Any]:
    return {
        "id": clean(entry.id),
        "url": entry.link,
        "title": entry.title,
        "content_text": entry.summary or entry.title,
        "date_published": entry.published,
        "date_modified": entry.updated,
        "tags": list(entry.tags),
    }


def make_entries(rows: Sequence[dict[str, Any]], links: Sequence[str]) -> tuple[FeedEntry, ...]:
    """Return the entries of documents; `links` are the addresses of their pages."""
    return tuple(make_entry(row, link) for row, link in zip(rows, links, strict=True))

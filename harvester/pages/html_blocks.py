"""Finds records in HTML by structure: a record is the block around a link to an item, one of several alike.

Navigation, filters and “featured” boxes hold links to items that are no records. Which group of blocks the records
are is told by where the page's text has them: behind the range line and before the end marker, in number as many as
the range line says.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from harvester.pages.html_address import Address, read_address
from harvester.pages.html_text import LINK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harvester.pages.markup import Engine, Node
    from harvester.source import Source

_CHROME = "nav, aside, footer"
MOST_LINKS = 2000
"""Links to items that are looked at; a page of an archive has fewer than 100."""


class Window(NamedTuple):
    """Where in a page's text records can stand."""

    text: str
    start: int
    end: int


class Found(NamedTuple):
    """A record: its block, the text of its link as it stands, and where that leads."""

    block: Node
    link: str
    address: Address


class _Link(NamedTuple):
    text: str
    address: Address
    path: list[Node]
    keys: list[int]


def find_blocks(engine: Engine, root: Node, window: Window, source: Source, count: int | None) -> list[Found]:
    """Find the records of a page: `count` of them if it says how many."""
    links = list(_links(engine, root, source))
    inside, outside = _by_place(links, window)
    if count == 1:
        return [_single(engine, inside[0], outside, window)] if inside else []
    groups = list(_groups(inside))
    exact = next((group for group in groups if len(group) == count), None)
    return exact or max(groups, key=len, default=[])


def _by_place(links: Sequence[_Link], window: Window) -> tuple[list[_Link], list[_Link]]:
    """Part the links that stand in the window from the others, by where the text has theirs, from its end on."""
    parted: tuple[list[_Link], list[_Link]] = ([], [])
    place = len(window.text)
    for link in reversed(links):
        place = window.text.rfind(LINK + link.text, 0, max(0, place))
        parted[not window.start <= place < window.end].append(link)
    return parted[0][::-1], parted[1][::-1]


def _links(engine: Engine, root: Node, source: Source) -> Iterator[_Link]:
    """Give the links to items that have a text and stand in no navigation; of neighbours to one item the first."""
    assert source.addresses is not None  # noqa: S101 - without addresses nothing has asked for links
    before: Address | None = None
    chrome = set(engine.keys(engine.select(root, _CHROME)))
    for node in engine.select(root, source.addresses.selector)[:MOST_LINKS]:
        address = read_address(engine.attribute(node, "href"), source)
        if address is None or address == before:
            continue
        text = engine.text(node)
        path = engine.path(node)
        keys = engine.keys(path)
        if text.strip() and chrome.isdisjoint(keys):
            before = address
            yield _Link(text, address, path, keys)


def _shared(one: Sequence[int], other: Sequence[int]) -> int:
    """Count the elements around both of two links."""
    for depth, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return depth
    return min(len(one), len(other))


def _groups(links: Sequence[_Link]) -> Iterator[list[Found]]:
    """Give each set of blocks that stand side by side in one element, each with at least one link."""
    containers: dict[int, int] = {}
    for one, other in pairwise(links):
        depth = _shared(one.keys, other.keys)
        containers.setdefault(one.keys[depth - 1], depth)
    for container, depth in containers.items():
        blocks: dict[int, Found] = {}
        for link in links:
            if len(link.keys) > depth and link.keys[depth - 1] == container and link.keys[depth] not in blocks:
                blocks[link.keys[depth]] = Found(link.path[depth], link.text, link.address)
        yield list(blocks.values())


def _single(engine: Engine, link: _Link, others: Sequence[_Link], window: Window) -> Found:
    """Give the only record: its block is the largest that holds no link outside the window, and no range line."""
    depth = max([_shared(link.keys, other.keys) for other in others], default=0)
    header = window.text[: window.start].strip()[-20:]
    for block in link.path[depth:]:
        if engine.tag(block) not in ("html", "body") and not (header and header in engine.text(block)):
            return Found(block, link.text, link.address)
    return Found(link.path[-1], link.text, link.address)

"""Finds records in HTML by structure: a record is the block around a link to an item, one of several alike.

Navigation, filters and “featured” boxes contain links to items that are not records. The group of blocks that are the
records is recognised by its position in the page's text: after the range line and before the end marker, with as many
blocks as the range line declares.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from harvester.parsers.html.text import LINK
from harvester.urls import Address, read_link

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harvester.parsers.html.engines import Engine, Node
    from harvester.source import Source

_CHROME = "nav, aside, footer"
MOST_LINKS = 2000
"""Links to items that are looked at; a page of an archive has fewer than 100."""


class Window(NamedTuple):
    """The part of a page's text in which records can be."""

    text: str
    start: int
    end: int


class RecordBlock(NamedTuple):
    """A row of a listing: its block, the text of its link, and the link's address; None without a link."""

    block: Node
    link: str
    address: Address | None


class _Group(NamedTuple):
    """Sibling blocks in one element, by their keys, each with a link; and how many links they contain together."""

    container: Node
    blocks: dict[int, RecordBlock]
    links: int


class _Link(NamedTuple):
    text: str
    address: Address
    path: list[Node]
    keys: list[int]


def find_blocks(engine: Engine, root: Node, window: Window, source: Source, count: int | None) -> list[RecordBlock]:
    """Return the rows of a page: `count` of them if it declares how many. Rows without a link are included.

    Summaries link to documents, too, so the links of one may by chance be as many as the page has records: the blocks
    that contain all links are preferred, then those that contain the most.
    """
    links = list(_links(engine, root, source))
    inside, outside = _by_place(_of_neighbours_the_first(links), window)
    if count == 1:
        return [_single(engine, inside[0], outside, window)] if inside else []
    groups = list(_groups(inside, inside))
    if count:
        every, _ = _by_place(links, window)  # neighbouring rows may lead to one document
        groups += [] if any(len(group.blocks) == count for group in groups) else _groups(every, every)
        groups.sort(key=lambda group: group.links < len(inside))  # among equals the outermost stays first
        exact = [[*one.blocks.values()] for one in groups if len(one.blocks) == count and _are_alike(engine, one)]
        rows = exact or list(filter(None, (_with_all_rows(engine, group, count) for group in groups)))
        if rows:
            return rows[0]
    return max(([*group.blocks.values()] for group in groups), key=len, default=[])


def _by_place(links: Sequence[_Link], window: Window) -> tuple[list[_Link], list[_Link]]:
    """Split the links into those inside and outside the window, by the positions of their texts from the end on."""
    parted: tuple[list[_Link], list[_Link]] = ([], [])
    place = len(window.text)
    for link in reversed(links):
        place = _place_of(link.text, window.text, max(0, place))
        parted[not window.start <= place < window.end].append(link)
    return parted[0][::-1], parted[1][::-1]


def _place_of(link: str, text: str, before: int) -> int:
    """Return the last position of a link with this text; a match inside a longer word only if there is no other."""
    last = place = text.rfind(LINK + link, 0, before)
    while place >= 0 and text[place + len(LINK + link) :][:1].isalnum():
        place = text.rfind(LINK + link, 0, place + len(link))
    return last if place < 0 else place


def _links(engine: Engine, root: Node, source: Source) -> Iterator[_Link]:
    """Yield the links to items that have a text and are not in a navigation."""
    assert source.addresses is not None  # noqa: S101 - without addresses nothing has asked for links
    chrome = set(engine.keys(engine.select(root, _CHROME)))
    for node in engine.select(root, source.addresses.selector)[:MOST_LINKS]:
        address = read_link(engine.attribute(node, "href"), source)
        if address is None:
            continue
        text = engine.text(node)
        path = engine.path(node)
        keys = engine.keys(path)
        if text.strip() and chrome.isdisjoint(keys):
            yield _Link(text, address, path, keys)


def _shared(one: Sequence[int], other: Sequence[int]) -> int:
    """Return the number of elements around both of two links."""
    for depth, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return depth
    return min(len(one), len(other))


def _of_neighbours_the_first(links: Sequence[_Link]) -> list[_Link]:
    """Leave out links to the same item as the one before: picture and title of one record are two links."""
    return [link for at, link in enumerate(links) if not at or link.address != links[at - 1].address]


def _groups(between: Sequence[_Link], links: Sequence[_Link]) -> Iterator[_Group]:
    """Yield the blocks around all `links` in each element with two neighbours of `between`, outermost first."""
    containers: dict[int, tuple[int, Node]] = {}
    for one, other in pairwise(between):
        depth = _shared(one.keys, other.keys)
        containers.setdefault(one.keys[depth - 1], (depth, one.path[depth - 1]))
    for key, (depth, container) in sorted(containers.items(), key=lambda item: item[1][0]):
        blocks: dict[int, RecordBlock] = {}
        held = [link for link in links if len(link.keys) > depth and link.keys[depth - 1] == key]
        for link in held:
            blocks.setdefault(link.keys[depth], RecordBlock(link.path[depth], link.text, link.address))
        yield _Group(container, blocks, len(held))


def _with_all_rows(engine: Engine, group: _Group, count: int) -> list[RecordBlock]:
    """Return the rows of a group and those between them without a link, if they are `count`; else none."""
    first = next(iter(group.blocks.values())).block
    tag = engine.tag(first)
    beside = [row for row in engine.children(group.container) if engine.tag(row) == tag]
    alike = [row for row in beside if _first_class(engine, row) == _first_class(engine, first)]
    rows = [row for row in alike if engine.text(row).strip() and not is_header(engine, row)]
    keys = engine.keys(rows)
    if len(rows) != count or not group.blocks.keys() <= set(keys):
        return []
    return [group.blocks.get(key) or RecordBlock(row, "", None) for key, row in zip(keys, rows, strict=True)]


def _are_alike(engine: Engine, group: _Group) -> bool:
    """Return whether rows are the same elements; a broken page may contain as many of other kinds by chance."""
    return len({engine.tag(one.block) for one in group.blocks.values()}) == 1


def _first_class(engine: Engine, row: Node) -> str:
    return engine.attribute(row, "class").strip().partition(" ")[0]


def is_header(engine: Engine, row: Node) -> bool:
    """Return whether an element is a row of a table that has only headers."""
    return engine.tag(row) == "tr" and not engine.select(row, "td")


def _single(engine: Engine, link: _Link, others: Sequence[_Link], window: Window) -> RecordBlock:
    """Return the only record: its block is the largest without a link outside the window and without a range line."""
    depth = max([_shared(link.keys, other.keys) for other in others], default=0)
    header = window.text[: window.start].strip()[-20:]
    for block in link.path[depth:]:
        if engine.tag(block) not in ("html", "body") and not (header and header in engine.text(block)):
            return RecordBlock(block, link.text, link.address)
    return RecordBlock(link.path[-1], link.text, link.address)

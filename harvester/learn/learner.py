"""From a page to what it teaches: its records and their addresses, their fields, its range and its pager."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from harvester.learn.addresses import Link, by_shape, coarse_shape, read_link, template_of
from harvester.learn.candidates import groups
from harvester.learn.declared import counts, statement_for, statements
from harvester.learn.pagers import pager_of
from harvester.learn.rows import Place, Rows, find_rows, places_of
from harvester.learn.scoring import rank
from harvester.learn.selectors import Fields, fields_of
from harvester.learn.tree import tree_of
from harvester.learn.verdict import judge
from harvester.parsers.html.limits import check_limits
from harvester.parsers.range_lines import MOST_RECORDS_ON_A_PAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harvester.learn.addresses import Shape
    from harvester.learn.candidates import Group
    from harvester.learn.declared import Declared
    from harvester.learn.pagers import Pager
    from harvester.learn.scoring import Evidence
    from harvester.learn.tree import Tree
    from harvester.learn.verdict import Verdict
    from harvester.source import DateOrder

HEADINGS = frozenset({"h1", "h2", "h3", "h4"})


@dataclass(frozen=True)
class SeenRecord:
    """A record as it was seen: its link's address, and the texts of its fields."""

    href: str | None
    title: str
    date: str | None
    text: str


@dataclass(frozen=True)
class Learned:
    """What one page teaches about its listing. Each part is the evidence for a line of the definition.

    `places`: where its records begin. `evidence`: for its blocks. `stated`: all that it declares. `data`: the page, in
    UTF-8. `unread`: what it declares in a line that definitions do not read.
    """

    address: str
    records: tuple[SeenRecord, ...]
    group: Group
    places: tuple[Place, ...]
    fields: Fields
    declared: Declared | None
    pager: Pager | None
    verdict: Verdict
    links: tuple[Link, ...] = field(repr=False)
    tree: Tree = field(repr=False)
    data: bytes = field(repr=False)
    evidence: Evidence = field(repr=False)
    stated: tuple[Declared, ...] = field(repr=False)
    unread: Declared | None = None

    @property
    def items(self) -> tuple[str, ...]:
        """Templates of the records' addresses."""
        return templates_of(self.links)

    @property
    def all_links(self) -> Iterator[Link]:
        """The links of the whole page."""
        hrefs = (self.tree.elements[at].attributes.get("href") or "" for at in self.tree.links)
        return (link for href in hrefs if (link := read_link(href, self.address)))

    @property
    def apart(self) -> dict[tuple[object, ...], str]:
        """The titles of headings outside of the records that lead to addresses like theirs, by the link's key.

        These may be records, too: a weblog shows its newest post larger, and not in its list.
        """
        shapes, known = shapes_of(self.links), {link.key for link in self.links}
        found = {}
        for at in self.tree.links:
            element = self.tree.elements[at]
            around = (*self.tree.path(at), *range(at, element.end))
            if element.chrome or self.group.row_of(at) is not None:
                continue
            if HEADINGS.isdisjoint(self.tree.elements[step].tag for step in around):
                continue
            link = read_link(element.attributes.get("href") or "", self.address)
            if link and link.key not in known and coarse_shape(link) in shapes:
                found[link.key] = self.tree.text(at)
        return found

    @property
    def blocks(self) -> list[list[str]]:
        """The addresses of all links in each block."""
        elements = self.tree.elements
        spans = [
            range(bisect_left(self.tree.links, one.head), bisect_left(self.tree.links, one.end))
            for one in self.group.blocks
        ]
        return [[elements[self.tree.links[at]].attributes.get("href") or "" for at in span] for span in spans]

    @property
    def size(self) -> int:
        """How many records a full page has, as far as this one shows."""
        declared = self.declared
        return declared.count if declared and declared.count and declared.known_words else len(self.records)

    def without_links_of(self, others: Sequence[Learned]) -> Learned:
        """Return the page without the blocks whose links, and most alike ones, other pages have, too.

        Pages of a listing have the same menus, and other records. The same page is returned if none or most are such.
        """
        there = {(link.parts, link.query) for page in others for link in page.all_links}
        shapes = by_shape(enumerate(self.links))
        number = {shape: sum((link.parts, link.query) in there for _, link in links) for shape, links in shapes.items()}
        menus = {shape for shape, links in shapes.items() if number[shape] * 2 >= len(links)}
        if not menus or sum(len(shapes[shape]) for shape in menus) * 2 >= len(self.links):
            return self
        return _taught(self.tree, self.data, self.address, self.group, self.evidence, self.stated, menus)

    def found_at(self, place: Place) -> Rows | None:
        """Return the records as a definition finds them at a place; None if it finds other ones."""
        tree = tree_of(self.data) if place.spans else self.tree  # spans are put together in a tree of their own
        rows = (
            find_rows(tree, place, len(self.records), partial(_leads, shapes_of(self.links), self.address))
            if tree
            else None
        )
        if rows is None or len(rows.nodes) != len(self.records):
            return None
        found, seen = ([block.head for block in group.blocks] for group in (rows.group, self.group))
        return rows if place in self.places or found == seen else None


def learn_page(data: bytes, address: str = "") -> Learned | None:
    """Return what a page in UTF-8 teaches; None if it is no listing, or too large to be looked at."""
    tree = None if check_limits(data) else tree_of(data)
    if tree is None:
        return None
    address = address_of(tree) or address
    stated = statements(tree)
    ranked = rank(
        tree, groups(tree), address, counts(stated), next((one.at for one in stated if one.kind == "range"), 0)
    )
    if not ranked or len(ranked[0].group.blocks) > MOST_RECORDS_ON_A_PAGE:
        return None
    return _taught(tree, data, address, ranked[0].group, ranked[0].evidence, tuple(stated), set())


def _taught(
    tree: Tree,
    data: bytes,
    address: str,
    group: Group,
    evidence: Evidence,
    stated: tuple[Declared, ...],
    unwanted: set[Shape],
) -> Learned:
    """Return what the blocks of a page teach. `unwanted`: shapes of links that do not lead to records."""
    declared = statement_for(stated, tree, group)
    pager = pager_of(tree, group, declared, address)
    verdict = judge(tree, group, evidence, declared, pager, data)
    links = _record_links(tree, group, address, unwanted)
    if len(links) * 2 >= len(group.blocks):  # what has no link beside records that have one is read as none
        if len(links) < len(group.blocks):
            group = replace(group, blocks=tuple(group.blocks[number] for number in sorted(links)))
            pager = pager_of(tree, group, declared, address)
        links = dict(enumerate(links[number] for number in sorted(links)))
    else:
        links = {}  # what few records link to does not identify them
    fields = fields_of([Rows(tree, group, ())])
    return Learned(
        address=address,
        records=tuple(_seen(tree, group, links, number, fields) for number in range(len(group.blocks))),
        group=group,
        places=tuple(places_of(tree, group, partial(_leads, shapes_of(link for _, link in links.values()), address))),
        fields=fields,
        declared=declared,
        pager=pager,
        verdict=verdict,
        links=tuple(link for _, link in links.values()),
        tree=tree,
        data=data,
        evidence=evidence,
        stated=stated,
    )


def shapes_of(links: Iterable[Link]) -> set[Shape]:
    """Return the coarse shapes of links."""
    return set(map(coarse_shape, links))


def date_order_of(pages: Iterable[Learned]) -> DateOrder | None:
    """Return in which order pages write dates of numbers only; None if nothing shows it, or not all have one order."""
    orders: set[DateOrder] = set().union(*(page.tree.date_orders for page in pages))
    return orders.pop() if len(orders) == 1 else None


def _leads(shapes: set[Shape], address: str, href: str) -> bool:
    """Return whether an address has one of the shapes."""
    link = read_link(href, address)
    return link is not None and coarse_shape(link) in shapes


def address_of(tree: Tree) -> str | None:
    """Return the address that a page states for itself."""
    for one in tree.elements[:400]:
        rel = (one.attributes.get("rel") or "").split()
        value = one.attributes.get("href") if one.tag == "base" or (one.tag == "link" and "canonical" in rel) else None
        if one.tag == "meta" and one.attributes.get("property") == "og:url":
            value = one.attributes.get("content")
        if value and value.startswith(("http://", "https://")):
            return value
    return None


def _record_links(tree: Tree, group: Group, address: str, unwanted: set[Shape]) -> dict[int, tuple[int, Link]]:
    """Return the link of each record that has one, by the record's number: of the shape that most records have.

    If all records begin with another link of one kind, it is that, however long its path is: a shop's button to buy has
    one shape, its goods have not.
    """
    row_of = {at: row for at in tree.links if (row := group.row_of(at)) is not None}
    read = ((at, read_link(tree.elements[at].attributes.get("href") or "", address)) for at in row_of)
    links = [(at, link) for at, link in read if link]
    shapes = by_shape(links)

    def rows_of(links: Sequence[tuple[int, Link]]) -> dict[int, tuple[int, Link]]:
        rows: dict[int, tuple[int, Link]] = {}
        for at, link in links:
            rows.setdefault(row_of[at], (at, link))
        return rows

    several = [rows_of(links) for shape, links in shapes.items() if shape not in unwanted]
    several.sort(key=lambda rows: (-len({link.key for _, link in rows.values()}), min(at for at, _ in rows.values())))
    taken: dict[int, tuple[int, Link]] = {}
    for rows in several:
        if not taken or len(rows.keys() - taken.keys()) >= max(2, 0.1 * len(group.blocks)):
            taken = {**rows, **taken}
    first = rows_of(links)
    begin = [link for _, link in first.values()]
    kinds = {(link.host, link.extension, link.parts[:1], *(name for name, _ in link.query)) for link in begin}
    unlike = len({link.key for link in begin}) < len(begin) or all(coarse_shape(link) in unwanted for link in begin)
    return taken if len(kinds) != 1 or unlike or len(first) < len(taken) else first


def templates_of(links: Sequence[Link]) -> tuple[str, ...]:
    """Return the templates of the addresses of records, one for each kind of them."""
    shapes = by_shape(list(enumerate(links)))
    found = [template_of([link for _, link in several]) for several in shapes.values()]
    return tuple(dict.fromkeys(one for one in found if one))


def _seen(tree: Tree, group: Group, links: dict[int, tuple[int, Link]], number: int, fields: Fields) -> SeenRecord:
    block = group.blocks[number]
    link = links.get(number)
    shown = fields.title_of(0, number) if fields.title else tree.text(link[0]) if link else ""
    text = tree.text_between(block.first_text, block.end_text)
    return SeenRecord(link[1].href if link else None, shown, fields.date_of(0, number), text)

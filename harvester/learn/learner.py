"""From a page to what it teaches: its records and their addresses, their fields, its range and its pager."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harvester.learn.addresses import Link, by_shape, read_link, template_of
from harvester.learn.candidates import groups
from harvester.learn.declared import counts, statement_for, statements
from harvester.learn.fields import MOST_ROWS, Choice, date_of, labelled, slots, summary_of, title_of
from harvester.learn.pagers import pager_of
from harvester.learn.scoring import rank
from harvester.learn.tree import IDENTIFIER, tree_of
from harvester.learn.verdict import judge
from harvester.parsers.dates_within import date_order
from harvester.parsers.html.engines import FAST
from harvester.parsers.html.limits import check_limits
from harvester.parsers.html.text import line_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harvester.learn.candidates import Group
    from harvester.learn.declared import Declared
    from harvester.learn.fields import Slot
    from harvester.learn.pagers import Pager
    from harvester.learn.tree import Tree
    from harvester.learn.verdict import Verdict
    from harvester.source import DateOrder


_MOSTLY = 0.9


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

    `record`: a selector of the records' blocks.
    """

    address: str
    records: tuple[SeenRecord, ...]
    group: Group
    record: str | None
    title: Choice | None
    date: Choice | None
    summary: Choice | None
    labels: tuple[Slot, ...]
    columns: tuple[str, ...]
    declared: Declared | None
    pager: Pager | None
    date_order: DateOrder | None
    verdict: Verdict
    links: tuple[Link, ...] = field(repr=False)
    tree: Tree = field(repr=False)

    @property
    def items(self) -> tuple[str, ...]:
        """Templates of the records' addresses."""
        return templates_of(self.links)

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

    @property
    def row_tag(self) -> str:
        """The name of the elements that the records are."""
        return self.tree.elements[self.group.blocks[0].head].tag

    @property
    def headed(self) -> bool:
        """Whether the headings of the columns are marked as such, one for each."""
        table = self.tree.table_around(self.group.blocks[0].head)
        if table is None:
            return False
        inside = self.tree.elements[table : self.tree.elements[table].end]
        return sum(element.tag == "th" for element in inside) == len(self.columns) > 0

    def selects(self, selector: str, slot: Slot) -> bool:
        """Return whether the first text that a selector selects in the records is that of a place."""
        wanted = {self.group.blocks[number].head: text for number, text in slot.values.items()}
        keys = {self.tree.keys[at]: at for at in wanted}
        nodes = [node for node in FAST.select(self.tree.root, self.record or "*") if FAST.key(node) in keys]
        right = 0
        for node in nodes:
            texts = (line_of(FAST.text(found)) for found in FAST.select(node, selector))
            right += next(filter(None, texts), "") == wanted[keys[FAST.key(node)]]
        return bool(nodes) and right >= _MOSTLY * len(nodes)


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
    if not ranked:
        return None
    group, evidence = ranked[0].group, ranked[0].evidence
    declared = statement_for(stated, tree, group)
    links = _record_links(tree, group, address)
    columns = _headings(tree, group)
    places = [*slots(tree, group, columns), *labelled(tree, group)]
    rows = min(len(group.blocks), MOST_ROWS)
    title, date = title_of(places, rows), date_of(places, rows)
    pager = pager_of(tree, group, declared, address)
    taken = [choice.slot for choice in (title, date) if choice]
    return Learned(
        address=address,
        records=tuple(_seen(tree, group, links, number, title, date) for number in range(len(group.blocks))),
        group=group,
        record=_record_selector(tree, group),
        title=title,
        date=date,
        summary=summary_of(places, taken, rows),
        labels=tuple(one for one in places if not one.selector),
        columns=columns,
        declared=declared,
        pager=pager,
        date_order=date_order(text.text for text in tree.texts),
        verdict=judge(tree, group, evidence, declared, pager, data),
        links=tuple(link for _, link in links.values()),
        tree=tree,
    )


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


def _record_links(tree: Tree, group: Group, address: str) -> dict[int, tuple[int, Link]]:
    """Return the link of each record that has one, by the record's number: of the shape that most records have."""
    row_of = {at: row for at in tree.links if (row := group.row_of(at)) is not None}
    read = ((at, read_link(tree.elements[at].attributes.get("href") or "", address)) for at in row_of)
    shapes = by_shape((at, link) for at, link in read if link)

    def rows_of(links: Sequence[tuple[int, Link]]) -> dict[int, tuple[int, Link]]:
        rows: dict[int, tuple[int, Link]] = {}
        for at, link in links:
            rows.setdefault(row_of[at], (at, link))
        return rows

    several = [rows_of(links) for links in shapes.values()]
    several.sort(key=lambda rows: (-len({link.key for _, link in rows.values()}), min(at for at, _ in rows.values())))
    taken: dict[int, tuple[int, Link]] = {}
    for rows in several:
        if not taken or len(rows.keys() - taken.keys()) >= max(2, 0.1 * len(group.blocks)):
            taken = {**rows, **taken}
    return taken


def templates_of(links: Sequence[Link]) -> tuple[str, ...]:
    """Return the templates of the addresses of records, one for each kind of them."""
    shapes = by_shape(list(enumerate(links)))
    found = [template_of([link for _, link in several]) for several in shapes.values()]
    return tuple(dict.fromkeys(one for one in found if one))


def _seen(
    tree: Tree, group: Group, links: dict[int, tuple[int, Link]], number: int, title: Choice | None, date: Choice | None
) -> SeenRecord:
    block = group.blocks[number]
    link = links.get(number)
    shown = title.slot.values.get(number, "") if title else tree.text(link[0]) if link else ""
    return SeenRecord(
        link[1].href if link else None,
        shown,
        date.slot.values.get(number) if date else None,
        tree.text_between(block.first_text, block.end_text),
    )


def _record_selector(tree: Tree, group: Group) -> str | None:
    """Return a selector of the blocks; None if the blocks around the links are the records.

    The shortest that selects these blocks and nothing else counts, or nothing but blocks without a link.
    """
    heads = [block.head for block in group.blocks]
    if tree.elements[heads[0]].tag == "a":
        return None
    wanted = {tree.keys[at] for at in heads}
    best: tuple[int, str] | None = None
    for one in _selectors(tree, heads):
        chosen = tree.select(one)
        if wanted <= chosen and len(chosen) <= _MOST_OTHERS * len(wanted) and (best is None or len(chosen) < best[0]):
            best = (len(chosen), one)
        if best and best[0] == len(wanted):
            break
    return best and best[1]


def _selectors(tree: Tree, heads: Sequence[int]) -> list[str]:
    """Return selectors of blocks: by name and classes, below what is around all of them, and those with a link."""
    tag = tree.elements[heads[0]].tag
    shared = set.intersection(*(set(tree.elements[at].classes) for at in heads))
    plain = [tag, *(f"{tag}.{name}" for name in sorted(shared) if IDENTIFIER.fullmatch(name))]
    parents = {tree.elements[at].parent for at in heads}
    around = [_identified(tree, parent) for parent in parents]
    outer = [f"{one} > " for one in set(around) if one] if len(set(around)) == 1 else []
    step = next(iter(parents))
    while step > 0:
        step = tree.elements[step].parent
        if (
            step > 0
            and tree.elements[step].first_text <= tree.elements[heads[0]].first_text
            and (name := _identified(tree, step))
        ):
            outer += [f"{name} "] if tree.elements[step].end >= tree.elements[heads[-1]].end else []
    outer += [f"{tree.elements[parent].tag} > " for parent in list(parents)[:1]]
    return [f"{before}{one}" for before in ["", *outer[:4]] for one in plain]


_MOST_OTHERS = 1.5


def _identified(tree: Tree, at: int) -> str | None:
    """Return the name of an element with its identifier or first class; None if it has neither."""
    element = tree.elements[at]
    identity = element.attributes.get("id")
    if identity and re.fullmatch(r"[A-Za-z_-]+", identity):
        return f"#{identity}"
    name = next((name for name in element.classes if IDENTIFIER.fullmatch(name)), None)
    return f"{element.tag}.{name}" if name and element.tag not in ("html", "body") else None


def _headings(tree: Tree, group: Group) -> tuple[str, ...]:
    """Return the headings of the columns of a table; none if its records are no rows."""
    head = group.blocks[0].head
    if tree.elements[head].tag != "tr":
        return ()
    table = tree.table_around(head)
    for at in range(table + 1, head) if table is not None else ():
        if tree.elements[at].tag == "tr" and len(tree.elements[at].children) > 1:
            return tuple(tree.text(cell) for cell in tree.elements[at].children)
    return ()

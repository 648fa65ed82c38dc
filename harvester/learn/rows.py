"""Says by a selector where the records of a page begin, and finds them again as the reader of definitions would."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harvester.learn.candidates import Block, Group
from harvester.learn.tree import IDENTIFIER, Tree
from harvester.parsers.html.engines import FAST
from harvester.parsers.html.selected_rows import rows_of
from harvester.source import Selectors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from harvester.parsers.html.engines import Node

MOST_STEPS = 6
"""Steps of a selector."""
_MOST_PLACES = 4
"""Selectors of records that are tried further: the first is nearly always the one."""
_MOST_NUMBER = 100
_NAME = re.compile(r"[A-Za-z][A-Za-z_-]*")
_VALUE = re.compile(r"[\w#%-]{1,40}")
_KINDS = frozenset({"role", "itemtype", "valign", "align", "bgcolor", "width", "property", "typeof"})
"""Attributes that say of which kind an element is."""
_DIGIT = re.compile(r"\d")
_FOLDER = re.compile(r"[\w-]{3,}")


@dataclass(frozen=True)
class Place:
    """Where records begin; they may span the neighbours behind."""

    selector: str
    spans: bool = False

    @property
    def kind(self) -> str:
        """Where its records begin, as those of others may: at a line break, or with the neighbours, or alone."""
        return "break" if self.selector.endswith("br") else "neighbours" if self.spans else "alone"


@dataclass(frozen=True)
class Rows:
    """The records of a page as a definition finds them: in a tree of its own, in which each is one element.

    `others`: how many rows without a link to a record the definition finds beside them.
    """

    tree: Tree
    group: Group
    nodes: tuple[Node, ...]
    others: int = 0


def find_rows(tree: Tree, place: Place, count: int, leads: Callable[[str], bool]) -> Rows | None:
    """Return the records at a place of a page, whose nodes are put into new elements if they span; None if none are.

    If there are not as many as they should be, rows without a link that `leads` to a record do not count.
    """
    selectors = Selectors(place.selector, spans=place.spans)
    heads = FAST.select(tree.root, place.selector)
    nodes = [node for node in rows_of(FAST, tree.root, heads, selectors, leads) if FAST.text(node).strip()]
    tree = Tree(tree.root) if place.spans else tree
    at = {key: number for number, key in enumerate(tree.keys)}
    rows = [(at[FAST.key(node)], node) for node in nodes]
    linked = rows if len(rows) == count else [row for row in rows if tree.has_link(row[0], leads)]
    others, rows = len(rows) - len(linked), linked
    elements = [(number, tree.elements[number]) for number, _ in rows]
    blocks = tuple(Block(number, one.end, one.first_text, one.end_text) for number, one in elements)
    return Rows(tree, Group(blocks), tuple(node for _, node in rows), others) if blocks else None


def places_of(tree: Tree, group: Group, leads: Callable[[str], bool]) -> list[Place]:
    """Return the places at which a definition finds just these records, the simplest first.

    `leads`: whether a link leads to a record.
    """
    heads = [block.head for block in group.blocks]
    places = [Place(selector, group.spans) for selector in _selecting(tree, heads, leads)]
    if {tree.elements[at].tag for at in heads} != {"a"}:
        return places
    behind = [Place(one.selector, spans=True) for one in places[:1]]
    breaks = [
        Place(one, spans=True) for one in _selecting(tree, [at for at in map(tree.next_to, heads) if at], leads)[:1]
    ]
    begun = sum(not tree.texts[tree.elements[at].first_text].starts_line for at in heads) * 2 > len(heads)
    return [*breaks, *places] if begun else [*behind, *breaks, *places]


def _selecting(tree: Tree, heads: Sequence[int], leads: Callable[[str], bool]) -> list[str]:
    """Return the selectors that select just these elements, the simplest first; else one that selects fewest others.

    These others have no link to a record: they are read as rows that are no records.
    """
    wanted, exact, others = set(heads), [], []
    for selector in dict.fromkeys(_selectors(tree, heads)) if heads else ():
        found = set(_outermost(tree, tree.selected(selector)))
        if wanted == found:
            exact.append(selector)
        elif wanted < found and not any(tree.has_link(at, leads) for at in found - wanted):
            others.append((len(found), selector))
        if len(exact) >= _MOST_PLACES:
            break
    return exact or [selector for _, selector in sorted(others)[:1]]


def _outermost(tree: Tree, found: Sequence[int]) -> Iterator[int]:
    """Yield the elements with a text, those inside others left out, and rows that have only headers."""
    end = -1
    for at in found:
        if at >= end:
            end = tree.elements[at].end
            if tree.is_header(at):
                continue
            if tree.elements[at].end_text > tree.elements[at].first_text or tree.elements[at].tag == "br":
                yield at


def _selectors(tree: Tree, heads: Sequence[int]) -> Iterator[str]:
    """Yield selectors of elements: by names and classes, alone, then below what is around all of them."""
    own = _names(tree, heads)
    around = [_names(tree, several) for several in _levels(tree, heads)]
    yield from own
    for names in around:
        yield from (f"{outer} {inner}" for outer in names if outer[0] == "#" or "." in outer for inner in own)
    below, joint = list(own), " > "
    for names in around[: MOST_STEPS - 1]:
        if names[0] == "tbody":  # only one of the engines adds it where it is left out
            joint = " "
            continue
        yield from (f"{outer}{joint}{inner}" for outer in names for inner in below)
        below = [f"{names[0]}{joint}{inner}" for inner in below[:2]]
        joint = " > "
        for outer in around[:_MOST_PLACES]:
            yield from (f"{name} {inner}" for name in outer if name[0] == "#" for inner in below)


def _levels(tree: Tree, heads: Sequence[int]) -> Iterator[list[int]]:
    """Yield the elements around some elements, level by level, up to the body."""
    level = list(heads)
    while True:
        level = sorted({tree.elements[at].parent for at in level})
        if level[0] <= 0 or any(tree.elements[at].tag in ("body", "html") for at in level):
            return
        yield level


def _names(tree: Tree, several: Sequence[int]) -> list[str]:
    """Return simple selectors of all of some elements: the name first, then with what they have in common."""
    elements = [tree.elements[at] for at in several]
    tags = {element.tag for element in elements}
    if len(tags) > 1:
        return ["*"]
    tag = tags.pop()
    shared = sorted(set.intersection(*(set(element.classes) for element in elements)))
    if len(elements) > 1:  # what all have is their kind, even with a number in it
        every = set.intersection(*(set((element.attributes.get("class") or "").split()) for element in elements))
        shared += sorted(name for name in every if _DIGIT.search(name))
    names = [tag, *(f"{tag}.{name}" for name in shared if IDENTIFIER.fullmatch(name))]
    if len(elements) == 1:
        identity = elements[0].attributes.get("id") or ""
        names += [f"#{identity}"] if _NAME.fullmatch(identity) else []
        number = tree.elements[elements[0].parent].children.index(several[0]) + 1 if elements[0].parent >= 0 else 0
        names += [f"{tag}:nth-child({number})"] if 1 < number < _MOST_NUMBER else []
    names += [f'{tag}[{name}="{value}"]' for name, value in _kinds(tree, several)]
    if tag == "a":
        names += [f'a[href*="{part}"]' for part in _folders(tree, several)]
    if tag == "br":
        links = [at for at in map(tree.before, several) if at is not None]
        names += ["a + br", *(f'a[href*="{part}"] + br' for part in _folders(tree, links))]
    if tag == "tr":
        names += ["tr + tr", "table table tr", "table table tr + tr"]  # without the row that names columns
    return names


def _kinds(tree: Tree, several: Sequence[int]) -> list[tuple[str, str]]:
    """Return the attributes that say of which kind elements are, with the value that all have."""
    pairs = [
        {(name, value) for name, value in tree.elements[at].attributes.items() if name in _KINDS and value}
        for at in several
    ]
    return sorted((name, value) for name, value in set.intersection(*pairs) if _VALUE.fullmatch(value))


def _folders(tree: Tree, links: Sequence[int]) -> list[str]:
    """Return the parts of paths that the addresses of all links have."""
    parts = [set(_FOLDER.findall(tree.elements[at].attributes.get("href") or "")) for at in links]
    return sorted(set.intersection(*parts) - {"http", "https", "www"}, key=lambda part: (-len(part), part))[:3]

"""What speaks for blocks being a page's records: how many, alike, each with its own link and its own date."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from math import log2, sqrt
from statistics import mean, pstdev
from typing import TYPE_CHECKING, NamedTuple

from harvester.learn.addresses import Link, Shape, coarse_shape, read_link
from harvester.learn.tree import INLINE_MARKS
from harvester.parsers.dates_within import dates_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from harvester.learn.candidates import Block, Group
    from harvester.learn.tree import Tree


@dataclass(frozen=True)
class Evidence:
    """What speaks for a group, each from 0 to 1, and `score`, what follows from all.

    `share`: of the page's text. `linked`: blocks with a link of their own, of one shape that leads nowhere else.
    `dated`: blocks with the same number of dates. `alike`: parts that most blocks have. `rich`: several such parts.
    `single`: as many links of one shape as other blocks have. `own`: blocks outside of navigation.
    """

    count: int
    share: float
    linked: float
    dated: float
    alike: float
    rich: float
    own: float
    single: float
    spans: bool
    shape: Shape | None = None

    @property
    def score(self) -> float:
        """The weight of all."""
        many = min(log2(self.count + 1), 5) / 5
        form = sqrt(self.share) * (0.3 + 0.7 * self.alike) * (0.1 + 0.9 * self.own) * many * self.single
        return form * (0.1 + self.linked + self.dated + 0.4 * self.rich) * (0.9 if self.spans else 1)


class Scorer:
    """Scores the groups of one page."""

    def __init__(self, tree: Tree, address: str = "") -> None:
        self._tree, self._address = tree, address
        self._known: dict[Group, tuple[float, Shape | None, float]] = {}

    @cached_property
    def _links(self) -> list[tuple[int, Link]]:
        tree = self._tree
        read = ((at, read_link(tree.elements[at].attributes.get("href") or "", self._address)) for at in tree.links)
        return [(at, link) for at, link in read if link is not None and not tree.elements[at].chrome]

    @cached_property
    def _link_places(self) -> list[int]:
        return [at for at, _ in self._links]

    @cached_property
    def _shapes(self) -> list[tuple[Shape, ...]]:
        return [(coarse_shape(link), (link.extension,), ()) for _, link in self._links]

    @cached_property
    def _distinct(self) -> dict[Shape, int]:
        """How many different links of each shape the page has."""
        keys: defaultdict[Shape, set[object]] = defaultdict(set)
        for (_, link), shapes in zip(self._links, self._shapes, strict=True):
            for shape in shapes:
                keys[shape].add(link.key)
        return {shape: len(several) for shape, several in keys.items()}

    @cached_property
    def _dates(self) -> list[int]:
        """The texts that hold a date, one entry for each date."""
        elements = self._tree.elements
        return [
            number
            for number, text in enumerate(self._tree.texts)
            if not elements[text.element].chrome
            for _ in dates_within(text.text) or _YEAR.findall(text.text * (elements[text.element].tag != "a"))
        ]

    @cached_property
    def _text_length(self) -> int:
        tree = self._tree
        return sum(len(text.text) for text in tree.texts if not tree.elements[text.element].chrome) or 1

    def evidence(self, group: Group) -> Evidence:
        """Return what speaks for a group."""
        linked, shape, single = self._linked(group)
        alike, rich = self._alike(group)
        tree, count = self._tree, len(group.blocks)
        length = sum(map(tree.length, group.blocks))
        own = sum(not tree.elements[block.head].chrome for block in group.blocks) / count
        share = min(1.0, length / self._text_length)
        return Evidence(count, share, linked, self._dated(group), alike, rich, own, single, group.spans, shape)

    def variants(self, found: Iterable[Group]) -> Iterator[tuple[Group, float]]:
        """Yield groups, and those without the blocks that lack the common link; links alone only so. With weights."""
        for group in found:
            if self._tree.elements[group.blocks[0].head].tag == "a" and not group.spans:
                yield from ((one, 1.0) for one in self._by_shape(group))
                continue
            _, shape, _ = self._linked(group)
            having = [block for block in group.blocks if shape is not None and shape in self._shapes_in(block)]
            is_link = self._tree.elements[group.blocks[0].head].tag == "a"  # then blocks of other links are no records
            yield group, 0.6 if is_link and len(having) < len(group.blocks) else 1.0
            if 2 <= len(having) < len(group.blocks) <= 2 * len(having):
                yield replace(group, blocks=tuple(having)), 1.0 if is_link else 0.9

    def _by_shape(self, links: Group) -> Iterator[Group]:
        """Yield the links of each shape."""
        several: defaultdict[Shape, list[Block]] = defaultdict(list)
        for block in links.blocks:
            for shape in self._shapes_in(block):
                if len(shape) > 1:
                    several[shape].append(block)
        yield from (replace(links, blocks=tuple(blocks)) for blocks in several.values() if len(blocks) > 1)

    def _links_in(self, block: Block) -> range:
        return range(bisect_left(self._link_places, block.head), bisect_left(self._link_places, block.end))

    def _shapes_in(self, block: Block) -> list[Shape]:
        return list(dict.fromkeys(shape for at in self._links_in(block) for shape in self._shapes[at]))

    def _linked(self, group: Group) -> tuple[float, Shape | None, float]:
        known = self._known.get(group)
        if known is None:
            known = self._known[group] = self._common_link(group)
        return known

    def _common_link(self, group: Group) -> tuple[float, Shape | None, float]:
        """Return how many blocks have a link of the best shape, that shape, and how single such links are."""
        rows: defaultdict[Shape, dict[int, set[object]]] = defaultdict(dict)
        for number, block in enumerate(group.blocks):
            for at in self._links_in(block):
                for shape in self._shapes[at]:
                    rows[shape].setdefault(number, set()).add(self._links[at][1].key)
        best: tuple[float, Shape | None] = (0.0, None)
        single, total = 0.0, 0
        for shape, keys in rows.items():
            different = len(set().union(*keys.values()))
            having = min(len(keys), different)
            usual = Counter(len(one) for one in keys.values()).most_common(1)[0][1] / len(keys)
            weight = 1.0 if len(shape) > 1 else 0.9 if shape else 0.8
            value = weight * having / len(group.blocks) * usual**0.5 * different / self._distinct[shape]
            best = max(best, (value, shape), key=lambda pair: pair[0])
            if len(shape) > 1 and different * 2 >= len(group.blocks):
                single += different * max(having / different, usual)
                total += different
        return best[0], best[1], single / total if total else 1.0

    def _dated(self, group: Group) -> float:
        counts = [
            bisect_left(self._dates, block.end_text) - bisect_left(self._dates, block.first_text)
            for block in group.blocks
        ]
        usual = Counter(filter(None, counts)).most_common(1)
        if not usual:
            return 0.0
        return counts.count(usual[0][0]) / len(counts) * sum(counts) / len(self._dates)

    def _alike(self, group: Group) -> tuple[float, float]:
        slots = [self._slots(block) for block in _sample(group.blocks)]
        if self._is_striped(group):
            slots = [[_CLASS.sub("", slot) for slot in one] for one in slots]
        having = Counter(slot for one in slots for slot in set(one))
        common = {slot for slot, number in having.items() if number * 2 > len(slots)}
        if not common:
            return 0.0, 0.0
        shares = [len(common.intersection(one)) / len(common.union(one)) for one in slots]
        counts = [len(one) for one in slots]
        even = 1 / (1 + pstdev(counts) / mean(counts))
        return sum(shares) / len(shares) * even, min(1.0, (len(common) - 1) / 3)

    def _is_striped(self, group: Group) -> bool:
        """Return whether every second block has other classes, in which such tables differ only."""
        kinds = [self._tree.signature(block.head) for block in group.blocks]
        return len(kinds) > _STRIPES and len(set(kinds)) == 2 and all(one != after for one, after in pairwise(kinds))

    def _slots(self, block: Block) -> list[str]:
        """Return the places of the texts in a block."""
        return [
            slot_of(self._tree, text.element, block)
            for text in self._tree.texts[block.first_text : min(block.end_text, block.first_text + _MOST_TEXTS)]
        ]


def _sample(blocks: Sequence[Block]) -> Sequence[Block]:
    """Return blocks from everywhere in a group, at most 40."""
    return blocks[:: -(-len(blocks) // 40)]


def slot_of(tree: Tree, at: int, block: Block) -> str:
    """Return the place of an element in a block: the names from the block on, cells with their number."""
    names: list[str] = []
    while at >= block.head:
        element = tree.elements[at]
        if element.tag not in INLINE_MARKS and at != block.head:
            names.append(f"{element.tag}{cell_number(tree, at)}" if element.tag in ("td", "th") else tree.signature(at))
        at = element.parent
    return "/".join(reversed(names))


def cell_number(tree: Tree, at: int) -> int:
    """Return the number of a cell in its row, from 1 on."""
    siblings = tree.elements[tree.elements[at].parent].children
    return siblings.index(at) + 1


class Ranked(NamedTuple):
    """A group with its weight and what speaks for it."""

    score: float
    group: Group
    evidence: Evidence


_STRIPES = 3
_CLASS = re.compile(r"\.[^/]*")
_YEAR = re.compile(r"\A(?:1[0-9]|20)\d\d\Z")
"""A text that is a year and nothing else."""
_NO_COUNTS: Mapping[int, float] = {}
_SURE = 3
_NOT_AS_DECLARED = 0.6
_BEFORE_LINE = 0.7
"""The records mostly follow the line that counts them."""
_MOST_TEXTS = 60
"""Texts of a block that are compared."""
_LIKELY = 20
_LINKED = 0.9
_CONTAINER = 0.5
_SEVERAL = 1.15
"""So many times more blocks inside than blocks make these containers of records, not records."""


def rank(
    tree: Tree, found: Sequence[Group], address: str = "", counts: Mapping[int, float] = _NO_COUNTS, line: int = 0
) -> list[Ranked]:
    """Return groups, the likeliest records first. `counts`: how many records the page declares, weighed.

    `line`: the first text of the line that declares it.
    """
    declared = any(weight >= _SURE for weight in counts.values())
    scorer = Scorer(tree, address)
    ranked = []
    for group, weight in scorer.variants(found):
        evidence = scorer.evidence(group)
        as_declared = counts.get(len(group.blocks), _NOT_AS_DECLARED if declared else 1)
        if as_declared >= _SURE and group.blocks[-1].end_text <= line:
            as_declared *= _BEFORE_LINE
        ranked.append(Ranked(evidence.score * weight * as_declared, group, evidence))
    ranked.sort(key=lambda one: -one.score)
    likely = ranked[:_LIKELY]
    inner = [
        one for one in likely if one.evidence.linked >= _LINKED and tree.elements[one.group.blocks[0].head].tag != "a"
    ]
    likely = [
        one._replace(score=one.score * _CONTAINER) if any(_contains(one.group, other.group) for other in inner) else one
        for one in likely
    ]
    return sorted(likely, key=lambda one: -one.score)


def _contains(outer: Group, inner: Group) -> bool:
    """Return whether the blocks of a group are in those of another, several in some."""
    if len(inner.blocks) < _SEVERAL * len(outer.blocks):
        return False
    starts = [block.head for block in outer.blocks]
    around = [bisect_right(starts, block.head) - 1 for block in inner.blocks]
    within = sum(at >= 0 and block.end <= outer.blocks[at].end for at, block in zip(around, inner.blocks, strict=True))
    return within >= _LINKED * len(inner.blocks) and len(set(around)) >= len(outer.blocks) / 2

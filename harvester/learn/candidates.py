"""The groups of alike blocks on a page, one of which may be its records.

A group is formed in three ways: children of one element that are alike, the same under several elements that are alike
(a table for each month), and heads with what follows them up to the next head (`dt` and `dd`, pairs of rows).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from heapq import nlargest
from itertools import pairwise
from math import log2, sqrt
from typing import TYPE_CHECKING, NamedTuple

from harvester.learn.tree import INLINE_MARKS
from harvester.parsers.dates_within import is_date

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harvester.learn.tree import Tree

MOST_GROUPS = 80
"""Groups that are looked at, those with the most blocks and text first, outside of navigation."""
_NO_ROWS = INLINE_MARKS | frozenset(
    {"br", "hr", "img", "input", "option", "col", "svg", "path", "html", "head", "body"}
)
_FEW_ROWS = 2
_MANY_LISTS, _FEW_LISTS = 40, 10
"""From how many lists in like places on only so many are looked at one by one."""
_FEW_CELLS = 2


class Block(NamedTuple):
    """A part of a page: from the element `head` to before the element `end`, and the texts in it."""

    head: int
    end: int
    first_text: int
    end_text: int


@dataclass(frozen=True)
class Group:
    """Blocks that are alike. `spans`: each goes on behind its head up to the next one."""

    blocks: tuple[Block, ...]
    spans: bool = False

    @cached_property
    def _heads(self) -> list[int]:
        return [block.head for block in self.blocks]

    def row_of(self, at: int) -> int | None:
        """Return the number of the block in which an element is; None if it is in none."""
        row = bisect_right(self._heads, at) - 1
        return row if row >= 0 and at < self.blocks[row].end else None


def groups(tree: Tree) -> list[Group]:
    """Return the groups of at least two blocks on a page, the likeliest first by what is cheap to see."""
    found: dict[tuple[int, ...], Group] = {}
    for group in _all_groups(tree):
        key = (group.spans, *(block.head for block in group.blocks))
        found.setdefault(key, group)
    return sorted(found.values(), key=lambda group: -_weight(tree, group))[:MOST_GROUPS]


def _all_groups(tree: Tree) -> Iterator[Group]:
    by_path: defaultdict[tuple[int, str], list[list[int]]] = defaultdict(list)
    paths = _tag_paths(tree)
    for parent, element in enumerate(tree.elements):
        for alike in _alike_children(tree, element.children):
            for name in dict.fromkeys((tree.signature(alike[0]), tree.elements[alike[0]].tag)):
                by_path[(paths[parent], name)].append(alike)
    done: set[int] = set()
    for several in by_path.values():
        for alike in _longest(tree, several):
            if len(alike) > 1 and id(alike) not in done:
                done.add(id(alike))
                yield _whole(tree, alike)
                yield from _spanning(tree, [alike])
                yield from _spanning_pairs(tree, alike)
        if len(several) > 1:
            yield _whole(tree, sorted({at for alike in several for at in alike}))
            yield from _spanning(tree, several)


def _longest(tree: Tree, several: Sequence[list[int]]) -> Sequence[list[int]]:
    """Return the lists of alike siblings, of many in like places those with most text: the others are parts of rows."""
    if len(several) <= _MANY_LISTS:
        return several
    return nlargest(_FEW_LISTS, several, key=lambda alike: sum(tree.length(tree.elements[at]) for at in alike))


def _tag_paths(tree: Tree) -> list[int]:
    """Return for each element a number that stands for the names of the elements around it and its own."""
    numbers: dict[tuple[int, str], int] = {}
    paths: list[int] = []
    for element in tree.elements:
        around = paths[element.parent] if element.parent >= 0 else -1
        name = "" if element.tag in ("tbody", "thead") else element.tag
        paths.append(numbers.setdefault((around, name), len(numbers)) if name else around)
    return paths


def _alike_children(tree: Tree, children: Sequence[int]) -> Iterator[list[int]]:
    """Yield the children that have the same name and classes, and those that have the same name."""
    with_text = [at for at in children if tree.elements[at].tag not in _NO_ROWS and _has_text(tree, at)]
    if len(with_text) < _FEW_ROWS:
        yield from ([at] for at in with_text[:1] if not tree.is_header(at))
        return
    headers = _headers(tree, with_text)
    by_tag: defaultdict[str, list[int]] = defaultdict(list)
    by_signature: defaultdict[str, list[int]] = defaultdict(list)
    for at in with_text:
        if at in headers:
            continue
        by_tag[tree.elements[at].tag].append(at)
        by_signature[tree.signature(at)].append(at)
    for alike in by_signature.values():
        yield alike
    for tag, alike in by_tag.items():
        if len({tree.signature(at) for at in alike}) > 1 or (tag not in by_signature and len(alike) > 1):
            yield alike


def _has_text(tree: Tree, at: int) -> bool:
    return tree.elements[at].end_text > tree.elements[at].first_text


def _headers(tree: Tree, rows: Sequence[int]) -> set[int]:
    """Return the rows of a table that have only headings, or name what are links or dates in all other rows."""
    rows = [at for at in rows if tree.elements[at].tag == "tr"]
    headers = set(filter(tree.is_header, rows))
    body = [at for at in rows if at not in headers]
    if len(body) > _FEW_ROWS and not headers and _names_columns(tree, body):
        headers.add(body[0])
    return headers


def _names_columns(tree: Tree, rows: Sequence[int]) -> bool:
    first, *others = (tree.elements[at].children for at in rows[:10])
    alike = [cells for cells in others if len(cells) == len(first)]
    if len(first) < _FEW_CELLS or len(alike) * 2 < len(others):
        return False
    return any(
        not _has_value(tree, first[column]) and all(_has_value(tree, cells[column]) for cells in alike)
        for column in range(len(first))
    )


def _has_value(tree: Tree, cell: int) -> bool:
    return tree.has_link(cell) or is_date(tree.text(cell))


def _whole(tree: Tree, heads: Sequence[int]) -> Group:
    elements = tree.elements
    return Group(tuple(Block(at, elements[at].end, elements[at].first_text, elements[at].end_text) for at in heads))


def _spanning(tree: Tree, several: Sequence[Sequence[int]]) -> Iterator[Group]:
    """Yield the group of these heads, each with its siblings up to the next head, if there are any between them."""
    blocks: list[Block] = []
    followed = 0
    for heads in several:
        parent = tree.elements[heads[0]].parent
        if parent < 0 or tree.elements[heads[0]].tag in ("td", "th"):
            return
        siblings = tree.elements[parent].children
        place = {at: number for number, at in enumerate(siblings)}
        lengths = [place[after] - place[at] for at, after in pairwise(heads)]
        usual = max(Counter(lengths).items(), key=lambda item: item[1])[0] if lengths else 2
        longest = max(lengths, default=usual)
        known = {tree.signature(one) for one in siblings[place[heads[0]] : place[heads[-1]] + 1]}
        for number, at in enumerate(heads):
            last = place[heads[number + 1]] if number + 1 < len(heads) else min(len(siblings), place[at] + longest)
            while last > place[at] + 1 and number + 1 == len(heads) and tree.signature(siblings[last - 1]) not in known:
                last -= 1  # what follows the records is of another kind, as a pager is
            end = siblings[last] if last < len(siblings) else tree.elements[parent].end
            texts = tree.elements[siblings[last]].first_text if last < len(siblings) else tree.elements[parent].end_text
            followed += texts > tree.elements[at].end_text
            blocks.append(Block(at, end, tree.elements[at].first_text, texts))
        blocks[-1] = _no_longer(blocks[-1], blocks[-len(heads) : -1])
    blocks.sort()
    apart = all(one.end <= after.head for one, after in pairwise(blocks))
    if len(blocks) > 1 and apart and followed * 2 > len(blocks):
        yield Group(tuple(blocks), spans=True)


def _no_longer(last: Block, others: Sequence[Block]) -> Block:
    """Return the last block of an element with no more texts than the longest before it: others follow the records."""
    longest = max((one.end_text - one.first_text for one in others), default=last.end_text - last.first_text)
    return last._replace(end_text=min(last.end_text, last.first_text + longest))


def _spanning_pairs(tree: Tree, alike: Sequence[int]) -> Iterator[Group]:
    """Yield the group of those of alike siblings that hold a link, if the others follow them regularly."""
    linked = [at for at in alike if tree.has_link(at)]
    if len(linked) > 1 and len(alike) * 0.2 <= len(linked) <= len(alike) * 0.7 and linked[0] in alike[:3]:
        yield from _spanning(tree, [linked])


def _weight(tree: Tree, group: Group) -> float:
    length = sum(map(tree.length, group.blocks))
    chrome = tree.elements[group.blocks[0].head].chrome
    return sqrt(length) * log2(len(group.blocks) + 1) * (0.1 if chrome else 1)

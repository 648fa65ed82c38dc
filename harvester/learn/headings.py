"""Finds the dates that stand once above several records, as that of a day or a month."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING

from harvester.learn.fields import MOST_ROWS, Choice, Slot
from harvester.learn.tree import IDENTIFIER
from harvester.parsers.html.selected_rows import LONGEST_HEADING, date_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harvester.learn.rows import Rows
    from harvester.learn.tree import Tree

_MOSTLY = 0.9
_FEWER = 0.7
"""So many times fewer headings than records there must be."""
_ALONE = re.compile(r"h[1-6]|caption|legend|summary")
"""Names of elements that are headings even if there is one of them only."""
_OF_THE_PAGE = re.compile(
    r"(?i)updat|modif|revis|accessed|copyright|©|printed|today|aktualis|stand:|mis à jour|actualiz|aggiorn|bijgewerkt"
    r"|обновл"
)
"""Words before the date of a page, not of its records."""


def dates_above(pages: Sequence[Rows]) -> Choice | None:
    """Return the headings that give nearly all records of some pages a date; None if there are none."""
    best: tuple[float, Choice] | None = None
    for selector in dict.fromkeys(name for page in pages for name in _names(page.tree)):
        values: dict[int, str] = {}
        number = others = rows = 0
        for at, page in enumerate(pages):
            selected = page.tree.selected(selector)
            places = [place for place in selected if _date(page.tree, place)]
            number += len(places)
            others += len(selected) - len(places)
            rows += len(page.group.blocks)
            for row, block in enumerate(page.group.blocks[:MOST_ROWS]):
                above = bisect_left(places, block.head)
                if above:
                    values[at * MOST_ROWS + row] = page.tree.text(places[above - 1])
        looked_at = sum(min(MOST_ROWS, len(page.group.blocks)) for page in pages)
        few = 0 < number <= _FEWER * rows and (number > len(pages) or _ALONE.match(selector))
        pure = number / (number + others) if few and len(values) >= _MOSTLY * looked_at else 0
        if pure and (best is None or pure > best[0]):
            best = pure, Choice(Slot(selector, values, "above", 0.0), f"{number} headings hold a date")
    return best[1] if best else None


def _names(tree: Tree) -> Iterator[str]:
    """Yield the names, and the names with classes, of the elements with one date and little else."""
    dated: defaultdict[str, int] = defaultdict(int)
    for at, element in enumerate(tree.elements):
        if element.tag not in ("a", "record") and _date(tree, at):
            dated[element.tag] += 1
            for name in filter(IDENTIFIER.fullmatch, element.classes):
                dated[f"{element.tag}.{name}"] += 1
    yield from sorted(dated, key=lambda name: (_ALONE.match(name) is None, len(name), name))


def _date(tree: Tree, at: int) -> str | None:
    element = tree.elements[at]
    if element.chrome or not 0 < tree.length(element) <= LONGEST_HEADING:
        return None
    text = tree.text(at)
    return None if _OF_THE_PAGE.search(text) else date_in(text)

"""Finds the blocks of records where a definition says that they are, and what stands above several of them."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from harvester.parsers.dates_within import only_date
from harvester.parsers.html.engines import outermost
from harvester.parsers.html.record_blocks import is_header
from harvester.parsers.html.text import line_of
from harvester.source import RECORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from harvester.parsers.html.engines import Engine, Node
    from harvester.source import Selectors

MOST_ROWS = 2000
"""Blocks that are looked at; a page of an archive has fewer than 1,000 records."""
LONGEST_HEADING = 150
"""Characters of a text that is the date of what follows."""


def rows_of(
    engine: Engine, root: Node, heads: Sequence[Node], selectors: Selectors, is_item: Callable[[str], bool]
) -> list[Node]:
    """Return the blocks of the records that begin with these elements; no record stands in another one.

    Rows of a table that have only headers, or one cell across the columns and no link to a record, are headings or
    pagers. If records span, each is put into one new element in the tree; other nodes of the page may be replaced by
    copies. `is_item`: whether a link leads to a record.
    """
    rows = outermost(engine, [*heads])
    if not selectors.spans:
        rows = [row for row in rows if not is_header(engine, row)]
        return [row for row in rows if selectors.key or not _is_across(engine, row) or _leads(engine, row, is_item)]
    stops = {
        key
        for _, selector in selectors.above
        for node in engine.select(root, selector)
        for key in engine.keys(engine.path(node))
    }
    keys = {*engine.keys(rows)}
    runs = [run for parent in _parents(engine, rows) for run in _runs(engine, parent, keys, stops)]
    filled = [run for run in runs if any(engine.text(node).strip() for node in run)]
    ended = [engine.tag(rows[0]) != "br" or engine.key(run[-1]) in keys for run in filled]
    blocks = [engine.wrap(run) for run in filled]
    return [
        block
        for block, whole in zip(blocks, ended, strict=True)
        if whole or selectors.key or _leads(engine, block, is_item)
    ]


def _is_across(engine: Engine, row: Node) -> bool:
    """Return whether an element is a row of a table with one cell that spans several columns."""
    if engine.tag(row) != "tr":
        return False
    cells = [cell for cell in engine.children(row) if engine.tag(cell) in ("td", "th")]
    return len(cells) == 1 and engine.attribute(cells[0], "colspan").strip() not in ("", "1")


def _leads(engine: Engine, block: Node, is_item: Callable[[str], bool]) -> bool:
    return any(is_item(engine.attribute(link, "href")) for link in engine.select(block, "a"))


def _parents(engine: Engine, rows: Sequence[Node]) -> list[Node]:
    """Return the elements directly around rows, each once; those inside of others are left out."""
    around = {engine.key(path[-2]): path for row in rows if len(path := engine.path(row)) > 1}
    return [path[-2] for path in around.values() if around.keys().isdisjoint(engine.keys(path[:-2]))]


def _runs(engine: Engine, parent: Node, heads: set[int], stops: set[int]) -> Iterator[list[Node]]:
    """Yield each head with its neighbours up to the next one, or up to what holds for several records."""
    children = engine.children(parent)
    keys = engine.keys(children)
    if any(engine.tag(node) == "br" for node, key in zip(children, keys, strict=True) if key in heads):
        yield from _ended(engine, children, keys, heads, stops)
        return
    run: list[Node] | None = None
    for node, key in zip(children, keys, strict=True):
        if key in heads or key in stops:
            if run:
                yield run
            run = [node] if key in heads else None
        elif run is not None:
            run.append(node)
    if run:
        yield run


def _ended(
    engine: Engine, children: Sequence[Node], keys: Sequence[int], heads: set[int], stops: set[int]
) -> Iterator[list[Node]]:
    """Yield what each break ends, and the rest: line breaks do not begin a line. Above the first a rule ends, too."""
    run: list[Node] = []
    begun = False
    for node, key in zip(children, keys, strict=True):
        if key not in stops:
            run.append(node)
        begun |= key in heads
        if run and (key in heads or key in stops or (not begun and engine.tag(node) == "hr")):
            yield run
            run = []
    if run:
        yield run


def date_in(text: str) -> str | None:
    """Return the date that a short text holds; None if it holds none, or several."""
    return only_date(text) if len(text) <= LONGEST_HEADING else None


def select_in(engine: Engine, row: Node, selector: str) -> list[Node]:
    """Return the elements of a record that a selector selects; `:scope` is the record, `:scope > p` directly in it."""
    if selector == RECORD:
        return [row]
    if not selector.startswith(f"{RECORD} > "):
        return engine.select(row, selector)
    inside = selector.removeprefix(f"{RECORD} > ")
    depth = len(engine.path(row)) + 1 + inside.count(">")
    return [node for node in engine.select(row, inside) if len(engine.path(node)) == depth]


class Above:
    """What stands above records and holds for several: fields by the selectors of a form."""

    def __init__(self, engine: Engine, root: Node, fields: Sequence[tuple[str, str]]) -> None:
        self._engine = engine
        self._places = {key: at for at, key in enumerate(engine.keys(engine.select(root, "*")))} if fields else {}
        self._fields = [(field, self._texts(field, engine.select(root, selector))) for field, selector in fields]

    def _texts(self, field: str, nodes: Sequence[Node]) -> tuple[list[int], list[str]]:
        """Return the places of some elements that have a text, and their texts; those of dates must hold one."""
        texts = [(self._places[self._engine.key(node)], line_of(self._engine.text(node))) for node in nodes]
        filled = sorted((place, text) for place, text in texts if (date_in(text) if field == "date" else text))
        return [place for place, _ in filled], [text for _, text in filled]

    def of(self, row: Node) -> Iterator[tuple[str, list[str]]]:
        """Yield each field with its text in the nearest element above a row."""
        for field, (places, texts) in self._fields:
            at = bisect_left(places, self._places[self._engine.key(row)])
            if at:
                yield field, [texts[at - 1]]

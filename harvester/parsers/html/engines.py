"""A small interface to select elements of HTML, with two engines: BeautifulSoup is the reference, lexbor is fast."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser

if TYPE_CHECKING:
    from collections.abc import Container

    from bs4 import Tag
    from selectolax.lexbor import LexborNode

Node = Any
"""An element as its engine has it; only the engine looks inside."""


_UNSEEN = ("script", "style", "template", "noscript")
"""Elements whose text no reader of the page sees."""


class Engine(Protocol):
    """Parses a page and selects in it."""

    name: str

    def parse(self, data: bytes) -> Node | None:
        """Return the root element of a page in UTF-8."""

    def select(self, node: Node, selector: str) -> list[Node]:
        """Return the elements inside `node` that a CSS selector selects, in page order."""

    def text(self, node: Node) -> str:
        """Return all text inside an element, unchanged."""

    def attribute(self, node: Node, name: str) -> str:
        """Return an attribute; empty if there is none."""

    def path(self, node: Node) -> list[Node]:
        """Return the elements from the root to `node`, both included."""

    def children(self, node: Node) -> list[Node]:
        """Return what is directly in an element, texts too."""

    def wrap(self, nodes: list[Node]) -> Node:
        """Put neighbours into one new element in their place; return it. The nodes are not to be used any more."""

    def closest(self, node: Node, keys: Container[int]) -> int | None:
        """Return the first of these, by its key, that is `node` or around it."""

    def key(self, node: Node) -> int:
        """Return a key that identifies an element."""

    def keys(self, nodes: list[Node]) -> list[int]:
        """Return the keys of several elements."""

    def tag(self, node: Node) -> str:
        """Return an element's name."""


WRAPPER = "record"
"""The name of the elements that are made around neighbours; HTML has none of this name."""
_NTH_CHILD = re.compile(r"([^\s>+~,()]*):nth-child\((\d{1,2})\)([^\s>+~,()]*)")
_OUTSIDE_QUOTES = re.compile(r"(\"[^\"]*\"|'[^']*'|\[[^\]]*\])")
_DESCENDANT = re.compile(r"(?<![\s>+~,])\s+(?![\s>+~,])")


@lru_cache(maxsize=1024)
def _steps(selector: str) -> tuple[tuple[str, ...], ...]:
    """Return the alternatives of a selector, each as its steps from element to descendant; if each has one, as one.

    An engine tries each combination of ancestors for `a b c d`: on a deep page that takes minutes. It also counts all
    siblings before each for `:nth-child(n)`, which is therefore written as its neighbours.
    """
    marked = _OUTSIDE_QUOTES.sub(lambda found: found[0].replace(" ", "\0").replace(",", "\1"), selector)
    alternatives = [_DESCENDANT.split(_NTH_CHILD.sub(_neighbours, one.strip())) for one in marked.split(",")]
    if all(len(steps) == 1 for steps in alternatives):
        alternatives = [[", ".join(step for (step,) in alternatives)]]
    return tuple(tuple(step.replace("\0", " ").replace("\1", ",") for step in steps) for steps in alternatives)


def _neighbours(found: re.Match[str]) -> str:
    """Return the selector of an element with a number: the first child and what follows it."""
    number, last = int(found[2]), f"{found[1]}{found[3]}" or "*"
    if number <= 1:
        return f"{last}:first-child"
    return "*:first-child" + "+*" * (number - 2) + f"+{last}"


@lru_cache(maxsize=1024)
def _one_step(selector: str) -> str | None:
    """Return a selector that has a single step as engines take it; None if it has more."""
    steps = _steps(selector)
    return steps[0][0] if len(steps) == 1 and len(steps[0]) == 1 else None


def _select(engine: Engine, node: Node, steps: tuple[str, ...]) -> list[Node]:
    """Return the elements that a selector selects, step by step, each in the outermost elements of the one before."""
    found = engine.select(node, steps[0])
    for step in steps[1:]:
        found = [inner for outer in outermost(engine, found) for inner in engine.select(outer, step)]
    return found


def outermost(engine: Engine, nodes: list[Node]) -> list[Node]:
    """Return those of some elements, in page order, that are in none of the others."""
    kept: list[Node] = []
    keys: set[int] = set()
    for node in nodes:
        if keys.isdisjoint(engine.keys(engine.path(node))):
            kept.append(node)
            keys.add(engine.key(node))
    return kept


_OPTIONS = LexborDocumentOptions.WO_EVENTS
"""Events would only copy the chosen `option` into `selectedcontent`; without them parsing takes less time."""


class Lexbor:
    """lexbor: fast, and as tolerant as browsers."""

    name = "fast"

    def parse(self, data: bytes) -> Node | None:
        """Return the root element of a page in UTF-8."""
        parser = LexborHTMLParser(data, options=_OPTIONS)
        parser.strip_tags([*_UNSEEN])
        return parser.root

    def select(self, node: LexborNode, selector: str) -> list[LexborNode]:
        """Return the elements inside `node` that a CSS selector selects, in page order."""
        step = _one_step(selector)
        if step is None:
            return [found for one in _steps(selector) for found in _select(self, node, one)]
        found: list[LexborNode] = node.css(step)
        while found and found[0].mem_id == node.mem_id:  # the node itself comes first if it matches
            del found[0]
        return found

    def text(self, node: LexborNode) -> str:
        """Return all text inside an element, unchanged."""
        return node.text()

    def attribute(self, node: LexborNode, name: str) -> str:
        """Return an attribute; empty if there is none."""
        return node.attrs.get(name) or ""

    def path(self, node: LexborNode) -> list[LexborNode]:
        """Return the elements from the root to `node`, both included."""
        path = []
        step: LexborNode | None = node
        while step is not None:
            path.append(step)
            step = step.parent
        path.pop()  # the document itself
        path.reverse()
        return path

    def children(self, node: LexborNode) -> list[LexborNode]:
        """Return what is directly in an element, texts too."""
        return list(node.iter(include_text=True))

    def wrap(self, nodes: list[LexborNode]) -> LexborNode:
        """Put neighbours into one new element in their place; return it. The nodes are not to be used any more."""
        nodes[0].insert_before(nodes[0].parser.create_node(WRAPPER))
        wrapper = nodes[0].prev
        assert wrapper is not None  # noqa: S101 - it was inserted there
        for node in nodes:
            wrapper.insert_child(node)  # a copy
            node.remove()
        return wrapper

    def closest(self, node: LexborNode, keys: Container[int]) -> int | None:
        """Return the first of these, by its key, that is `node` or around it."""
        step: LexborNode | None = node
        while step is not None:
            if step.mem_id in keys:
                return step.mem_id
            step = step.parent
        return None

    def key(self, node: LexborNode) -> int:
        """Return a key that identifies an element."""
        return node.mem_id

    def keys(self, nodes: list[LexborNode]) -> list[int]:
        """Return the keys of several elements."""
        return [node.mem_id for node in nodes]

    def tag(self, node: LexborNode) -> str:
        """Return an element's name."""
        return node.tag or ""


class Soup:
    """BeautifulSoup with lxml: the reference."""

    name = "reference"

    def parse(self, data: bytes) -> Node | None:
        """Return the root element of a page in UTF-8."""
        from bs4 import BeautifulSoup  # imported here, because it takes a quarter of a second and is rarely needed

        # Else white space between elements becomes a single space, and the borders are lost.
        keep: dict[str, Any] = {"preserve_whitespace_tags": {"html"}}
        soup = BeautifulSoup(data, "lxml", from_encoding="utf-8", **keep)
        for unseen in soup(_UNSEEN):
            unseen.decompose()
        return soup.find(True)

    def select(self, node: Tag, selector: str) -> list[Tag]:
        """Return the elements inside `node` that a CSS selector selects, in page order."""
        step = _one_step(selector)
        if step is None:
            return [found for one in _steps(selector) for found in _select(self, node, one)]
        return list(node.select(step))

    def text(self, node: Tag) -> str:
        """Return all text inside an element, unchanged."""
        return node.get_text()

    def attribute(self, node: Tag, name: str) -> str:
        """Return an attribute; empty if there is none."""
        value = node.get(name) or ""
        return value if isinstance(value, str) else " ".join(value)

    def path(self, node: Tag) -> list[Tag]:
        """Return the elements from the root to `node`, both included."""
        return [node, *(parent for parent in node.parents if parent.parent is not None)][::-1]

    def children(self, node: Tag) -> list[Any]:
        """Return what is directly in an element, texts too."""
        return list(node.children)

    def wrap(self, nodes: list[Any]) -> Tag:
        """Put neighbours into one new element in their place; return it. The nodes are not to be used any more."""
        from bs4 import Tag

        wrapper = Tag(name=WRAPPER)
        nodes[0].insert_before(wrapper)
        for node in nodes:
            wrapper.append(node)
        return wrapper

    def closest(self, node: Tag, keys: Container[int]) -> int | None:
        """Return the first of these, by its key, that is `node` or around it."""
        return next((id(step) for step in (node, *node.parents) if id(step) in keys), None)

    def key(self, node: Tag) -> int:
        """Return a key that identifies an element."""
        return id(node)

    def keys(self, nodes: list[Tag]) -> list[int]:
        """Return the keys of several elements."""
        return [id(node) for node in nodes]

    def tag(self, node: Tag) -> str:
        """Return an element's name."""
        return node.name


@lru_cache(maxsize=1)  # every source and form asks for the same page
def reference_outline(data: bytes) -> tuple[str, list[str]] | None:
    """Return the text that the reference engine reads on a page, and the addresses of its links; None if unknown.

    It costs a tenth of a reading: lxml, from which BeautifulSoup makes its tree, parses and selects by itself.
    """
    from lxml import etree

    try:
        root = etree.fromstring(data, etree.HTMLParser(encoding="utf-8"))
    except (ValueError, etree.LxmlError):
        return None
    if root is None:
        return None
    links = root.xpath("//a/@href")
    etree.strip_elements(root, *_UNSEEN, "rt", "rp", with_tail=False)  # BeautifulSoup takes ruby for no text
    return etree.tostring(root, method="text", encoding="unicode", with_tail=False), links


FAST: Engine = Lexbor()
REFERENCE: Engine = Soup()

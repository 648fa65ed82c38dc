"""A page as a flat tree: its elements and texts in page order, so that any part of it is an interval."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, Protocol

from harvester.parsers.dates_within import date_orders
from harvester.parsers.html.engines import FAST
from harvester.parsers.html.text import LINK, mark_block_borders

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harvester.parsers.html.engines import Node
    from harvester.source import DateOrder

_VARIES = re.compile(
    r"\d|^(?:odd|even|first|last|alt|alternate|active|selected|current|open|closed|collapsed|expanded|hidden|new|unread"
    r"|visited|sticky|promoted|published|unpublished|row)$|(?:^|[-_])(?:odd|even|first|last|alt)$"
)
"""Classes that differ between blocks of one kind."""
_PAGE_DEPTH = 6
_CHROME_TAGS = frozenset({"nav", "footer", "aside", "select", "option", "button"})
_CHROME_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary", "menu", "menubar"})
_CHROME_WORDS = re.compile(
    r"(?i)(?:^|[-_])(?:nav|navi|navbar|navigation|subnav|menus?|submenu|mainmenu|topmenu|footer|breadcrumbs?|sidebar|facets?"
    r"|filters?|pagination|paginator|pager|paging|social|share|toolbar|cookies?|skip|languages?|lang"
    r"|comments?|commentlist)(?:$|[-_])"
    r"|^widget(?:$|_|-area)|^secondary$|[a-z](?:Nav|Menu|Footer|Sidebar|Facets?|Pager|Breadcrumbs?)$|^(?:nav|menu|footer|sidebar|breadcrumb)"
)
"""Names of parts of a page that hold no records."""
_BOX_WORDS = re.compile(r"(?i)(?:^|[-_])(?:featured|popular|related|recommended|trending|carousel|slider)(?:$|[-_])")
"""Names of boxes with a few records that are shown elsewhere, too; a large one may be the listing."""
_BOX, _LARGE = 0.25, 0.6
IDENTIFIER = re.compile(r"-?[A-Za-z_][\w-]*")
"""Classes that stand in a selector as they are."""
BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
INLINE_MARKS = frozenset(
    [
        "b",
        "strong",
        "i",
        "em",
        "u",
        "font",
        "small",
        "mark",
        "abbr",
        "wbr",
        "sup",
        "sub",
        "tt",
        "big",
        "s",
        "strike",
        "ins",
        "del",
        "q",
        "cite",
    ]
)
"""Elements that change how a text looks, and are no part of a record by themselves."""


class Interval(Protocol):
    """A part of a page: the first of the texts in it, and the one after the last."""

    @property
    def first_text(self) -> int:
        """The first."""

    @property
    def end_text(self) -> int:
        """The one after the last."""


@dataclass(slots=True)
class Element:
    """An element: its place in page order, that of its end, and the first and last of the texts in it."""

    tag: str
    attributes: Mapping[str, str | None]
    parent: int
    depth: int
    classes: tuple[str, ...] = ()
    end: int = 0
    first_text: int = 0
    end_text: int = 0
    children: list[int] = field(default_factory=list)
    chrome: bool = False


class Text(NamedTuple):
    """One run of text in an element, with single spaces. `starts_line`: a border of a block or a break precedes it."""

    text: str
    element: int
    starts_line: bool


class Tree:
    """A page's elements and texts, both in page order. `keys`: the engine's keys of the elements."""

    def __init__(self, root: Node) -> None:
        self.root = root
        self.elements: list[Element] = []
        self.texts: list[Text] = []
        self.keys: list[int] = []
        self._fill(root)
        self._mark_chrome()

    def _fill(self, root: Node) -> None:
        node, parent, new_line = root, -1, True
        while node is not None:
            tag = node.tag
            inside = None
            if tag == "-text":
                new_line = self._add_texts(node.text_content, parent, starts=new_line)
            elif tag and tag[0] not in "-!":
                parent = self._open(tag, node, parent)
                new_line = new_line or tag in BLOCKS or tag == "br"
                inside = node.child
                if inside is None:
                    parent = self._close(parent)
            if inside is not None:
                node = inside
                continue
            while parent >= 0 and node.next is None:
                node = node.parent
                new_line = new_line or self.elements[parent].tag in BLOCKS
                parent = self._close(parent)
            node = node.next if parent >= 0 else None

    def _open(self, tag: str, node: Node, parent: int) -> int:
        at = len(self.elements)
        self.keys.append(node.mem_id)
        attributes = node.attributes
        classes = _classes(attributes.get("class") or "")
        depth = self.elements[parent].depth + 1 if parent >= 0 else 0
        tag = tag if IDENTIFIER.fullmatch(tag) else "*"  # of broken pages, which no selector can name
        self.elements.append(Element(tag, attributes, parent, depth, classes, first_text=len(self.texts)))
        if parent >= 0:
            self.elements[parent].children.append(at)
        return at

    def _close(self, at: int) -> int:
        element = self.elements[at]
        element.end, element.end_text = len(self.elements), len(self.texts)
        return element.parent

    def _add_texts(self, text: str, parent: int, *, starts: bool) -> bool:
        """Add the lines of a text; return whether the next text starts a line."""
        for number, part in enumerate(text.replace(LINK, " ").replace("\t", "\n").split("\n")):
            starts = starts or number > 0
            line = " ".join(part.split())
            if line:
                self.texts.append(Text(line, parent, starts))
                starts = False
        return starts

    def _mark_chrome(self) -> None:
        total = self.lengths[-1]
        for at, element in enumerate(self.elements):
            if element.parent >= 0 and self.elements[element.parent].chrome:
                element.chrome = True
                continue
            share = self.length(element) / total if total else 0.0
            named, box = _chrome_of(element) if element.depth > 1 else (False, False)
            header = element.tag == "header" and share < _LARGE and self._is_page_header(at)
            element.chrome = (named and share < _LARGE) or (box and share < _BOX) or header

    def _is_page_header(self, at: int) -> bool:
        """Return whether a header is that of the page, not of a part of it."""
        around = {self.elements[step].tag for step in self.path(self.elements[at].parent)}
        return self.elements[at].depth <= _PAGE_DEPTH and around.isdisjoint(
            ("main", "article", "section", "li", "table")
        )

    @cached_property
    def lengths(self) -> list[int]:
        """The characters of all texts before each text, and of all."""
        return list(accumulate((len(text.text) for text in self.texts), initial=0))

    @cached_property
    def date_orders(self) -> set[DateOrder]:
        """In which orders dates of numbers only are written, as far as days after the twelfth show it."""
        return date_orders(text.text for text in self.texts)

    @cached_property
    def language(self) -> str:
        """The language that the page states, as `pt-BR`; empty if it states none."""
        return next((value for one in self.elements[:2] if (value := one.attributes.get("lang"))), "") or ""

    def length(self, part: Interval) -> int:
        """Return the number of characters in an element or a block."""
        return self.lengths[part.end_text] - self.lengths[part.first_text]

    def text(self, at: int) -> str:
        """Return the text of an element as one line."""
        element = self.elements[at]
        return self.text_between(element.first_text, element.end_text)

    def text_between(self, first: int, end: int) -> str:
        """Return some texts, joined by spaces."""
        return " ".join([text.text for text in self.texts[first:end]])

    def lines(self, first: int, end: int) -> list[str]:
        """Return some texts as the lines that a reader sees."""
        return [line for _, line in self.numbered_lines(first, end)]

    def numbered_lines(self, first: int, end: int) -> list[tuple[int, str]]:
        """Return some texts as the lines that a reader sees, each with the number of its first text."""
        lines: list[tuple[int, str]] = []
        for number, text in enumerate(self.texts[first:end], first):
            if text.starts_line or not lines:
                lines.append((number, text.text))
            else:
                lines[-1] = (lines[-1][0], f"{lines[-1][1]} {text.text}")
        return lines

    @cached_property
    def body(self) -> Element:
        """The body, else the outermost element."""
        return next((one for one in self.elements if one.tag == "body"), self.elements[0])

    def table_around(self, at: int) -> int | None:
        """Return the innermost table in which an element is; None if it is in none."""
        return next((step for step in reversed(self.path(at)) if self.elements[step].tag == "table"), None)

    @cached_property
    def links(self) -> list[int]:
        """The links with an address that leads anywhere."""
        return [at for at, one in enumerate(self.elements) if one.tag == "a" and _leads(one.attributes.get("href"))]

    @cached_property
    def _signatures(self) -> list[str]:
        return [".".join((element.tag, *element.classes)) for element in self.elements]

    def signature(self, at: int) -> str:
        """Return an element's name and its classes, as far as they do not differ between blocks of one kind."""
        return self._signatures[at]

    @cached_property
    def _places(self) -> dict[int, int]:
        return {key: at for at, key in enumerate(self.keys)}

    def selected(self, selector: str) -> list[int]:
        """Return the elements that a CSS selector selects, in page order."""
        return sorted(self._places[key] for key in FAST.keys(FAST.select(self.root, selector)))

    def has_link(self, at: int, leads: Callable[[str], bool] | None = None) -> bool:
        """Return whether an element is a link or holds one. `leads`: of which address it must be."""
        inside = self.links[bisect_left(self.links, at) : bisect_left(self.links, self.elements[at].end)]
        if leads is None:
            return bool(inside)
        return any(leads(self.elements[link].attributes.get("href") or "") for link in inside)

    def next_to(self, at: int) -> int | None:
        """Return the line break that is the next element beside another one; None if that is another one or none."""
        siblings = self.elements[self.elements[at].parent].children
        place = bisect_right(siblings, at)
        return siblings[place] if place < len(siblings) and self.elements[siblings[place]].tag == "br" else None

    def is_header(self, at: int) -> bool:
        """Return whether an element is a row of a table that has only headers."""
        element = self.elements[at]
        return element.tag == "tr" and all(self.elements[child].tag != "td" for child in element.children)

    def before(self, at: int) -> int | None:
        """Return the element before another one, beside it; None if that is the first."""
        siblings = self.elements[self.elements[at].parent].children
        place = bisect_left(siblings, at)
        return siblings[place - 1] if place else None

    def path(self, at: int, within: int = -1) -> list[int]:
        """Return the elements from below `within` to `at`, both the outermost first."""
        path = []
        while at >= 0 and at != within:
            path.append(at)
            at = self.elements[at].parent
        return path[::-1]


def tree_of(data: bytes) -> Tree | None:
    """Return the tree of a page in UTF-8; None if there is no element in it."""
    root = FAST.parse(mark_block_borders(data))
    return None if root is None else Tree(root)


def _chrome_of(element: Element) -> tuple[bool, bool]:
    """Return whether an element is by its name, role or classes a part without records, and whether a box with some."""
    by_kind = element.tag in _CHROME_TAGS or element.attributes.get("role") in _CHROME_ROLES
    named, box = _named(element.attributes.get("class") or "", element.attributes.get("id") or "")
    return by_kind or named, box


@lru_cache(maxsize=4096)
def _named(classes: str, identity: str) -> tuple[bool, bool]:
    names = f"{classes} {identity}".split()
    return any(map(_CHROME_WORDS.search, names)), any(map(_BOX_WORDS.search, names))


@lru_cache(maxsize=4096)
def _classes(written: str) -> tuple[str, ...]:
    """Return the classes that do not differ between blocks of one kind."""
    return tuple(sorted({name for name in written.split() if not _VARIES.search(name)}))


def _leads(href: str | None) -> bool:
    href = (href or "").strip()
    return bool(href) and not href.startswith("#") and not re.match(r"(?i)(?:javascript|mailto|tel|data):", href)

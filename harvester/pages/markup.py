"""HTML through one small interface, with two engines: BeautifulSoup is the reference, lexbor the accelerator.

Before an engine sees a page, the borders of its blocks are written into it as tabs and its line breaks as line
feeds, which are nothing but white space to any parser. So the text of an element, in both engines one call, shows
where its blocks begin and end, and no tree has to be walked. In the same way a mark stands before each link.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from bs4 import BeautifulSoup, Tag
from selectolax.lexbor import LexborHTMLParser

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

Node = Any
"""An element as its engine has it; only the engine looks inside."""


Part = tuple[str, ...]
"""The lines of one block of text."""


LINK = "\x1f"
"""Stands in a page's text before the text of each link; all other control characters are gone from it."""
_UNSEEN = ("script", "style", "template", "noscript")
"""Elements whose text no reader of the page sees."""


class Engine(Protocol):
    """Parses a page and selects in it."""

    name: str

    def parse(self, data: bytes) -> Node | None:
        """Give the root element of a page in UTF-8."""

    def select(self, node: Node, selector: str) -> list[Node]:
        """Give the elements inside `node` that a CSS selector selects, in page order."""

    def text(self, node: Node) -> str:
        """Give all text inside an element, as it stands."""

    def attribute(self, node: Node, name: str) -> str:
        """Give an attribute; empty if there is none."""

    def path(self, node: Node) -> list[Node]:
        """Give the elements from the root to `node`, both included."""

    def key(self, node: Node) -> int:
        """Give what tells an element from all others."""

    def tag(self, node: Node) -> str:
        """Give an element's name."""


class Lexbor:
    """lexbor: fast, and as forgiving as browsers."""

    name = "fast"

    def parse(self, data: bytes) -> Node | None:
        """Give the root element of a page in UTF-8."""
        parser = LexborHTMLParser(data)
        parser.strip_tags([*_UNSEEN])
        return parser.root

    def select(self, node: LexborNode, selector: str) -> list[LexborNode]:
        """Give the elements inside `node` that a CSS selector selects, in page order."""
        return node.css(selector)

    def text(self, node: LexborNode) -> str:
        """Give all text inside an element, as it stands."""
        return node.text()

    def attribute(self, node: LexborNode, name: str) -> str:
        """Give an attribute; empty if there is none."""
        return node.attrs.get(name) or ""

    def path(self, node: LexborNode) -> list[LexborNode]:
        """Give the elements from the root to `node`, both included."""
        path = []
        step: LexborNode | None = node
        while step is not None:
            path.append(step)
            step = step.parent
        path.pop()  # the document itself
        path.reverse()
        return path

    def key(self, node: LexborNode) -> int:
        """Give what tells an element from all others."""
        return node.mem_id

    def tag(self, node: LexborNode) -> str:
        """Give an element's name."""
        return node.tag or ""


class Soup:
    """BeautifulSoup on lxml: the reference."""

    name = "reference"

    def parse(self, data: bytes) -> Node | None:
        """Give the root element of a page in UTF-8."""
        # Else it would make a single space of white space between elements, and the borders would be gone.
        keep: dict[str, Any] = {"preserve_whitespace_tags": {"html"}}
        soup = BeautifulSoup(data, "lxml", from_encoding="utf-8", **keep)
        for unseen in soup(_UNSEEN):
            unseen.decompose()
        return soup.find(True)

    def select(self, node: Tag, selector: str) -> list[Tag]:
        """Give the elements inside `node` that a CSS selector selects, in page order."""
        return list(node.select(selector))

    def text(self, node: Tag) -> str:
        """Give all text inside an element, as it stands."""
        return node.get_text()

    def attribute(self, node: Tag, name: str) -> str:
        """Give an attribute; empty if there is none."""
        value = node.get(name) or ""
        return value if isinstance(value, str) else " ".join(value)

    def path(self, node: Tag) -> list[Tag]:
        """Give the elements from the root to `node`, both included."""
        return [node, *(parent for parent in node.parents if parent.parent is not None)][::-1]

    def key(self, node: Tag) -> int:
        """Give what tells an element from all others."""
        return id(node)

    def tag(self, node: Tag) -> str:
        """Give an element's name."""
        return node.name


FAST: Engine = Lexbor()
REFERENCE: Engine = Soup()

_BLOCK_TAG = re.compile(
    rb"<(?=/?(?:[pP]|[dD](?:[iI][vV]|[dDlLtT])|[tT](?:[dDhHrR]|[aA][bB][lL][eE]|[bB][oO][dD][yY])|[hH][1-6rR]|[lL][iI]"
    rb"|[uUoO][lL]|(?i:thead|tfoot|caption|section|article|header|footer|aside|main|nav|form|fieldset|figure|figcaption"
    rb"|blockquote|pre|address|button|select|option|label|title))[\s/>])"
)
_LINK_TAG = re.compile(rb"<(?=[aA]\s)")
_BREAK = re.compile(rb"<(?=[bB][rR][\s/>])")
# Control characters could steer the terminal or end the text in a program that reads it.
_CONTROLS = re.compile(
    rb"\xc2[\x80-\x9f]|(?i:&#(?:x0*(?:[0-8bcef]|1[0-9a-f]|7f|8[1df]|9[0d])|0*(?:[0-8]|1[1245-9]|2\d|3[01]|127|129|141|14[34]"
    rb"|157))(?![0-9a-f]);?)"
)
_WHITE = bytes.maketrans(bytes([*range(32), 127]), b" " * 33)


def prepare(data: bytes) -> bytes:
    """Write the borders of blocks as tabs, line breaks as line feeds, and a mark before each link."""
    data = data.translate(_WHITE)
    if b"&#" in data or b"\xc2" in data:
        data = _CONTROLS.sub(b" ", data)
    if b"<br" in data or b"<BR" in data:
        data = _BREAK.sub(b"\n<", data)
    return _LINK_TAG.sub(b"\x1f<", _BLOCK_TAG.sub(b"\t<", data))


def parts_of(text: str) -> list[Part]:
    """Give the parts of an element's text, each as its lines, without white space around them."""
    parts: list[Part] = []
    for part in text.replace(LINK, "").split("\t"):
        line = part.strip()
        if "\n" in line:
            parts.append(tuple(filter(None, map(_single_spaced, line.split("\n")))))
        elif line:
            parts.append((_single_spaced(line) if "  " in line else line,))
    return parts


def _single_spaced(line: str) -> str:
    return " ".join(filter(None, line.split(" "))).strip()


def line_of(text: str) -> str:
    """Give a text as one line."""
    return " ".join(line for part in parts_of(text) for line in part)

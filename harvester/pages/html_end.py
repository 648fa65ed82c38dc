"""Where an HTML page ends: at its own end, or cut off inside of something.

A page that a program has saved may lack its last end tags, as HTML allows. So a mark is written behind the last byte
before a page is parsed: where that stands in the tree shows which elements were still open, and if it is nowhere, the
page ends inside a tag, a comment or a script.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harvester.pages.markup import Engine, Node

End = Literal["shown", "saved", "unknown"]
"""What a page's bytes tell of its end: it is shown; a program that may leave it out has saved the page; nothing."""

# A hidden input stands wherever it is put, between the rows of a table too. Without quotation marks: these would end
# an attribute that is cut off.
END_MARK = b"<input type=hidden id=harvester-end>"
_SELECTOR = "input#harvester-end"
_SAVED = re.compile(rb"Page saved with SingleFile|saved from url=\(")
_LOOKED_AT = 4096
_END_TAG_OPTIONAL = {"html", "body", "p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead", "tfoot", "option"}
_UNREAD = ((b"<script", b"</script"), (b"<!--", b"-->"))  # in these, an end tag is none
_LAST_TAGS = (b"</html", b"</HTML", b"</body", b"</BODY")
_ANOTHER = re.compile(
    rb"(?is)</html\s*>(?=(?:\s{1,99}|<!--.{0,500}?-->|<!doctype\b[^<>]{0,500}>){0,9}<html[\s>])",
)
_NO_CONTENT = re.compile(rb"(?is)\s+|</(?:html|body)\s*>|<!--.*?-->|<(script|style|noscript)\b.*?</\1\s*>")


def end_of(body: bytes) -> End:
    """Say whether a page ends with the end tag of `body` or `html`; comments and scripts may follow."""
    at = next((place for tag in _LAST_TAGS if (place := body.rfind(tag)) >= 0), -1)
    if any(body.rfind(begin, 0, max(at, 0)) > body.rfind(end, 0, max(at, 0)) for begin, end in _UNREAD):
        at = -1
    while 0 <= at < len(body):
        found = _NO_CONTENT.match(body, at)
        at = found.end() if found else -1
    if at >= 0:
        return "shown"
    return "saved" if _SAVED.search(body, 0, _LOOKED_AT) else "unknown"


def first_page(body: bytes) -> bytes:
    """Return the first of several pages that stand in a file one after the other; the whole where there is one."""
    several = body.count(b"<html") + body.count(b"<HTML") > 1  # nearly none: to count costs less than to search
    end = _ANOTHER.search(body) if several else None
    return body if end is None else body[: end.end()]


def open_elements(engine: Engine, root: Node) -> list[Node] | None:
    """Return the elements that are open where the page ends; None if it ends inside of a tag, a comment or a script."""
    marks = engine.select(root, _SELECTOR)
    return engine.path(marks[-1])[:-1] if marks else None


def may_end_so(engine: Engine, still_open: Sequence[Node]) -> bool:
    """Say whether HTML allows a page to end with these elements open."""
    return all(engine.tag(node) in _END_TAG_OPTIONAL for node in still_open)


def container_of(engine: Engine, nodes: Sequence[Node]) -> Node | None:
    """Return the smallest element around all these; None where that is the page itself."""
    paths = [engine.path(node) for node in nodes]
    keys = [engine.keys(path) for path in paths]
    depth = 0
    while all(depth < len(path) and path[depth] == keys[0][depth] for path in keys):
        depth += 1
    container = paths[0][depth - 1] if depth else None
    return None if container is None or engine.tag(container) in ("html", "body") else container

"""The bytes of an HTML page: whether it is HTML, its encoding, its end, and the slice that is read.

A page that a program has saved may lack its last end tags, as HTML allows. Therefore a mark is appended to the page
before it is parsed: its position in the tree shows which elements were still open, and if it is not in the tree, the
page ends inside a tag, a comment or a script.

The slice is mostly a tenth of a page, so that the rest is not parsed. The search for it goes through all bytes several
times; stringzilla's is ten times as fast as Python's own.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from html import unescape
from typing import TYPE_CHECKING, Literal

from stringzilla import find, rfind

from harvester.parsers.encoding import UTF16_MARKS, decode
from harvester.parsers.html.text import mark_block_borders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harvester.model import Capture, Problem
    from harvester.parsers.html.engines import Engine, Node
    from harvester.source import HtmlForm


_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[a-zA-Z!?]")
_ENDS = re.compile(rb"(?i)</(?:body|main)\s*>|<footer|</(?:table|ul|ol|dl)\s*>\s*\Z")


def is_html(capture: Capture) -> bool:
    """Return whether a capture is HTML: by its header, by its beginning, or, of a torn piece, by its links."""
    if capture.media_type and "html" in capture.media_type:
        return True
    body = capture.body
    if body.startswith(UTF16_MARKS):
        body = body.decode("utf-16", "replace").encode()
    return _START.match(body) is not None or (b"</a>" in body and b"href=" in body)


class HtmlBytes:
    """The bytes of a page, and what all its readings need to know of them."""

    def __init__(self, capture: Capture) -> None:
        self.capture = capture

    @cached_property
    def in_utf8(self) -> tuple[bytes, list[Problem]]:
        """The page in UTF-8, decoded as its header or meta element declares, or as well as can be; and its problems."""
        capture = self.capture
        if is_utf8(capture.body):
            return capture.body, []
        from bs4.dammit import EncodingDetector

        declared = capture.charset or EncodingDetector.find_declared_encoding(capture.body, is_html=True)
        text, problems = decode(replace(capture, charset=declared))
        return text.encode(), problems

    @cached_property
    def unescaped(self) -> str:
        """The source of the page, with characters instead of their entities."""
        return unescape(self.in_utf8[0].decode())

    @cached_property
    def to_parse(self) -> bytes:
        """The whole page as engines parse it."""
        return with_end_mark(self.in_utf8[0])

    @cached_property
    def end(self) -> End:
        """What the page's bytes show of its end."""
        return end_of(self.capture.body)

    @cached_property
    def whole(self) -> bool:
        """Whether the page shows its own end: then its last record is not cut off."""
        body = self.capture.body
        behind = max(0, body.rfind(b"</a"))
        return body.rfind(b"</html", behind) >= 0 or _ENDS.search(body, behind) is not None


def is_utf8(data: bytes) -> bool:
    """Return whether bytes are text in UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


End = Literal["shown", "saved", "unknown"]
"""What a page's bytes show of its end: the end itself; that a program saved it, which may leave it out; nothing."""

# A hidden input stays where it is put, even between the rows of a table. It has no quotation marks, because these
# would end an attribute that is cut off.
END_MARK = b"<input type=hidden id=harvester-end>"
_SELECTOR = "input#harvester-end"


def with_end_mark(data: bytes) -> bytes:
    """Return bytes as engines parse them: with the borders of their blocks and their end marked."""
    return mark_block_borders(data) + END_MARK


_SAVED = re.compile(rb"Page saved with SingleFile|saved from url=\(")
_LOOKED_AT = 4096
_END_TAG_OPTIONAL = {"html", "body", "p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead", "tfoot", "option"}
_UNREAD = ((b"<script", b"</script"), (b"<!--", b"-->"))  # an end tag inside these does not count
_LAST_TAGS = (b"</html", b"</HTML", b"</body", b"</BODY")
_ANOTHER = re.compile(
    rb"(?is)</html\s*>(?=(?:\s{1,99}|<!--.{0,500}?-->|<!doctype\b[^<>]{0,500}>){0,9}<html[\s>])",
)
_NO_CONTENT = re.compile(rb"(?is)\s+|</(?:html|body)\s*>|<!--.*?-->|<(script|style|noscript)\b.*?</\1\s*>")


def end_of(body: bytes) -> End:
    """Return whether a page ends with the end tag of `body` or `html`; comments and scripts may follow."""
    at = next((place for tag in _LAST_TAGS if (place := body.rfind(tag)) >= 0), -1)
    if at > 0 and any(_is_open(body, begin, end, at) for begin, end in _UNREAD):
        at = -1
    while 0 <= at < len(body):
        found = _NO_CONTENT.match(body, at)
        at = found.end() if found else -1
    if at >= 0:
        return "shown"
    return "saved" if _SAVED.search(body, 0, _LOOKED_AT) else "unknown"


def _is_open(body: bytes, begin: bytes, end: bytes, at: int) -> bool:
    """Return whether what these mark has begun before a place, and has not ended there."""
    began = rfind(body, begin, 0, at)
    return bool(began >= 0 and find(body, end, began, at) < 0)


def first_page(body: bytes) -> bytes:
    """Return the first of several pages that follow each other in one file; the whole file if it is one page."""
    end = _ANOTHER.search(body) if _has_several(body) else None  # the search costs more than to count
    return body if end is None else body[: end.end()]


def _has_several(body: bytes) -> bool:
    found = 0
    for tag in (b"<html", b"<HTML"):
        at = find(body, tag)
        while at >= 0 and found < 2:
            found += 1
            at = find(body, tag, at + 1)
    return found > 1


def open_elements(engine: Engine, root: Node) -> list[Node] | None:
    """Return the elements that are open where the page ends; None if it ends inside a tag, a comment or a script."""
    marks = engine.select(root, _SELECTOR)
    return engine.path(marks[-1])[:-1] if marks else None


def may_end_so(engine: Engine, still_open: Sequence[Node]) -> bool:
    """Return whether HTML allows a page to end with these elements open."""
    return all(engine.tag(node) in _END_TAG_OPTIONAL for node in still_open)


def container_of(engine: Engine, nodes: Sequence[Node]) -> Node | None:
    """Return the smallest element around all of these; None if it is the page itself."""
    paths = [engine.path(node) for node in nodes]
    keys = [engine.keys(path) for path in paths]
    depth = 0
    while all(depth < len(path) and path[depth] == keys[0][depth] for path in keys):
        depth += 1
    container = paths[0][depth - 1] if depth else None
    return None if container is None or engine.tag(container) in ("html", "body") else container


def has_marker(form: HtmlForm, body: bytes) -> bool:
    """Return whether a page can have a form."""
    return not form.marks or any(find(body, mark) >= 0 for mark in form.marks)


def slice_of(body: bytes, form: HtmlForm) -> bytes | None:
    """Return the part of a page that is read, between unambiguous markers; None if a mark of the form is outside it."""
    for start, end in form.slices:
        first = find(body, start)
        last = find(body, end, first) if first >= 0 else -1
        if not 0 <= first < last or find(body, start, first + 1) >= 0 or find(body, end, last + 1) >= 0:
            continue
        if all(find(body, mark, 0, first) < 0 and find(body, mark, last) < 0 for mark in form.marks):
            return body[first : last + len(end)]
    return None

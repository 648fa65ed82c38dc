"""The bytes of an HTML page: is it one, its encoding, whether it shows its own end, which slices are read."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from stringzilla import find

from harvester.parsers.encoding import UTF16_MARKS, decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harvester.parsers.html.engines import Engine, Node
    from harvester.source import HtmlForm


if TYPE_CHECKING:
    from harvester.model import Capture, Problem

_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[a-zA-Z!?]")
_ENDS = re.compile(rb"(?i)</(?:body|main)\s*>|<footer|</(?:table|ul|ol|dl)\s*>\s*\Z")


def is_html(capture: Capture) -> bool:
    """Say whether a capture is HTML: by its header, by its beginning, or, of a torn piece, by its links."""
    if capture.media_type and "html" in capture.media_type:
        return True
    body = capture.body
    if body.startswith(UTF16_MARKS):
        body = body.decode("utf-16", "replace").encode()
    return _START.match(body) is not None or (b"</a>" in body and b"href=" in body)


@dataclass(frozen=True)
class Original:
    """A page as it came, and what all its readings ask."""

    capture: Capture

    @cached_property
    def in_utf8(self) -> tuple[bytes, list[Problem]]:
        """The page in UTF-8: as it is, as its header or its meta element declares, or as can be made of it."""
        capture = self.capture
        if is_utf8(capture.body):
            return capture.body, []
        from bs4.dammit import EncodingDetector

        declared = capture.charset or EncodingDetector.find_declared_encoding(capture.body, is_html=True)
        text, problems = decode(replace(capture, charset=declared))
        return text.encode(), problems

    @cached_property
    def end(self) -> End:
        """What the page's bytes tell of its end."""
        return end_of(self.capture.body)

    @cached_property
    def whole(self) -> bool:
        """Whether the page shows its own end: its last record is then not cut off."""
        body = self.capture.body
        behind = max(0, body.rfind(b"</a"))
        return body.rfind(b"</html", behind) >= 0 or _ENDS.search(body, behind) is not None


def is_utf8(data: bytes) -> bool:
    """Say whether bytes are text in UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


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


def shows(form: HtmlForm, body: bytes) -> bool:
    """Say whether a page can have a form."""
    return not form.marks or any(find(body, mark) >= 0 for mark in form.marks)


def slice_of(body: bytes, form: HtmlForm) -> bytes | None:
    """Cut out what is read of a page: between markers, if these are clear and no mark of the form stands outside."""
    for start, end in form.slices:
        first = find(body, start)
        last = find(body, end, first) if first >= 0 else -1
        if not 0 <= first < last or find(body, start, first + 1) >= 0 or find(body, end, last + 1) >= 0:
            continue
        if all(find(body, mark, 0, first) < 0 and find(body, mark, last) < 0 for mark in form.marks):
            return body[first : last + len(end)]
    return None

"""An HTML page as it came: is it one, in which encoding, and does it show its own end."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from harvester.pages.encoding import UTF16_MARKS, decode
from harvester.pages.html_end import end_of

if TYPE_CHECKING:
    from harvester.capture import Capture
    from harvester.pages.html_end import End
    from harvester.pages.page import Problem

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

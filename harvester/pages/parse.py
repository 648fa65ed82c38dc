"""The one entrance: from a capture to what its page says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harvester.capture import MAX_BYTES
from harvester.pages.encoding import decode, is_binary
from harvester.pages.listing import read_listing
from harvester.pages.page import Page, Refused

if TYPE_CHECKING:
    from harvester.capture import Capture
    from harvester.source import Form, Source

PARSER_VERSION = 1
"""Raised when the same bytes can be read differently than before: pages known by their bytes are then read again."""


def parse(capture: Capture, source: Source) -> Page:
    """Read a capture as a page of `source`, or refuse it with the reason. Never raises on what a page holds."""
    body = capture.body
    if len(body) > MAX_BYTES:
        return Refused("too-large", f"larger than {MAX_BYTES // 1024**2} MB: no page of an archive is")
    if is_binary(body):
        return Refused("binary", "not text: give saved pages (.txt)", repr(body[:40]))
    text, problems = decode(capture)
    if not text.strip():
        return Refused("empty", "nothing in it")
    page = _read(text, source)
    return page if isinstance(page, Refused) else replace(page, problems=(*problems, *page.problems))


def _read(text: str, source: Source) -> Page:
    form = recognise(text, source)
    if form is None:
        return Refused("not-a-listing", f"no listing of {source.title}", text.strip()[:200])
    if form.refused:
        return Refused("degraded", form.refused, text.strip()[:200], form.name)
    return read_listing(text, form)


def recognise(text: str, source: Source) -> Form | None:
    """Give the first of the source's forms whose signs all stand in the text."""
    for form in source.forms:
        if all(pattern.search(text) for pattern in form.sign_patterns):
            return form
    return None

"""The entry point of the parsers: from a capture to its page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harvester.model import MAX_BYTES, Listing, Page, Problem, Refused
from harvester.parsers.encoding import UTF16_MARKS, decode, is_binary
from harvester.parsers.html.forms import read_html
from harvester.parsers.html.listing import with_way_on
from harvester.parsers.html.page_bytes import first_page, is_html
from harvester.parsers.text_listing import read_listing
from harvester.source import HtmlForm

if TYPE_CHECKING:
    from harvester.model import Capture
    from harvester.parsers.html.forms import EngineChoice
    from harvester.source import Form, Source

PARSER_VERSION = 12
"""Raised when the same bytes can be read differently than before: pages known by their bytes are then read again."""

SEVERAL = "several pages stand in this file one after the other, and only the first is read: save each by itself"
OK = 200
WHOLE = frozenset({OK, *range(300, 400)})
"""Statuses of responses that may contain a whole page; redirects are judged where they were requested."""


def parse(capture: Capture, source: Source, engine: EngineChoice = "auto") -> Page:
    """Return the page of `source` in a capture, or `Refused` with the reason. Never raises for the content of a page.

    `engine` is for HTML: `auto` uses the fast engine's reading if it is consistent with itself, else the reference's.
    """
    page, status = _parse(capture, source, engine), capture.http_status
    if status is None or status >= OK or isinstance(page, Refused):
        return page
    notice = Problem("notice", "unknown-status", f"captured with status {status}, which tells nothing; read as a page")
    return replace(page, problems=(notice, *page.problems))


def _parse(capture: Capture, source: Source, engine: EngineChoice) -> Page:
    body, status = capture.body, capture.http_status
    if status is not None and status >= OK and status not in WHOLE:
        return Refused(f"http-{status}", _why_none(status))
    if len(body) > MAX_BYTES:
        return Refused("too-large", f"larger than {MAX_BYTES // 1024**2} MB: no page of an archive is")
    if is_binary(body):
        return Refused("binary", "not text: give saved pages (.txt)", repr(body[:40]))
    if is_html(capture):
        return _read_html(capture, source, engine)
    text, problems = decode(capture)
    if not text.strip():
        return Refused("empty", "nothing in it")
    page = _read(text, source)
    return page if isinstance(page, Refused) else replace(page, problems=(*problems, *page.problems))


def _read_html(capture: Capture, source: Source, engine: EngineChoice) -> Page:
    if capture.body.startswith(UTF16_MARKS):  # as Internet Explorer has saved pages: the forms' marks are bytes
        text, problems = decode(capture)
        page = _read_html(replace(capture, body=text.encode(), charset=None), source, engine)
        return page if isinstance(page, Refused) else replace(page, problems=(*problems, *page.problems))
    body = first_page(capture.body)
    first = capture if len(body) == len(capture.body) else replace(capture, body=body)
    page = read_html(first, source, engine)
    page = with_way_on(page, first, source) if isinstance(page, Listing) else page
    if isinstance(page, Refused) or len(first.body) == len(capture.body):
        return page
    return replace(page, problems=(Problem("error", "several-pages", SEVERAL), *page.problems))


def _why_none(status: int) -> str:
    if status < 300:
        return f"the site answered with status {status}: not a whole page; save it again"
    return f"the site answered with status {status}: no page"


def _read(text: str, source: Source) -> Page:
    form = recognise(text, source)
    if form is None:
        return Refused("not-a-listing", f"no listing of {source.title}", text.strip()[:200])
    if form.refused:
        return Refused("degraded", form.refused, text.strip()[:200], form.name)
    return read_listing(text, form, source.date_order)


def recognise(text: str, source: Source) -> Form | None:
    """Return the first of the source's forms of text whose signs are all in the text."""
    for form in source.forms:
        if not isinstance(form, HtmlForm) and all(pattern.search(text) for pattern in form.sign_patterns):
            return form
    return None

"""Fetches one address at a time, conditionally if it was captured before, and makes a capture of the response.

Bodies are decompressed by the same rules as those in WARC files: one that ends early is an error. Scrapy's own
middleware returns what there is of a gzip, brotli or zstd body that stops early.
"""

from __future__ import annotations

import re
from asyncio import Future
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from harvester.crawl.http_client import FetchFailed
from harvester.ingest import NOTHING_FOUND, NOTHING_THERE
from harvester.model import Capture, ParsedCapture, Problem, Refused, Skipped
from harvester.parsers.html.refusals import WAITING_ROOM
from harvester.parsers.parse import parse
from harvester.politeness import PATIENT_LOOKS, SECOND_LOOKS
from harvester.readers.http import Message
from harvester.urls import canonical, listing_of, page_number, rebased

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from scrapy import Request
    from scrapy.http import Response

    from harvester.crawl.http_client import HttpClient
    from harvester.crawl.proof import WalkPage, WalkResult
    from harvester.crawl.session import CrawlSession
    from harvester.source import Source
    from harvester.store.captures import Validators
    from harvester.store.run_pages import PageResult
    from harvester.walk_log import WalkRequest


@dataclass
class Fetched:
    """An answer (or why there is none) on its way into the run.

    `result` is set when it is committed: the spider waits for that before it fetches more, so that a page is never
    recorded as read before its records are stored.
    """

    capture: Capture | Skipped
    response: Response | None = None
    step: WalkRequest | None = None
    same_as: Validators | None = None  # the capture that a 304 refers to
    result: Future[PageResult | None] = field(default_factory=Future)


NOT_MODIFIED = 304
WHAT = {WAITING_ROOM: "a waiting room", NOTHING_FOUND: "“nothing found”, where records should stand"}
"""Answers that pass: a queue moves on, a cache forgets."""


class CaptureFetcher:
    """Fetches pages of one archive as captures; `base` is another address that serves the same archive."""

    def __init__(self, client: HttpClient, session: CrawlSession, source: Source, base: str | None) -> None:
        self._fetcher = client
        self._session = session
        self._source = source
        self._base = base
        self._last: Fetched | None = None
        self._patient = True  # until a waiting room has stayed closed
        self.stop_reason: str | None = None
        """Why nothing more is fetched from this archive in this run; None if fetching goes on."""

    async def visit(self, address: str, step: WalkRequest | None = None) -> Fetched:
        """Fetch an address, if it has changed since it was last captured."""
        uri = canonical(address, self._source, self._base)
        held = self._session.held(uri)
        url = rebased(address, self._base) if self._base else address
        try:
            response = await self._fetcher.fetch(url, held.validators if held else {})
        except FetchFailed as reason:
            self.stop_reason = reason.problem.message if reason.final else self.stop_reason
            self._last = Fetched(Skipped(uri, reason.problem), step=step)
            return self._last
        if step and is_cached(response):
            step = replace(step, cached=True)
        same = held if response.status == NOT_MODIFIED else None
        # A response is stored under the requested address; its content shows whether it is that page.
        self._last = Fetched(self._capture(response, uri), response, step, same)
        return self._last

    async def document(self, address: str) -> Fetched:
        """Fetch a document's page; wait in a waiting room, unless that was in vain before: it is no reading."""
        look, most = 0, PATIENT_LOOKS if self._patient else SECOND_LOOKS
        while self._is_waiting_room(fetched := self._parsed(await self.visit(address))):
            if look == most:
                self._patient = False
                break
            look += 1
            assert fetched.response is not None  # noqa: S101 - a waiting room is an answer
            self._session.aside(canonical(fetched.response.url, self._source, self._base), fetched.response)
            await self._fetcher.rest(look, f"{address} was answered with {WHAT[WAITING_ROOM]}")
        return fetched

    def _parsed(self, fetched: Fetched) -> Fetched:
        """Return a response with its page, which the run takes as it is: nothing is parsed twice."""
        capture = fetched.capture
        if not isinstance(capture, Capture) or fetched.same_as:
            return fetched
        page = parse(capture, self._source)
        values: dict[str, Any] = {part.name: getattr(capture, part.name) for part in fields(Capture)}
        parsed = ParsedCapture(**values, digest=capture.sha256, source=self._source.name, load_page=lambda: page)
        return replace(fetched, capture=parsed)

    @staticmethod
    def _is_waiting_room(fetched: Fetched) -> bool:
        if not isinstance(fetched.capture, ParsedCapture):
            return False
        page = fetched.capture.load_page()
        return isinstance(page, Refused) and page.code == WAITING_ROOM

    async def fetch_with_retries(self, address: str, step: WalkRequest) -> AsyncIterator[Fetched]:
        """Fetch a page of a walk, and fetch it again if it is refused, or empty where records are expected.

        A waiting room or an empty cached page is retried for longer, unless that has failed before in this run.
        """
        look, most, what, result = 0, SECOND_LOOKS, "", None
        while look <= most:
            if look:
                await self._fetcher.rest(look, f"{address} was answered with {what}")
            fetched = await self.visit(address, replace(step, retry=look < most))
            yield fetched
            result = await fetched.result
            if result is None or result.answers(step):
                return
            code = self._session.run.refusal(result.capture_id) or NOTHING_FOUND
            what = WHAT.get(code, "no page of the listing")
            passes = code == WAITING_ROOM or (code == NOTHING_FOUND and step.filled)
            if self._patient and look < most and passes:
                most = PATIENT_LOOKS
            look += 1
        self._patient = self._patient and most == SECOND_LOOKS
        if result and not result.refused:
            uri = canonical(address, self._source, self._base)
            self._session.problem(Problem("warning", NOTHING_FOUND, NOTHING_THERE), uri)

    async def step(self, number: int) -> WalkPage:
        """Return the page that was fetched last, as its walk needs it."""
        assert self._last is not None  # noqa: S101 - asked only after a visit
        cached = bool(self._last.step and self._last.step.cached)
        step = self._session.step(number, await self._last.result, cached=cached)
        lacking = self._last.capture.problem if isinstance(self._last.capture, Skipped) else None
        # “500” is what a search answers behind its ceiling; the others speak of the moment only.
        busy = lacking is not None and lacking.code != "http-500"
        return replace(step, stop=self.stop_reason, busy=busy)

    def stop_fetching(self, reason: str) -> None:
        """Stop fetching for the rest of this run."""
        self.stop_reason = self.stop_reason or reason

    def stop_after(self, verdict: WalkResult) -> None:
        """Stop fetching if a listing could not be read: its archive is down, or refuses us."""
        if verdict.status == "interrupted" or (verdict.total is None and not verdict.keys):
            self.stop_fetching(verdict.reason or "")

    def _capture(self, response: Response, uri: str) -> Capture:
        """Return the capture of a response. A file's date is no evidence of when the page was fetched."""
        if urlsplit(response.url).scheme == "file":
            return Capture(response.url, response.body, file=str(Path(unquote(urlsplit(response.url).path))))
        media_type = header(response, "Content-Type")
        charset = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", media_type, re.IGNORECASE)
        return Capture(
            uri,
            response.body,
            captured_at=datetime.now(UTC).replace(microsecond=0),
            media_type=media_type.partition(";")[0].strip().lower() or None,
            charset=charset[1] if charset else None,
            http_status=response.status,
            etag=header(response, "ETag") or None,
            last_modified=header(response, "Last-Modified") or None,
        )


def may_follow(requested: str, target: str, source: Source, base: str | None) -> bool:
    """Return whether a redirect leads to the same page elsewhere: never to a stranger, a login or another listing."""
    hosts = {*source.hosts, urlsplit(base or requested).hostname}
    if urlsplit(target).scheme not in ("http", "https") or urlsplit(target).hostname not in hosts:
        return False
    one, other = (canonical(url, source, base) for url in (requested, target))
    path, query = urlsplit(other).path.lstrip("/"), urlsplit(other).query
    if not any(source.path_pattern.fullmatch(address) for address in (path, f"{path}?{query}")):
        return False
    return (listing_of(one, source), page_number(one, source)) == (
        listing_of(other, source),
        page_number(other, source),
    )


def header(response: Response, name: str) -> str:
    """Return a header's value as text, empty if there is none."""
    return (response.headers.get(name) or b"").decode("latin-1")


def is_cached(response: Response) -> bool:
    """Return whether a response comes out of a shared cache and is older than 0 seconds (RFC 9111, Age)."""
    age = header(response, "Age")
    return bool(re.fullmatch(r"[0-9]+", age)) and age.strip("0") != ""


class DecompressionMiddleware:
    """Requests compressed responses and decompresses them; raises DamageError if one is incomplete."""

    def process_request(self, request: Request) -> None:
        """Set the Accept-Encoding header to the encodings that can be decoded."""
        request.headers.setdefault("Accept-Encoding", "gzip, deflate, br, zstd")

    def process_response(self, request: Request, response: Response) -> Response:  # noqa: ARG002 - Scrapy calls it
        """Return the answer with its body as it was before it was packed."""
        encodings = response.headers.getlist("Content-Encoding")
        if not encodings:
            return response
        fields = {"content-encoding": b",".join(encodings).decode("latin-1")}
        unpacked = response.replace(body=Message(response.status, fields, response.body).unpacked())
        del unpacked.headers["Content-Encoding"]
        return unpacked

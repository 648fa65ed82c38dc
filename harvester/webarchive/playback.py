"""Judges what a web archive plays back: the capture that was asked for, or a named reason why it is not that."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urljoin

from harvester.crawl.warc_writer import HttpAnswer
from harvester.model import MAX_BYTES, Capture
from harvester.politeness import ELSEWHERE
from harvester.readers.cdx import REVISIT
from harvester.readers.damage import DamageError
from harvester.readers.http import Message
from harvester.readers.warc import PAGE_TYPES
from harvester.webarchive.index_lines import links_of
from harvester.webarchive.place import captured_address, played_back

if TYPE_CHECKING:
    from collections.abc import Callable

    PageOf = Callable[[str], str | None]
    from harvester.store.web_captures import WebCapture
    from harvester.webarchive.client import WebAnswer
    from harvester.webarchive.place import WebArchive

Reason = Literal[
    "another-address",
    "another-time",
    "another-kind",
    "damaged-body",
    "excluded",
    "no-answer",
    "no-capture",
    "no-original",
    "not-there",
    "redirect",
    "server-error",
    "too-large",
    "truncated",
]
TEMPORARY: frozenset[Reason] = frozenset({"no-answer", "no-capture", "server-error", "truncated"})
"""Reasons that concern the moment: the next run asks again. Others are asked again when they are old."""
ORIGINAL = "x-archive-orig-"
"""Before the name of a header field as it came from the site."""
EXCLUDED = ("AdministrativeAccessControl", "RobotAccessControl", "RobotsTxt", "ExcludedException")
"""What the Internet Archive names the reason, in a header field, why it does not show a capture."""
EXCLUDED_TEXT = b"has been excluded from"
PACKED = b"\x1f\x8b"


@dataclass(frozen=True)
class NotPlayable:
    """Why a capture could not be had."""

    reason: Reason
    message: str


@dataclass(frozen=True)
class PlayedCapture:
    """A capture as it was played back, and the response as it is kept.

    `same_payload`: whether the index's digest is that of the payload; None if that cannot be seen.
    """

    capture: Capture
    answer: HttpAnswer
    same_payload: bool | None


def follow(answer: WebAnswer, wanted: WebCapture, archive: WebArchive, page_of: PageOf) -> str | None:
    """Return where a web archive sends on to for the same page, at another time; None if it does not.

    That is the web archive's own redirect to the nearest capture, or the page's, from http to https.
    """
    location: str | None = answer.headers.get("location")
    if answer.status not in ELSEWHERE or not location:
        return None
    target = urljoin(answer.url, location)
    played = played_back(target)
    if not archive.has(target) or played is None or page_of(captured_address(played.address)) != wanted.page:
        return None
    return f"{played.place}/{played.time}id_/{played.address}"


def judge(answer: WebAnswer, wanted: WebCapture, page_of: PageOf) -> PlayedCapture | NotPlayable:
    """Return the capture in an answer, or why it is not the one that was wanted.

    `page_of` returns the page that an address means. A capture of the same page at another time is returned, too: the
    caller decides whether that was asked for.
    """
    at = answer.memento_time
    if at is None:
        return _not_played(answer, wanted)
    if answer.status in ELSEWHERE:
        return NotPlayable("redirect", f"the page sent on to {answer.headers.get('location', 'nowhere')}")
    original = _original(answer)
    if original is None or page_of(original) != wanted.page:
        return NotPlayable("another-address", f"a capture of {original or 'an address that is not named'} came instead")
    return _unpack(answer, wanted)


def _not_played(answer: WebAnswer, wanted: WebCapture) -> NotPlayable:
    """Return what the web archive's own page says."""
    error = answer.headers.get("x-archive-wayback-runtime-error", "")
    if any(name in error for name in EXCLUDED) or EXCLUDED_TEXT in answer.body or answer.status in (401, 403, 451):
        return NotPlayable("excluded", "the web archive does not show it: the site's owner or a law forbids it")
    if wanted.media_type == REVISIT and answer.status >= 400:
        return NotPlayable("no-original", "it only says that the page was as before, and what was before is nowhere")
    if answer.status in (404, 410):
        return NotPlayable("not-there", "it is listed, but the web archive has nothing there")
    if answer.status in ELSEWHERE:
        return NotPlayable("redirect", f"the web archive sends on to {answer.headers.get('location', 'nowhere')}")
    if answer.status >= 400:
        return NotPlayable("server-error", f"the web archive answered {answer.status}")
    return NotPlayable("no-capture", "the web archive showed a page of its own")


def _original(answer: WebAnswer) -> str | None:
    """Return the captured address, as the web archive names it."""
    named = links_of(answer.headers.get("link", "")).get("original")
    played = played_back(answer.url)
    address = named or (played.address if played else None)
    return captured_address(address) if address else None


def _unpack(answer: WebAnswer, wanted: WebCapture) -> PlayedCapture | NotPlayable:
    """Return the capture with its body unpacked, which is encoded once, twice or not at all, whatever headers say."""
    fields = {name.lower(): value for name, value in answer.headers.items()}
    site = {name.removeprefix(ORIGINAL): value for name, value in fields.items() if name.startswith(ORIGINAL)}
    kept = {name: site.get(name) or fields.get(name) for name in ("content-type", "etag", "last-modified")}
    message = Message(answer.status, {name: value for name, value in kept.items() if value}, answer.body)
    if message.media_type not in PAGE_TYPES and answer.status < 400:
        return NotPlayable("another-kind", f"it is no page but {message.media_type}")
    try:
        body = _unpacked(answer.body, fields.get("content-encoding"))
    except DamageError as damage:
        return NotPlayable("damaged-body", f"its packed body is damaged ({damage})")
    if len(body) > MAX_BYTES:
        return NotPlayable("too-large", "it is larger than any page")
    packed = "content-encoding" in site or "content-encoding" in fields or body != answer.body
    same = None if packed or not wanted.digest else _sha1(body) == wanted.digest
    stated = site.get("content-length", "")
    if not packed and not same and stated.isdigit() and len(body) < int(stated):
        return NotPlayable("truncated", f"{len(body):,} bytes came of {int(stated):,}")
    capture = Capture(
        wanted.uri,
        body,
        captured_at=answer.memento_time,
        media_type=message.media_type,
        charset=message.charset,
        http_status=answer.status,
        etag=kept["etag"],
        last_modified=kept["last-modified"],
    )
    return PlayedCapture(capture, HttpAnswer(answer.status, _pairs({**site, **kept}), body), same)


def _pairs(fields: dict[str, str | None]) -> tuple[tuple[bytes, bytes], ...]:
    known = ((name, value) for name, value in fields.items() if value)
    return tuple((name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in known)


def _unpacked(body: bytes, encoding: str | None) -> bytes:
    body = Message(None, {"content-encoding": encoding or ""}, body).unpacked()
    if body.startswith(PACKED):
        body = Message(None, {"content-encoding": "gzip"}, body).unpacked()
    return body


def _sha1(body: bytes) -> str:
    """Return a payload's digest as indexes write it."""
    return base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()

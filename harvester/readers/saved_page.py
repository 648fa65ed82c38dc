"""The address and time that a saved page states: what the program wrote into it that saved it, or the page itself.

Everything here is text that anybody can have written. `Origin` uses an address only if it is one of a source's host.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from stringzilla import find

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ADDRESS = 4096
"""Longer than any address that a browser asks for."""
PROLOGUE_SIZE = 16 * 1024
_HEAD_SIZE = 64 * 1024
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

# What may stand before a program's comment. Comments further down belong to the page.
_PROLOGUE = re.compile(
    r"\ufeff|\s++|<\?xml[^<>]*+>|<!doctype[^<>]*+>|<(?:html|head)(?:\s[^<>]*+)?>|<!--(?P<comment>.*?)-->",
    re.IGNORECASE | re.DOTALL,
)
# What programs state is seldom there: these are compiled when they are first used.
_MARK_OF_THE_WEB = r"\s*saved from url=\(\d+\)(\S+)"
_SINGLE_FILE = r"(?s)\s*(?:Page saved with|Archive processed by) SingleFile.*?\n\s*url:\s*(\S+)"
_SINGLE_FILE_DATE = r"\n\s*saved date:\s*\w{3} (\w{3}) (\d{1,2}) (\d{4}) (\d\d:\d\d:\d\d) GMT([+-]\d{4})"
_HTTRACK = r"\s*Mirrored from (\S+) by HTTrack[^\n]*\], ([^\n]{20,40}?)\s*$"
_PLAYED_BACK = r"(?i)https?://[^/?#]+/(?:[^?#]*?/)?(?P<time>\d{1,14})(?:[a-z]{2}_)?/(?P<address>https?:/.+)"
_MIRRORED_PLAYBACK = re.compile(r"(?:^|/)(\d{14})(?:[a-z]{2}_)?/(?:https?:/+)?[\w-]+(?:\.[\w-]+)+/")
_LINK = r"(?i)<(?:link|meta)\s[^<>]{0,2000}>"
_ATTRIBUTE = r"(?i)\b(rel|href|property|content)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))"


class Statement(NamedTuple):
    """The address that a saved page is said to have, and the time (UTC) at which it was saved there, if stated."""

    address: str
    captured_at: datetime | None = None


class PackedPage(NamedTuple):
    """The page in a bundle, and what the bundle states: its address and time, and the fields of its HTTP header.

    `captured_at` is for bundles without an address; else the time is in `statement`.
    """

    body: bytes
    statement: Statement | None = None
    captured_at: datetime | None = None
    media_type: str | None = None
    charset: str | None = None
    http_status: int | None = None
    etag: str | None = None
    last_modified: str | None = None


def saver_statements(body: bytes) -> Iterator[Statement]:
    """Yield what the programs state that saved a page, the last of them first: in comments at its beginning."""
    if not _contains(body, PROLOGUE_SIZE, b"<!--"):
        return
    head = _text(body, PROLOGUE_SIZE)
    at = 0
    while part := _PROLOGUE.match(head, at):
        at = part.end()
        statement = _comment_statement(part["comment"]) if part["comment"] else None
        if statement:
            yield played_back(statement)


def own_addresses(body: bytes) -> Iterator[str]:
    """Yield the addresses that the page itself gives as its own: its canonical link, then its `og:url`."""
    if not _contains(body, _HEAD_SIZE, b"canonical", b"Canonical", b"CANONICAL", b"og:url"):
        return
    head = re.split("(?i)<body", _text(body, _HEAD_SIZE), maxsplit=1)[0]
    links = [_attributes(found[0]) for found in re.finditer(_LINK, head)]
    yield from (link["href"] for link in links if link.get("rel", "").lower() == "canonical" and "href" in link)
    yield from (link["content"] for link in links if link.get("property") == "og:url" and "content" in link)


def played_back(statement: Statement) -> Statement:
    """Return what a web archive's address means: the address that it has captured, and the time in it.

    The time at which a user saved such a page is not that of the capture.
    """
    found = re.fullmatch(_PLAYED_BACK, statement.address)
    if not found:
        return statement
    address = re.sub("^(?i:(https?)):/+", r"\1://", found["address"])
    return Statement(address, _timestamp(found["time"]))


def playback_time(name: str) -> datetime | None:
    """Return the time in the path of a mirrored capture: `web/20200131000000/https:/HOST/PATH`."""
    found = _MIRRORED_PLAYBACK.search(name)
    return _timestamp(found[1]) if found else None


def plain_address(address: str) -> str | None:
    """Return a web address without user, port and fragment; None if it is none."""
    address = address.strip()
    if len(address) > MAX_ADDRESS or re.search(r"[\x00-\x20\x7f]", address):
        return None
    try:
        parts = urlsplit(address)
    except ValueError:  # not an address, such as http://[
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return parts._replace(netloc=parts.hostname, fragment="").geturl()


def parse_mail_date(text: str | None) -> datetime | None:
    """Return a date as mails, HTTP and HTTrack write it, in UTC; None if it is none."""
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text or "")
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)  # -0000 is UTC, too
    except (ValueError, TypeError, OverflowError):
        return None


def _comment_statement(comment: str) -> Statement | None:
    if found := re.match(_MARK_OF_THE_WEB, comment):
        return Statement(found[1])
    if found := re.match(_SINGLE_FILE, comment):
        date = re.search(_SINGLE_FILE_DATE, comment)
        moment = parse_mail_date(f"{date[2]} {date[1]} {date[3]} {date[4]} {date[5]}") if date else None
        return Statement(found[1], moment)
    if found := re.match(_HTTRACK, comment):
        return Statement(f"https://{found[1]}", parse_mail_date(found[2]))
    return None


def _attributes(tag: str) -> dict[str, str]:
    found = re.finditer(_ATTRIBUTE, tag)
    return {one[1].lower(): unescape(one[2] or one[3] or one[4] or "") for one in found}


def _timestamp(digits: str) -> datetime | None:
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC) if len(digits) == 14 else None
    except ValueError:
        return None


def _contains(body: bytes, size: int, *marks: bytes) -> bool:
    """Return whether the beginning of a page may contain one of these marks; most contain none, and this is quick."""
    return body.startswith(_UTF16_MARKS) or any(find(body, mark, 0, size) >= 0 for mark in marks)


def _text(body: bytes, size: int) -> str:
    """Return the beginning of a page as text. Only ASCII counts, which all encodings of pages share but UTF-16."""
    return body[:size].decode("utf-16" if body.startswith(_UTF16_MARKS) else "utf-8", "replace")

"""Pages packed by the program that saved them: MHTML, Safari's web archives, SingleFile's zips, HTTP answers.

Few pages are. How these are unpacked, with the libraries that it needs, stands apart in `unpackers`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stringzilla import find

from harvester.readers.damage import DamageError

if TYPE_CHECKING:
    from harvester.readers.saved_page import PackedPage

MAX_BUNDLE = 64 * 1024**2
"""Largest packed page that is read, with its pictures: it is kept in memory."""
_MHTML = rb"(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*){0,30}?(?:MIME-Version|Snapshot-Content-Location):"
_PLIST = b"bplist00"
_SELF_EXTRACTING = rb"(?i)<html[^<>]*\sdata-sfz[\s>=]"
_HTTP = b"HTTP/"
_LOOKED_AT = 4096
_MARKS = (b"mime-version:", b"snapshot-content-location:", b"data-sfz", b"webmainresource")
"""The beginning of a bundle holds one of these, in small letters, unless its first bytes show what it is."""


def is_bundle(head: bytes) -> bool:
    """Return whether a file that begins so holds a page packed with other things, and so may be larger than a page."""
    return format_of(head) not in (None, "http")


def unpack(body: bytes) -> PackedPage | None:
    """Return the page in a bundle, None if these bytes are none. Raises `DamageError` if it is damaged."""
    name = format_of(body)
    if name is None:
        return None
    if len(body) > MAX_BUNDLE:
        raise DamageError(f"more than {MAX_BUNDLE // 1024**2} MB of pictures, save the page without them", MAX_BUNDLE)
    from harvester.readers.unpackers import BY_FORMAT

    return BY_FORMAT[name](body)


def format_of(body: bytes) -> str | None:
    """Return the format of a bundle, by its beginning: a key of `unpackers.BY_FORMAT`; None if it is none."""
    if body.startswith(_PLIST):
        return "webarchive"
    head, is_http = body[:_LOOKED_AT], body.startswith(_HTTP)
    small = head.lower()
    if not is_http and all(find(small, mark) < 0 for mark in _MARKS):  # as in nearly all pages
        return None
    if b"<!DOCTYPE plist" in body[:200] and b"WebMainResource" in head:
        return "webarchive"
    if is_http:
        return "http"
    if re.match(_MHTML, head, re.IGNORECASE):
        return "mhtml"
    return "self-extracting" if re.search(_SELF_EXTRACTING, head) else None

"""A capture: the bytes of one page, with where and when they were had. Everything downstream starts from it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

MAX_BYTES = 8 * 1024 * 1024
"""Largest page that is read. The largest page seen is under 200 KB; more is an attack or no page."""


@dataclass(frozen=True)
class Capture:
    """The bytes of one page.

    `uri` is the page's address on the site where it is known, else the `file:` address it was read from.
    `captured_at` is UTC, or None where nothing says when (a file's date is no evidence).
    `body` is at most MAX_BYTES + 1 long: one byte more is how a parser knows that the page is too large.
    `file` and `offset` say where the bytes lie on this machine; `media_type` and `charset` what a header declared.
    `step` is what the harvester's own web archives say of the walk that the page was fetched for.
    """

    uri: str
    body: bytes
    captured_at: datetime | None = None
    listing: str | None = None
    file: str | None = None
    offset: int | None = None
    media_type: str | None = None
    charset: str | None = None
    http_status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    step: str | None = None

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the body."""
        return hashlib.sha256(self.body).hexdigest()

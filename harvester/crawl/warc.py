"""Keeps every answer as it came: WARC, one gzip member each, on the disk before the database says that it was read."""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from harvester.clock import stamp
from harvester.errors import HarvesterError
from harvester.readers.notes import STEP_FIELD, WALK_NOTE

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from scrapy.http import Response

NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
DECODED = frozenset({"content-encoding", "transfer-encoding", "content-length"})
"""Headers that speak of the body as it travelled; it is kept unpacked."""


@dataclass(frozen=True)
class Kept:
    """What is said of an answer besides itself: for which page of a walk it was fetched, which capture a 304 means."""

    step: str | None = None
    refers_to: str | None = None


class WarcFile:
    """A web archive that a run appends to. It is made when there is something to keep."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None

    def keep(self, uri: str, response: Response, moment: datetime, kept: Kept) -> int:
        """Keep an answer; gives the byte at which it begins. When this returns, it is on the disk."""
        headers = [(name, value) for name, value in _headers(response) if name.lower() not in DECODED]
        status = StatusAndHeaders(f"{response.status} -", headers, protocol="HTTP/1.1")
        more = {STEP_FIELD: kept.step} if kept.step else {}
        if response.status != 304 or not kept.refers_to:
            return self._write(uri, "response", response.body, moment, more, http_headers=status)
        more |= {"WARC-Profile": NOT_MODIFIED, "WARC-Refers-To-Target-URI": uri, "WARC-Refers-To-Date": kept.refers_to}
        return self._write(uri, "revisit", b"", moment, more, http_headers=status)

    def note(self, uri: str, walk: dict[str, Any], moment: datetime) -> None:
        """Keep where a walk begins or how it ended."""
        body = json.dumps(walk, ensure_ascii=False).encode()
        self._write(uri, "metadata", body, moment, {}, warc_content_type=WALK_NOTE)

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

    def _write(self, uri: str, kind: str, body: bytes, moment: datetime, headers: dict[str, str], **more: Any) -> int:
        try:
            return self._written(uri, kind, body, moment, headers, **more)
        except OSError as error:
            told = f"cannot write {self.path} ({error.strerror}): free some disk space or check its permissions"
            raise HarvesterError(f"{told}, then run this again; what was read is kept") from error

    def _written(self, uri: str, kind: str, body: bytes, moment: datetime, headers: dict[str, str], **more: Any) -> int:
        file = self._file or self._open()
        offset = file.tell()
        writer = WARCWriter(file, gzip=True, warc_version="1.1")
        dated = {"WARC-Date": stamp(moment), **headers}
        record = writer.create_warc_record(uri, kind, payload=io.BytesIO(body), warc_headers_dict=dated, **more)
        writer.write_record(record)
        file.flush()
        _sync(file.fileno())
        return offset

    def _open(self) -> BinaryIO:
        new = not self.path.exists()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("ab")
        if new:
            _sync_folder(self.path.parent)  # else a power cut may leave the bytes without their name
        return self._file


def _sync(handle: int) -> None:
    """Wait until all of a file is on the disk."""
    os.fsync(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _headers(response: Response) -> list[tuple[str, str]]:
    names = response.headers.keys()
    pairs = [(name, value) for name in names for value in response.headers.getlist(name)]
    return [
        (name.decode("latin-1"), value.decode("latin-1").replace("\r", " ").replace("\n", " ")) for name, value in pairs
    ]

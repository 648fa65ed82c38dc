"""Writes every response as it came to a WARC file, one gzip member each, on the disk before the database records it.

Written by hand: a record is a few lines, and a page took 2.5 ms of CPU with warcio, 0.7 ms so. The tests read the files
with warcio and fastwarc.
"""

from __future__ import annotations

import json
import os
import uuid
import zlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from harvester import __version__
from harvester.errors import HarvesterError
from harvester.utils import fsync_path, utc_timestamp
from harvester.walk_log import ASIDE_FIELD, SAME_PAYLOAD_FIELD, STEP_FIELD, WALK_NOTE

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from scrapy.http import Response

    from harvester.model import Capture

NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
DECODED = frozenset({b"content-encoding", b"transfer-encoding", b"content-length"})
"""Headers that speak of the body as it travelled; it is kept unpacked."""
LEVEL = 4
"""How hard gzip tries: 9 takes three times as long and saves two percent of such pages."""
ABOUT = f"software: archive-harvester/{__version__}\r\nformat: WARC File Format 1.1\r\nrobots: obey\r\n"


@dataclass(frozen=True)
class HttpAnswer:
    """A response as it came: its status, its header fields in order, and its body, unpacked."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @classmethod
    def of(cls, response: Response) -> Self:
        """Return Scrapy's response."""
        pairs = ((name, value) for name in response.headers for value in response.headers.getlist(name))
        return cls(response.status, tuple(pairs), response.body)


@dataclass(frozen=True)
class RecordHeaders:
    """What a record states besides the response: the page of a walk it was fetched for, the capture of a 304.

    `source_uri`: where a web archive played the capture back. `same_as`: the time of the capture whose payload it
    repeats, because an index lists both with one digest.
    """

    step: str | None = None
    refers_to: str | None = None
    source_uri: str | None = None
    same_as: str | None = None


class WarcFile:
    """A web archive that a run appends to. It is made when there is something to keep."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None

    def keep(self, capture: Capture, response: HttpAnswer, moment: datetime, kept: RecordHeaders) -> int:
        """Write a response and wait until it is on disk; return its offset in the file."""
        fields = {"WARC-Target-URI": capture.uri, "WARC-Date": utc_timestamp(moment)}
        fields |= {STEP_FIELD: kept.step} if kept.step else {}
        fields |= {"WARC-Source-URI": kept.source_uri} if kept.source_uri else {}
        fields |= {SAME_PAYLOAD_FIELD: kept.same_as} if kept.same_as else {}
        fields["Content-Type"] = "application/http; msgtype=response"
        if response.status == HTTPStatus.NOT_MODIFIED and kept.refers_to:
            fields |= {"WARC-Profile": NOT_MODIFIED, "WARC-Refers-To-Target-URI": capture.uri}
            return self._write("revisit", fields | {"WARC-Refers-To-Date": kept.refers_to}, _head(response))
        fields["WARC-Payload-Digest"] = f"sha256:{capture.sha256}"
        return self._write("response", fields, _head(response) + response.body)

    def write_auxiliary(self, uri: str, response: HttpAnswer, moment: datetime) -> None:
        """Write a response that is no page: robots.txt, a redirect, a busy server's response."""
        fields = {"WARC-Target-URI": uri, "WARC-Date": utc_timestamp(moment), ASIDE_FIELD: "yes"}
        fields["Content-Type"] = "application/http; msgtype=response"
        self._write("response", fields, _head(response) + response.body)

    def note(self, uri: str, walk: dict[str, Any], moment: datetime) -> None:
        """Write the beginning or the end of a walk."""
        fields = {"WARC-Target-URI": uri, "WARC-Date": utc_timestamp(moment), "Content-Type": WALK_NOTE}
        self._write("metadata", fields, json.dumps(walk, ensure_ascii=False).encode())

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

    def _write(self, kind: str, fields: dict[str, str], block: bytes) -> int:
        try:
            file = self._file or self._open()
            offset = file.tell()
            file.write(_record(kind, fields, block))
            file.flush()
            _sync(file.fileno())
        except OSError as error:
            message = f"cannot write {self.path} ({error.strerror}): free some disk space or check its permissions"
            raise HarvesterError(f"{message}, then run this again; what was read is kept") from error
        return offset

    def _open(self) -> BinaryIO:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("xb")
        about = {"WARC-Date": utc_timestamp(), "Content-Type": "application/warc-fields"}
        self._file.write(_record("warcinfo", about, ABOUT.encode()))
        self._file.flush()
        fsync_path(self.path.parent)  # else a power cut may leave the bytes without their name
        return self._file


def _record(kind: str, fields: dict[str, str], block: bytes) -> bytes:
    """Return a record as a gzip member."""
    whole = {"WARC-Type": kind, "WARC-Record-ID": f"<urn:uuid:{uuid.uuid4()}>"} | fields
    lines = ["WARC/1.1", *(f"{name}: {value}" for name, value in whole.items()), f"Content-Length: {len(block)}"]
    packer = zlib.compressobj(LEVEL, wbits=31)
    head = "\r\n".join([*lines, "", ""]).encode()
    return packer.compress(head + block + b"\r\n\r\n") + packer.flush()


def _sync(handle: int) -> None:
    """Wait until all of a file is on the disk."""
    os.fsync(handle)


def _head(response: HttpAnswer) -> bytes:
    """Return an answer's status and headers as they came."""
    lines = [f"HTTP/1.1 {response.status} -".encode()]
    lines += [
        name + b": " + b" ".join(value.split()) for name, value in response.headers if name.lower() not in DECODED
    ]
    return b"\r\n".join([*lines, b"", b""])

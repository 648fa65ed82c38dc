"""Writes every response as it came to a WARC file, one gzip member each, on the disk before the database records it.

warcio makes the records; they are packed here, because it would pack a page for 2.3 ms. The tests read the files with
warcio and fastwarc.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from warcio.recordbuilder import RecordBuilder
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from harvester import __version__
from harvester.errors import HarvesterError
from harvester.utils import fsync_path, utc_timestamp
from harvester.walk_log import ASIDE_FIELD, SAME_PAYLOAD_FIELD, STEP_FIELD, WALK_NOTE

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from scrapy.http import Response
    from warcio.recordloader import ArcWarcRecord

    from harvester.model import Capture

NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
DECODED = frozenset({b"content-encoding", b"transfer-encoding", b"content-length"})
"""Headers that speak of the body as it travelled; it is kept unpacked."""
LEVEL = 3
"""How hard gzip tries: 4 takes twice as long and makes such pages a twentieth smaller, 9 four times."""
ABOUT = f"software: archive-harvester/{__version__}\r\nformat: WARC File Format 1.1\r\nrobots: obey\r\n"
HTTP_RESPONSE = "application/http; msgtype=response"
_BUILDER = RecordBuilder(warc_version="1.1")


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
        if response.status == HTTPStatus.NOT_MODIFIED and kept.refers_to:
            fields |= {"WARC-Profile": NOT_MODIFIED, "WARC-Refers-To-Target-URI": capture.uri}
            return self._write(_revisit(fields | {"WARC-Refers-To-Date": kept.refers_to}, response))
        return self._write(_response(fields | {"WARC-Payload-Digest": f"sha256:{capture.sha256}"}, response))

    def write_auxiliary(self, uri: str, response: HttpAnswer, moment: datetime) -> None:
        """Write a response that is no page: robots.txt, a redirect, a busy server's response."""
        fields = {"WARC-Target-URI": uri, "WARC-Date": utc_timestamp(moment), ASIDE_FIELD: "yes"}
        self._write(_response(fields | {"WARC-Payload-Digest": _digest(response.body)}, response))

    def note(self, uri: str, walk: dict[str, Any], moment: datetime) -> None:
        """Write the beginning or the end of a walk."""
        block = json.dumps(walk, ensure_ascii=False).encode()
        fields = {"WARC-Target-URI": uri, "WARC-Date": utc_timestamp(moment), "WARC-Payload-Digest": _digest(block)}
        self._write(_record("metadata", fields, WALK_NOTE, block))

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

    def _write(self, record: bytes) -> int:
        try:
            file = self._file or self._open()
            offset = file.tell()
            file.write(record)
            file.flush()
            _sync(file.fileno())
        except OSError as error:
            message = f"cannot write {self.path} ({error.strerror}): free some disk space or check its permissions"
            raise HarvesterError(f"{message}, then run this again; what was read is kept") from error
        return offset

    def _open(self) -> BinaryIO:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("xb")
        fields = {"WARC-Date": utc_timestamp(), "WARC-Filename": self.path.name}
        self._file.write(_record("warcinfo", fields, "application/warc-fields", ABOUT.encode()))
        self._file.flush()
        fsync_path(self.path.parent)  # else a power cut may leave the bytes without their name
        return self._file


def _response(fields: dict[str, str], response: HttpAnswer) -> bytes:
    """Return the record of a response; its header is kept to the byte, which warcio would not do by itself."""
    return _record("response", fields, HTTP_RESPONSE, _head(response) + response.body)


def _revisit(fields: dict[str, str], response: HttpAnswer) -> bytes:
    """Return the record of “not modified”: the header alone, as warcio writes it."""
    status, *lines = _head(response).decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    headers = [tuple(line.split(": ", 1)) for line in lines]
    record = _BUILDER.create_warc_record("", "revisit", warc_headers_dict=fields, warc_content_type=HTTP_RESPONSE)
    record.http_headers = StatusAndHeaders(status.partition(" ")[2], headers, protocol="HTTP/1.1")
    return _packed(record)


def _record(kind: str, fields: dict[str, str], media_type: str, block: bytes) -> bytes:
    """Return a record with a block of bytes."""
    record = _BUILDER.create_warc_record("", kind, warc_headers_dict=fields, warc_content_type=media_type)
    record.raw_stream, record.length = BytesIO(block), len(block)
    return _packed(record)


def _packed(record: ArcWarcRecord) -> bytes:
    """Return a record as a gzip member."""
    out = BytesIO()
    WARCWriter(out, gzip=False).write_record(record)
    return gzip.compress(out.getvalue(), LEVEL, mtime=0)


def _digest(payload: bytes) -> str:
    return f"sha256:{hashlib.sha256(payload).hexdigest()}"


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

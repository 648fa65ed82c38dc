"""Records of WARC files: reads one after the other, and finds the next good one after damage."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING

from harvester.model import MAX_BYTES
from harvester.readers.compression import UNPACK_ERRORS, UNPACKERS, Pieces, unzstd
from harvester.readers.damage import DamageError
from harvester.readers.http import MAX_HEAD, read_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harvester.readers.compression import Stream

MAX_BLOCK = MAX_BYTES + MAX_HEAD
"""The largest part of a record that is kept: a page and its HTTP header."""

MAX_BLANK_LINES = 16  # between records there are two; up to so many do no harm
MAX_FIELDS = 1000
SEARCHED = 64 * 1024
TRIED = 512  # bytes of a compressed record, to see whether it begins as one
RECORD_END = b"\r\n\r\n"
_LINE_ENDS = re.compile(rb"(?:\r?\n){0,2}")
VERSION = b"WARC/"
_MISSING = {len("2024"): "-01-01", len("2024-01"): "-01"}
DIGESTS = ("md5", "sha1", "sha256", "sha512")

_STARTS = {
    None: re.compile(rb"WARC/\d\.\d\d?\r?\n"),
    "gzip": re.compile(rb"\x1f\x8b\x08[\x00-\x1f]"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd"),
}


@dataclass(frozen=True)
class Header:
    """A record's header: its fields, with names in lower case; its offset, and whether reading can start there."""

    fields: dict[str, str]
    offset: int
    reachable: bool

    @property
    def kind(self) -> str:
        """The type of the record, in lower case."""
        return self.fields.get("warc-type", "").lower()

    @property
    def uri(self) -> str:
        """The address of the capture; one version of wget wrote it in angle brackets."""
        return self.fields.get("warc-target-uri", "").strip("<>")

    @property
    def length(self) -> int:
        """The declared length of the block."""
        declared = self.fields.get("content-length", "")
        if not declared.isascii() or not declared.isdigit() or len(declared) > 18:
            raise DamageError("a record without a length", self.offset)
        return int(declared)

    @property
    def date(self) -> datetime | None:
        """The time of the capture, in UTC; None if it cannot be read."""
        try:
            stated = self.fields.get("warc-date", "")
            # WARC 1.1 allows a year or a month alone: its first moment is safe, as the capture is not earlier.
            moment = datetime.fromisoformat(stated + _MISSING.get(len(stated), ""))
            return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):  # the reader reports it
            return None

    def is_damaged(self, block: bytes) -> bool:
        """Return whether the block is another one than that whose digest the record states, if it states one."""
        name, colon, stated = self.fields.get("warc-block-digest", "").partition(":")
        name = name.lower().replace("-", "")
        if not colon or name not in DIGESTS:
            return False
        digest = hashlib.new(name, block, usedforsecurity=False).digest()
        written = (digest.hex().upper(), base64.b32encode(digest).decode(), base64.b64encode(digest).decode())
        return stated.strip() not in written and stated.strip().upper() not in written[:2]


def read_header(stream: Stream) -> Header | None:
    """Return the next record's header; None at the end."""
    for _ in range(MAX_BLANK_LINES):
        offset, reachable = stream.place()
        line = stream.readline(MAX_HEAD)
        if line not in (b"\r\n", b"\n"):
            break
    if not line:
        return None
    if not line.startswith(VERSION):
        raise DamageError("no record", offset)
    lines = []
    while line not in (b"\r\n", b"\n"):
        lines.append(line)
        line = stream.readline(MAX_HEAD)
        if not line.endswith(b"\n") or line.startswith(VERSION) or len(lines) > MAX_FIELDS:
            raise DamageError("a record's header is cut off", offset)
    return Header(read_fields(b"".join(lines)), offset, reachable)


def read_block(stream: Stream, header: Header, wanted: bool) -> bytes:
    """Return a record's block, up to the limit, and skip to its end. An unwanted block is skipped whole."""
    size = min(header.length, MAX_BLOCK) if wanted else 0
    block = stream.read(size)
    rest = header.length - size
    if len(block) < size or stream.skip(rest) < rest:
        raise DamageError("a record is cut off, or its length is false", header.offset)
    return block


class End(Enum):
    """How a record ends: as it should, with fewer line ends but right before the next one, or with the file."""

    GOOD = "good"
    SHORT = "short"
    CUT = "cut"


def read_end(stream: Stream, header: Header) -> End:
    """Read the end of a record. Without line ends or a next record, its length was wrong: raises `DamageError`."""
    found = stream.peek(len(RECORD_END) + len(VERSION))
    if found.startswith(RECORD_END):
        stream.read(len(RECORD_END))
        return End.GOOD
    lines = _LINE_ENDS.match(found)
    if lines and found[lines.end() :].startswith(VERSION):
        stream.read(lines.end())
        return End.SHORT
    if lines and lines.end() == len(found):
        stream.read(len(found))
        return End.SHORT if stream.pieces.at_border else End.CUT
    raise DamageError("a record's length is false", header.offset)


def next_record(pieces: Pieces, at: int) -> Pieces | None:
    """Search the file from a byte on for the next record; return the pieces from there on, None if there is none."""
    if not pieces.file.seekable():
        return None
    for start in _starts(pieces, at):
        if pieces.packing is None or _begins_well(pieces, start):
            found = Pieces(pieces.file, pieces.packing, start, pieces.end)
            found.budget, found.dictionary = pieces.budget, pieces.dictionary
            return found
    return None


def _starts(pieces: Pieces, at: int) -> Iterator[int]:
    """Yield the bytes from which a record may begin. Records' first bytes may lie across two chunks."""
    pattern, overlap = _STARTS[pieces.packing], 16
    while at < pieces.end:
        pieces.file.seek(at)
        chunk = pieces.file.read(min(SEARCHED, pieces.end - at))
        hit = pattern.search(chunk)
        if hit:
            yield at + hit.start()
            at += hit.start() + 1
        elif len(chunk) <= overlap:
            return
        else:
            at += len(chunk) - overlap


def _begins_well(pieces: Pieces, start: int) -> bool:
    """Return whether what is packed at a byte begins as a record does."""
    pieces.file.seek(start)
    unpacker = unzstd(pieces.dictionary) if pieces.packing == "zstd" else UNPACKERS["gzip"]()
    try:
        return unpacker.decompress(pieces.file.read(TRIED), len(VERSION)) == VERSION
    except UNPACK_ERRORS:  # these bytes only looked like a beginning
        return False

"""Records of WARC and ARC files: reads one after the other, and finds the next good one after damage.

fastwarc frames records faster, but cannot say what must be known here, as tried with 2.0.1: in its strict mode reading
ends at the first damage, in its quirks mode what stands between records is skipped in silence; a length that is too
large swallows the records behind it, and a body that is cut off is returned as whole; in one single gzip every record
has the offset of the file's end; and nothing limits what a bomb unpacks to. So records are framed here. What fastwarc
and warcio read in the sample files of their projects is read here, too; warcio reads the header lines of ARC files.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from io import BytesIO
from typing import TYPE_CHECKING

from harvester.model import MAX_BYTES
from harvester.readers.compression import UNPACK_ERRORS, UNPACKERS, Pieces, unzstd
from harvester.readers.damage import DamageError
from harvester.readers.file_signatures import ARC_VERSION, WARC_VERSION
from harvester.readers.http import MAX_HEAD, holds_whole_answer, read_fields

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
_LINE_ENDS = re.compile(rb"(?:\r*\n){0,2}")
MAX_REST = 16
"""Bytes by which a record's length may be too small, if its end and the next record follow: some tools miscount."""
_REST = re.compile(rb"(.{1,%d}?)\r*\n\r*\n(?:(?=WARC/)|\Z)" % MAX_REST, re.DOTALL)
_ARC_REST = rb":[^\n]{1,4096}? [^ \n]+ \d{8,14} [^ \n]+ \d{1,18}\s*\n"
_ARC_LINE = re.compile(rb"[a-z][a-z0-9+.-]{0,20}" + _ARC_REST, re.IGNORECASE)
_MISSING = {len("2024"): "-01-01", len("2024-01"): "-01"}
DIGESTS = ("md5", "sha1", "sha256", "sha512")

_STARTS = {
    None: re.compile(rb"WARC/\d\.\d\d?\r*\n|(?:https?|ftp|dns|filedesc)" + _ARC_REST, re.IGNORECASE),
    "gzip": re.compile(rb"\x1f\x8b\x08[\x00-\x1f]"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd"),
}


@dataclass(frozen=True)
class Header:
    """A record's header: its fields, with names in lower case; its offset, and whether reading can start there."""

    fields: dict[str, str]
    offset: int
    reachable: bool
    is_arc: bool = False

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
        if not _is_blank(line):
            break
    if not line:
        return None
    if not line.startswith(WARC_VERSION):
        if _ARC_LINE.fullmatch(line):
            return Header(arc_fields(line), offset, reachable, is_arc=True)
        raise DamageError("no record", offset)
    lines = []
    while not _is_blank(line):
        lines.append(line)
        line = stream.readline(MAX_HEAD)
        if not line.endswith(b"\n") or line.startswith(WARC_VERSION) or len(lines) > MAX_FIELDS:
            raise DamageError("a record's header is cut off", offset)
    return Header(read_fields(b"".join(lines)), offset, reachable)


def arc_fields(line: bytes) -> dict[str, str]:
    """Return the one line of an ARC record's header as the fields that a WARC record has."""
    if line.startswith(ARC_VERSION):  # the file's own description: what it holds is no page
        return {"warc-type": "warcinfo", "content-length": line.split()[-1].decode()}
    from warcio.recordloader import ARCHeadersParser  # costs each start of a command what few need

    stated = ARCHeadersParser().parse(BytesIO(), line)
    day, clock = stated.get_header("archive-date")[:8], stated.get_header("archive-date")[8:].ljust(6, "0")
    return {
        "warc-type": "response",
        "warc-target-uri": stated.get_header("uri").replace(" ", "%20"),
        "warc-date": f"{day}T{clock}Z",
        "content-length": stated.get_header("length"),
    }


def _is_blank(line: bytes) -> bool:
    return line in (b"\r\n", b"\n", b"\r\r\n")


def read_block(stream: Stream, header: Header, wanted: bool) -> bytes:
    """Return a record's block, up to the limit, and skip to its end. An unwanted block is skipped whole.

    A file may end within the declared length; the block is taken if the HTTP answer in it proves to be whole.
    """
    size = min(header.length, MAX_BLOCK) if wanted else 0
    block = stream.read(size)
    rest = header.length - size
    if len(block) < size and holds_whole_answer(block):
        return block
    if len(block) < size or stream.skip(rest) < rest:
        raise DamageError("a record is cut off, or its length is false", header.offset)
    return block


class End(Enum):
    """How a record ends: as it should, with fewer line ends but right before the next one, or with the file.

    LATE: some bytes later than its length says, which belong to it.
    """

    GOOD = "good"
    SHORT = "short"
    LATE = "late"
    CUT = "cut"


def read_end(stream: Stream, header: Header) -> tuple[End, bytes]:
    """Read the end of a record; return it with the bytes of the block that its length leaves out.

    Without line ends or a next record its length was wrong by more than that: raises `DamageError`.
    """
    found = stream.peek(len(RECORD_END) + 2 + len(WARC_VERSION))  # each line end may have a byte too many
    if found.startswith(RECORD_END):
        stream.read(len(RECORD_END))
        return End.GOOD, b""
    lines = _LINE_ENDS.match(found)
    if header.is_arc and lines and (lines.end() or not found or header.kind == "warcinfo"):
        stream.read(lines.end())
        return (End.GOOD if found or stream.pieces.at_border else End.CUT), b""
    if lines and found[lines.end() :].startswith(WARC_VERSION):
        stream.read(lines.end())
        return End.SHORT, b""
    if lines and lines.end() == len(found):
        stream.read(len(found))
        is_whole = stream.pieces.at_border or found.count(b"\n") > 1
        return (End.SHORT if is_whole else End.CUT), b""
    window = MAX_REST + 2 * len(RECORD_END) + len(WARC_VERSION)
    found = stream.peek(window)
    rest = _REST.match(found)
    if rest and (rest.end() < len(found) or len(found) < window):
        stream.read(rest.end())
        return End.LATE, rest[1]
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
        begin = unpacker.decompress(pieces.file.read(TRIED), TRIED)
        return begin.startswith(WARC_VERSION) or _ARC_LINE.match(begin) is not None
    except UNPACK_ERRORS:  # these bytes only looked like a beginning
        return False

"""Tar archives, packed or not."""

from __future__ import annotations

import tarfile
from tarfile import BLOCKSIZE, TarInfo
from typing import TYPE_CHECKING

from harvester.capture import MAX_BYTES
from harvester.readers.damage import MAX_DAMAGES, DamageError
from harvester.readers.names import is_safe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harvester.readers.files import Found, Origin
    from harvester.readers.stream import Stream

LONG_NAME, LONG_LINK, PAX, SOLARIS_PAX, PAX_FOR_ALL = b"L", b"K", b"x", b"X", b"g"
FILE_TYPES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
WITHOUT_DATA = (*b"123456",)  # links, devices, folders, pipes, whatever length they declare

MAX_EXTENSION = 64 * 1024
"""The most that may stand ahead of a header: a long name, some attributes."""


def header_in(block: bytes) -> TarInfo | None:
    """Read a block as a header, if it is one: its checksum is right and its length makes sense."""
    try:
        header = TarInfo.frombuf(block, "utf-8", "replace")
    except tarfile.HeaderError:
        return None
    return header if header.size >= 0 else None


def read_tar(stream: Stream, origin: Origin) -> Iterator[Found]:
    """Give the pages of a tar."""
    return TarReader(stream, origin).read()


class TarReader:
    """Reads a tar header by header.

    Python's TarFile is silent about a broken header and a missing end, keeps every member it has seen, and takes
    headers of any declared length into memory; so only its reading of a single header is used.
    """

    def __init__(self, stream: Stream, origin: Origin) -> None:
        self._stream, self._origin = stream, origin
        self._extension: dict[str, str] = {}  # what was said of the next member ahead of its header
        self._damages = 0
        self._at = ""  # in or behind which member reading is

    def read(self) -> Iterator[Found]:
        """Give what is in it. Behind a broken header, reading goes on with the next good one."""
        try:
            yield from self._blocks()
        except DamageError as damage:
            raise damage.at(self._at) from None

    def _blocks(self) -> Iterator[Found]:
        ended = lost = False
        while len(block := self._stream.read(BLOCKSIZE)) == BLOCKSIZE:
            if block.count(0) == BLOCKSIZE:
                ended, self._at = True, "behind the end"
            elif header := header_in(block):
                ended = lost = False
                yield from self._member(header, block)
            elif not lost:
                lost = True
                yield self._broken("something else" if ended else "a broken header")
        if (block.strip(b"\0") and not lost) or not ended:
            raise DamageError("cut off", self._stream.pieces.offset)

    def _broken(self, what: str) -> Found:
        self._damages += 1
        if self._damages > MAX_DAMAGES:
            raise DamageError("too many broken headers: not read on", self._stream.tell())
        return self._origin.damaged(DamageError(what, self._stream.tell() - BLOCKSIZE).at(self._at))

    def _member(self, header: TarInfo, block: bytes) -> Iterator[Found]:
        if header.type in (LONG_NAME, LONG_LINK, PAX, SOLARIS_PAX, PAX_FOR_ALL):
            yield from self._extend(header)
            return
        offset = self._stream.tell() - BLOCKSIZE
        said, self._extension = self._extension, {}
        name, size = said.get("path", header.name), _size(said.get("size"), header)
        sparse = header.type == tarfile.GNUTYPE_SPARSE or any(key.startswith("GNU.sparse") for key in said)
        if header.type == tarfile.GNUTYPE_SPARSE:
            self._skip_sparse_map(block)
        self._at = f"in {name}"
        start = self._stream.tell()
        if header.type in FILE_TYPES and not sparse and is_safe(name):
            yield from self._file(name, size, offset)
        elif header.type != tarfile.DIRTYPE:
            yield self._origin.ignored(name)
        if header.type[0] not in WITHOUT_DATA:
            self._skip_to(start + size)
        self._at = f"behind {name}"

    def _file(self, name: str, size: int, offset: int) -> Iterator[Found]:
        is_page, address = self._origin.names.find(name)
        if not is_page:
            yield self._origin.ignored(name)
            return
        wanted = min(size, MAX_BYTES + 1)
        body = self._stream.read(wanted)
        if len(body) < wanted:
            raise DamageError("cut off", self._stream.pieces.offset)
        yield self._origin.page(address, body, name, offset)

    def _extend(self, header: TarInfo) -> Iterator[Found]:
        """Take what is said ahead of a member's header."""
        start = self._stream.tell()
        if header.type in (LONG_NAME, PAX, SOLARIS_PAX) and header.size <= MAX_EXTENSION:
            data = self._stream.read(header.size)
            self._extension |= {"path": _text(data)} if header.type == LONG_NAME else pax_records(data)
        elif header.type in (LONG_NAME, PAX, SOLARIS_PAX):
            yield self._broken("a header's extension that is too long")
        self._skip_to(start + header.size)

    def _skip_sparse_map(self, block: bytes) -> None:
        """Pass over the blocks that say where a file's holes are: the byte says whether there is another."""
        more = block[482]
        while more and (block := self._stream.read(BLOCKSIZE)):
            more = block[504] if len(block) == BLOCKSIZE else 0

    def _skip_to(self, end: int) -> None:
        """Go to where a member's last block ends."""
        missing = end + -end % BLOCKSIZE - self._stream.tell()
        if self._stream.skip(missing) < missing:
            raise DamageError("cut off", self._stream.pieces.offset)


def pax_records(data: bytes) -> dict[str, str]:
    """Read the records of an extended header: `30 path=documents/document/a`, each of the length that it states."""
    records = {}
    while data:
        length, _, rest = data.partition(b" ")
        size = int(length) - len(length) - 1 if length.isdigit() and len(length) < 10 else 0
        key, _, value = rest[: max(size, 0)].partition(b"=")
        records[_text(key)] = _text(value)
        data = rest[size:] if size > 0 else b""
    return records


def _text(data: bytes) -> str:
    return data.decode(errors="replace").rstrip("\n\0")


def _size(said: str | None, header: TarInfo) -> int:
    return int(said) if said and said.isascii() and said.isdigit() and len(said) < 20 else header.size

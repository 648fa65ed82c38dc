"""Reads tar files, compressed or not.

Own code and not tarfile: that ends without a word at a damaged header, and where the end of the file is missing.
"""

from __future__ import annotations

import posixpath
import re
import tarfile
from collections import defaultdict
from tarfile import BLOCKSIZE, TarInfo
from typing import TYPE_CHECKING

from stringzilla import bytesum

from harvester.model import MAX_BYTES
from harvester.readers.base import read_body
from harvester.readers.compression import Pieces, Stream
from harvester.readers.damage import MAX_DAMAGES, MAX_PLACE, DamageError
from harvester.readers.filenames import LEADS_OUT, is_safe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harvester.readers.base import Origin, ReadItem

LONG_NAME, LONG_LINK, PAX, SOLARIS_PAX, PAX_FOR_ALL = b"L", b"K", b"x", b"X", b"g"
FILE_TYPES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
LINK_TYPES = (tarfile.LNKTYPE, tarfile.SYMTYPE)
WITHOUT_DATA = (*b"123456",)  # links, devices, folders, pipes: they have no data, whatever length they declare

MAX_EXTENSION = 64 * 1024
"""The most that may precede a header: a long name, some attributes."""

SPARSE = "a sparse member, which is not read: unpack the archive and harvest the folder"
NO_FILE = "no file, though it is named like a page"


# The numbers of a plain file as nearly all programs write them. Python's reading of any header takes six times as long.
_PLAIN_FILE = re.compile(rb"(?:[0-7]{7}[ \0]){3}(?P<size>[0-7]{11})[ \0][0-7]{11}[ \0](?P<checksum>[0-7]{6})[ \0]{2}0")
_NO_DEVICE = (b"0000000\0" * 2, bytes(16))


def _plain_file(block: bytes) -> TarInfo | None:
    """Return the header of a file as nearly all programs write it; None for any other, good or bad."""
    numbers = _PLAIN_FILE.fullmatch(block, 100, 157)
    if numbers is None or len(block) < BLOCKSIZE or block[329:345] not in _NO_DEVICE:
        return None
    # The sum of all bytes, with spaces where the header states it itself.
    if int(numbers["checksum"], 8) != bytesum(block) - bytesum(block[148:156]) + 8 * ord(" "):
        return None
    prefix, name = block[345:500].partition(b"\0")[0], block[:100].partition(b"\0")[0]
    header = TarInfo((prefix + b"/" + name if prefix else name).decode("utf-8", "replace"))
    header.size = int(numbers["size"], 8)
    return header


def header_in(block: bytes) -> TarInfo | None:
    """Return a block's header; None if it is none: its checksum is wrong or its length is impossible."""
    if plain := _plain_file(block):
        return plain
    try:
        header = TarInfo.frombuf(block, "utf-8", "replace")
    except tarfile.HeaderError:
        return None
    return header if header.size >= 0 else None


def read_tar(stream: Stream, origin: Origin) -> Iterator[ReadItem]:
    """Return the pages of a tar."""
    return TarReader(stream, origin).read()


class TarReader:
    """Reads a tar header by header.

    Python's TarFile is silent about a broken header and a missing end, keeps every member it has seen, and reads
    headers of any declared length into memory; so it is used only to parse a single header.
    """

    def __init__(self, stream: Stream, origin: Origin) -> None:
        self._stream, self._origin = stream, origin
        self._extension: dict[str, str] = {}  # extended header fields of the next member
        self._damages = 0
        self._at = ""  # the member that is being read, or was read last
        self._links: dict[str, list[tuple[str, int]]] = defaultdict(list)  # by target: names and offsets

    def read(self) -> Iterator[ReadItem]:
        """Yield its pages. After a broken header, reading goes on with the next good one."""
        try:
            yield from self._blocks()
            yield from self._linked()
        except DamageError as damage:
            raise damage.at(self._at) from None

    def _blocks(self) -> Iterator[ReadItem]:
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

    def _broken(self, what: str) -> ReadItem:
        self._damages += 1
        if self._damages > MAX_DAMAGES:
            raise DamageError("too many broken headers: not read on", self._stream.tell())
        return self._origin.damaged(DamageError(what, self._stream.tell() - BLOCKSIZE).at(self._at))

    def _member(self, header: TarInfo, block: bytes) -> Iterator[ReadItem]:
        if header.type in (LONG_NAME, LONG_LINK, PAX, SOLARIS_PAX, PAX_FOR_ALL):
            yield from self._extend(header)
            return
        offset = self._stream.tell() - BLOCKSIZE
        extension, self._extension = self._extension, {}
        name, size = extension.get("path", header.name), _size(extension.get("size"), header)
        sparse = header.type == tarfile.GNUTYPE_SPARSE or any(key.startswith("GNU.sparse") for key in extension)
        if header.type == tarfile.GNUTYPE_SPARSE:
            self._skip_sparse_map(block)
        self._at = f"in {name}"
        start = self._stream.tell()
        if header.type in FILE_TYPES and not sparse and is_safe(name):
            yield from self._file(name, size, offset)
        elif header.type in LINK_TYPES and is_safe(name) and self._origin.names.find(name)[0]:
            self._links[_linked_to(name, extension.get("linkpath", header.linkname), header.type)].append(
                (name, offset)
            )
        elif header.type != tarfile.DIRTYPE:
            yield self._lost(name, SPARSE if sparse else NO_FILE if is_safe(name) else LEADS_OUT)
        if header.type[0] not in WITHOUT_DATA:
            self._skip_to(start + size)
        self._at = f"behind {name}"

    def _lost(self, name: str, message: str) -> ReadItem:
        """Yield a problem for a member that is named like a page and cannot be read."""
        if not self._origin.names.find(name)[0]:
            return self._origin.ignored(name)
        return self._origin.problem("unreadable-member", message, name, error=True)

    def _linked(self) -> Iterator[ReadItem]:
        """Yield the pages that are links to members, as mirrors of many nights have them: read in a second passage."""
        if self._links:
            for header, name in self._linked_members():
                links = self._links.pop(_plain(name), []) if header.type in FILE_TYPES else []
                body = read_body(self._stream, header.size) if links else b""
                for link, offset in links:
                    yield self._origin.page(self._origin.names.find(link)[1], body, link, offset)
        for target, links in self._links.items():
            for link, _ in links:
                lost = f"a link to {target[:MAX_PLACE]}, which is not in the archive: get that, too"
                yield self._origin.problem("unreadable-member", lost, link, error=True)

    def _linked_members(self) -> Iterator[tuple[TarInfo, str]]:
        """Yield each member's header and name from the beginning on; what is broken was named the first time."""
        pieces = self._stream.pieces
        if not pieces.file.seekable():
            return
        self._stream = Stream(Pieces(pieces.file, pieces.packing, pieces.start, pieces.end))
        self._stream.pieces.budget = pieces.budget
        while len(block := self._stream.read(BLOCKSIZE)) == BLOCKSIZE:
            header = header_in(block) if block.count(0) < BLOCKSIZE else None
            if header and header.type in (LONG_NAME, LONG_LINK, PAX, SOLARIS_PAX, PAX_FOR_ALL):
                for _ in self._extend(header):
                    pass
            elif header:
                extension, self._extension = self._extension, {}
                start, header.size = self._stream.tell(), _size(extension.get("size"), header)
                if header.type == tarfile.GNUTYPE_SPARSE:
                    self._skip_sparse_map(block)
                yield header, extension.get("path", header.name)
                if header.type[0] not in WITHOUT_DATA:
                    self._skip_to(start + header.size)

    def _file(self, name: str, size: int, offset: int) -> Iterator[ReadItem]:
        is_page, address = self._origin.names.find(name)
        if not is_page:
            yield self._origin.ignored(name)
            return
        body = read_body(self._stream, size)
        if len(body) < min(size, MAX_BYTES + 1):
            raise DamageError("cut off", self._stream.pieces.offset)
        yield self._origin.page(address, body, name, offset)

    def _extend(self, header: TarInfo) -> Iterator[ReadItem]:
        """Read an extended header, whose fields belong to the next member."""
        start = self._stream.tell()
        named = {LONG_NAME: "path", LONG_LINK: "linkpath"}.get(header.type)
        if header.type != PAX_FOR_ALL and header.size <= MAX_EXTENSION:
            data = self._stream.read(header.size)
            self._extension |= {named: _text(data)} if named else pax_records(data)
        elif header.type != PAX_FOR_ALL:
            yield self._broken("a header's extension that is too long")
        self._skip_to(start + header.size)

    def _skip_sparse_map(self, block: bytes) -> None:
        """Skip the blocks that list a sparse file's holes: a byte of each tells whether another follows."""
        more = block[482]
        while more and (block := self._stream.read(BLOCKSIZE)):
            more = block[504] if len(block) == BLOCKSIZE else 0

    def _skip_to(self, end: int) -> None:
        """Skip to the end of a member's last block."""
        missing = end + -end % BLOCKSIZE - self._stream.tell()
        if self._stream.skip(missing) < missing:
            raise DamageError("cut off", self._stream.pieces.offset)


def pax_records(data: bytes) -> dict[str, str]:
    """Return the records of an extended header: `30 path=documents/document/a`, each of the length that it states."""
    records = {}
    while data:
        length, _, rest = data.partition(b" ")
        size = int(length) - len(length) - 1 if length.isdigit() and len(length) < 10 else 0
        key, _, value = rest[: max(size, 0)].partition(b"=")
        records[_text(key)] = _text(value)
        data = rest[size:] if size > 0 else b""
    return records


def _linked_to(name: str, target: str, kind: bytes) -> str:
    """Return the member that a link leads to: a hard link names it, a symbolic link has the path to it."""
    return _plain(target if kind == tarfile.LNKTYPE else posixpath.join(posixpath.dirname(name), target))


def _plain(name: str) -> str:
    return posixpath.normpath(name)


def _text(data: bytes) -> str:
    return data.decode(errors="replace").rstrip("\n\0")


def _size(extension: str | None, header: TarInfo) -> int:
    return (
        int(extension)
        if extension and extension.isascii() and extension.isdigit() and len(extension) < 20
        else header.size
    )

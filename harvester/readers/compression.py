"""Reads the uncompressed bytes of a file forward, in constant memory; raises `DamageError` for all damage.

Own code around the libraries: they know neither where a member begins, nor that 1 MB becomes 1 TB, nor that a file
ended early.
"""

from __future__ import annotations

import io
import sys
import zlib
from typing import TYPE_CHECKING, Protocol

import brotli  # type: ignore[import-untyped]

from harvester.readers.damage import MAX_READ, DamageError, DecompressionLimit

MAGIC = {
    "gzip": (b"\x1f\x8b\x08",),
    # Frames may also be skippable ones; one of these may contain the dictionary of a .warc.zst.
    "zstd": (b"\x28\xb5\x2f\xfd", *(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))),
}
MAGIC_SIZE = 4
ZSTD_FRAME = MAGIC["zstd"][0]
DICTIONARY = b"\x5d\x2a\x4d\x18"
MAX_DICTIONARY = 8 * 1024**2

PACKED = 4 * 1024  # small: at damage, what this much would have unpacked to is lost
PIECE = 128 * 1024


class File(Protocol):
    """A source of bytes: a file, bytes in memory, or a stream."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; none only at the end."""

    def seek(self, offset: int, /) -> int:
        """Move to a byte; return its offset."""

    def seekable(self) -> bool:
        """Return whether the stream can seek."""


def packing_of(head: bytes) -> str | None:
    """Return how a file is packed, by its first bytes."""
    return next((name for name, magic in MAGIC.items() if head.startswith(magic)), None)


def dictionary_of(file: File) -> bytes | None:
    """Return the dictionary in the first frame of a .warc.zst, None if there is none."""
    file.seek(0)
    pieces = Pieces(file, packing_of(file.read(MAGIC_SIZE)))
    if pieces.packing != "zstd":
        return None
    pieces.next()
    return pieces.dictionary


class Pieces:
    """Bytes `start` to `end` of a file, decompressed piece by piece.

    `packing` is a name in UNPACKERS, or None. A gzip file may have several members and a zstd file several frames,
    here called segments; a piece belongs to one segment. `segment` is the offset in the file of the newest segment;
    `offset` is that of the next byte to decompress.
    """

    def __init__(self, file: File, packing: str | None = None, start: int = 0, end: int = sys.maxsize) -> None:
        file.seek(start)
        self.file, self.packing, self.start, self.offset, self.end = file, packing, start, start, end
        self.budget = DecompressionLimit()
        self.dictionary: bytes | None = None
        self.segment = -1
        self._unpacker: Unpacker | None = None
        self._ahead = b""  # read from the file, not yet used

    def next(self, *, within: bool = False) -> bytes:
        """Return the next piece, nothing at a good end; `within` a segment also nothing at that one's."""
        if self.packing is None:
            return self._take(PIECE)
        while self._unpacker or (not within and self._begin(self.packing)):
            if self._unpacker and (piece := self._unpack(self._unpacker)):
                self.budget.spend(len(piece), self.offset)
                return piece
        return b""

    @property
    def at_border(self) -> bool:
        """Whether a compressed segment has just ended, so that the next piece belongs to another."""
        return self.packing is not None and self._unpacker is None

    def jump(self, size: int) -> int:
        """Skip bytes of an uncompressed file; return how many. The last byte is left, to prove that it is there."""
        size = max(0, min(size, self.end - self.offset) - 1)
        if size:
            self.offset = self.file.seek(self.offset + size)
        return size

    def _unpack(self, unpacker: Unpacker) -> bytes:
        data = self._take(PACKED) if unpacker.needs_input else b""
        if unpacker.needs_input and not data:
            raise DamageError("cut off", self.offset)
        try:
            piece = unpacker.decompress(data, PIECE)
        except UNPACK_ERRORS as error:
            raise DamageError(f"cannot be unpacked ({error})", self.offset) from None
        if unpacker.eof:
            self._ahead = unpacker.unused_data + self._ahead
            self.offset -= len(unpacker.unused_data)
            self._unpacker = None
        return piece

    def _begin(self, packing: str) -> bool:
        """Begin the next segment; return whether there is one."""
        first = self.segment < 0
        head = self._look(MAGIC_SIZE)
        if first and not head:
            raise DamageError("cut off", self.offset)
        if not head or not (first or packing in MAGIC):
            return False
        if packing in MAGIC and packing_of(head) != packing:
            return self._end_padding(packing)
        if first and head == DICTIONARY:
            self.dictionary = self._read_dictionary()
        self.segment = self.offset
        self._unpacker = unzstd(self.dictionary) if packing == "zstd" else UNPACKERS[packing]()
        return True

    def _end_padding(self, packing: str) -> bool:
        """Skip zeros that fill up the last block of tapes; return False. Raises `DamageError` for other bytes."""
        while data := self._take(PACKED):
            if data.strip(b"\0"):
                raise DamageError(f"what follows is not {packing}", self.offset - len(data))
        return False

    def _read_dictionary(self) -> bytes:
        """Return the dictionary in the first frame of a .warc.zst; it may be compressed itself."""
        size = int.from_bytes(self._look(8)[4:], "little")
        if size > MAX_DICTIONARY:
            raise DamageError("a dictionary that is too large", self.offset)
        self._take(8)
        dictionary = b""
        while len(dictionary) < size and (data := self._take(size - len(dictionary))):
            dictionary += data
        packed = dictionary.startswith(ZSTD_FRAME)
        return Pieces(io.BytesIO(dictionary), "zstd").all(MAX_READ) if packed else dictionary

    def all(self, limit: int) -> bytes:
        """Return all pieces together, but not more than `limit` bytes."""
        pieces, size = [], 0
        while size < limit and (piece := self.next()):
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces)[:limit]

    def _take(self, size: int) -> bytes:
        """Return at most `size` bytes of the file, none only at the end."""
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        data = data or self.file.read(min(size, self.end - self.offset))
        self.offset += len(data)
        return data

    def _look(self, size: int) -> bytes:
        """Return the next bytes of the file without taking them."""
        while len(self._ahead) < size:
            more = self.file.read(min(PACKED, self.end - self.offset - len(self._ahead)))
            if not more:
                break
            self._ahead += more
        return self._ahead[:size]


class Stream:
    """Reads forward through pieces.

    A read returns fewer bytes than requested only at a proper end; damage raises `DamageError`. It cannot go back, so
    that it stays small.
    """

    def __init__(self, pieces: Pieces) -> None:
        self.pieces = pieces
        self._piece = b""
        self._at = 0  # position in the piece
        self._end = 0  # number of uncompressed bytes up to the end of the piece
        self._segment, self._segment_at = -1, 0  # the piece's segment, and the number of bytes before it

    def tell(self) -> int:
        """Return how many uncompressed bytes have been read."""
        return self._end - len(self._piece) + self._at

    def place(self) -> tuple[int, bool]:
        """Return the offset of the next byte, and whether another stream can begin there.

        It is an offset in the file if nothing is compressed or a segment begins there, else one in the uncompressed
        bytes.
        """
        if self._at == len(self._piece):
            self._fill()
        if self.pieces.packing is None:
            return self.pieces.start + self.tell(), self.pieces.file.seekable()
        begins = self.tell() == self._segment_at
        return (self._segment, self.pieces.file.seekable()) if begins else (self.tell(), False)

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, or what is left."""
        if size > MAX_READ:
            raise DamageError(f"{size:,} bytes declared where a few are meant", self.pieces.offset)
        parts = []
        while size > 0 and (self._at < len(self._piece) or self._fill()):
            part = self._piece[self._at : self._at + size]
            parts.append(part)
            self._at += len(part)
            size -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes of this segment, or what is left of it, without consuming them."""
        # All bytes of a segment may be there before its checksum is: what comes next is then another segment's.
        while len(self._piece) - self._at < size and (more := self.pieces.next(within=True)):
            self._piece += more
            self._end += len(more)
        return self._piece[self._at : self._at + size]

    def readline(self, limit: int) -> bytes:
        """Return the next line with its end, or `limit` bytes of it."""
        line = b""
        while len(line) < limit and not line.endswith(b"\n") and (self._at < len(self._piece) or self._fill()):
            most = self._at + limit - len(line)
            end = self._piece.find(b"\n", self._at, most) + 1 or min(len(self._piece), most)
            line += self._piece[self._at : end]
            self._at = end
        return line

    def skip(self, size: int) -> int:
        """Skip `size` bytes; return how many there were."""
        goal = self.tell() + size
        if self.pieces.packing is None and goal > self._end:
            self._end += self.pieces.jump(goal - self._end)
            self._piece, self._at = b"", 0
        while self.tell() < goal and (self._at < len(self._piece) or self._fill()):
            self._at = min(self._at + goal - self.tell(), len(self._piece))
        return self.tell() - goal + size

    def seek(self, offset: int) -> int:
        """Skip forward to an uncompressed byte; return its offset."""
        if offset < self.tell():
            raise DamageError("a length points backwards", self.pieces.offset)
        self.skip(offset - self.tell())
        return self.tell()

    def seekable(self) -> bool:
        """Return False: the stream cannot seek."""
        return False

    def _fill(self) -> bool:
        self._piece, self._at = self.pieces.next(), 0
        if self.pieces.segment != self._segment:
            self._segment, self._segment_at = self.pieces.segment, self._end
        self._end += len(self._piece)
        return bool(self._piece)


if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable

ZSTD_WINDOW_LOG = 27
"""Frames that need more than 128 MB of memory are refused: `zstd --ultra` and `--long` make none that need more."""

UNPACK_ERRORS = (zlib.error, zstd.ZstdError, brotli.error)


class Unpacker(Protocol):
    """Decompresses one segment (a gzip member, a zstd frame, a body), piece by piece."""

    @property
    def eof(self) -> bool:
        """Whether the segment's end was reached; then its checksum was right, if it has one."""

    @property
    def needs_input(self) -> bool:
        """Whether more input is needed before more output can come."""

    @property
    def unused_data(self) -> bytes:
        """The input after the segment's end."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Decompress further; return at most `max_length` bytes."""


class Inflater:
    """Decompresses gzip, zlib or raw deflate by zlib, depending on `wbits`."""

    def __init__(self, wbits: int) -> None:
        self._zlib = zlib.decompressobj(wbits)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        """Whether the segment's end was reached."""
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        """The input after the segment's end."""
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Decompress further. zlib may hold back output when all input is used up: only a short result ends it."""
        piece = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        self.needs_input = len(piece) < max_length and not self._zlib.unconsumed_tail
        return piece


class Unbrotli:
    """Decompresses brotli, which cannot report what input follows its end."""

    unused_data = b""

    def __init__(self) -> None:
        self._brotli = brotli.Decompressor()

    @property
    def eof(self) -> bool:
        """Whether the segment's end was reached."""
        return bool(self._brotli.is_finished())

    @property
    def needs_input(self) -> bool:
        """Whether more input is needed before more output can come."""
        return bool(self._brotli.can_accept_more_data())

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Decompress further; return at most `max_length` bytes."""
        return bytes(self._brotli.process(data, output_buffer_limit=max_length))


def unzstd(dictionary: bytes | None = None) -> Unpacker:
    """Return an unpacker of a zstd frame."""
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG}
    return zstd.ZstdDecompressor(zstd.ZstdDict(dictionary) if dictionary else None, options)


UNPACKERS: dict[str, Callable[[], Unpacker]] = {
    "gzip": lambda: Inflater(zlib.MAX_WBITS + 16),
    "zlib": lambda: Inflater(zlib.MAX_WBITS),
    "deflate": lambda: Inflater(-zlib.MAX_WBITS),
    "zstd": unzstd,
    "br": Unbrotli,
}

"""A file, packed or not, as pieces of unpacked bytes, with every damage noticed."""

from __future__ import annotations

import io
import sys
from typing import Protocol

from harvester.readers.damage import MAX_READ, Budget, DamageError
from harvester.readers.unpack import UNPACK_ERRORS, UNPACKERS, Unpacker, unzstd

MAGIC = {
    "gzip": (b"\x1f\x8b\x08",),
    # Frames may be skippable ones, too; one of these may hold the dictionary of a .warc.zst.
    "zstd": (b"\x28\xb5\x2f\xfd", *(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))),
}
MAGIC_SIZE = 4
ZSTD_FRAME = MAGIC["zstd"][0]
DICTIONARY = b"\x5d\x2a\x4d\x18"
MAX_DICTIONARY = 8 * 1024**2

PACKED = 4 * 1024  # small: where damage is met, what this much would have unpacked to is lost
PIECE = 128 * 1024


class File(Protocol):
    """What is read from: a file, bytes, or a stream."""

    def read(self, size: int, /) -> bytes:
        """Give at most `size` bytes; none only at the end."""

    def seek(self, offset: int, /) -> int:
        """Go to a byte."""

    def seekable(self) -> bool:
        """Say whether there is a way back."""


def packing_of(head: bytes) -> str | None:
    """Say how a file is packed, by its first bytes."""
    return next((name for name, magic in MAGIC.items() if head.startswith(magic)), None)


def dictionary_of(file: File) -> bytes | None:
    """Return the dictionary that the first frame of a .warc.zst holds, if there is one."""
    file.seek(0)
    pieces = Pieces(file, packing_of(file.read(MAGIC_SIZE)))
    if pieces.packing != "zstd":
        return None
    pieces.next()
    return pieces.dictionary


class Pieces:
    """Bytes `start` to `end` of a file, unpacked piece by piece.

    `packing` is a name in UNPACKERS, or None. A gzip file may have several members and a zstd file several frames,
    here called segments; a piece is of one segment. `segment` is where in the file the last one begun begins;
    `offset` is where the next byte to unpack stands.
    """

    def __init__(self, file: File, packing: str | None = None, start: int = 0, end: int = sys.maxsize) -> None:
        file.seek(start)
        self.file, self.packing, self.start, self.offset, self.end = file, packing, start, start, end
        self.budget = Budget()
        self.dictionary: bytes | None = None
        self.segment = -1
        self._unpacker: Unpacker | None = None
        self._ahead = b""  # had from the file, not yet taken

    def next(self) -> bytes:
        """Give the next piece, nothing at a good end."""
        if self.packing is None:
            return self._take(PIECE)
        while self._unpacker or self._begin(self.packing):
            if self._unpacker and (piece := self._unpack(self._unpacker)):
                self.budget.spend(len(piece), self.offset)
                return piece
        return b""

    @property
    def at_border(self) -> bool:
        """Whether a packed segment has just ended, so that the next piece is of another."""
        return self.packing is not None and self._unpacker is None

    def jump(self, size: int) -> int:
        """Pass over bytes of a file that is not packed; say how many. The last one there is stays: it must be seen."""
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
        """Begin the next segment, if there is one."""
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
        """Pass over zeros, with which the last block of tapes and disks is filled up."""
        while data := self._take(PACKED):
            if data.strip(b"\0"):
                raise DamageError(f"what follows is not {packing}", self.offset - len(data))
        return False

    def _read_dictionary(self) -> bytes:
        """Read the dictionary in the first frame of a .warc.zst; it may be packed itself."""
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
        """Give all pieces together, but not more than `limit` bytes."""
        pieces, size = [], 0
        while size < limit and (piece := self.next()):
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces)[:limit]

    def _take(self, size: int) -> bytes:
        """Give at most `size` bytes of the file, none only at the end."""
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        data = data or self.file.read(min(size, self.end - self.offset))
        self.offset += len(data)
        return data

    def _look(self, size: int) -> bytes:
        """Give the next bytes of the file without taking them."""
        while len(self._ahead) < size:
            more = self.file.read(min(PACKED, self.end - self.offset - len(self._ahead)))
            if not more:
                break
            self._ahead += more
        return self._ahead[:size]

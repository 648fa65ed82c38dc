"""The unpacked bytes of a file, read forward in constant memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.readers.damage import MAX_READ, DamageError

if TYPE_CHECKING:
    from harvester.readers.pieces import Pieces


class Stream:
    """Reads forward through pieces.

    A read gives less than was asked for only where everything ended as it should; damage is raised as `DamageError`.
    There is no way back: that is how it stays small.
    """

    def __init__(self, pieces: Pieces) -> None:
        self.pieces = pieces
        self._piece = b""
        self._at = 0  # given up to here
        self._end = 0  # how many unpacked bytes there were up to the piece's end
        self._segment, self._segment_at = -1, 0  # the piece's segment, and how much was unpacked before it

    def tell(self) -> int:
        """Say how many unpacked bytes have been given."""
        return self._end - len(self._piece) + self._at

    def place(self) -> tuple[int, bool]:
        """Say where the next byte stands, and whether another stream can begin there.

        That is a byte of the file if nothing is packed or a segment begins there, else one of what is unpacked.
        """
        if self._at == len(self._piece):
            self._fill()
        if self.pieces.packing is None:
            return self.pieces.start + self.tell(), self.pieces.file.seekable()
        begins = self.tell() == self._segment_at
        return (self._segment, self.pieces.file.seekable()) if begins else (self.tell(), False)

    def read(self, size: int) -> bytes:
        """Give the next `size` bytes, or what is left."""
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
        """Return the next `size` bytes of this segment, or what is left of it, without taking them."""
        while len(self._piece) - self._at < size and not self.pieces.at_border and (more := self.pieces.next()):
            self._piece += more
            self._end += len(more)
        return self._piece[self._at : self._at + size]

    def readline(self, limit: int) -> bytes:
        """Give the next line with its end, or `limit` bytes of it."""
        line = b""
        while len(line) < limit and not line.endswith(b"\n") and (self._at < len(self._piece) or self._fill()):
            most = self._at + limit - len(line)
            end = self._piece.find(b"\n", self._at, most) + 1 or min(len(self._piece), most)
            line += self._piece[self._at : end]
            self._at = end
        return line

    def skip(self, size: int) -> int:
        """Pass over `size` bytes; say how many there were."""
        goal = self.tell() + size
        if self.pieces.packing is None and goal > self._end:
            self._end += self.pieces.jump(goal - self._end)
            self._piece, self._at = b"", 0
        while self.tell() < goal and (self._at < len(self._piece) or self._fill()):
            self._at = min(self._at + goal - self.tell(), len(self._piece))
        return self.tell() - goal + size

    def seek(self, offset: int) -> int:
        """Go on to an unpacked byte."""
        if offset < self.tell():
            raise DamageError("a length points backwards", self.pieces.offset)
        self.skip(offset - self.tell())
        return self.tell()

    def seekable(self) -> bool:
        """Say that there is no way back."""
        return False

    def _fill(self) -> bool:
        self._piece, self._at = self.pieces.next(), 0
        if self.pieces.segment != self._segment:
            self._segment, self._segment_at = self.pieces.segment, self._end
        self._end += len(self._piece)
        return bool(self._piece)

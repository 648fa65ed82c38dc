"""What a zip says it holds: in the directory at its end or, where that is lost, ahead of each member."""

from __future__ import annotations

import stat
import struct
from dataclasses import dataclass, replace
from io import SEEK_END
from typing import TYPE_CHECKING, BinaryIO

from harvester.readers.damage import BOMB, Budget, DamageError
from harvester.readers.pieces import Pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCAL, CENTRAL, END, END64, DESCRIPTOR = b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\6\6", b"PK\7\x08"
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR64_SIZE = 20
MAX_COMMENT = 65535
ENCRYPTED, LENGTHS_BEHIND, UTF8 = 0x1, 0x8, 0x800
UNMEASURED = -1
UNKNOWN = 0xFFFFFFFF  # the true number is in the extra field
CHUNK = 64 * 1024

PACKINGS = {0: None, 8: "deflate", 93: "zstd"}
"""Methods of packing that are read."""


@dataclass(frozen=True)
class Entry:
    """A member: `offset` is where its header stands, `crc` the checksum of what it unpacks to, `raw` its name in bytes.

    `packed` is the length of its data, UNMEASURED if that was only said in the lost directory.
    """

    raw: bytes
    flags: int
    method: int
    crc: int
    packed: int
    offset: int
    link: bool = False

    @property
    def name(self) -> str:
        """The name as text. Windows tools separate its parts in their own way."""
        name = self.raw.decode("utf-8", "replace") if self.flags & UTF8 else self.raw.decode("cp437")
        return name.replace("\\", "/")


@dataclass(frozen=True)
class Directory:
    """Where the directory stands, how many members it lists, and how far all offsets are off."""

    start: int
    end: int
    count: int
    shift: int


def find_directory(file: BinaryIO) -> Directory:
    """Find the directory by the record at the file's end."""
    size = file.seek(0, SEEK_END)
    tail_at = file.seek(max(0, size - MAX_COMMENT - _END.size))
    tail = file.read()
    at = tail.rfind(END)
    if at >= 0 and len(tail) - at >= _END.size:
        _, _, _, _, count, length, start, comment = _END.unpack_from(tail, at)
        end = tail_at + at
        end, count, length, start = _find_large(file, end) or (end, count, length, start)
        shift = end - length - start
        file.seek(0)
        # A zip may stand behind a program that unpacks it. Else it was cut off right behind a zip that it holds.
        fits = shift == 0 or (shift > 0 and file.read(4) != LOCAL)
        if fits and len(tail) - at - _END.size == comment:
            return Directory(start + shift, end, count, shift)
    raise DamageError("cut off: the directory at a zip's end is missing", size)


def _find_large(file: BinaryIO, end: int) -> tuple[int, int, int, int] | None:
    """Find the record that a large archive has ahead of the one at the end, which has no room for its numbers."""
    at = end - LOCATOR64_SIZE - _END64.size
    if at < 0:
        return None
    file.seek(at)
    sign, *_, count, length, start = _END64.unpack(file.read(_END64.size))
    return (at, count, length, start) if sign == END64 else None


def listed_entries(file: BinaryIO, directory: Directory) -> Iterator[Entry]:
    """Give the members that the directory lists, one at a time: Python's ZipFile takes 65 MB for 100,000."""
    file.seek(directory.start)
    count = 0
    while (at := file.tell()) < directory.end:
        fixed = file.read(_CENTRAL.size)
        if len(fixed) < _CENTRAL.size or not fixed.startswith(CENTRAL):
            raise DamageError("the directory is damaged", at)
        _, made, _, flags, method, _, _, crc, packed, size, *lengths, _, _, mode, offset = _CENTRAL.unpack(fixed)
        name, extra, _ = (file.read(length) for length in lengths[:3])
        packed, offset = _large(extra, size, packed, offset)
        link = made >> 8 == 3 and stat.S_ISLNK(mode >> 16)  # 3: made on Unix
        count += 1
        yield Entry(name, flags, method, crc, packed, offset + directory.shift, link)
    if (count - directory.count) % 0x10000:  # old tools let the number overflow
        raise DamageError(f"the directory lists {count} members and says {directory.count}", directory.end)


def local_entries(file: BinaryIO, budget: Budget, begin: int) -> Iterator[Entry]:
    """Give the members from a byte on without the directory, from header to header."""
    size = file.seek(0, SEEK_END)
    at: int | None = begin
    while at is not None and at < size:
        found = local_entry(file, at)
        if found is None:
            file.seek(at)
            if file.read(4) in (CENTRAL, END, END64):
                return
            at = _next_header(file, at + 1)
            continue
        entry, start = found
        if entry.flags & LENGTHS_BEHIND and not entry.packed:
            entry = _measured(file, entry, start, budget)
        yield entry
        at = start + max(0, entry.packed)


def local_entry(file: BinaryIO, offset: int) -> tuple[Entry, int] | None:
    """Read the header ahead of a member, if there is one; say where its data begins."""
    file.seek(offset)
    fixed = file.read(_LOCAL.size)
    if len(fixed) < _LOCAL.size or not fixed.startswith(LOCAL):
        return None
    _, _, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL.unpack(fixed)
    name, extra = file.read(name_length), file.read(extra_length)
    if len(name) < name_length or len(extra) < extra_length:
        return None
    packed, _ = _large(extra, size, packed, 0)
    return Entry(name, flags, method, crc, packed, offset), file.tell()


def _measured(file: BinaryIO, entry: Entry, start: int, budget: Budget) -> Entry:
    """Find where a member ends whose length stands behind it: by unpacking it, if it is packed."""
    packing = PACKINGS.get(entry.method)
    if packing is None:
        return replace(entry, packed=UNMEASURED)
    pieces = Pieces(file, packing, start)
    pieces.budget = budget
    try:
        while pieces.next():
            pass
    except DamageError as damage:
        if damage.code == BOMB:
            raise
        return replace(entry, packed=UNMEASURED)
    file.seek(pieces.offset)
    behind = file.read(8)
    crc = behind[4:] if behind.startswith(DESCRIPTOR) else behind[:4]
    return replace(entry, packed=pieces.offset - start, crc=int.from_bytes(crc, "little"))


def _next_header(file: BinaryIO, at: int) -> int | None:
    """Search for the next header of a member or of the directory."""
    tail = b""
    file.seek(at)
    while chunk := file.read(CHUNK):
        window = tail + chunk
        hits = [hit for sign in (LOCAL, CENTRAL) if (hit := window.find(sign)) >= 0]
        if hits:
            return at - len(tail) + min(hits)
        at, tail = at + len(chunk), window[-3:]
    return None


def _large(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int]:
    """Take from the extra field the numbers that were too large for their places."""
    while len(extra) >= 4:
        tag, length = struct.unpack_from("<2H", extra)
        if tag == 1:
            numbers = iter(struct.unpack_from(f"<{min(length, len(extra) - 4) // 8}Q", extra, 4))
            places = [next(numbers, 0) if place == UNKNOWN else place for place in (size, packed, offset)]
            return places[1], places[2]
        extra = extra[4 + length :]
    return packed, offset

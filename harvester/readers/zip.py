"""Reads zip files, and WACZ: zips of WARC files. Members are found by the directory, or without it one by one.

Own code and not zipfile: that holds the directory in memory (65 MB for 100,000 members), and opens no file whose end,
where the directory stands, was lost on the way.
"""

from __future__ import annotations

import stat
import struct
import zlib
from dataclasses import dataclass, replace
from io import SEEK_END
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from harvester.readers.base import read_body
from harvester.readers.compression import MAGIC_SIZE, Pieces, Stream, packing_of
from harvester.readers.damage import BOMB, DamageError, DecompressionLimit
from harvester.readers.file_signatures import ZIP_DESCRIPTOR, ZIP_END, ZIP_LOCAL
from harvester.readers.filenames import LEADS_OUT, archive_kind, is_index, is_safe, suffix_of
from harvester.readers.indexed import FileIndex, read_listed
from harvester.readers.warc import WarcRange, read_warc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harvester.readers.base import Origin, ReadItem
    from harvester.readers.revisits import RevisitIndex


def read_zip(
    file: BinaryIO, origin: Origin, originals: RevisitIndex, members: tuple[int, int] | None = None
) -> Iterator[ReadItem]:
    """Return the pages of a zip, or of its members from one number to before another, as its directory lists them.

    Python's ZipFile keeps a description of every member in memory, and cannot read a zip that lost its end, as every
    broken download has.
    """
    reader = ZipReader(file, origin, originals)
    return reader.read() if members is None else reader.read_members(*members)


class ZipReader:
    """Reads a zip member by member; a bad member never stops the rest."""

    def __init__(self, file: BinaryIO, origin: Origin, originals: RevisitIndex) -> None:
        self._file, self._origin, self._originals = file, origin, originals
        self._size = file.seek(0, 2)
        self._budget = DecompressionLimit(self._size)
        self._read_to = 0  # where the last member that was read ends
        self._index = FileIndex(origin.names)  # that of a WACZ: what it lists as no page need not be read

    def read(self) -> Iterator[ReadItem]:
        """Yield its pages. Where the directory ends too early, reading goes on from header to header."""
        with self._origin.path.open("rb") as listing:  # opened twice, so that neither loses its position
            try:
                directory = find_directory(listing)
                if suffix_of(self._origin.path.name) == ".wacz":
                    yield from self._read_indexes(listed_entries(listing, directory))
                for entry in listed_entries(listing, directory):
                    yield from self._member(entry)
            except DamageError as damage:
                if damage.code == BOMB:
                    raise
                yield self._origin.damaged(damage)
                for entry in local_entries(listing, self._budget, self._read_to):
                    yield from self._member(entry)

    def read_members(self, first: int, end: int) -> Iterator[ReadItem]:
        """Yield the pages of some members, numbered from 0 in the order of the directory."""
        with self._origin.path.open("rb") as listing:
            for entry in islice(listed_entries(listing, find_directory(listing)), first, end):
                yield from self._member(entry)

    def _member(self, entry: Entry) -> Iterator[ReadItem]:
        try:
            yield from self._found(entry)
        except DamageError as damage:
            if damage.code == BOMB:
                raise
            yield self._origin.damaged(damage, entry.name)

    def _found(self, entry: Entry) -> Iterator[ReadItem]:
        start = self._start(entry)  # for all members, pages or not: a damaged name would hide a page
        self._read_to = max(self._read_to, start + entry.packed)
        is_page, address = self._origin.names.find(entry.name)
        is_warc = archive_kind(entry.name) in ("warc", "arc")
        if entry.name.endswith("/"):
            return
        if entry.link and is_page:
            link = "a link, which is not followed: unpack the archive and harvest the folder"
            yield self._origin.problem("unreadable-member", link, entry.name, error=True)
        elif not is_safe(entry.name) and (is_page or is_warc):
            yield self._origin.problem("unreadable-member", LEADS_OUT, entry.name, error=True)
        elif entry.link or not (is_page or is_warc):
            yield self._origin.ignored(entry.name)
        elif reason := _unreadable(entry):
            yield self._origin.problem("unreadable-member", reason, entry.name, error=True)
        elif is_warc:
            yield from self._warc(entry, start)
        else:
            yield self._origin.page(address, self._body(entry, start), entry.name, entry.offset)

    def _start(self, entry: Entry) -> int:
        """Return where a member's data begins, if the header ahead of it is of the same member."""
        found = local_entry(self._file, entry.offset) if entry.offset < self._size else None
        if found is None or found[0].raw != entry.raw:
            raise DamageError("not the member that the directory says", entry.offset)
        return found[1]

    def _body(self, entry: Entry, start: int) -> bytes:
        pieces = self._pieces(entry, start)
        if pieces.end > self._size:
            raise DamageError("cut off", self._size)
        pieces.budget = self._budget
        stream = Stream(pieces)
        body = read_body(stream)
        if pieces.packing is None:  # many members may share the same bytes
            self._budget.spend(len(body), self._size)
        if not stream.read(1) and zlib.crc32(body) != entry.crc:
            raise DamageError("its checksum is wrong", entry.offset)
        return body

    def _warc(self, entry: Entry, start: int) -> Iterator[ReadItem]:
        pieces = self._inner_pieces(entry, start)
        names = (entry.name, entry.name.rpartition("/")[2])  # as indexes call it
        listed = next((self._index.files[name] for name in names if name in self._index.files), None)
        if listed is None or entry.method or pieces.packing == "zstd" or pieces.end > self._size:
            return read_warc(Stream(pieces), self._origin, self._originals)
        whole = WarcRange(start, pieces.end, pieces.end)
        return read_listed(self._origin, self._originals, listed, whole, gaps=True)

    def _read_indexes(self, entries: Iterator[Entry]) -> Iterator[ReadItem]:
        """Read the indexes of a WACZ. What they do not list is read all the same, and so is what they list wrongly."""
        for entry in entries:
            if entry.name.startswith("indexes/") and is_index(entry.name) and not _unreadable(entry):
                try:
                    for _ in self._index.read(Stream(self._inner_pieces(entry, self._start(entry)))):
                        pass
                except DamageError as damage:
                    if damage.code == BOMB:
                        raise
                    message = f"its index cannot be read whole ({damage}), so more was read than it lists"
                    yield self._origin.problem("index-off", message, entry.name)
        if self._index.unreadable:
            yield self._origin.problem("index-line", f"of its index {self._index.left_out}")

    def _inner_pieces(self, entry: Entry, start: int) -> Pieces:
        """Return the pieces of a member that may be packed by itself."""
        pieces = self._pieces(entry, start)
        if pieces.packing is None:
            self._file.seek(start)
            return Pieces(self._file, packing_of(self._file.read(MAGIC_SIZE)), start, pieces.end)
        # Compressed twice: nothing in it can be found again by its offset.
        packing = packing_of(Stream(self._pieces(entry, start)).read(MAGIC_SIZE))
        return Pieces(Stream(self._pieces(entry, start)), packing)

    def _pieces(self, entry: Entry, start: int) -> Pieces:
        return Pieces(self._file, PACKINGS[entry.method], start, start + entry.packed)


def _unreadable(entry: Entry) -> str | None:
    if entry.flags & ENCRYPTED:
        return "encrypted: unpack the archive with its password and harvest the folder"
    if entry.method not in PACKINGS:
        return f"packed by method {entry.method}, which is not read: unpack the archive and harvest the folder"
    if entry.packed == UNMEASURED:
        return "cut off, or its length stood only in the lost directory: get the file again"
    return None


CENTRAL, END64 = b"PK\1\2", b"PK\6\6"
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
    """A member: `offset` is that of its header, `crc` the checksum of its uncompressed data, `raw` its name in bytes.

    `packed` is the length of its data, UNMEASURED if only the lost directory has stated it.
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
        """The name as text. Windows tools separate its parts with backslashes."""
        name = self.raw.decode("utf-8", "replace") if self.flags & UTF8 else self.raw.decode("cp437")
        return name.replace("\\", "/")


@dataclass(frozen=True)
class Directory:
    """The offsets of the directory, how many members it lists, and by how much all offsets are shifted."""

    start: int
    end: int
    count: int
    shift: int


def find_directory(file: BinaryIO) -> Directory:
    """Return the directory, found by the record at the file's end. Raises `DamageError` if it is missing."""
    size = file.seek(0, SEEK_END)
    tail_at = file.seek(max(0, size - MAX_COMMENT - _END.size))
    tail = file.read()
    at = tail.rfind(ZIP_END)
    if at >= 0 and len(tail) - at >= _END.size:
        _, _, _, _, count, length, start, comment = _END.unpack_from(tail, at)
        end = tail_at + at
        end, count, length, start = _find_large(file, end) or (end, count, length, start)
        shift = end - length - start
        file.seek(0)
        # A zip may follow a program that unpacks it. Else it was cut off right behind a zip that it contains.
        fits = shift == 0 or (shift > 0 and file.read(4) != ZIP_LOCAL)
        if fits and len(tail) - at - _END.size == comment:
            return Directory(start + shift, end, count, shift)
    raise DamageError("cut off: the directory at a zip's end is missing", size)


def _find_large(file: BinaryIO, end: int) -> tuple[int, int, int, int] | None:
    """Return the values of the zip64 record, which large files have because the one at the end has no room for them."""
    at = end - LOCATOR64_SIZE - _END64.size
    if at < 0:
        return None
    file.seek(at)
    sign, *_, count, length, start = _END64.unpack(file.read(_END64.size))
    return (at, count, length, start) if sign == END64 else None


def listed_entries(file: BinaryIO, directory: Directory) -> Iterator[Entry]:
    """Yield the members that the directory lists, one at a time: Python's ZipFile takes 65 MB for 100,000."""
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


def local_entries(file: BinaryIO, budget: DecompressionLimit, begin: int) -> Iterator[Entry]:
    """Yield the members from a byte on without the directory, from header to header."""
    size = file.seek(0, SEEK_END)
    at: int | None = begin
    while at is not None and at < size:
        found = local_entry(file, at)
        if found is None:
            file.seek(at)
            if file.read(4) in (CENTRAL, ZIP_END, END64):
                return
            at = _next_header(file, at + 1)
            continue
        entry, start = found
        if entry.flags & LENGTHS_BEHIND and not entry.packed:
            entry = _measured(file, entry, start, budget)
        yield entry
        at = start + max(0, entry.packed)


def local_entry(file: BinaryIO, offset: int) -> tuple[Entry, int] | None:
    """Return the member whose header is at this offset, and where its data begins; None if no header is there."""
    file.seek(offset)
    fixed = file.read(_LOCAL.size)
    if len(fixed) < _LOCAL.size or not fixed.startswith(ZIP_LOCAL):
        return None
    _, _, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL.unpack(fixed)
    name, extra = file.read(name_length), file.read(extra_length)
    if len(name) < name_length or len(extra) < extra_length:
        return None
    packed, _ = _large(extra, size, packed, 0)
    return Entry(name, flags, method, crc, packed, offset), file.tell()


def _measured(file: BinaryIO, entry: Entry, start: int, budget: DecompressionLimit) -> Entry:
    """Return the entry with its length, if only a record after its data states it: found by decompressing the data."""
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
    crc = behind[4:] if behind.startswith(ZIP_DESCRIPTOR) else behind[:4]
    return replace(entry, packed=pieces.offset - start, crc=int.from_bytes(crc, "little"))


def _next_header(file: BinaryIO, at: int) -> int | None:
    """Return the offset of the next header of a member or of the directory; None if there is none."""
    tail = b""
    file.seek(at)
    while chunk := file.read(CHUNK):
        window = tail + chunk
        hits = [hit for sign in (ZIP_LOCAL, CENTRAL) if (hit := window.find(sign)) >= 0]
        if hits:
            return at - len(tail) + min(hits)
        at, tail = at + len(chunk), window[-3:]
    return None


def _large(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int]:
    """Return the length and offset, from the extra field if they are too large for their own."""
    while len(extra) >= 4:
        tag, length = struct.unpack_from("<2H", extra)
        if tag == 1:
            numbers = iter(struct.unpack_from(f"<{min(length, len(extra) - 4) // 8}Q", extra, 4))
            places = [next(numbers, 0) if place == UNKNOWN else place for place in (size, packed, offset)]
            return places[1], places[2]
        extra = extra[4 + length :]
    return packed, offset

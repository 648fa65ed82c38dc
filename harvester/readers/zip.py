"""Zip archives, and WACZ: zips of WARC files."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, BinaryIO

from harvester.capture import MAX_BYTES
from harvester.readers.damage import BOMB, Budget, DamageError
from harvester.readers.names import archive_kind, is_safe
from harvester.readers.pieces import MAGIC_SIZE, Pieces, packing_of
from harvester.readers.stream import Stream
from harvester.readers.warc import read_warc
from harvester.readers.zip_entries import (
    ENCRYPTED,
    PACKINGS,
    UNMEASURED,
    Entry,
    find_directory,
    listed_entries,
    local_entries,
    local_entry,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harvester.readers.files import Found, Origin
    from harvester.readers.originals import Originals


def read_zip(file: BinaryIO, origin: Origin, originals: Originals) -> Iterator[Found]:
    """Give the pages of a zip.

    Python's ZipFile holds a description of every member, and cannot read a zip that lost its end, as every download
    that broke off has.
    """
    return ZipReader(file, origin, originals).read()


class ZipReader:
    """Reads a zip member by member; a bad one never stops the rest."""

    def __init__(self, file: BinaryIO, origin: Origin, originals: Originals) -> None:
        self._file, self._origin, self._originals = file, origin, originals
        self._size = file.seek(0, 2)
        self._budget = Budget(self._size)

    def read(self) -> Iterator[Found]:
        """Give what is in it."""
        with self._origin.path.open("rb") as listing:  # a second hand in the same file, so that neither loses its place
            directory = find_directory(listing)
            if directory is None:
                yield self._origin.damaged(DamageError("cut off: the directory at a zip's end is missing", self._size))
            entries = listed_entries(listing, directory) if directory else local_entries(listing, self._budget)
            for entry in entries:
                yield from self._member(entry)

    def _member(self, entry: Entry) -> Iterator[Found]:
        is_page, address = self._origin.names.find(entry.name)
        is_warc = archive_kind(entry.name) == "warc"
        if entry.name.endswith("/"):
            return
        if not is_safe(entry.name) or entry.link or not (is_page or is_warc):
            yield self._origin.ignored(entry.name)
        elif reason := _unreadable(entry):
            yield self._origin.problem("unreadable-member", reason, entry.name, error=True)
        else:
            try:
                yield from self._warc(entry) if is_warc else [self._page(entry, address)]
            except DamageError as damage:
                if damage.code == BOMB:
                    raise
                yield self._origin.damaged(damage, entry.name)

    def _page(self, entry: Entry, address: str | None) -> Found:
        pieces = self._pieces(entry)
        if pieces.end > self._size:
            raise DamageError("cut off", self._size)
        pieces.budget = self._budget
        body = Stream(pieces).read(MAX_BYTES + 1)
        if pieces.packing is None:  # many members may share the same bytes
            self._budget.spend(len(body), self._size)
        if len(body) <= MAX_BYTES and zlib.crc32(body) != entry.crc:
            raise DamageError("its checksum is wrong", entry.offset)
        return self._origin.page(address, body, entry.name, entry.offset)

    def _warc(self, entry: Entry) -> Iterator[Found]:
        pieces = self._pieces(entry)
        if pieces.packing is None:
            self._file.seek(pieces.start)
            pieces = Pieces(self._file, packing_of(self._file.read(MAGIC_SIZE)), pieces.start, pieces.end)
        else:  # packed twice: nothing in it can be found again by its place
            packing = packing_of(Stream(self._pieces(entry)).read(MAGIC_SIZE))
            pieces = Pieces(Stream(self._pieces(entry)), packing)
        return read_warc(Stream(pieces), self._origin, self._originals)

    def _pieces(self, entry: Entry) -> Pieces:
        found = local_entry(self._file, entry.offset) if entry.offset < self._size else None
        if found is None or found[0].name != entry.name:
            raise DamageError("not the member that the directory says", entry.offset)
        return Pieces(self._file, PACKINGS[entry.method], found[1], found[1] + entry.packed)


def _unreadable(entry: Entry) -> str | None:
    if entry.flags & ENCRYPTED:
        return "encrypted: unpack the archive with its password and harvest the folder"
    if entry.method not in PACKINGS:
        return f"packed by method {entry.method}, which is not read: unpack the archive and harvest the folder"
    if entry.packed == UNMEASURED:
        return "cut off, or its length stood only in the lost directory: get the file again"
    return None

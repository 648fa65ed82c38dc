"""Zip archives, and WACZ: zips of WARC files."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, BinaryIO

from harvester.capture import MAX_BYTES
from harvester.readers.damage import BOMB, Budget, DamageError
from harvester.readers.names import LEADS_OUT, archive_kind, is_safe
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
        self._read_to = 0  # where the last member that was read ends

    def read(self) -> Iterator[Found]:
        """Give what is in it. Where the directory ends too early, reading goes on from header to header."""
        with self._origin.path.open("rb") as listing:  # a second hand in the same file, so that neither loses its place
            try:
                for entry in listed_entries(listing, find_directory(listing)):
                    yield from self._member(entry)
            except DamageError as damage:
                if damage.code == BOMB:
                    raise
                yield self._origin.damaged(damage)
                for entry in local_entries(listing, self._budget, self._read_to):
                    yield from self._member(entry)

    def _member(self, entry: Entry) -> Iterator[Found]:
        try:
            yield from self._found(entry)
        except DamageError as damage:
            if damage.code == BOMB:
                raise
            yield self._origin.damaged(damage, entry.name)

    def _found(self, entry: Entry) -> Iterator[Found]:
        start = self._start(entry)  # of other things, too: a name that is damaged would hide a page
        self._read_to = max(self._read_to, start + entry.packed)
        is_page, address = self._origin.names.find(entry.name)
        is_warc = archive_kind(entry.name) == "warc"
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
        """Say where a member's data begins, if the header ahead of it is of the same member."""
        found = local_entry(self._file, entry.offset) if entry.offset < self._size else None
        if found is None or found[0].raw != entry.raw:
            raise DamageError("not the member that the directory says", entry.offset)
        return found[1]

    def _body(self, entry: Entry, start: int) -> bytes:
        pieces = self._pieces(entry, start)
        if pieces.end > self._size:
            raise DamageError("cut off", self._size)
        pieces.budget = self._budget
        body = Stream(pieces).read(MAX_BYTES + 1)
        if pieces.packing is None:  # many members may share the same bytes
            self._budget.spend(len(body), self._size)
        if len(body) <= MAX_BYTES and zlib.crc32(body) != entry.crc:
            raise DamageError("its checksum is wrong", entry.offset)
        return body

    def _warc(self, entry: Entry, start: int) -> Iterator[Found]:
        pieces = self._pieces(entry, start)
        if pieces.packing is None:
            self._file.seek(start)
            pieces = Pieces(self._file, packing_of(self._file.read(MAGIC_SIZE)), start, pieces.end)
        else:  # packed twice: nothing in it can be found again by its place
            packing = packing_of(Stream(self._pieces(entry, start)).read(MAGIC_SIZE))
            pieces = Pieces(Stream(self._pieces(entry, start)), packing)
        return read_warc(Stream(pieces), self._origin, self._originals)

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

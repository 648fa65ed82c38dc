"""What a user names: saved pages, folders of them, archives. All of it becomes captures here, one at a time."""

from __future__ import annotations

import hashlib
import os
from io import SEEK_END
from pathlib import Path
from tarfile import BLOCKSIZE
from typing import TYPE_CHECKING, Protocol

from harvester.capture import MAX_BYTES
from harvester.pages.page import Problem
from harvester.readers.damage import DamageError
from harvester.readers.files import Found, Origin, PassedOver, read_page
from harvester.readers.names import PACKED, Names, archive_kind
from harvester.readers.originals import Originals
from harvester.readers.pieces import MAGIC_SIZE, Pieces, packing_of
from harvester.readers.stream import Stream
from harvester.readers.tar import header_in, read_tar
from harvester.readers.warc import read_warc
from harvester.readers.warc_records import VERSION
from harvester.readers.zip import read_zip
from harvester.readers.zip_entries import DESCRIPTOR, END, LOCAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

    from harvester.source import Source


class ReadBefore(Protocol):
    """Remembers which files were read whole: by their hash, so that a copy elsewhere is known, too."""

    def knows(self, path: Path, sha256: str) -> bool:
        """Say whether reading the file again would bring nothing new; it is then not read."""

    def remember(self, path: Path, sha256: str) -> None:
        """Note that all of the file was read, and all captures of it taken, without damage."""


def pages_below(target: Path, names: Names) -> Iterator[tuple[Path, bool]]:
    """Give each file of a target in a fixed order, and whether it is to be read.

    A file that is named itself is read whatever it is called.
    """
    if not target.is_dir():
        yield target, True
        return
    for folder, folders, files in os.walk(target):
        folders.sort()
        for name in sorted(files):
            full_name = os.path.abspath(os.path.join(folder, PACKED.sub("", name)))  # noqa: PTH100, PTH118 - many files
            path = Path(folder, name)
            yield path, (archive_kind(name) is not None or names.find(full_name)[0]) and path.is_file()


def read_targets(
    targets: list[Path],
    listing: str | None = None,
    sources: tuple[Source, ...] = (),
    before: ReadBefore | None = None,
) -> Iterator[Found]:
    """Make captures of all that is in files, folders and archives, one at a time.

    `sources` are the archives that the pages may be of: what a file's name says depends on them.
    """
    names, originals = Names(sources), Originals()
    for target in targets:
        for path, wanted in pages_below(target, names):
            origin = Origin(path, names, listing)
            if wanted:
                yield from _read(origin, originals, before)
            else:
                yield origin.ignored()


def expected_pages(targets: list[Path], sources: tuple[Source, ...] = ()) -> int | None:
    """Count the pages to come, if that is known without reading: what an archive holds is not."""
    names, count = Names(sources), 0
    for path, wanted in (found for target in targets for found in pages_below(target, names)):
        if wanted and archive_kind(path.name):
            return None
        count += wanted
    return count


def file_sha256(file: BufferedReader) -> str:
    """Hash a whole file, in constant memory, and go back to its beginning."""
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return digest


def _read(origin: Origin, originals: Originals, before: ReadBefore | None) -> Iterator[Found]:
    """Read one file, whatever it is."""
    try:
        with origin.path.open("rb") as file:
            if not file.seekable():  # a pipe has one page
                yield origin.page(None, file.read(MAX_BYTES + 1))
                return
            size = file.seek(0, SEEK_END)
            file.seek(0)
            packing = packing_of(file.read(MAGIC_SIZE))
            kind = _kind(Pieces(file, packing, 0, size), origin.path.name)
            found = _read_as(kind, file, Pieces(file, packing, 0, size), origin, originals)
            yield from _once(file, found, origin, before) if before and kind != "page" else found
    except DamageError as damage:
        yield origin.damaged(damage)
    except OSError as error:
        message = f"cannot be read ({error.strerror}): check its permissions"
        yield PassedOver(origin.uri, Problem("error", "unreadable", message))


def _once(file: BufferedReader, found: Iterator[Found], origin: Origin, before: ReadBefore) -> Iterator[Found]:
    """Read an archive if it was not read before. A single page is known by its bytes anyway."""
    sha256 = file_sha256(file)
    if before.knows(origin.path, sha256):
        return
    whole = True
    for one in found:
        whole = whole and not (isinstance(one, PassedOver) and one.problem and one.problem.severity == "error")
        yield one
    if whole:
        before.remember(origin.path, sha256)


def _read_as(kind: str, file: BufferedReader, pieces: Pieces, origin: Origin, originals: Originals) -> Iterator[Found]:
    if kind == "zip":
        yield from read_zip(file, origin, originals)
    elif kind == "tar":
        yield from read_tar(Stream(pieces), origin)
    elif kind == "warc":
        yield from read_warc(Stream(pieces), origin, originals)
    else:
        yield read_page(Stream(pieces), origin)


def _kind(pieces: Pieces, name: str) -> str:
    """Say what something is by its first bytes. Its name counts only where they say nothing, as if damaged."""
    try:
        head = Stream(pieces).read(BLOCKSIZE)
    except DamageError:  # the reader will come across it, and may know where to go on
        head = b""
    if head.startswith((LOCAL, END, DESCRIPTOR)):
        return "zip"
    if head.startswith(VERSION):
        return "warc"
    return "tar" if header_in(head) else archive_kind(name) or "page"

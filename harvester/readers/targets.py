"""Reads what users name, saved pages, folders of them and containers, as captures, one at a time."""

from __future__ import annotations

import hashlib
import os
import stat
from io import SEEK_END
from pathlib import Path
from tarfile import BLOCKSIZE
from typing import TYPE_CHECKING, NamedTuple, Protocol

from harvester.model import MAX_BYTES, Problem, Skipped
from harvester.readers.archivebox import Snapshot, snapshot_in, snapshot_of
from harvester.readers.base import Origin, ReadItem, read_page, states_page
from harvester.readers.compression import MAGIC_SIZE, Pieces, Stream, packing_of
from harvester.readers.damage import DamageError
from harvester.readers.file_signatures import (
    ARC_VERSION,
    UNREAD_PACKINGS,
    WARC_VERSION,
    ZIP_DESCRIPTOR,
    ZIP_END,
    ZIP_LOCAL,
)
from harvester.readers.filenames import PACKED, Names, archive_kind, is_connected, is_index
from harvester.readers.revisits import KnownPlaces, RevisitIndex, no_places
from harvester.readers.tar import header_in, read_tar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

    from harvester.source import Source


UNREAD = {
    "packed": "packed in a way that is not read: unpack it, and harvest what was in it",
}
"""Known formats of pages that are not read, each with what to do instead."""


class ReadBefore(Protocol):
    """Remembers which files were read whole, by their hash, so that a copy elsewhere is recognised."""

    def contains(self, path: Path, sha256: str) -> bool:
        """Return whether reading the file again would bring nothing new; it is then not read."""

    def add(self, path: Path, sha256: str) -> None:
        """Record that the whole file was read, and all its captures were added, without damage."""


class Below(NamedTuple):
    """A file of a target; `wanted` if it is to be read; `lacking` is the reason why it cannot be read, if any.

    `snapshot` is the folder of ArchiveBox that it lies in.
    """

    path: Path
    wanted: bool
    lacking: str | None = None
    snapshot: Snapshot | None = None


def files_below(target: Path, names: Names) -> Iterator[Below]:
    """Yield each file of a target in a fixed order, and the folders that cannot be entered.

    A file that is named itself is read whatever it is called. Links to folders are not followed, because they may form
    circles. A link that leads out of the target is reported, since nothing there is read.
    """
    if not target.is_dir():
        yield Below(target, wanted=True, snapshot=snapshot_of(target))
        return
    closed: list[OSError] = []
    parts: set[str] = set()  # folders with the pictures and frames of a page that lies beside them
    snapshots = {os.path.dirname(target): snapshot_of(target)}  # noqa: PTH120 - many files
    for folder, folders, files in os.walk(target, onerror=closed.append):
        yield from _closed(closed)
        folders.sort()
        links = (Path(folder, name) for name in folders if os.path.islink(os.path.join(folder, name)))  # noqa: PTH114, PTH118
        yield from (_linked(link, target) for link in links)
        if folder in parts:
            parts.update(os.path.join(folder, name) for name in folders)  # noqa: PTH118
            yield from (Below(Path(folder, name), wanted=False) for name in sorted(files))
            continue
        parts.update(os.path.join(folder, name) for name in folders if is_connected(name, files))  # noqa: PTH118
        snapshot = snapshots.get(os.path.dirname(folder))  # noqa: PTH120
        if snapshot or "index.json" in files:
            snapshots[folder] = snapshot = snapshot_in(Path(folder)) or snapshot
        yield from (_file(Path(folder, name), names, snapshot) for name in sorted(files))
    yield from _closed(closed)


def _closed(errors: list[OSError]) -> Iterator[Below]:
    """Yield the folders that could not be entered, once."""
    while errors:
        error = errors.pop(0)
        lacking = f"a folder that cannot be entered ({error.strerror}): check its permissions"
        yield Below(Path(os.fsdecode(error.filename)), wanted=True, lacking=lacking)


def _linked(link: Path, target: Path) -> Below:
    inside = link.resolve().is_relative_to(target.resolve())
    lacking = None if inside else "a link to a folder is not followed: name that folder, too, if its pages are wanted"
    return Below(link, wanted=not inside, lacking=lacking)


def _file(path: Path, names: Names, snapshot: Snapshot | None) -> Below:
    """Return a file of a folder: whether it is a page or a container, and if so, whether it can be read."""
    full_name = os.path.abspath(os.path.join(path.parent, PACKED.sub("", path.name)))  # noqa: PTH100, PTH118 - many files
    wanted = archive_kind(path.name) is not None or names.find(full_name)[0] or states_page(path, names)
    if not wanted or (snapshot and snapshot.is_derived(path.absolute())):
        return Below(path, wanted=False)
    try:
        mode = path.stat().st_mode
    except OSError as error:
        lacking = "a link that leads nowhere: get what it led to" if path.is_symlink() else "check its permissions"
        return Below(path, wanted=True, lacking=f"cannot be read ({error.strerror}): {lacking}")
    except ValueError as error:  # a name that no system call accepts
        return Below(path, wanted=True, lacking=f"cannot be read ({error})")
    if not stat.S_ISREG(mode):
        return Below(path, wanted=True, lacking="no file, though it is named like a page")
    return Below(path, wanted=True, snapshot=snapshot)


def read_targets(
    targets: list[Path],
    listing: str | None = None,
    sources: tuple[Source, ...] = (),
    before: ReadBefore | None = None,
    known: KnownPlaces = no_places,
) -> Iterator[ReadItem]:
    """Yield captures of everything in files, folders and containers, one at a time.

    `sources` are the archives that the pages may be of: they decide what a file's name means. `known` returns the
    locations of captures of an address that were read before: WARC files refer to them instead of repeating them.
    """
    names, originals = Names(sources), RevisitIndex(known)
    for target in targets:
        for below in files_below(target, names):
            origin = Origin(below.path, names, listing, below.snapshot)
            if below.lacking:
                yield origin.problem("unreadable", below.lacking, error=True)
            elif below.wanted:
                yield from read_file(origin, originals, before)
            else:
                yield origin.ignored()
    if originals.waiting:
        from harvester.readers.warc import read_waiting

        yield from read_waiting(originals)


def expected_pages(targets: list[Path], sources: tuple[Source, ...] = ()) -> int | None:
    """Return the number of pages to come; None if it cannot be known without reading containers."""
    names, count = Names(sources), 0
    for below in (found for target in targets for found in files_below(target, names)):
        if below.wanted and (archive_kind(below.path.name) or is_index(below.path.name)):
            return None
        count += below.wanted and not below.lacking
    return count


def file_sha256(file: BufferedReader) -> str:
    """Return the hash of a whole file, in constant memory, and go back to its beginning."""
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return digest


def read_file(origin: Origin, originals: RevisitIndex, before: ReadBefore | None = None) -> Iterator[ReadItem]:
    """Yield the captures of one file of any kind."""
    try:
        with origin.path.open("rb") as file:
            if not file.seekable():  # a pipe contains one page
                yield origin.page(None, file.read(MAX_BYTES + 1))
                return
            if is_index(origin.path.name):
                from harvester.readers.indexed import read_by_index

                yield from read_by_index(file, origin, originals)
                return
            size = file.seek(0, SEEK_END)
            kind, packing = kind_of_file(file, origin.path.name)
            found = _read_as(kind, file, Pieces(file, packing, 0, size), origin, originals)
            once = before and kind not in ("page", *UNREAD)
            yield from _once(file, found, origin, before, originals) if before and once else found
    except DamageError as damage:
        yield origin.damaged(damage)
    except OSError as error:
        message = f"cannot be read ({error.strerror}): check its permissions"
        yield Skipped(origin.uri, Problem("error", "unreadable", message))


def _once(
    file: BufferedReader, found: Iterator[ReadItem], origin: Origin, before: ReadBefore, originals: RevisitIndex
) -> Iterator[ReadItem]:
    """Yield the captures of a container unless it was read before. A single page is recognised by its bytes anyway.

    A container with revisits whose originals may be in other files is read again next time.
    """
    waiting = len(originals.waiting)
    sha256 = file_sha256(file)
    if before.contains(origin.path, sha256):
        return
    whole = True
    for one in found:
        whole = whole and not (isinstance(one, Skipped) and one.problem and one.problem.severity == "error")
        yield one
    if whole and len(originals.waiting) == waiting:
        before.add(origin.path, sha256)


def _read_as(
    kind: str, file: BufferedReader, pieces: Pieces, origin: Origin, originals: RevisitIndex
) -> Iterator[ReadItem]:
    # Readers are imported when a file needs them: most harvests are of pages, or of one kind of container.
    if kind == "zip":
        from harvester.readers.zip import read_zip

        yield from read_zip(file, origin, originals)
    elif kind == "tar":
        yield from read_tar(Stream(pieces), origin)
    elif kind in ("warc", "arc"):
        from harvester.readers.warc import read_warc

        yield from read_warc(Stream(pieces), origin, originals)
    elif kind in UNREAD:
        yield origin.problem(kind, UNREAD[kind], error=True)
    else:
        yield read_page(Stream(pieces), origin)


def kind_of_file(file: BufferedReader, name: str) -> tuple[str, str | None]:
    """Return the kind of an open file (`page`, `zip`, `tar`, `warc` or a key of UNREAD), and how it is packed."""
    size = file.seek(0, SEEK_END)
    file.seek(0)
    packing = packing_of(file.read(MAGIC_SIZE))
    return _kind(Pieces(file, packing, 0, size), name), packing


def _kind(pieces: Pieces, name: str) -> str:
    """Return the kind of a file by its first bytes. Its name counts only if they show nothing, as if damaged."""
    try:
        head = Stream(pieces).read(BLOCKSIZE)
    except DamageError:  # the reader meets the damage, and may know where to go on
        head = b""
    if head.startswith((ZIP_LOCAL, ZIP_END, ZIP_DESCRIPTOR)):
        return "zip"
    if head.startswith(WARC_VERSION):
        return "warc"
    if head.startswith(ARC_VERSION):
        return "arc"
    if head.startswith(UNREAD_PACKINGS):
        return "packed"
    return "tar" if header_in(head) else archive_kind(name) or "page"

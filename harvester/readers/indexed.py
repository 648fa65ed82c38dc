"""Reads WARC files by an index of them, only what is wanted: a CDX or CDXJ with WARC files beside it, and WACZ.

An index is a claim. Each record that it lists of a known archive is looked at where it should be; where one is not,
the file is read whole, and what is listed and nowhere in it is named.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from harvester.model import Capture, Problem, Skipped
from harvester.readers.cdx import UnreadableLine, file_in, folder_of, read_index
from harvester.readers.compression import Pieces, Stream, dictionary_of, packing_of
from harvester.readers.damage import DamageError
from harvester.readers.warc import PAGE_RECORDS, WarcRange, WarcReader, head_of, pieces_of, read_warc_range
from harvester.readers.warc_records import read_header

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from typing import BinaryIO

    from harvester.readers.base import Origin, ReadItem
    from harvester.readers.cdx import ListedRecord
    from harvester.readers.filenames import Names
    from harvester.readers.revisits import RevisitIndex

Span = tuple[int, int, bool]
"""Where a listed record begins and ends, and whether it may be a page of a known archive."""
MOST_PAGES = 1_000_000
"""So many pages of known archives are read by one index: 600 bytes of memory each."""
TOO_MANY = "too-many-pages"
LINE_ENDS = 8
"""Bytes at the end of a WARC that is not packed: an index may count them to no record."""


@dataclass
class ListedFile:
    """What an index lists of one WARC file: the records that may be pages of a known archive, and where others lie.

    `others` are offsets and lengths in turn: of a whole country's crawl there are many.
    """

    pages: list[ListedRecord] = field(default_factory=list)
    others: array[int] = field(default_factory=lambda: array("Q"))

    def spans(self, whole: WarcRange) -> list[Span]:
        """Return where the records that it lists begin and end, in order, and whether each may be a page."""
        lengths = iter(self.others)
        found = {(whole.start + offset, whole.start + offset + next(lengths), False) for offset in lengths}
        found |= {(whole.start + one.offset, whole.start + one.offset + max(1, one.length), True) for one in self.pages}
        return sorted(found)


@dataclass
class FileIndex:
    """What an index lists, by the names of files; and the lines that make no sense."""

    names: Names
    files: defaultdict[str, ListedFile] = field(default_factory=lambda: defaultdict(ListedFile))
    unreadable: list[UnreadableLine] = field(default_factory=list)
    _pages: int = 0

    def read(self, stream: Stream) -> Iterator[Skipped]:
        """Read it; yield the records that are no pages of a known archive. Raises `DamageError` where it is cut off.

        Also where it lists more pages than MOST_PAGES.
        """
        for line in read_index(stream):
            if isinstance(line, UnreadableLine):
                self.unreadable.append(line)
            elif line.may_be_page and self.names.address(line.address) is not None:
                if self._pages == MOST_PAGES:
                    raise DamageError(f"more than {MOST_PAGES:,} pages are listed", stream.tell(), TOO_MANY)
                self.files[line.filename].pages.append(line)
                self._pages += 1
            else:
                if line.length:
                    self.files[line.filename].others.extend((line.offset, line.length))
                yield Skipped(line.address)

    @property
    def left_out(self) -> str:
        """Which lines make no sense, and why the first one does not."""
        first, more = self.unreadable[0], len(self.unreadable) - 1
        which = f"line {first.number} and {more:,} more were" if more else f"line {first.number} was"
        return f"{which} left out: {first.reason}"


def read_by_index(file: BinaryIO, origin: Origin, originals: RevisitIndex) -> Iterator[ReadItem]:
    """Yield the pages that an index lists in the WARC files beside it; `file` is the index, and so is the origin's.

    What it does not list is not read, which a notice says: whoever names an index wants what it lists.
    """
    index = FileIndex(origin.names)
    try:
        yield from index.read(Stream(Pieces(file, packing_of(head_of(file, 0)))))
    except DamageError as damage:
        remedy = "split it, or use harvester bulk plan" if damage.code == TOO_MANY else "get it again"
        yield origin.problem(damage.code, f"{damage}: what it lists before that is read; {remedy}", error=True)
    if index.unreadable:
        message = f"{index.left_out}; or harvest the WARC files themselves"
        yield origin.problem("index-line", message, error=True)
    unlisted = 0
    for filename, listed in sorted(index.files.items()):
        unlisted += yield from _read_beside(origin, originals, filename, listed)
    if unlisted > 0:
        message = f"only what it lists was read: {unlisted:,} bytes of its WARC files are in no line of it"
        yield Skipped(origin.uri, Problem("notice", "unlisted", f"{message}; harvest those files to read these, too"))


def _read_beside(
    index: Origin, originals: RevisitIndex, filename: str, listed: ListedFile
) -> Generator[ReadItem, None, int]:
    """Yield the pages that an index lists in one file, or why they cannot be read; return how many bytes were left."""
    path = file_in(folder_of(index.path), filename)
    if path is None:
        lacking = f"listed in {filename}, which is not beside {index.path.name}: get that file, too"
        yield from (Skipped(one.address, Problem("error", "unreadable", lacking)) for one in listed.pages)
        return 0
    origin = replace(index, path=path)
    try:
        whole = WarcRange(0, path.stat().st_size, path.stat().st_size)
        if (yield from read_listed(origin, originals, listed, whole)):
            return _uncovered(listed.spans(whole), whole)
    except DamageError as damage:
        yield origin.damaged(damage)
    except OSError as error:
        yield origin.problem("unreadable", f"cannot be read ({error.strerror}): check its permissions", error=True)
    return 0


def read_listed(
    origin: Origin, originals: RevisitIndex, listed: ListedFile, whole: WarcRange, *, gaps: bool = False
) -> Generator[ReadItem, None, bool]:
    """Yield the pages that an index lists in a WARC file; with `gaps` also those in what it does not list at all.

    Return whether it fits the file. If not, that is read whole; a page that is listed and nowhere in it is reported.
    """
    spans = listed.spans(whole)
    with origin.path.open("rb") as file:
        dictionary = dictionary_of(file)
        misplaced = [one for one in listed.pages if not _is_there(file, one, origin.names, whole, dictionary)]
        if not misplaced and not gaps:
            for start in dict.fromkeys(start for start, _, is_page in spans if is_page):
                pieces = pieces_of(file, replace(whole, start=start), dictionary)
                yield from WarcReader(Stream(pieces), origin, originals, single=True).read()
            return True
    if not misplaced and (yield from _read_gaps(origin, originals, spans, whole)):
        return True
    message = "its index does not fit, so it was read whole"
    if misplaced:
        first, more = misplaced[0], len(misplaced) - 1
        message += f": {first.address} is not at byte {first.offset:,}"
        message += f", and {more:,} more are not where they should be" if more else ""
    yield origin.problem("index-off", message)
    yield from _read_whole(origin, originals, misplaced, whole)
    return False


def _is_there(file: BinaryIO, record: ListedRecord, names: Names, whole: WarcRange, dictionary: bytes | None) -> bool:
    """Return whether a record stands where an index lists it, by its address and time."""
    start = whole.start + record.offset
    if start >= whole.end:
        return False
    try:
        header = read_header(Stream(pieces_of(file, replace(whole, start=start), dictionary)))
    except DamageError:
        return False
    if header is None or header.kind not in PAGE_RECORDS:
        return False
    same_time = header.date is None or f"{header.date:%Y%m%d%H%M%S}".startswith(record.time)
    return same_time and names.address(header.uri) == names.address(record.address)


def _read_gaps(
    origin: Origin, originals: RevisitIndex, spans: list[Span], whole: WarcRange
) -> Generator[ReadItem, None, bool]:
    """Yield the pages of a file but for the records that are listed as no pages; return whether the index fits."""
    cuts, at, known = list[WarcRange](), whole.start, whole.start
    for start, end, is_page in spans:
        if start < known or end > whole.end:
            return False
        known = end
        if not is_page:
            cuts += [WarcRange(at, start, whole.limit)] if start > at else []
            at = end
    with origin.path.open("rb") as file:
        file.seek(at)
        if whole.end - at > LINE_ENDS or file.read(whole.end - at).strip():
            cuts.append(WarcRange(at, whole.end, whole.limit))
    for cut in cuts:
        if (yield from read_warc_range(origin, originals, cut)) != cut.end:
            return False
    yield from (origin.ignored() for _, _, is_page in spans if not is_page)
    return True


def _read_whole(
    origin: Origin, originals: RevisitIndex, misplaced: list[ListedRecord], whole: WarcRange
) -> Iterator[ReadItem]:
    """Yield all pages of a file; report what an index lists in it that is nowhere there."""
    lost = {(origin.names.address(one.address), one.time): one for one in misplaced}
    for item in read_warc_range(origin, originals, whole):
        if isinstance(item, Capture):
            lost.pop((item.uri, f"{item.captured_at:%Y%m%d%H%M%S}" if item.captured_at else ""), None)
        yield item
    for record in lost.values():
        message = f"listed at byte {record.offset:,} of {origin.file}, and nowhere in it: the index is of another file"
        yield Skipped(record.address, Problem("error", "not-in-file", message))


def _uncovered(spans: list[Span], whole: WarcRange) -> int:
    """Return how many bytes of a file no line of its index covers."""
    left, at = whole.end - whole.start, whole.start
    for start, end, _ in spans:
        left -= max(0, min(end, whole.end) - max(start, at))
        at = max(at, end)
    return left

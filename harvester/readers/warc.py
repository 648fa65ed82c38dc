"""Reads WARC files of any crawler, compressed or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from harvester.model import Capture, Problem, Skipped
from harvester.readers.base import path_text
from harvester.readers.compression import MAGIC_SIZE, Pieces, Stream, dictionary_of, packing_of
from harvester.readers.damage import BOMB, MAX_DAMAGES, DamageError, DecompressionLimit
from harvester.readers.http import Message, parse_answer
from harvester.readers.revisits import RecordLocation, RevisitIndex, keys_of, referred_keys
from harvester.readers.warc_records import MAX_BLOCK, End, Header, next_record, read_block, read_end, read_header
from harvester.walk_log import ASIDE_FIELD, STEP_FIELD, WALK_NOTE, read_note

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from harvester.model import Severity
    from harvester.readers.base import Origin, ReadItem

WAITING = Problem("notice", "revisit-waits", "its original may stand in what follows")
"""Marks a revisit that is looked at again at the end."""
PAGE_RECORDS = ("response", "resource", "revisit")
PAGE_TYPES = (None, "text/html", "application/xhtml+xml", "text/plain")
"""Media types that pages have; an answer without one may be a page, too. That a page is gone comes in any type."""


def read_warc(stream: Stream, origin: Origin, originals: RevisitIndex) -> Iterator[ReadItem]:
    """Return the pages of a WARC file, or of one inside a WACZ."""
    return WarcReader(stream, origin, originals).read()


@dataclass(frozen=True)
class WarcRange:
    """The records of a WARC that begin from byte `start` on and before `end`. The WARC itself ends at `limit`.

    A WARC that lies in a WACZ as it is ends before that file does.
    """

    start: int
    end: int
    limit: int


def read_warc_range(origin: Origin, originals: RevisitIndex, cut: WarcRange) -> Generator[ReadItem, None, int]:
    """Yield the pages of the records that begin in a range; return where the next record begins.

    Whether a record really begins where a range does cannot be seen there: what looks like a beginning may stand inside
    a record. It does if the range before it returns the same byte.
    """
    with origin.path.open("rb") as file:
        dictionary = dictionary_of(file) if cut.start else None
        reader = WarcReader(Stream(pieces_of(file, cut, dictionary)), origin, originals, until=cut.end)
        yield from reader.read()
    return cut.limit if reader.ended_at is None else reader.ended_at


def pieces_of(file: BinaryIO, cut: WarcRange, dictionary: bytes | None) -> Pieces:
    """Return the pieces of a file from the beginning of a range on, to the end of its WARC."""
    pieces = Pieces(file, packing_of(head_of(file, cut.start)), cut.start, cut.limit)
    pieces.dictionary = dictionary
    return pieces


def head_of(file: BinaryIO, at: int) -> bytes:
    """Return the bytes at an offset that show how what follows is packed."""
    file.seek(at)
    return file.read(MAGIC_SIZE)


class WarcReader:
    """Reads a WARC or ARC record by record, and yields each only when its end was seen."""

    def __init__(
        self,
        stream: Stream,
        origin: Origin,
        originals: RevisitIndex,
        *,
        last_look: bool = False,
        until: int | None = None,
        single: bool = False,
    ) -> None:
        self._stream, self._origin, self._originals = stream, origin, originals
        self._last_look = last_look  # no more files will be read in which an original could be found
        self._until = until  # the first record that begins here or behind is not read any more
        self._single = single  # only the first record is read, and nothing behind it looked at
        self.ended_at: int | None = None  # where that record begins; None if the file's end was reached
        self._go_on_at = 0  # where in the file the next good record may begin, if the present one is damaged
        self._seen = False  # whether there was any record
        self._short = False  # records end with one line end, as some browsers' recorders write them
        self._at = ""  # the record that is being read, or was read last

    def read(self) -> Iterator[ReadItem]:
        """Yield its pages. After damage, reading goes on with the next good record."""
        reported = ""
        for _ in range(MAX_DAMAGES):
            try:
                yield from self._records()
            except DamageError as damage:
                if damage.code == BOMB:
                    raise
                if str(damage) != reported:  # a record may begin well and be tried again
                    yield self._origin.damaged(damage.at(self._at))
                reported = str(damage)
            else:
                return
            pieces = None if self._single else next_record(self._stream.pieces, self._go_on_at)
            if pieces is None:
                return
            self._stream, self._go_on_at = Stream(pieces), pieces.start + 1
        raise DamageError("too many damaged records: not read on", self._go_on_at)

    def _records(self) -> Iterator[ReadItem]:
        while header := self._next_header():
            self._seen = True
            pieces = self._stream.pieces
            self._go_on_at = 1 + (header.offset if header.reachable else pieces.segment)
            self._at = f"in {header.uri}" if header.uri else ""
            is_page = header.kind in PAGE_RECORDS
            is_note = header.kind == "metadata" and header.fields.get("content-type") == WALK_NOTE
            is_aside = ASIDE_FIELD.lower() in header.fields
            wanted = is_note or (is_page and not is_aside and self._origin.names.address(header.uri) is not None)
            block = read_block(self._stream, header, wanted)
            end, rest = read_end(self._stream, header)
            self._go_on_at = pieces.start + self._stream.tell() if pieces.packing is None else pieces.offset
            self._at = f"behind {header.uri}" if header.uri else ""
            if is_note:
                yield read_note(header.uri, block)
            elif wanted:
                yield from self._record(header, block + rest)
            elif is_page:
                yield Skipped(header.uri)
            yield from self._end(header, end, len(rest))
            if self._single:
                return
        if not self._seen:
            raise DamageError("no record in it", 0)

    def _end(self, header: Header, end: End, rest: int) -> Iterator[ReadItem]:
        """Yield what is odd about a record's end. Raises `DamageError` if the file is cut off there."""
        if end is End.LATE:
            late = f"its length is {rest} bytes too small: read to where it ends"
            yield self._problem(header, "notice", "length-off", late)
        if end is End.SHORT and not self._short:
            self._short = True
            yield self._problem(header, "notice", "short-ends", "records end with fewer line ends than they should")
        if end is End.CUT and not self._short:  # where all records end so, the last one is not cut off
            raise DamageError("cut off right behind a record", self._stream.pieces.offset)

    def _next_header(self) -> Header | None:
        """Return the next record's header; None at the end of what is to be read."""
        header = read_header(self._stream)
        if header is None or self._until is None or not header.reachable or header.offset < self._until:
            return header
        self._seen, self.ended_at = True, header.offset
        return None

    def one(self) -> Iterator[ReadItem]:
        """Yield the page of the next record alone."""
        header = read_header(self._stream)
        if header is not None:
            yield from self._record(header, read_block(self._stream, header, wanted=True))

    def _record(self, header: Header, block: bytes) -> Iterator[ReadItem]:
        if header.length > MAX_BLOCK:
            yield self._problem(header, "error", "too-large", "larger than any page")
            return
        if self._stream.pieces.packing is None and header.is_damaged(block):  # gzip and zstd have checked their own
            yield self._problem(header, "warning", "wrong-digest", "other bytes than were captured, by its digest")
        if header.kind == "revisit":
            answer, place = self._revisited(header, block)
        else:
            answer, place = message_of(header, block), self._place(header)
        if isinstance(answer, Skipped):
            if answer.problem is not WAITING:
                yield answer
        elif answer is None:
            yield self._problem(header, "error", "damaged-record", "holds no HTTP answer")
        elif answer.media_type not in PAGE_TYPES and (answer.status or 0) < 400:
            yield Skipped(header.uri)
        else:
            yield from self._page(header, answer, place)

    def _page(self, header: Header, answer: Message, place: RecordLocation) -> Iterator[ReadItem]:
        try:
            body = answer.unpacked()
        except DamageError as damage:
            yield self._problem(header, "error", "damaged-body", f"its body is damaged ({damage} of it)")
            return
        if header.kind != "revisit" and header.reachable:
            self._originals.remember(header.fields, place)
        yield from self._oddities(header)
        yield Capture(
            self._origin.names.address(header.uri) or header.uri,
            body,
            captured_at=header.date,
            file=path_text(place.path),
            offset=place.offset,
            media_type=answer.media_type,
            charset=answer.charset,
            http_status=answer.status,
            etag=answer.fields.get("etag"),
            last_modified=answer.fields.get("last-modified"),
            step=header.fields.get(STEP_FIELD.lower()),
        )

    def _oddities(self, header: Header) -> Iterator[ReadItem]:
        if header.date is None:
            yield self._problem(header, "warning", "no-date", "its date cannot be read")
        if "warc-truncated" in header.fields or "warc-segment-number" in header.fields:
            yield self._problem(header, "warning", "cut-capture", "the crawler kept only a part of it")

    def _place(self, header: Header) -> RecordLocation:
        return RecordLocation(self._origin.path, header.offset, self._stream.pieces.dictionary)

    def _revisited(self, header: Header, block: bytes) -> tuple[Message | Skipped | None, RecordLocation]:
        """Return the response that a revisit refers to, updated with the revisit's own headers, and its location."""
        reported = parse_answer(block)
        for place in self._originals.find(header.fields):
            if original := self._fetch(place, header):
                return original.seen_again(reported), place
        here = self._place(header)
        if reported and reported.media_type not in PAGE_TYPES:
            return Skipped(header.uri), here
        if not self._last_look and header.reachable and self._originals.wait(self._origin, here):
            return Skipped(header.uri, WAITING), here
        lost = "refers to a page that is nowhere in what was read: give the file that holds it, too"
        if not header.reachable:
            lost = "refers to a page that cannot be found again in one single gzip: unpack the file and harvest that"
        return self._problem(header, "error", "revisit-without-original", lost), here

    def _fetch(self, place: RecordLocation, revisit: Header) -> Message | None:
        """Return the record at a location if a revisit refers to it, else None. It counts against the bomb limit."""
        try:
            with place.path.open("rb") as file:
                stream = Stream(_pieces_at(file, place, self._stream.pieces.budget))
                header = read_header(stream)
                if header is None or not set(keys_of(header.fields)) & set(referred_keys(revisit.fields)):
                    return None
                return message_of(header, read_block(stream, header, wanted=True))
        except DamageError as damage:
            if damage.code == BOMB:
                raise
        except OSError:  # a file that was read in an earlier run is no longer there
            pass
        return None

    def _problem(self, header: Header, severity: Severity, code: str, message: str) -> Skipped:
        text = f"{message}: record at byte {header.offset:,} of {self._origin.file}"
        return Skipped(header.uri, Problem(severity, code, text))


def read_waiting(originals: RevisitIndex) -> Iterator[ReadItem]:
    """Yield the pages of the revisits whose originals came after them, in whichever file; report the others."""
    for waiting in originals.waiting:
        yield from read_revisit(waiting.origin, waiting.place, originals)


def read_revisit(origin: Origin, place: RecordLocation, originals: RevisitIndex) -> Iterator[ReadItem]:
    """Yield the page of one revisit, or report that its original is nowhere."""
    try:
        with place.path.open("rb") as file:
            stream = Stream(_pieces_at(file, place, DecompressionLimit()))
            yield from WarcReader(stream, origin, originals, last_look=True).one()
    except (OSError, DamageError) as error:  # it could be read a moment ago
        yield origin.problem("unreadable", f"cannot be read any more ({error})", error=True)


def _pieces_at(file: BinaryIO, place: RecordLocation, budget: DecompressionLimit) -> Pieces:
    """Return the pieces of a file from a record's location on."""
    file.seek(place.offset)
    pieces = Pieces(file, packing_of(file.read(MAGIC_SIZE)), place.offset)
    pieces.budget, pieces.dictionary = budget, place.dictionary
    return pieces


def message_of(header: Header, block: bytes) -> Message | None:
    """Return what a record contains: an HTTP response, or a page by itself; None if neither."""
    if header.kind == "resource":
        return Message(None, {"content-type": header.fields.get("content-type", "")}, block)
    return parse_answer(block)

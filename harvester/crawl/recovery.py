"""Recovers what a killed run has left, its last WARC file first, before the next run begins.

The database is the last to record a page. So after the last response that it knows there may be: a whole response,
which is ingested now; the end of a walk that the database has not recorded, which is cut off, because the walk goes
on; and a record that was not completely written, which is cut off for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from harvester.crawl.warc_writer import WarcFile
from harvester.ingest import harvest_one
from harvester.model import Capture
from harvester.readers.compression import Pieces, Stream
from harvester.readers.damage import DamageError
from harvester.readers.http import parse_answer
from harvester.readers.warc_records import read_block, read_end, read_header
from harvester.store.capture_files import last_offset
from harvester.store.captures import newest_validators
from harvester.store.run import latest_runs
from harvester.store.walk_replay import parse_step
from harvester.store.walks import unfinished_walk
from harvester.urls import listing_of
from harvester.walk_log import ASIDE_FIELD, STEP_FIELD, WalkNote, read_note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlite_utils import Database

    from harvester.source import Source
    from harvester.store.run import Run
    from harvester.walk_log import WalkRequest


@dataclass(frozen=True)
class UncommittedRecords:
    """What lies in the newest web archive of a source and is not in the database."""

    run: Run
    source: Source
    path: Path
    since: str  # walks that began earlier are not gone on with

    @classmethod
    def recover(cls, run: Run, source: Source, folder: Path, since: str) -> None:
        """Add what was fetched and not committed; truncate an incomplete record."""
        path = newest_warc(run.db, folder, source.name)
        if path is not None:
            leftovers = cls(run, source, path, since)
            for member in tail_of(run.db, path):
                leftovers._take(member)

    def _take(self, member: TailRecord) -> None:
        if member.note and member.note.fields.get("event") == "end" and self._walk(member.note.fields["listing"]):
            cut_off(self.path, member.start)  # the walk goes on, and will end again
        capture = member.capture(self.path)
        if capture is None:
            return
        step = self._step(capture)
        if capture.http_status != 304:
            harvest_one(self.run, capture, (self.source,), step)
            return
        held = newest_validators(self.run.db, capture.uri)
        if held:
            self.run.record_not_modified(capture, held.capture, step)

    def _step(self, capture: Capture) -> WalkRequest | None:
        listing = listing_of(capture.uri, self.source)
        walk = self._walk(listing.url) if listing else None
        return parse_step(capture.step, {listing.url: walk}) if listing and walk and capture.step else None

    def _walk(self, url: str) -> int | None:
        """Return the walk of a listing that is not ended."""
        listing = listing_of(url, self.source)
        return unfinished_walk(self.run.db, listing, self.since) if listing else None


@dataclass(frozen=True)
class TailRecord:
    """A whole record at the end of a WARC file: where it begins, its fields, and its content."""

    start: int
    fields: dict[str, str]
    block: bytes

    @property
    def note(self) -> WalkNote | None:
        """The note on a walk in it; None if it is no note."""
        note = read_note("", self.block) if self.fields.get("warc-type") == "metadata" else None
        return note if isinstance(note, WalkNote) else None

    def capture(self, path: Path) -> Capture | None:
        """Return its capture, if it contains a response that is a reading of a page; else None."""
        holds = self.fields.get("warc-type") in ("response", "revisit") and ASIDE_FIELD.lower() not in self.fields
        answer = parse_answer(self.block) if holds else None
        if answer is None:
            return None
        return Capture(
            self.fields["warc-target-uri"],
            answer.body,
            captured_at=datetime.fromisoformat(self.fields["warc-date"]),
            file=str(path),
            offset=self.start,
            media_type=answer.media_type,
            charset=answer.charset,
            http_status=answer.status,
            etag=answer.fields.get("etag"),
            last_modified=answer.fields.get("last-modified"),
            step=self.fields.get(STEP_FIELD.lower()),
        )


def open_warc(run: Run, source: Source, folder: Path | None, since: str) -> WarcFile | None:
    """Return the WARC file of a run, after what a killed one has left is recovered; None without a folder."""
    if folder is None:
        return None
    UncommittedRecords.recover(run, source, folder, since)
    return WarcFile(folder.absolute() / warc_name(source.name, run.id, str(run.row()["started_at"])))


def warc_name(source: str, run: int, started_at: str) -> str:
    """Return the file name of a run's WARC file; the names sort by time."""
    return f"{source}-{started_at.replace(':', '').replace('-', '')}-{run:06}.warc.gz"


def newest_warc(db: Database, folder: Path, source: str) -> Path | None:
    """Return the newest WARC file that a run of this database has written, or None."""
    for run in latest_runs(db):
        path = folder / warc_name(source, run["id"], run["started_at"])
        if path.is_file():
            return path.absolute()
    return None


def tail_of(db: Database, path: Path) -> list[TailRecord]:
    """Return the complete records behind the last one in the database; truncate an incomplete one."""
    known = last_offset(db, path.name)
    members = list(_members(path, known or 0))
    return members if known is None else members[1:]


def record_at(path: Path, offset: int) -> TailRecord | None:
    """Return the record of a WARC file of ours at a byte; None if it cannot be read there any more."""
    try:
        with path.open("rb") as file:
            return _next_record(Stream(Pieces(file, "gzip", offset)))
    except (OSError, DamageError):
        return None


def cut_off(path: Path, at: int) -> None:
    """Truncate a file at a byte."""
    with path.open("r+b") as file:
        file.truncate(at)


def _members(path: Path, start: int) -> Iterator[TailRecord]:
    """Yield the whole records from a byte on, and cut off what is behind them: a record that was not written whole."""
    last = torn_at = -1
    with path.open("rb") as file:
        stream = Stream(Pieces(file, "gzip", start))
        try:
            while record := _next_record(stream):
                last = record.start
                yield record
        except DamageError as damage:  # a kill, or a power cut: blocks of it never came to the disk
            newest = stream.pieces.segment
            torn_at = newest if newest > last else damage.offset  # else what is behind the last record is no gzip
    if torn_at >= 0:
        cut_off(path, torn_at)


def _next_record(stream: Stream) -> TailRecord | None:
    header = read_header(stream)
    if header is None:
        return None
    block = read_block(stream, header, wanted=True)
    read_end(stream, header)
    return TailRecord(header.offset, header.fields, block)

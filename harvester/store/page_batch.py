"""Adds pages to a run: plain ones together, others one by one, always in their order."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from harvester.model import Listing, Refused
from harvester.store.batch_lookup import is_usual, known_addresses
from harvester.store.captures import INSERT_READ, Provenance, capture_row, page_listing, read_row, timestamp_of
from harvester.store.documents import DocumentIds
from harvester.store.plain_pages import ParsedPage, PlainPages
from harvester.store.rows import WaitingRows, insert_into
from harvester.store.run_pages import PageResult

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Sequence

    from harvester.model import Capture, Page
    from harvester.source import Source
    from harvester.store.page_hashes import PageHashes
    from harvester.store.run_pages import RunPages
    from harvester.walk_log import WalkRequest

T = TypeVar("T")
MOST_SINGLE = 64
"""After how many pages, at most, it is tried again whether they are plain, where others were not."""


class ReadPage(NamedTuple):
    """A page that was read and parsed. `hashes` is None if it is refused."""

    capture: Capture
    page: Page
    source: Source
    step: WalkRequest | None
    hashes: PageHashes | None


class InOrder(Generic[T]):
    """Writes pages in their order: the plain ones among them together.

    `write_plain` writes the plain pages at the beginning of a batch and returns how many; None if the first page cannot
    be plain. `write_single` writes any page.
    """

    def __init__(self, write_plain: Callable[[Sequence[T]], int | None], write_single: Callable[[T], object]) -> None:
        self._write_plain = write_plain
        self._write_single = write_single
        self._single = 0
        """How many pages are yet to be written one by one, because those before were not plain."""
        self._misses = 0

    def write(self, pages: Sequence[T]) -> None:
        """Write pages within the caller's transaction."""
        number = 0
        while number < len(pages):
            written = self._write_beginning(pages[number:])
            number += written
            if not written:
                self._write_single(pages[number])
                number += 1

    def _write_beginning(self, pages: Sequence[T]) -> int:
        if self._single:
            self._single -= 1
            return 0
        written = self._write_plain(pages)
        if written:
            self._misses = 0
        elif written is not None:
            self._single = self._misses = min(2 * self._misses + 1, MOST_SINGLE)
        return written or 0


class PageBatches:
    """Adds batches of pages to a run, within the caller's transaction."""

    _last: PageResult
    """What became of the page that was added last."""

    def __init__(self, run: RunPages) -> None:
        self._run = run
        self._in_order = InOrder[ReadPage](self._add_plain, self._add_single)

    def add(self, pages: Sequence[ReadPage]) -> None:
        """Add pages."""
        self._in_order.write(pages)

    def add_one(self, page: ReadPage) -> PageResult:
        """Add a page; return what became of it."""
        self.add([page])
        return self._last

    def _add_single(self, page: ReadPage) -> None:
        self._last = self._run.add_page(*page)

    def _add_plain(self, pages: Sequence[ReadPage]) -> int | None:
        candidates = self._candidates(pages)
        return self._add_candidates(candidates) if candidates else None

    def _candidates(self, pages: Sequence[ReadPage]) -> list[ParsedPage]:
        """Return the pages at the beginning that may be plain: first pages of their addresses."""
        db = self._run.db
        if not _may_be_plain(pages[0]) or not is_usual(db):
            return []
        known = known_addresses(db, [one.capture.uri for one in pages])
        fresh = takewhile(lambda one: _may_be_plain(one) and one.capture.uri not in known, pages)
        return [
            ParsedPage(one.capture, one.source, one.page, one.hashes, one.step)
            for one in fresh
            if one.hashes and not isinstance(one.page, Refused)
        ]

    def _add_candidates(self, pages: Sequence[ParsedPage]) -> int:
        db, rows = self._run.db, WaitingRows(self._run.db)
        writer = PlainPages(db, rows, DocumentIds(db), pages)
        first = int(db.execute("SELECT coalesce(max(id), 0) + 1 FROM captures").fetchone()[0])
        for number, page in enumerate(pages):
            listing = None
            if isinstance(page.page, Listing):
                rows.write()  # what a listing declares depends on its captures before
                listing = page_listing(db, page.capture, page.page, page.source)
            uri, form, at = page.capture.uri, page.page.form, timestamp_of(page.capture)
            provenance = Provenance(page.source, self._run.id, first + number, listing, uri, form, at)
            outcome = writer.write(number, provenance)
            if outcome is None:
                rows.write()
                return number
            self._add_capture(rows, page, provenance)
            self._count(page, provenance, outcome)
        rows.write()
        return len(pages)

    def _add_capture(self, rows: WaitingRows, page: ParsedPage, provenance: Provenance) -> None:
        row = capture_row(page.capture, page.page, page.hashes.page, page.source, provenance.listing)
        row = {"id": provenance.capture, **row}
        rows.add(insert_into("captures", row), [tuple(row.values())])
        rows.add(INSERT_READ, [read_row(self._run.id, provenance.capture, page.capture)])

    def _count(self, page: ParsedPage, provenance: Provenance, outcome: Counter[str]) -> None:
        run = self._run
        run.fill.count(page.page, page.source.name, provenance.listing)
        run.counts.update(outcome)
        run.counts["records"] += len(page.hashes.records)
        run.add_page_problems(page.page.problems, provenance.uri)
        unchanged = not (outcome["new"] or outcome["changed"])
        self._last = PageResult(provenance.capture, refused=False, known=unchanged, records=len(page.hashes.records))
        run.count_page(self._last, page.step)


def _may_be_plain(one: ReadPage) -> bool:
    at = one.capture.captured_at
    return one.hashes is not None and (at is None or at <= datetime.now(UTC))

"""Adds pages to a run: each whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from harvester.model import DocumentPage, Listing, Problem, Refused
from harvester.registry import load_sources
from harvester.store.captures import (
    NOT_FOUND_STATUSES,
    Provenance,
    find_same_bytes,
    find_same_content,
    find_undated_other,
    insert_capture,
    insert_read,
    listing_of_capture,
    load_capture,
    split_readings,
    timestamp_of,
)
from harvester.store.fill_rates import FillRates
from harvester.store.page_hashes import hash_page
from harvester.store.page_writer import PageWriter
from harvester.store.presence import mark_not_found, mark_returned, undo_returns
from harvester.store.run_totals import RunTotals
from harvester.store.votes import is_repeated
from harvester.store.walks import insert_step
from harvester.store.withdrawal.names import WithdrawnNames
from harvester.store.withdrawal.withdrawn import is_withdrawn_address, is_withdrawn_name
from harvester.store.withdrawal.withheld import is_withheld
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

    from harvester.model import Capture, Page, Severity
    from harvester.source import Source
    from harvester.store.captures import KnownCapture
    from harvester.store.page_hashes import PageHashes
    from harvester.walk_log import WalkRequest

FUTURE = timedelta(days=1)
"""How far clocks may differ."""
ANOTHER_DOCUMENT = "another-document"
CLAIM = "says that it is another document's page: what it says counts for none until that is confirmed; ask again"
UNDECIDED = "withheld until its page is read: its title and date, or its address, are those of a withdrawn document"
WHICH_IS_NEWER = (
    "{} shows something else of this address, and neither says when it was saved: say so with --captured-at"
)
STILL_INCOMPLETE = "not taken whole before, and still the same bytes"


@dataclass(frozen=True)
class PageResult:
    """What became of a capture. `known`: nothing in it was new or changed. `missing`: the page does not exist.

    `claim`: it is a document's page, but which document's cannot be known. `records`: how many it holds.
    """

    capture_id: int
    refused: bool
    known: bool
    missing: bool = False
    claim: bool = False
    records: int = 0

    def answers(self, step: WalkRequest) -> bool:
        """Return whether a page is as requested: it is not refused, nor empty although records are expected."""
        return not self.refused and (self.records > 0 or not step.filled)


class RunPages(RunTotals):
    """A run that stores pages. `fill`: their fill rates; `hidden`: whether one showed more of a withdrawn document."""

    def __init__(self, db: Database, command: str) -> None:
        super().__init__(db, command)
        self.fill = FillRates()
        self.hidden = False

    def find_known(self, capture: Capture, sources: Iterable[Source]) -> KnownCapture | None:
        """Find the capture that makes parsing this one needless, because its bytes were read before.

        At the address of a withdrawn document only what a page says shows whose it is.
        """
        known = find_same_bytes(self.db, capture, sources)
        return None if known and is_withdrawn_address(self.db, capture.uri) else known

    def record_unchanged(self, capture: Capture, known: KnownCapture, step: WalkRequest | None = None) -> PageResult:
        """Write that a page with known bytes was read."""
        with self.ensure_transaction():
            capture = self._without_future_time(capture)
            return (
                self._withhold_page()
                if is_withdrawn_address(self.db, capture.uri)
                else self._count_unchanged(capture, known, step)
            )

    def record_not_modified(self, capture: Capture, capture_id: int, step: WalkRequest | None = None) -> PageResult:
        """Record that the server reports a page as unchanged since a capture."""
        return self.record_unchanged(capture, load_capture(self.db, capture_id), step)

    def add_page(
        self,
        capture: Capture,
        page: Page,
        source: Source,
        step: WalkRequest | None = None,
        hashes: PageHashes | None = None,
    ) -> PageResult:
        """Store one page: its records, its problems and its reading, or none of these. `hashes`: those of the page."""
        hashes = None if isinstance(page, Refused) else hashes or hash_page(page)
        with self.ensure_transaction():
            capture = self._without_future_time(capture)
            if is_withheld(self.db, capture, page, source):
                self.hidden, self.withdrawn = True, WithdrawnNames.of(self.db)
                return self._withhold_page()
            content = hashes.page if hashes else None
            known = find_same_content(self.db, capture, content, source)
            if not known and isinstance(page, DocumentPage):
                split_readings(self.db, capture)
            capture_id = known.id if known else insert_capture(self.db, capture, page, content, source)
            listing = listing_of_capture(self.db, capture_id) if isinstance(page, Listing) else None
            self.fill.count(page, source.name, listing)
            if known:
                return self._count_unchanged(capture, known, step)
            before = self.counts["new"], self.counts["changed"]
            claim = False
            insert_read(self.db, self.id, capture_id, capture)  # a statement counts by its readings
            if isinstance(page, Refused):
                self._refuse(capture, page, step)
            elif hashes:
                self._note_undated_other(capture, hashes.page)
                at = timestamp_of(capture)
                provenance = Provenance(source, self.id, capture_id, listing, capture.uri, page.form, at)
                claim = self._take_records(provenance, page, hashes)
            unchanged = (self.counts["new"], self.counts["changed"]) == before
            self._update_presence(capture, capture_id, believed=not isinstance(page, Refused) and not claim)
            refused, records = isinstance(page, Refused), len(hashes.records) if hashes else 0
            result = PageResult(
                capture_id, refused, unchanged, capture.http_status in NOT_FOUND_STATUSES, claim, records
            )
            return self.count_page(result, step)

    def record_skipped(self, uri: str, problem: Problem | None, step: WalkRequest | None = None) -> None:
        """Write that an item gave no capture: with its reason, or as ignored if its name shows that it is no page."""
        if problem is None or is_withdrawn_name(self.db, uri):
            self.counts["ignored"] += 1
            return
        with self.ensure_transaction():
            self.add_problem(replace(problem, severity="warning") if step else problem, uri)
            self._keep_step(step, None, known=False)

    def count_unchanged(self, pages: int, records: int) -> None:
        """Count pages that need not be parsed, because the container that holds them was read before."""
        self.counts.update(pages=pages, skipped=pages, records=records, unchanged=records)

    def add_run_problem(self, problem: Problem, uri: str | None = None) -> None:
        """Write a problem that belongs to no page of a walk."""
        self.record_skipped(uri or "", problem)

    def _without_future_time(self, capture: Capture) -> Capture:
        """Return a capture without its time if that is in the future: it would outlast whatever is harvested later."""
        if capture.captured_at is None or capture.captured_at <= datetime.now(UTC) + FUTURE:
            return capture
        message = (
            f"says that it was captured on {utc_timestamp(capture.captured_at)}: it counts as a page without a time"
        )
        self.add_problem(Problem("warning", "captured-in-future", message), capture.uri)
        return replace(capture, captured_at=None)

    def _note_undated_other(self, capture: Capture, content: str) -> None:
        """Note that nobody knows which of two pages of an address is the newer one: neither corrects the other."""
        other = find_undated_other(self.db, capture, content)
        if other:
            self.add_problem(Problem("notice", "which-is-newer", WHICH_IS_NEWER.format(other)), capture.uri)

    def _take_records(self, provenance: Provenance, page: Listing | DocumentPage, hashes: PageHashes) -> bool:
        """Write the records and problems of a page; return whether it is a claim."""
        writer = PageWriter(self.db, provenance)
        outcome = (
            writer.write_listing(page, hashes)
            if isinstance(page, Listing)
            else writer.write_document_page(page, hashes)
        )
        self.counts.update(outcome)
        self.counts["records"] += len(hashes.records)
        self.counts["returned"] -= undo_returns(self.db, self.id, writer.regrouped)
        for record in writer.undecided:
            self.add_problem(Problem("notice", "withheld", UNDECIDED, position=record.position), provenance.uri)
        problems = [replace(one, extract="") for one in page.problems] if writer.withheld else page.problems
        self.add_page_problems(problems, provenance.uri)
        if isinstance(page, Listing) or not writer.is_claim:
            return False
        self.add_problem(Problem("warning", ANOTHER_DOCUMENT, CLAIM, extract=page.record.title), provenance.uri)
        return True

    def _withhold_page(self) -> PageResult:
        """Withhold a page of a withdrawn document; not even its address is stored."""
        self.counts["pages"] += 1
        self.add_problem(Problem("notice", "withdrawn", "a page of a withdrawn document was left out"), None)
        return PageResult(0, refused=False, known=True)

    def _refuse(self, capture: Capture, page: Refused, step: WalkRequest | None) -> None:
        """Write a refusal: an error, or a warning for a page of a walk, whose result decides if it is missing.

        That a page does not exist is an answer, too: nothing is missing that the site has.
        """
        self.counts["refused"] += not (step and step.retry)
        severity: Severity = "warning" if step or capture.http_status in NOT_FOUND_STATUSES else "error"
        self.add_problem(Problem(severity, page.code, page.message, extract=page.extract), capture.uri)

    def _count_unchanged(self, capture: Capture, known: KnownCapture, step: WalkRequest | None) -> PageResult:
        claim = self._write_reading(capture, known)
        self._update_presence(capture, known.id, believed=known.refused is None and not claim)
        self.counts.update(skipped=1, records=known.records)
        if known.errors and not (step and known.refused):  # the walk decides whether a refused page is missing
            self.errors += known.errors
        if known.refused and not (step and step.retry):
            self.counts["refused"] += 1
        if known.errors and not (step and step.retry):
            code = known.refused or "still-incomplete"
            self.add_problem(Problem("notice", code, STILL_INCOMPLETE), capture.uri)
        missing = capture.http_status in NOT_FOUND_STATUSES
        result = PageResult(known.id, known.refused is not None, True, missing, claim, known.records)
        return self.count_page(result, step)

    def _write_reading(self, capture: Capture, known: KnownCapture) -> bool:
        """Write that a known page was read, and what it states at this time; return whether it is a claim."""
        at = timestamp_of(capture)
        repeated = is_repeated(self.db, known.id, at)
        insert_read(self.db, self.id, known.id, capture)
        if repeated or known.refused:
            self.counts["unchanged"] += known.records
            return False
        sql = "SELECT source, listing_id, form FROM captures WHERE id = ?"
        name, listing, form = self.db.execute(sql, [known.id]).fetchone()
        source = load_sources()[name]
        provenance = Provenance(source, self.id, known.id, listing, capture.uri, form, at)
        writer = PageWriter(self.db, provenance)
        outcome = writer.write_reading()
        self.counts.update(new=outcome["new"], changed=outcome["changed"])
        self.counts["unchanged"] += max(0, known.records - outcome["changed"])
        claim = listing is None and writer.is_claim
        if claim:
            self.add_problem(Problem("warning", ANOTHER_DOCUMENT, CLAIM), capture.uri)
        return claim

    def _update_presence(self, capture: Capture, capture_id: int, *, believed: bool) -> None:
        """Mark documents as gone or returned, as a page shows. A page without a time shows nothing of the present."""
        if capture.captured_at is None:
            return
        at = utc_timestamp(capture.captured_at)
        if believed:
            self.counts["returned"] += mark_returned(self.db, self.id, capture_id, at)
        elif capture.http_status in NOT_FOUND_STATUSES:
            self.counts["gone"] += mark_not_found(self.db, self.id, capture_id, capture.uri, at)

    def count_page(self, result: PageResult, step: WalkRequest | None) -> PageResult:
        """Count a page, and as a step of its walk unless it is requested again."""
        self.counts["pages"] += 1
        if not (step and step.retry and not result.answers(step)):
            self._keep_step(step, None if result.refused else result.capture_id, known=result.known)
        return result

    def _keep_step(self, step: WalkRequest | None, capture_id: int | None, *, known: bool) -> None:
        if step:
            insert_step(self.db, step.walk, step.number, step.reason, capture_id, known=known, cached=step.cached)

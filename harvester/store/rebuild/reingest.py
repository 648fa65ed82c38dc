"""Ingests pages again that were read before: captures, reads and history stay, the rest is derived anew."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

from harvester.model import Listing, Problem, Refused
from harvester.parsers.parse import PARSER_VERSION
from harvester.store.batch import MAX_PAGES
from harvester.store.batch_lookup import is_usual, read_once
from harvester.store.captures import Provenance, page_columns
from harvester.store.page_batch import InOrder
from harvester.store.page_hashes import hash_page
from harvester.store.page_writer import PageWriter
from harvester.store.plain_pages import ParsedPage, PlainPages
from harvester.store.rebuild.previous import DERIVED_TABLES, PreviousIds, previous_page
from harvester.store.rebuild.restore import set_history_aside
from harvester.store.rows import WaitingRows
from harvester.store.withdrawal.withheld import is_withheld

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harvester.model import Capture, DocumentPage, Page
    from harvester.source import Source
    from harvester.store.page_hashes import PageHashes
    from harvester.store.run import Run
    from harvester.store.withdrawal.withheld import Withholder

WALK_REFUSALS = ("another-page", "nothing-found", "redirected")
"""Refusals that no parser can decide: the page was not the one requested."""
_ROWS = """SELECT id, uri, source, listing_id, captured_at, sha256, content_hash, form, first, last, declared_total,
    declared_pages, records, file, refusal_code, error_count FROM captures ORDER BY id"""


class _Page(NamedTuple):
    """A capture, its row, and its page as it is parsed now. `hashes` is None if it is refused."""

    row: dict[str, Any]
    capture: Capture
    page: Page
    source: Source
    hashes: PageHashes | None


class Reingest:
    """Ingests every capture of a database again, once. `left`: the rows of those that are yet to be ingested, by id.

    `withholder` keeps out records of documents that were withdrawn before.
    """

    def __init__(self, run: Run, sources: dict[str, Source], withholder: Withholder | None) -> None:
        self._run = run
        self._db = run.db
        self._sources = sources
        self._withholder = withholder
        self.ids = PreviousIds(run.db)
        self.recount: set[int] = set()
        self._waiting: list[_Page] = []
        self._in_order = InOrder[_Page](self._write_plain, self._write_single)
        self.left: dict[int, dict[str, Any]] = {row["id"]: row for row in self._db.query(_ROWS)}
        for table in DERIVED_TABLES:
            self._db.execute(f"DELETE FROM {table}")
        set_history_aside(self._db)

    def reingest(self, row: dict[str, Any], capture: Capture, page: Page) -> None:
        """Ingest a capture with its page as it is parsed now; it may wait for others until `flush`."""
        del self.left[row["id"]]
        source = self._sources[row["source"]]
        if row["refusal_code"] in WALK_REFUSALS or is_withheld(self._db, capture, page, source):
            return
        self._waiting.append(_Page(row, capture, page, source, None if isinstance(page, Refused) else hash_page(page)))
        if len(self._waiting) >= MAX_PAGES:
            self.flush()

    def flush(self) -> None:
        """Ingest the pages that wait."""
        pages, self._waiting = self._waiting, []
        self._in_order.write(pages)

    def _write_plain(self, pages: Sequence[_Page]) -> int | None:
        """Write the plain pages at the beginning; return how many."""
        if self._withholder or not is_usual(self._db):
            return None
        once = read_once(self._db, [one.row["id"] for one in pages])
        fresh = takewhile(lambda one: one.hashes and one.row["id"] in once, pages)
        candidates = [
            ParsedPage(one.capture, one.source, one.page, one.hashes)
            for one in fresh
            if one.hashes and not isinstance(one.page, Refused)
        ]
        if not candidates:
            return None
        rows, written = WaitingRows(self._db), 0
        writer = PlainPages(self._db, rows, self.ids, candidates)
        for number, one in enumerate(candidates):
            row = pages[number].row
            if writer.write(number, self._provenance(row, one.page.form)) is None:
                break
            self._finish(pages[number])
            written += 1
        rows.write()
        return written

    def _write_single(self, one: _Page) -> None:
        if one.hashes and not isinstance(one.page, Refused):
            self._write_page(one.row, one.page, one.hashes)
        self._finish(one)

    def _finish(self, one: _Page) -> None:
        """Write what a capture is now, besides its records."""
        row, page = one.row, one.page
        columns_read = {"form": None, "refusal_code": None, **page_columns(page, one.capture)} | {
            "content_hash": one.hashes.page if one.hashes else None,
            "parser_version": PARSER_VERSION,
        }
        if one.hashes:
            self._run.counts["records"] += len(one.hashes.records)
        if any(
            row[name] != columns_read.get(name)
            for name in ("form", "refusal_code", "records", "error_count")
            if name in columns_read
        ):
            self._add_problems(row, page)
        columns = ", ".join(f'"{name}" = ?' for name in columns_read)
        self._db.execute(f"UPDATE captures SET {columns} WHERE id = ?", [*columns_read.values(), row["id"]])

    def reingest_previous(self, row: dict[str, Any]) -> None:
        """Ingest a capture as it was read before, because its bytes are lost."""
        del self.left[row["id"]]
        previous = previous_page(self._db, row, self._sources[row["source"]].date_order)
        if previous:
            self._write_page(row, *previous)

    def _write_page(self, row: dict[str, Any], page: Listing | DocumentPage, hashes: PageHashes) -> None:
        provenance = self._provenance(row, page.form)
        writer = PageWriter(self._db, provenance, self.ids, self.recount)
        if isinstance(page, Listing):
            writer.write_listing(page, hashes, self._withholder or (lambda *_: {}))
        else:
            writer.write_document_page(page, hashes)

    def _provenance(self, row: dict[str, Any], form: str) -> Provenance:
        source, at = self._sources[row["source"]], row["captured_at"]
        return Provenance(source, self._run.id, row["id"], row["listing_id"], row["uri"], form, at)

    def _add_problems(self, row: dict[str, Any], page: Page) -> None:
        """Add the problems of a page that is read differently than before."""
        problems: tuple[Problem, ...] = page.problems if not isinstance(page, Refused) else ()
        if isinstance(page, Refused):
            problems = (Problem("error", page.code, page.message, extract=page.extract),)
        for problem in problems:
            self._run.add_run_problem(problem, row["uri"])

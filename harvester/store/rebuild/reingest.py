"""Ingests pages again that were read before: captures, reads and history stay, the rest is derived anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harvester.model import Listing, Problem, Refused
from harvester.parsers.parse import PARSER_VERSION
from harvester.store.captures import Provenance, hash_page, page_columns
from harvester.store.page_writer import PageWriter
from harvester.store.rebuild.previous import DERIVED_TABLES, PreviousIds, previous_page
from harvester.store.rebuild.restore import set_history_aside
from harvester.store.withdrawal.withheld import is_withheld
from harvester.urls import host_of

if TYPE_CHECKING:
    from harvester.model import Capture, DocumentPage, Page
    from harvester.source import Source
    from harvester.store.captures import PageHashes
    from harvester.store.run import Run
    from harvester.store.withdrawal.withheld import Withholder

WALK_REFUSALS = ("another-page", "redirected")
"""Refusals that no parser can decide: the page was not the one requested."""
_ROWS = """SELECT id, uri, source, listing_id, captured_at, sha256, content_hash, form, first, last, declared_total,
    declared_pages, records, file, refusal_code, error_count FROM captures ORDER BY id"""


class Reingest:
    """Ingests every capture of a database again, once. `left`: the rows of those that are yet to be ingested, by id.

    `withholder` keeps out records of documents that were withdrawn before.
    """

    def __init__(self, run: Run, sources: dict[str, Source], withholder: Withholder) -> None:
        self._run = run
        self._db = run.db
        self._sources = sources
        self._withholder = withholder
        self.ids = PreviousIds(run.db)
        self.recount: set[int] = set()
        self.left: dict[int, dict[str, Any]] = {row["id"]: row for row in self._db.query(_ROWS)}
        for table in DERIVED_TABLES:
            self._db.execute(f"DELETE FROM {table}")
        set_history_aside(self._db)

    def reingest(self, row: dict[str, Any], capture: Capture, page: Page) -> None:
        """Ingest a capture with its page as it is parsed now."""
        del self.left[row["id"]]
        source = self._sources[row["source"]]
        if row["refusal_code"] in WALK_REFUSALS or is_withheld(self._db, capture, page, source):
            return
        columns_read = page_columns(page, capture) | {"content_hash": None, "parser_version": PARSER_VERSION}
        if not isinstance(page, Refused):
            hashes = hash_page(page)
            columns_read["content_hash"] = hashes.page
            self._write_page(row, page, hashes)
            self._run.counts["records"] += len(hashes.records)
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
            writer.write_listing(page, hashes, self._withholder)
        else:
            writer.write_document_page(page, hashes)

    def _provenance(self, row: dict[str, Any], form: str) -> Provenance:
        source = self._sources[row["source"]]
        at = row["captured_at"]
        return Provenance(source, self._run.id, row["id"], row["listing_id"], row["uri"], form, host_of(row["uri"]), at)

    def _add_problems(self, row: dict[str, Any], page: Page) -> None:
        """Add the problems of a page that is read differently than before."""
        problems: tuple[Problem, ...] = page.problems if not isinstance(page, Refused) else ()
        if isinstance(page, Refused):
            problems = (Problem("error", page.code, page.message, extract=page.extract),)
        for problem in problems:
            self._run.add_run_problem(problem, row["uri"])

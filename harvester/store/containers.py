"""Remembers containers (zip, tar, WARC files) that were read whole: reading one again costs no more than its hash."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from harvester.parsers.parse import PARSER_VERSION
from harvester.store.database import transaction

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

    from harvester.source import Source
    from harvester.store.run import Run


class ContainerCache:
    """The containers that earlier runs have read, each with these `sources` and this `listing`."""

    def __init__(self, run: Run, sources: tuple[Source, ...], listing: str | None) -> None:
        self._run = run
        self._options = (" ".join(source.name for source in sources), listing or "")
        self._before: Counter[str] = Counter()

    def contains(self, path: Path, sha256: str) -> bool:  # noqa: ARG002 - a copy elsewhere is the same
        """Return whether a container was read before, wherever it was; if so its content is counted as unchanged."""
        self._run.batch.flush()
        self._before = self._run.counts + Counter(errors=self._run.errors)
        sql = """SELECT pages, records FROM containers_read
            WHERE sha256 = ? AND sources = ? AND listing = ? AND parser_version = ?"""
        row = self._run.db.execute(sql, [sha256, *self._options, PARSER_VERSION]).fetchone()
        if row:
            self._run.count_unchanged(pages=row[0], records=row[1])
        return row is not None

    def add(self, path: Path, sha256: str) -> None:
        """Write that a container was read, if all its captures were stored; one with an error is read again."""
        self._run.batch.flush()
        if self._run.errors != self._before["errors"] or self._run.counts["refused"] != self._before["refused"]:
            return
        pages, records = (self._run.counts[name] - self._before[name] for name in ("pages", "records"))
        sql = """INSERT INTO containers_read (sha256, sources, listing, parser_version, path, pages, records, run_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET parser_version = excluded.parser_version,
            path = excluded.path, pages = excluded.pages, records = excluded.records, run_id = excluded.run_id"""
        name = os.fsencode(path.absolute()).decode(errors="backslashreplace")
        with transaction(self._run.db):
            self._run.db.execute(sql, [sha256, *self._options, PARSER_VERSION, name, pages, records, self._run.id])


def was_loaded(db: Database, name: str) -> bool:
    """Return whether a group of rows of a bulk reading was stored before; `name` is a hash of what it holds."""
    row = db.execute("SELECT 1 FROM containers_read WHERE sha256 = ? AND sources = '' AND listing = ''", [name])
    return row.fetchone() is not None


def mark_loaded(run: Run, name: str, path: Path, pages: int, records: int) -> None:
    """Write, in the transaction that stores it, that a group of rows of a bulk reading was stored."""
    sql = """INSERT INTO containers_read (sha256, sources, listing, parser_version, path, pages, records, run_id)
        VALUES (?, '', '', ?, ?, ?, ?, ?)"""
    place = os.fsencode(path.absolute()).decode(errors="backslashreplace")
    run.db.execute(sql, [name, PARSER_VERSION, place, pages, records, run.id])

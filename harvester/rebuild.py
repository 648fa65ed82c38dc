"""Rebuilds the database from the pages that it names, in a second file that then replaces the live one."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from harvester.errors import DatabaseError, UsageError
from harvester.model import Capture, Problem
from harvester.parsers.parse import parse
from harvester.readers.base import path_named
from harvester.readers.targets import read_targets
from harvester.registry import load_sources
from harvester.store.backup import copy_into, temporary_sibling
from harvester.store.database import (
    data_version,
    fold_log,
    open_to_write,
    skip_syncing,
    transaction,
    translate_errors,
)
from harvester.store.digests import find_foreign_writes, without_counting
from harvester.store.listing_members import recount_members
from harvester.store.locks import check_all_free
from harvester.store.rebuild.exclude_run import exclude_run
from harvester.store.rebuild.previous import DERIVED_TABLES, attach_previous, detach_previous
from harvester.store.rebuild.reingest import Reingest
from harvester.store.rebuild.restore import restore_history, restore_ids
from harvester.store.run import Run
from harvester.store.search_index import mark_changed, update_index
from harvester.store.user_objects import restore_user_columns, schema, without_triggers, without_unique_indexes
from harvester.store.withdrawal.restore import check_vault, reapply_withdrawals, restore_all
from harvester.store.withdrawal.withheld import withholder_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlite_utils import Database

    from harvester.store.withdrawal.withheld import Withholder

AT_ONCE = 16
"""Pages written at a time: fewer than any database of ours has, so that there is a time after the first of them."""
KEPT = "{} pages could not be read again (their files are gone or changed): what they said is kept as it was"
CARRIED = "{}, written by something else than the harvester: it follows from no page, and was taken as it is"


@dataclass(frozen=True)
class Rebuilt:
    """The result of a rebuild: pages read again, pages copied unchanged, and documents that differ from before."""

    pages: int
    kept: int
    new: int
    changed: int
    merged: int
    dropped: int


def rebuild(
    path: Path, command: str, without: int | None = None, *, dry_run: bool = False, progress: Callable[[], None]
) -> Rebuilt:
    """Rebuild the database at `path`; with `dry_run` only return what would result.

    Ids, keys, history, and whatever the harvester did not make (a user's own tables) stay as they are. Raises if
    another process writes to the database meanwhile; the database is then unchanged.
    """
    with translate_errors(path), open_to_write(path) as live, closing(sqlite3.connect(path)) as watch:
        check_all_free(live)
        check_vault(live, path)
        before = data_version(watch)
        with temporary_sibling(path.with_name(f"{path.name}-former")) as former, temporary_sibling(path) as made:
            copy_into(path, former)
            rebuilt = _make(path, former, made, command, without, progress)
            if not dry_run:
                _put(made, live, watch, before)
    return rebuilt


def _make(
    path: Path, former: Path, made: Path, command: str, without: int | None, progress: Callable[[], None]
) -> Rebuilt:
    """Write the new database to the file `made`; return what was rebuilt."""
    with open_to_write(former) as laid_open:
        withdrawn = restore_all(laid_open, path)
        fold_log(laid_open)
    copy_into(former, made)
    with open_to_write(made) as db:
        skip_syncing(db)  # it is only a copy until it is complete
        attach_previous(db, former)
        run = Run(db, command)
        for place in list(find_foreign_writes(db, [name for name in schema().counted if name not in DERIVED_TABLES])):
            run.add_run_problem(Problem("warning", "otherwise-written", CARRIED.format(place)))
        with without_counting(db), without_triggers(db), without_unique_indexes(db):
            with transaction(db), without_triggers(db, ours=True):
                rebuilt = _reingest(run, without, progress, withholder_of(path, withdrawn))
                restore_user_columns(db)
                mark_changed(db)
            detach_previous(db)
            run.finish(run.verdict, KEPT.format(rebuilt.kept) if rebuilt.kept else None)
            reapply_withdrawals(db, path, withdrawn)
            update_index(db)
    return rebuilt


def _reingest(run: Run, without: int | None, progress: Callable[[], None], withholder: Withholder | None) -> Rebuilt:
    if without is not None:
        if without >= run.id:
            raise UsageError(f"no run {without}: see `harvester status`, or the table runs")
        exclude_run(run.db, without)
    sources = load_sources()
    retaking = Reingest(run, sources, withholder)
    for row, capture in list_pages(retaking.left):
        retaking.reingest(row, capture, parse(capture, sources[row["source"]]))
        run.counts["pages"] += 1
        progress()
    retaking.flush()
    kept = list(retaking.left.values())
    for row in kept:
        retaking.reingest_previous(row)
    moves = restore_ids(run.db, retaking.ids)
    recount_members(run.db, {moves.get(document, document) for document in retaking.recount})
    restore_history(run)
    if kept:
        run.add_run_problem(Problem("notice", "kept-as-it-was", KEPT.format(len(kept)), extract=kept[0]["uri"]))
    counts = run.counts
    return Rebuilt(counts["pages"], len(kept), *(counts[name] for name in ("new", "changed", "merged", "dropped")))


def list_pages(left: dict[int, dict[str, Any]]) -> Iterator[tuple[dict[str, Any], Capture]]:
    """Yield the captures that are left, each with its row; every file is read once."""
    files: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in left.values():
        if row["file"]:
            files[row["file"]].append(row)
    for name, rows in files.items():
        if path_named(name).is_file():
            yield from _of_file(path_named(name), rows)


def _of_file(path: Path, rows: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], Capture]]:
    """Yield the captures in a file: recognised by their bytes, and if several have these, by their address."""
    wanted: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        wanted[row["sha256"]].append(row)
    for found in read_targets([path], None, tuple(load_sources().values())):
        if isinstance(found, Capture) and found.sha256 in wanted:
            same = wanted[found.sha256]
            here = [row for row in same if row["uri"] == found.uri] or (same if len(same) == 1 else [])
            for row in here:
                same.remove(row)
                at = datetime.fromisoformat(row["captured_at"]) if row["captured_at"] else None
                yield row, replace(found, uri=row["uri"], captured_at=at)


def _put(made: Path, live: Database, watch: sqlite3.Connection, before: int) -> None:
    """Write the new database into the live file; concurrent readers keep reading the one before.

    After the first page the file is locked: an earlier write by another process is noticed, a later one is impossible.
    """

    def check(_status: int, remaining: int, _total: int) -> None:
        if remaining and data_version(watch) != before:
            raise DatabaseError("somebody wrote to the database meanwhile, so it was left as it is: run this again")

    with closing(sqlite3.connect(made)) as source:
        source.backup(live.conn, pages=AT_ONCE, progress=check)

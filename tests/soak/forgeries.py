"""Changes and empties each column in one row, and deletes one row, of each table: `python -m tests.soak.forgeries`.

It prints, per table, how many of these forgeries `harvester check` notices, and which it does not. What SQLite refuses
is not counted.
"""

from __future__ import annotations

import sqlite3
import sys
import tarfile
import tempfile
from contextlib import closing, redirect_stdout
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlite_utils import Database

from harvester.cli import run
from harvester.config.recurrence import Recurrence
from harvester.db.pages.folding import register as register_fold
from harvester.schedule.attempts import begin, register
from harvester.schedule.monitoring import update_incidents
from harvester.schedule.plans import ScheduledSync
from harvester.store import digests
from harvester.store.database import open_to_write
from harvester.store.integrity.check import run_checks, run_table_checks
from harvester.store.locks import acquire
from harvester.store.run import Run
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Manner, Site, item_of
from tests.support.live_processes import Harvests
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("001_9764009bf4381e3e.txt", "003_2c252857a8a618ac.txt", "README.md")
SAVED = [ROOT / "seeds" / name for name in NAMES]
"""Two saved pages, and a file that is none."""
SHADOWS = ("_fts", "_unindexed", "sqlite_", "_sqlite_migrations")
"""What SQLite keeps for itself, and full text, which is compared as a whole."""


class Result(NamedTuple):
    """What became of the forgeries of one table."""

    noticed: int
    missed: list[str]


def made(folder: Path) -> Path:
    """Harvest a local archive twice, with an edit between, and withdraw a document; read what was kept; schedule it."""
    path = folder / "a.db"
    with ArchiveServer(Site(12, "forged", Manner(etags=True))) as server, redirect_stdout(StringIO()):
        archive = Harvests(folder, server)
        archive.live("a.db")
        server.site.listing.insert()
        server.site.listing.remove()
        archive.live("a.db")
        run(["withdraw", item_of("r5").slug, "--db", str(path)])
        archive.live("a.db")
        with tarfile.open(folder / "seeds.tar.gz", "w:gz") as packed:
            for file in SAVED:
                packed.add(file, file.name)
        run(["harvest", str(folder / "seeds.tar.gz"), "--db", str(path)])
    _schedule(path)
    return path


def _schedule(path: Path) -> None:
    """Store a schedule with attempts, a notification of missed ones, and a harvest that is running."""
    plan = ScheduledSync("nightly", "wilson", Recurrence(timedelta(hours=1)))
    with open_to_write(path) as db:
        register(db, [plan], datetime.now(UTC) - timedelta(days=2))
        begin(db, plan, datetime.now(UTC), "scheduler", lambda kind: f"harvester harvest wilson {kind}")
        update_incidents(db, [plan], ["mail"], datetime.now(UTC) + timedelta(days=9))
        acquire(db, "wilson", Run(db, "harvester harvest wilson").id)


def forgeries(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield each table, what is forged in it, and the statement that does it."""
    with closing(sqlite3.connect(path)) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        for table in tables:
            if any(part in table for part in SHADOWS):
                continue
            count = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            if not count:
                continue
            columns = db.execute(f"PRAGMA table_info({table})").fetchall()
            keys = [c[1] for c in columns if c[5]] or ["rowid"]
            row = db.execute(f"SELECT {', '.join(keys)} FROM {table} LIMIT 1 OFFSET {count // 2}").fetchone()
            where = " AND ".join(f"{k} = {_literal(v)}" for k, v in zip(keys, row, strict=True))
            yield table, "a row", f"DELETE FROM {table} WHERE {where}"
            for column in (c[1] for c in columns):
                held = f'(SELECT "{column}" FROM {table} WHERE "{column}" IS NOT NULL LIMIT 1)'
                filled = f'"{column}" IS NOT NULL'
                some = f"WHERE ({', '.join(keys)}) IN (SELECT {', '.join(keys)} FROM {table} WHERE {filled} LIMIT 1)"
                if not db.execute(f"SELECT {held}").fetchone()[0]:
                    some = f"WHERE {where}"
                other = f'CASE typeof("{column}") WHEN \'integer\' THEN "{column}" + 7 ELSE "{column}" || \'x\' END'
                yield table, f"{column} changed", f'UPDATE {table} SET "{column}" = coalesce({other}, 7) {some}'
                if db.execute(f"SELECT {held}").fetchone()[0]:
                    yield table, f"{column} emptied", f'UPDATE {table} SET "{column}" = NULL {some}'


def _literal(value: object) -> str:
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def tried(path: Path) -> dict[str, Result]:
    """Try each forgery, and take it back; return what was noticed, by table."""
    results: dict[str, Result] = {}
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        register_fold(connection)
        digests.register_crc32(connection)
        for table, what, sql in forgeries(path):
            connection.execute("BEGIN")
            try:
                done = connection.execute(sql).rowcount
            except sqlite3.Error:
                done = 0
            if done:
                found = any(not finding.notice for finding in run_table_checks(Database(connection), fast=True))
                result = results.get(table, Result(0, []))
                results[table] = Result(result.noticed + found, result.missed + [what] * (not found))
            connection.rollback()
    return results


def lines(results: dict[str, Result]) -> Iterator[str]:
    """Yield the lines to print: the total first, then every table with an unnoticed forgery."""
    noticed = sum(result.noticed for result in results.values())
    total = noticed + sum(len(result.missed) for result in results.values())
    yield f"{noticed} of {total} noticed in {len(results)} tables ({100 * noticed // total} %)"
    for table, result in results.items():
        if result.missed:
            yield f"{table}: {', '.join(result.missed)}"


def main() -> None:
    """Make a database, and try each forgery in it."""
    with tempfile.TemporaryDirectory() as name:
        path = made(Path(name))
        before = [finding for finding in run_checks(path) if not finding.notice]
        if before:
            sys.exit(f"not sound before: {before}")
        print("\n".join(lines(tried(path))))


if __name__ == "__main__":
    main()

"""Changes and empties each column in one row, and deletes one row, of each table: `python -m tests.forgeries`.

It prints, per table, how many of these forgeries `harvester check` notices, and which it does not. What SQLite refuses
is not counted.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
from collections import defaultdict
from contextlib import closing, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from harvester.cli import run
from harvester.store.soundness.check import check
from tests.archive_server import ArchiveServer
from tests.archive_server_site import Manner, Site, item_of
from tests.live_processes import Harvests

if TYPE_CHECKING:
    from collections.abc import Iterator

SHADOWS = ("_fts_", "_unindexed", "sqlite_", "_sqlite_migrations")
SCHEDULE = ("alerts", "health", "schedules", "turns", "archives", "claims", "fill")
"""What follows from no page and is nobody's finding: how this machine harvests."""


def made(folder: Path) -> Path:
    """Harvest a local archive twice, with an edit between, and withdraw a document."""
    with ArchiveServer(Site(25, "forged", Manner(etags=True))) as server:
        archive = Harvests(folder, server)
        archive.live("a.db")
        server.site.listing.insert()
        server.site.listing.remove()
        archive.live("a.db")
        with redirect_stdout(StringIO()):
            run(["withdraw", item_of("r5").slug, "--db", str(folder / "a.db")])
        archive.live("a.db")
    return folder / "a.db"


def forgeries(path: Path) -> Iterator[tuple[str, str, str]]:
    """Give the table, what is forged, and the statement that does it."""
    with closing(sqlite3.connect(path)) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        for table in tables:
            if any(part in table for part in SHADOWS) or table.endswith("_fts") or table in SCHEDULE:
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


def main() -> None:
    """Try each forgery in a copy of its own."""
    noticed: dict[str, int] = defaultdict(int)
    missed: dict[str, list[str]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = made(folder)
        before = [finding for finding in check(path) if not finding.notice]
        if before:
            sys.exit(f"not sound before: {before}")
        copy = folder / "b.db"
        for ending in ("-withdrawn", "-withdrawn-key"):
            shutil.copy(f"{path}{ending}", f"{copy}{ending}")
        for table, what, sql in forgeries(path):
            for left in ("", "-wal", "-shm"):
                Path(f"{copy}{left}").unlink(missing_ok=True)
            shutil.copy(path, copy)
            with closing(sqlite3.connect(copy)) as db:
                db.create_function("fold", 1, str)
                try:
                    if not db.execute(sql).rowcount:
                        continue
                except sqlite3.Error:
                    continue
                db.commit()
            found = any(not finding.notice for finding in check(copy, fast=True))
            noticed[table] += found
            missed[table] += [] if found else [what]
    total = sum(noticed.values()) + sum(map(len, missed.values()))
    for table, names in missed.items():
        count = noticed[table] + len(names)
        print(f"{table:16} {noticed[table]:3} of {count:3}  not noticed: {', '.join(names) or 'none'}")
    print(f"{sum(noticed.values())} of {total}: {100 * sum(noticed.values()) // total} %")


if __name__ == "__main__":
    main()

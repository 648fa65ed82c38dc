"""What tests share: harvesting into a database and looking at all that it holds."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from harvester.ingest import harvest_one
from harvester.model import Capture
from harvester.registry import load_sources
from harvester.store.database import open_to_write
from harvester.store.integrity.search import is_index_current
from harvester.store.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

    from harvester.model import Page

SOURCE = load_sources()["wilson"]
CLOCKS = ("first_seen", "last_changed")


def harvest_pages(db: Database, pages: Iterable[tuple[Capture, Page]]) -> Run:
    """Add pages that are parsed already, in one run; return the run."""
    run = Run(db, "test")
    for capture, page in pages:
        run.add_page(capture, page, SOURCE)
    run.finish(run.verdict)
    return run


def harvest_files(db: Database, files: Iterable[Path]) -> Run:
    """Harvest files in one run."""
    run = Run(db, "test")
    for file in files:
        harvest_one(run, Capture(file.absolute().as_uri(), file.read_bytes()), (SOURCE,))
    run.finish(run.verdict)
    return run


@cache
def empty_database() -> bytes:
    """Return the file of an empty database: to copy it costs less than to make one."""
    with TemporaryDirectory() as folder:
        open_to_write(Path(folder, "empty.db")).close()
        return Path(folder, "empty.db").read_bytes()


def fresh(folder: Path) -> Database:
    """Make an empty database; a test that wants many gets one after the other in the same folder."""
    for old in folder.glob("fresh.db*"):
        old.unlink()
    (folder / "fresh.db").write_bytes(empty_database())
    return open_to_write(folder / "fresh.db")


def documents(db: Database) -> list[dict[str, Any]]:
    """Return all documents without ids and times."""
    rows = db.query("SELECT * FROM documents ORDER BY key")
    return [{name: value for name, value in row.items() if name not in ("id", *CLOCKS)} for row in rows]


def sighted(db: Database) -> set[tuple[Any, ...]]:
    """Return where each document was seen."""
    sql = """SELECT captures.uri, position, documents.key, sightings.title, sightings.date_text, has_summary
        FROM sightings JOIN captures ON captures.id = capture_id LEFT JOIN documents ON documents.id = document_id"""
    return set(db.execute(sql).fetchall())


def dump(db: Database, *without: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table except those named; if any are, `digests` is left out, too."""
    left_out = {*without, "digests"} if without else set()
    names = [name for name in db.table_names() if name not in left_out and "_fts_" not in name]
    return {name: sorted(db.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in names}


def sound(db: Database) -> bool:
    """Return whether SQLite finds nothing wrong, foreign keys and full text included."""
    file = db.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
    if not is_index_current(Path(file)):
        return False
    whole = db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    return whole and not db.execute("PRAGMA foreign_key_check").fetchall()

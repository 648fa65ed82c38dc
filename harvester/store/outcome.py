"""What is said of a run that could read nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_READ = "SELECT 1 FROM reads JOIN captures ON captures.id = capture_id WHERE run_id = ? AND refused IS NULL LIMIT 1"
# Of a page that is refused again, as it was before, only the first problem says why.
_WHY = """SELECT message FROM problems WHERE severity <> 'notice'
    AND (run_id = ?1 OR uri IN (SELECT uri FROM reads WHERE run_id = ?1)) ORDER BY id DESC LIMIT 1"""


def why_nothing_was_read(db: Database, run: int) -> str | None:
    """Give the reason if a run met problems and could read no page; None if it read one, or had none to read."""
    if db.execute(_READ, [run]).fetchone():
        return None
    row = db.execute(_WHY, [run]).fetchone()
    return None if row is None else str(row[0])

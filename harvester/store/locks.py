"""Locks that allow one live run per source: a claim in the database, renewed by a heartbeat."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from harvester import processes
from harvester.errors import SourceBusyError
from harvester.store.database import transaction
from harvester.store.walks import mark_interrupted
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from sqlite_utils import Database

HEARTBEAT_SECONDS = 20
"""How often a live run renews its claim."""
DEAD_AFTER_SECONDS = 120
"""A claim that was not renewed for so long is dead: several heartbeats, and a machine that was busy."""
# When it was last heard of: of its heartbeat, or of the last page that it read since.
_HOLDER = """SELECT run_id, max(heartbeat, coalesce((SELECT max(read_at) FROM reads
    WHERE reads.run_id = source_locks.run_id), '')) FROM source_locks WHERE source = ?"""


def check_free(db: Database, source: str) -> None:
    """Raise `SourceBusyError` if another run holds the source. The claim of a local process that has ended is dead."""
    row = db.execute("SELECT holder, heartbeat FROM source_locks WHERE source = ?", [source]).fetchone()
    if row and is_alive(*row):
        raise SourceBusyError(
            f"another run holds {source} ({row[0]}, last heard {row[1]}): let it finish or end it, then run this again"
        )


def check_all_free(db: Database) -> None:
    """Raise `SourceBusyError` if a run holds any source."""
    for (source,) in db.execute("SELECT source FROM source_locks").fetchall():
        check_free(db, source)


def acquire(db: Database, source: str, run: int) -> None:
    """Acquire the lock of a source for a run; mark a dead holder as interrupted. Raises `SourceBusyError`."""
    with transaction(db):
        check_free(db, source)
        dead = db.execute(_HOLDER, [source]).fetchone()
        if dead:
            sql = "UPDATE runs SET status = 'interrupted', finished_at = ?, reason = ? WHERE id = ? AND status = ?"
            db.execute(sql, [dead[1], "ended without a word: killed, or a power cut", dead[0], "running"])
            mark_interrupted(db, dead[0])
        values = [source, run, processes.identity(), utc_timestamp()]
        sql = """INSERT INTO source_locks (source, run_id, holder, heartbeat) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
            SET run_id = excluded.run_id, holder = excluded.holder, heartbeat = excluded.heartbeat"""
        db.execute(sql, values)


def renew(db: Database, source: str, run: int) -> None:
    """Renew the lock. Raises `SourceBusyError` if another run has taken over, as after a long sleep of the machine."""
    with transaction(db):
        sql = "UPDATE source_locks SET heartbeat = ? WHERE source = ? AND run_id = ?"
        if not db.execute(sql, [utc_timestamp(), source, run]).rowcount:
            raise SourceBusyError(f"another run has taken over {source} while this one was silent: it goes on there")


def release(db: Database, source: str, run: int) -> None:
    """Release the lock of a source."""
    with transaction(db):
        db.execute("DELETE FROM source_locks WHERE source = ? AND run_id = ?", [source, run])


def is_alive(holder: str, heartbeat: str) -> bool:
    """Return whether the holder of a claim is alive: its heartbeat is recent and no local process of it has ended."""
    if heartbeat < utc_timestamp(datetime.now(UTC) - timedelta(seconds=DEAD_AFTER_SECONDS)):
        return False
    return not processes.is_here(holder) or processes.runs(holder)

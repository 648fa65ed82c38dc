"""One live run per source, ever: a claim in the database, kept alive by a heartbeat."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from harvester import processes
from harvester.errors import SourceBusyError
from harvester.store.database import transaction
from harvester.store.walks import interrupt_walks
from harvester.utils import stamp

if TYPE_CHECKING:
    from sqlite_utils import Database

HEARTBEAT_SECONDS = 20
"""How often a live run says that it lives."""
DEAD_AFTER_SECONDS = 120
"""A claim that has been silent for so long is dead: several heartbeats, and a machine that was busy."""


def check_free(db: Database, source: str) -> None:
    """Say who holds a source, if somebody does. A claim by a process of this machine that has ended is dead."""
    row = db.execute("SELECT holder, heartbeat FROM claims WHERE source = ?", [source]).fetchone()
    if row and is_alive(*row):
        raise SourceBusyError(
            f"another run holds {source} ({row[0]}, last heard {row[1]}): let it finish or end it, then run this again"
        )


def claim(db: Database, source: str, run: int) -> None:
    """Claim a source for a run, or say who holds it. A dead run that held it is marked as interrupted."""
    with transaction(db):
        check_free(db, source)
        dead = db.execute("SELECT run_id, heartbeat FROM claims WHERE source = ?", [source]).fetchone()
        if dead:
            sql = "UPDATE runs SET status = 'interrupted', finished_at = ?, reason = ? WHERE id = ? AND status = ?"
            db.execute(sql, [dead[1], "ended without a word: killed, or a power cut", dead[0], "running"])
            interrupt_walks(db, dead[0])
        values = [source, run, processes.identity(), stamp()]
        sql = """INSERT INTO claims (source, run_id, holder, heartbeat) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
            SET run_id = excluded.run_id, holder = excluded.holder, heartbeat = excluded.heartbeat"""
        db.execute(sql, values)


def beat(db: Database, source: str, run: int) -> None:
    """Say that the run lives; raises if another one has taken over meanwhile, as after a long sleep of the machine."""
    with transaction(db):
        sql = "UPDATE claims SET heartbeat = ? WHERE source = ? AND run_id = ?"
        if not db.execute(sql, [stamp(), source, run]).rowcount:
            raise SourceBusyError(f"another run has taken over {source} while this one was silent: it goes on there")


def release(db: Database, source: str, run: int) -> None:
    """Give the source free."""
    with transaction(db):
        db.execute("DELETE FROM claims WHERE source = ? AND run_id = ?", [source, run])


def is_alive(holder: str, heartbeat: str) -> bool:
    """Say whether who holds a claim still lives: heard of lately, and not a process of this machine that has ended."""
    if heartbeat < stamp(datetime.now(UTC) - timedelta(seconds=DEAD_AFTER_SECONDS)):
        return False
    return not processes.is_here(holder) or processes.runs(holder)

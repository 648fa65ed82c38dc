"""Checks for runs and claims whose process has died."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from harvester.store.locks import DEAD_AFTER_SECONDS, is_alive
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

# A harvest of saved pages has no claim: it is alive while it reads.
_RUNNING = """SELECT runs.id, holder, heartbeat, max(started_at, coalesce(max(read_at), '')) FROM runs
    LEFT JOIN source_locks ON source_locks.run_id = runs.id LEFT JOIN reads ON reads.run_id = runs.id
    WHERE status = 'running' GROUP BY runs.id"""
_CLAIMS = """SELECT source, holder, heartbeat, coalesce(status, 'running') = 'running'
    FROM source_locks LEFT JOIN runs ON runs.id = run_id"""


def dead_runs(db: Database) -> Iterator[tuple[int, str]]:
    """Yield the id of each run that is marked as running and is not, and when it was last active."""
    silent = utc_timestamp(datetime.now(UTC) - timedelta(seconds=DEAD_AFTER_SECONDS))
    for run, holder, heartbeat, last_read in db.execute(_RUNNING).fetchall():
        if not is_alive(holder, heartbeat) if holder else last_read < silent:
            yield run, max(heartbeat or "", last_read)


def stale_runs(db: Database) -> Iterator[str]:
    """Yield a description of each dead run."""
    return (f"run {run}, last heard of {last_seen}" for run, last_seen in dead_runs(db))


def stale_claims(db: Database) -> Iterator[str]:
    """Yield each source that is claimed by a run that has ended."""
    for source, holder, heartbeat, running in db.execute(_CLAIMS).fetchall():
        if not running or not is_alive(holder, heartbeat):
            yield f"{source}, claimed by {holder}"

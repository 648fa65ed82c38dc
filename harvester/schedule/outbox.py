"""The outbox of alerts: what is to be told stays in the database until it has been told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from harvester.clock import stamp
from harvester.store.database import transaction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlite_utils import Database

LEASE = timedelta(minutes=2)
"""For so long one scheduler is at an alert; if it dies meanwhile, another one tells it."""
FIRST_WAIT = timedelta(minutes=1)
"""Before the second attempt; it doubles with each further one. None is the last."""
LONGEST_WAIT = timedelta(hours=1)
AT_ONCE = 20


def take(db: Database, alerts: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """Take what is to be told now, oldest first; nobody else takes it meanwhile."""
    if not _waiting(db, alerts, now):
        return []
    with transaction(db):
        rows = _waiting(db, alerts, now)
        for row in rows:
            db.execute("UPDATE alerts SET taken_until = ? WHERE id = ?", [stamp(now + LEASE), row["id"]])
    return rows


def _waiting(db: Database, alerts: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    # What was taken for longer than a lease lies ahead because the clock was set back.
    marks = ", ".join("?" for _ in alerts)
    sql = f"""SELECT * FROM alerts WHERE told_at IS NULL AND alert IN ({marks})
        AND (next_attempt <= ? OR next_attempt > ?)
        AND (taken_until IS NULL OR taken_until <= ? OR taken_until > ?) ORDER BY id LIMIT ?"""
    moments = (now, now + LONGEST_WAIT, now, now + LEASE)
    return list(db.query(sql, [*alerts, *(stamp(moment) for moment in moments), AT_ONCE]))


def told(db: Database, alert: dict[str, Any], error: str | None, now: datetime) -> None:
    """Keep that an alert was told, or why not, and when it is tried again."""
    attempts = alert["attempts"] + 1
    wait = min(FIRST_WAIT * (1 << min(attempts - 1, 20)), LONGEST_WAIT)
    sql = """UPDATE alerts SET attempts = ?, told_at = ?, error = ?, next_attempt = ?, taken_until = NULL
        WHERE id = ? AND told_at IS NULL"""
    with transaction(db):
        db.execute(sql, [attempts, None if error else stamp(now), error, stamp(now + wait), alert["id"]])

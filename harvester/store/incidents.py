"""The tables of incidents and of their notifications: each stays pending until it has been delivered."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from harvester.store.database import transaction
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlite_utils import Database

LEASE = timedelta(minutes=2)
"""How long one scheduler may take to deliver a notification; after that, another scheduler may try."""
FIRST_WAIT = timedelta(minutes=1)
"""Before the second attempt; it doubles with each further attempt. Attempts never end."""
LONGEST_WAIT = timedelta(hours=1)
AT_ONCE = 20

Event = Literal["firing", "resolved"]


@dataclass(frozen=True)
class Incident:
    """A problem with a schedule or listing: its subject and kind, since when (ISO 8601), what it is, and the remedy."""

    subject: str
    kind: str
    started_at: str
    summary: str
    remedy: str


def load_incidents(db: Database) -> list[Incident]:
    """Return the incidents that are open, the oldest first."""
    sql = "SELECT subject, kind, started_at, summary, remedy FROM incidents ORDER BY started_at"
    return [Incident(**row) for row in db.query(sql)]


def insert_incident(db: Database, incident: Incident) -> None:
    """Insert an incident."""
    sql = "INSERT INTO incidents (subject, kind, started_at, summary, remedy) VALUES (?, ?, ?, ?, ?)"
    db.execute(sql, astuple(incident))


def delete_incident(db: Database, incident: Incident) -> None:
    """Delete an incident that is over."""
    db.execute("DELETE FROM incidents WHERE subject = ? AND kind = ?", [incident.subject, incident.kind])


def insert_notification(db: Database, channel: str, event: Event, incident: Incident, now: datetime) -> None:
    """Insert a notification that is to be delivered at once."""
    sql = """INSERT INTO notifications
        (channel, event, subject, kind, started_at, summary, remedy, created_at, next_attempt)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
    db.execute(sql, [channel, event, *astuple(incident), utc_timestamp(now), utc_timestamp(now)])


def lease_notifications(db: Database, channels: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """Lease the notifications that are due now, oldest first; no other scheduler gets them during the lease."""
    if not _pending(db, channels, now):
        return []
    with transaction(db):
        rows = _pending(db, channels, now)
        for row in rows:
            sql = "UPDATE notifications SET leased_until = ? WHERE id = ?"
            db.execute(sql, [utc_timestamp(now + LEASE), row["id"]])
    return rows


def _pending(db: Database, channels: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    # A lease that ends later than any can was made before the clock was set back.
    marks = ", ".join("?" for _ in channels)
    sql = f"""SELECT * FROM notifications WHERE delivered_at IS NULL AND channel IN ({marks})
        AND (next_attempt <= ? OR next_attempt > ?)
        AND (leased_until IS NULL OR leased_until <= ? OR leased_until > ?) ORDER BY id LIMIT ?"""
    moments = (now, now + LONGEST_WAIT, now, now + LEASE)
    return list(db.query(sql, [*channels, *(utc_timestamp(moment) for moment in moments), AT_ONCE]))


def mark_delivered(db: Database, notification: dict[str, Any], error: str | None, now: datetime) -> None:
    """Record that a notification was delivered, or the error and the time of the next attempt."""
    attempts = notification["attempts"] + 1
    wait = min(FIRST_WAIT * (1 << min(attempts - 1, 20)), LONGEST_WAIT)
    delivered_at, next_attempt = None if error else utc_timestamp(now), utc_timestamp(now + wait)
    sql = """UPDATE notifications SET attempts = ?, delivered_at = ?, error = ?, next_attempt = ?, leased_until = NULL
        WHERE id = ? AND delivered_at IS NULL"""
    with transaction(db):
        db.execute(sql, [attempts, delivered_at, error, next_attempt, notification["id"]])


def undelivered(db: Database) -> list[dict[str, Any]]:
    """Return the channels that failed to deliver: channel, number waiting, since when, and an error."""
    sql = """SELECT channel, count(*) AS waiting, min(created_at) AS since, max(error) AS error FROM notifications
        WHERE delivered_at IS NULL AND error IS NOT NULL GROUP BY channel"""
    return list(db.query(sql))

"""The tables of incidents and of pending notifications: a notification stays pending until it has been delivered."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from harvester.schedule.monitoring import Condition, conditions
from harvester.store.database import transaction
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlite_utils import Database

    from harvester.schedule.plans import ScheduledSync


LEASE = timedelta(minutes=2)
"""How long one scheduler may take to deliver a notification; after that, another scheduler may try."""
FIRST_WAIT = timedelta(minutes=1)
"""Before the second attempt; it doubles with each further attempt. Attempts never end."""
LONGEST_WAIT = timedelta(hours=1)
AT_ONCE = 20


def lease(db: Database, alerts: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """Lease the notifications that are due now, oldest first; no other scheduler gets them during the lease."""
    if not _pending(db, alerts, now):
        return []
    with transaction(db):
        rows = _pending(db, alerts, now)
        for row in rows:
            db.execute(
                "UPDATE notifications SET leased_until = ? WHERE id = ?", [utc_timestamp(now + LEASE), row["id"]]
            )
    return rows


def _pending(db: Database, alerts: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    # A lease that ends later than any can was made before the clock was set back.
    marks = ", ".join("?" for _ in alerts)
    sql = f"""SELECT * FROM notifications WHERE delivered_at IS NULL AND channel IN ({marks})
        AND (next_attempt <= ? OR next_attempt > ?)
        AND (leased_until IS NULL OR leased_until <= ? OR leased_until > ?) ORDER BY id LIMIT ?"""
    moments = (now, now + LONGEST_WAIT, now, now + LEASE)
    return list(db.query(sql, [*alerts, *(utc_timestamp(moment) for moment in moments), AT_ONCE]))


def mark_delivered(db: Database, alert: dict[str, Any], error: str | None, now: datetime) -> None:
    """Record that a notification was delivered, or the error and the time of the next attempt."""
    attempts = alert["attempts"] + 1
    wait = min(FIRST_WAIT * (1 << min(attempts - 1, 20)), LONGEST_WAIT)
    sql = """UPDATE notifications SET attempts = ?, delivered_at = ?, error = ?, next_attempt = ?, leased_until = NULL
        WHERE id = ? AND delivered_at IS NULL"""
    with transaction(db):
        db.execute(
            sql, [attempts, None if error else utc_timestamp(now), error, utc_timestamp(now + wait), alert["id"]]
        )


RESOLVED_REMEDY = "nothing; this only says that it is over"


def update_incidents(db: Database, plans: Sequence[ScheduledSync], alerts: Sequence[str], now: datetime) -> None:
    """Compare the present conditions with the stored incidents, store the changes, and queue their notifications."""
    if not _incident_changes(db, plans, now):
        return
    with transaction(db):  # another scheduler may have been faster: read again
        for event, condition in _incident_changes(db, plans, now):
            _store_incident(db, event, condition)
            for alert in alerts:
                _queue_notification(db, alert, event, condition, now)


def _incident_changes(db: Database, plans: Sequence[ScheduledSync], now: datetime) -> list[tuple[str, Condition]]:
    stored = {(row["subject"], row["kind"]): Condition(**row) for row in db.query("SELECT * FROM incidents")}
    current = {(condition.subject, condition.kind): condition for condition in conditions(db, plans, now)}
    begun = [("firing", current[key]) for key in current.keys() - stored.keys()]
    return sorted(
        [*begun, *(("resolved", stored[key]) for key in stored.keys() - current.keys())], key=lambda item: item[1].kind
    )


def _store_incident(db: Database, event: str, condition: Condition) -> None:
    if event == "resolved":
        db.execute("DELETE FROM incidents WHERE subject = ? AND kind = ?", [condition.subject, condition.kind])
        return
    sql = "INSERT INTO incidents (subject, kind, started_at, summary, remedy) VALUES (?, ?, ?, ?, ?)"
    db.execute(sql, [condition.subject, condition.kind, condition.started_at, condition.summary, condition.remedy])


def _queue_notification(db: Database, alert: str, event: str, condition: Condition, now: datetime) -> None:
    sql = """INSERT INTO notifications (channel, event, subject, kind, summary, started_at, remedy, created_at,
        next_attempt)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
    remedy = RESOLVED_REMEDY if event == "resolved" else condition.remedy
    db.execute(
        sql,
        [
            alert,
            event,
            condition.subject,
            condition.kind,
            condition.summary,
            condition.started_at,
            remedy,
            utc_timestamp(now),
            utc_timestamp(now),
        ],
    )

"""The tables of incidents and of pending notifications: a notification stays pending until it has been delivered."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from harvester.schedule.monitoring import Condition, conditions
from harvester.store.database import transaction
from harvester.utils import stamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlite_utils import Database

    from harvester.schedule.plans import Plan


LEASE = timedelta(minutes=2)
"""How long one scheduler may take to deliver a notification; after that, another scheduler may try."""
FIRST_WAIT = timedelta(minutes=1)
"""Before the second attempt; it doubles with each further attempt. Attempts never end."""
LONGEST_WAIT = timedelta(hours=1)
AT_ONCE = 20


def take(db: Database, alerts: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """Lease the notifications that are due now, oldest first; no other scheduler gets them during the lease."""
    if not _waiting(db, alerts, now):
        return []
    with transaction(db):
        rows = _waiting(db, alerts, now)
        for row in rows:
            db.execute("UPDATE alerts SET taken_until = ? WHERE id = ?", [stamp(now + LEASE), row["id"]])
    return rows


def _waiting(db: Database, alerts: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    # A lease that ends later than any can was made before the clock was set back.
    marks = ", ".join("?" for _ in alerts)
    sql = f"""SELECT * FROM alerts WHERE told_at IS NULL AND alert IN ({marks})
        AND (next_attempt <= ? OR next_attempt > ?)
        AND (taken_until IS NULL OR taken_until <= ? OR taken_until > ?) ORDER BY id LIMIT ?"""
    moments = (now, now + LONGEST_WAIT, now, now + LEASE)
    return list(db.query(sql, [*alerts, *(stamp(moment) for moment in moments), AT_ONCE]))


def told(db: Database, alert: dict[str, Any], error: str | None, now: datetime) -> None:
    """Record that a notification was delivered, or the error and the time of the next attempt."""
    attempts = alert["attempts"] + 1
    wait = min(FIRST_WAIT * (1 << min(attempts - 1, 20)), LONGEST_WAIT)
    sql = """UPDATE alerts SET attempts = ?, told_at = ?, error = ?, next_attempt = ?, taken_until = NULL
        WHERE id = ? AND told_at IS NULL"""
    with transaction(db):
        db.execute(sql, [attempts, None if error else stamp(now), error, stamp(now + wait), alert["id"]])


WELL = "nothing; this only says that it is over"


def look_after(db: Database, plans: Sequence[Plan], alerts: Sequence[str], now: datetime) -> None:
    """Compare the present conditions with the stored incidents, store the changes, and queue their notifications."""
    if not _turned(db, plans, now):
        return
    with transaction(db):  # another scheduler may have been faster: read again
        for event, condition in _turned(db, plans, now):
            _keep(db, event, condition)
            for alert in alerts:
                _put(db, alert, event, condition, now)


def _turned(db: Database, plans: Sequence[Plan], now: datetime) -> list[tuple[str, Condition]]:
    held = {(row["subject"], row["kind"]): Condition(**row) for row in db.query("SELECT * FROM health")}
    found = {(one.subject, one.kind): one for one in conditions(db, plans, now)}
    bad = [("bad", found[key]) for key in found.keys() - held.keys()]
    return sorted([*bad, *(("well", held[key]) for key in held.keys() - found.keys())], key=lambda item: item[1].kind)


def _keep(db: Database, event: str, one: Condition) -> None:
    if event == "well":
        db.execute("DELETE FROM health WHERE subject = ? AND kind = ?", [one.subject, one.kind])
        return
    sql = "INSERT INTO health (subject, kind, since, what, remedy) VALUES (?, ?, ?, ?, ?)"
    db.execute(sql, [one.subject, one.kind, one.since, one.what, one.remedy])


def _put(db: Database, alert: str, event: str, one: Condition, now: datetime) -> None:
    sql = """INSERT INTO alerts (alert, event, subject, kind, what, since, remedy, made_at, next_attempt)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
    remedy = WELL if event == "well" else one.remedy
    db.execute(sql, [alert, event, one.subject, one.kind, one.what, one.since, remedy, stamp(now), stamp(now)])

"""Keeps what is bad, and puts into the outbox what is to be told: when it turns bad, and when it is well again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.clock import stamp
from harvester.schedule.conditions import Condition, conditions
from harvester.store.database import transaction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlite_utils import Database

    from harvester.schedule.plans import Plan

WELL = "nothing; this only says that it is over"


def look_after(db: Database, plans: Sequence[Plan], alerts: Sequence[str], now: datetime) -> None:
    """Compare what is bad with what was, and keep what has turned. Without a turn nothing is written."""
    if not _turned(db, plans, now):
        return
    with transaction(db):  # another scheduler may have been quicker: look again
        for event, condition in _turned(db, plans, now):
            _keep(db, event, condition)
            for alert in alerts:
                _put(db, alert, event, condition, now)


def _turned(db: Database, plans: Sequence[Plan], now: datetime) -> list[tuple[str, Condition]]:
    held = {(row["subject"], row["kind"]): Condition(**row) for row in db.query("SELECT * FROM health")}
    found = {(one.subject, one.kind): one for one in conditions(db, plans, now)}
    bad = [("bad", found[key]) for key in found.keys() - held.keys()]
    return sorted([*bad, *(("well", held[key]) for key in held.keys() - found.keys())], key=lambda one: one[1].kind)


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

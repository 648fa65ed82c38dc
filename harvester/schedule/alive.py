"""Whether somebody still works on a turn."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from harvester import processes
from harvester.errors import SourceBusyError
from harvester.store.claims import check_free

if TYPE_CHECKING:
    from sqlite_utils import Database

FOREIGN_START = timedelta(minutes=10)
"""How long a harvest of another machine may take until it says in the database that it lives."""


def alive(db: Database, turn: dict[str, Any], moment: datetime) -> bool:
    """Say whether somebody still works on a turn: its scheduler or its process; of other machines the claim tells."""
    who = [name for name in (turn["scheduler"], turn["process"]) if name]
    if all(processes.is_here(name) for name in who):
        return any(processes.runs(name) for name in who)
    if abs(moment - datetime.fromisoformat(turn["started_at"])) < FOREIGN_START:
        return True
    try:
        check_free(db, turn["source"])
    except SourceBusyError:
        return True
    return False

"""Tells alerts in a thread of its own: whoever takes them slowly, or not at all, holds no sync up."""

from __future__ import annotations

import asyncio
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

from harvester.clock import stamp
from harvester.errors import DatabaseError
from harvester.schedule.deliver import tell_all
from harvester.schedule.outbox import take, told
from harvester.schedule.scheduler import now
from harvester.store.database import explained, open_to_write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harvester.settings.model import Alert

PAUSE_SECONDS = 2.0
"""Between two looks into the outbox."""


REMEDY = "make room on the disk, or mend its permissions; `harvester check` says whether it is sound. Syncs then go on"


class Teller:
    """Empties the outbox of a database for as long as it is told to."""

    def __init__(self, path: Path, alerts: dict[str, Alert], say: Callable[[str], None]) -> None:
        self._path = path
        self._alerts = alerts
        self._say = say
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def start(self) -> None:
        """Begin, if there is anybody to tell."""
        if self._alerts:
            self._thread.start()

    def stop(self) -> None:
        """Tell what can be told at once, and end; what cannot stays for the next time."""
        self._stop.set()
        if self._alerts:
            self._thread.join()

    def alarm(self, text: str) -> None:
        """Tell all alerts at once that the database cannot be used. Nothing of it is kept, for there is no place."""
        if not self._alerts:
            return
        moment = stamp(now())
        row: dict[str, Any] = {"event": "bad", "subject": str(self._path), "kind": "database", "what": text}
        row |= {"since": moment, "remedy": REMEDY, "made_at": moment, "id": None}
        rows = [row | {"alert": name} for name in self._alerts]
        for error in filter(None, asyncio.run(tell_all(self._alerts, rows))):
            self._say(f"an alert is lost: {error}")

    def _go_on(self) -> None:
        last = False
        while not last:
            last = self._stop.wait(PAUSE_SECONDS)
            try:
                self._empty()
            except DatabaseError:
                continue  # the loop meets the same trouble, and says so

    def _empty(self) -> None:
        with explained(self._path):
            with closing(open_to_write(self._path)) as db:
                rows = take(db, list(self._alerts), now())
            if not rows:
                return
            why_not = asyncio.run(tell_all(self._alerts, rows))
            with closing(open_to_write(self._path)) as db:
                for row, error in zip(rows, why_not, strict=True):
                    told(db, row, error, now())
        for error in sorted({error for error in why_not if error}):
            self._say(f"an alert waits: {error}")

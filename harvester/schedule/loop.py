"""The foreground loop: looks, waits, and stops in good order when it is told to."""

from __future__ import annotations

import signal
import time
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

from harvester import processes
from harvester.errors import DatabaseError
from harvester.schedule.scheduler import now
from harvester.store.database import explained, open_to_write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

    from sqlite_utils import Database

    from harvester.schedule.scheduler import Scheduler

NAP = timedelta(seconds=15)
"""The longest time between two looks: a clock that was set, or a machine that slept, is noticed so soon."""
SHORT_NAP = timedelta(seconds=0.2)
"""How often it looks whether a sync has ended; that asks the system, not the database."""
MOMENT = timedelta(seconds=1)
"""How long it waits at least for something that is due and cannot begin yet."""


PATIENCE = timedelta(minutes=5)
"""How long the database may be of no use before people are told."""


class Loop:
    """Runs a scheduler on a database until it is asked to stop. The database is open only while it looks.

    So a database that is replaced by a backup is the one that is used next, and no file is held.
    """

    def __init__(
        self,
        path: Path,
        scheduler: Scheduler,
        say: Callable[[str], None],
        beside: str | None = None,
        alarm: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """`alarm` tells people that the database cannot be used, which cannot be kept in it."""
        self._alarm = alarm
        self._troubled = timedelta()
        self._path = path
        self._scheduler = scheduler
        self._say = say
        self._beside = beside
        self._asked = False  # no Event: a signal that comes while one waits for it would wait for itself
        self._trouble = ""

    def listen(self) -> None:
        """Begin to listen to the wish to stop."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        """Pass the wish on, each time: a harvest that is asked twice ends at once."""
        self._asked = True
        self._scheduler.stop()

    def run(self, *, once: bool = False) -> None:
        """Go on until it is asked to stop; with `once`, until everything that is due now is done."""
        self._with_database(self._scheduler.enlist)
        wait = self._look()
        while not self._over(once=once):
            self._nap(wait)
            wait = self._look()
            self._alarm_after(wait)
        while self._scheduler.busy:
            self._nap(SHORT_NAP)
            if self._scheduler.has_news:
                self._look()
            if self._trouble:  # what has ended stays as it is; the next scheduler sees that nobody works on it
                raise DatabaseError(self._trouble)
        if once and self._trouble and not self._asked:
            self._alarm(self._trouble)
            raise DatabaseError(self._trouble)

    def _alarm_after(self, wait: timedelta) -> None:
        """Tell people of trouble with the database that lasts, once; it may be but a restore, or a rebuild."""
        before, self._troubled = self._troubled, self._troubled + wait if self._trouble else timedelta()
        if before < PATIENCE <= self._troubled:
            self._alarm(self._trouble)

    def _over(self, *, once: bool) -> bool:
        if self._beside and not processes.runs(self._beside) and not self._asked:
            self._say("the process that this scheduler belongs to has ended: stopping")
            self._asked = True
            self._scheduler.stop()
        return self._asked or (once and not self._scheduler.busy)

    def _look(self) -> timedelta:
        """Look, and give how long to wait for the next look."""
        wait = [NAP]

        def look(db: Database) -> None:
            self._scheduler.look(db)
            start = self._scheduler.next_start(db)
            wait[0] = min(NAP, max(MOMENT, start - now())) if start else NAP

        self._with_database(look)
        return wait[0]

    def _with_database(self, use: Callable[[Database], None]) -> None:
        """Use the database; what is wrong with it now may be well at the next look."""
        try:
            with explained(self._path), closing(open_to_write(self._path)) as db:
                use(db)
        except DatabaseError as error:
            if str(error) != self._trouble:
                self._say(str(error))
            self._trouble = str(error)
        else:
            self._trouble = ""

    def _nap(self, length: timedelta) -> None:
        """Wait, but not longer than until a sync has ended, or somebody wants to stop."""
        left = length
        while left > timedelta() and (self._trouble or not self._scheduler.has_news):
            nap = min(left, SHORT_NAP)
            time.sleep(nap.total_seconds())
            left -= nap
            if self._asked:
                return

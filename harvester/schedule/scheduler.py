"""One scheduler and its loop: it looks what is due, starts it, and keeps what came of it."""

from __future__ import annotations

import signal
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from harvester import processes
from harvester.errors import DatabaseError
from harvester.schedule import tables
from harvester.schedule.outbox import look_after
from harvester.schedule.workers import alive, outcome
from harvester.store.database import explained, open_to_write, transaction
from harvester.utils import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlite_utils import Database

    from harvester.schedule.plans import Plan
    from harvester.schedule.workers import Sync


class Launches(Protocol):
    """Starts syncs."""

    def command(self, harvest: Sequence[str]) -> str:
        """Give the command as its run will be named."""

    def start(self, harvest: Sequence[str]) -> Sync:
        """Start a sync."""


def now() -> datetime:
    """Give the moment."""
    return datetime.now(UTC)


class Scheduler:
    """Looks after schedules. `clock` and `alive` can be others, so that a month can be tried in a minute.

    `once`: each schedule gets one turn at most. `say` is told what begins and how it ends.
    """

    def __init__(
        self,
        plans: Sequence[Plan],
        launcher: Launches,
        alerts: Sequence[str] = (),
        clock: Callable[[], datetime] = now,
        who: str | None = None,
        alive: Callable[[Database, dict[str, Any], datetime], bool] = alive,
        *,
        once: bool = False,
        say: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.plans = plans
        self._launcher = launcher
        self._alerts = alerts
        self._clock = clock
        self._who = who or processes.identity()
        self._alive = alive
        self._syncs: dict[int, Sync] = {}
        self._once = once
        self._say = say
        self._begun: set[str] = set()
        self._stopping = False

    def enlist(self, db: Database) -> None:
        """Keep which schedules there are."""
        tables.enlist(db, self.plans, self._clock())

    def look(self, db: Database) -> None:
        """Keep what has ended, start what is due, and see whether all is well."""
        self._reap(db)
        for plan in () if self._stopping else tables.in_order(db, self.plans):
            done = self._once and plan.name in self._begun  # or a short rhythm would go on for ever
            if not self._stopping and not done:
                self._begin(db, plan)
        look_after(db, self.plans, self._alerts, self._clock())

    def stop(self) -> None:
        """Begin nothing more, and ask what goes on to finish the page in hand."""
        self._stopping = True
        for sync in self._syncs.values():
            sync.stop()

    @property
    def busy(self) -> bool:
        """Say whether a sync of this scheduler goes on, or has ended and is not kept yet."""
        return bool(self._syncs)

    @property
    def has_news(self) -> bool:
        """Say whether a sync of this scheduler has ended."""
        return any(sync.ended() is not None for sync in self._syncs.values())

    def next_start(self, db: Database) -> datetime | None:
        """Give when the next turn begins, as far as it is planned."""
        starts = [row["next_start"] for row in db.query("SELECT next_start FROM schedules WHERE removed_at IS NULL")]
        return datetime.fromisoformat(min(starts)) if starts else None

    def _begin(self, db: Database, plan: Plan) -> None:
        # The kind of a turn is known only when it begins; a command that names both would not be the run's.
        turn = tables.begin(db, plan, self._clock(), self._who, lambda kind: self._command(plan, kind))
        if turn is None:
            return
        self._begun.add(plan.name)
        try:
            sync = self._launcher.start(plan.arguments(turn.kind))
        except OSError as error:  # no memory, no processes left: this turn has failed, and the next may not
            with transaction(db):
                tables.finish(db, turn.id, "failed", f"it could not be started: {error}", None, self._clock())
            return
        self._syncs[turn.id] = sync
        self._say(f"{stamp(self._clock())} {plan.name}: a sync of {plan.harvest or plan.source} begins ({turn.kind})")
        if self._stopping:  # the wish came while it was being started
            sync.stop()
        tables.set_process(db, turn, sync.who)

    def _command(self, plan: Plan, kind: Any) -> str:
        return self._launcher.command(plan.arguments(kind))

    def _reap(self, db: Database) -> None:
        """Keep what has ended: our own syncs, and turns on which nobody works any more."""
        running = tables.running(db)
        for number in self._syncs.keys() - {turn["id"] for turn in running}:
            if self._syncs[number].ended() is not None:  # another scheduler has kept what became of it
                del self._syncs[number]
        for turn in running:
            sync = self._syncs.get(turn["id"])
            status = sync.ended() if sync else None
            if status is not None and sync:
                self._keep(db, turn, status, sync.said())
                del self._syncs[turn["id"]]
            elif not sync and not self._alive(db, turn, self._clock()):
                self._keep(db, turn, None, "")

    def _keep(self, db: Database, turn: dict[str, Any], status: int | None, said: str) -> None:
        ended = outcome(tables.run_of(db, turn), status, said, asked_to_stop=self._stopping)
        with transaction(db):
            tables.finish(db, turn["id"], ended.state, ended.reason, ended.run, self._clock())
            for plan in self.plans:
                tables.replan(db, plan, self._clock())
        reason = f": {ended.reason}" if ended.reason else ""
        self._say(f"{stamp(self._clock())} {turn['schedule']}: {ended.state}{reason}")


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

    from sqlite_utils import Database


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

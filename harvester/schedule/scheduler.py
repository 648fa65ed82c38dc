"""The scheduler and its main loop: starts syncs that are due, and records their results."""

from __future__ import annotations

import signal
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from harvester import processes
from harvester.errors import DatabaseError
from harvester.schedule.attempts import begin, by_next_start, register, replan
from harvester.schedule.monitoring import update_incidents
from harvester.schedule.workers import SyncResult, alive, sync_result
from harvester.store import sync_attempts
from harvester.store.database import open_to_write, transaction, translate_errors
from harvester.store.schedules import next_starts
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import FrameType

    from sqlite_utils import Database

    from harvester.schedule.plans import ScheduledSync
    from harvester.schedule.workers import Sync


class SyncLauncher(Protocol):
    """Starts syncs, in child processes or in a test."""

    def command(self, harvest: Sequence[str]) -> str:
        """Return the command line that the run will record."""

    def start(self, harvest: Sequence[str]) -> Sync:
        """Start a sync with these arguments."""


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


class Scheduler:
    """Runs schedules. Tests replace `clock` and `alive`, so that a month passes in a minute.

    `once`: each schedule gets one attempt at most. `notify` is called with a line for each start and end of a sync.
    """

    def __init__(
        self,
        plans: Sequence[ScheduledSync],
        launcher: SyncLauncher,
        alerts: Sequence[str] = (),
        clock: Callable[[], datetime] = now,
        identity: str | None = None,
        alive: Callable[[Database, dict[str, Any], datetime], bool] = alive,
        *,
        once: bool = False,
        notify: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.plans = plans
        self._launcher = launcher
        self._alerts = alerts
        self._clock = clock
        self._identity = identity or processes.identity()
        self._alive = alive
        self._syncs: dict[int, Sync] = {}
        self._once = once
        self._notify = notify
        self._begun: set[str] = set()
        self._stopping = False

    def register(self, db: Database) -> None:
        """Store the schedules of the configuration."""
        register(db, self.plans, self._clock())

    def tick(self, db: Database) -> None:
        """Record syncs that have ended, start those that are due, and update the incidents."""
        self._reap(db)
        for plan in () if self._stopping else by_next_start(db, self.plans):
            done = self._once and plan.name in self._begun  # or a short interval would go on for ever
            if not self._stopping and not done:
                self._begin(db, plan)
        update_incidents(db, self.plans, self._alerts, self._clock())

    def stop(self) -> None:
        """Start no more syncs, and stop the running ones after their current page."""
        self._stopping = True
        for sync in self._syncs.values():
            sync.stop()

    @property
    def busy(self) -> bool:
        """Whether a sync of this scheduler is running, or has ended and is not recorded yet."""
        return bool(self._syncs)

    @property
    def has_finished(self) -> bool:
        """Whether a sync of this scheduler has ended and is not recorded yet."""
        return any(sync.ended() is not None for sync in self._syncs.values())

    def next_start(self, db: Database) -> datetime | None:
        """Return when the next planned attempt starts; None without schedules."""
        starts = next_starts(db)
        return datetime.fromisoformat(min(starts.values())) if starts else None

    def _begin(self, db: Database, plan: ScheduledSync) -> None:
        # The kind of a sync is known only when it begins; a command with both kinds would not be the run's.
        attempt = begin(db, plan, self._clock(), self._identity, lambda kind: self._command(plan, kind))
        if attempt is None:
            return
        self._begun.add(plan.name)
        try:
            sync = self._launcher.start(plan.arguments(attempt.kind))
        except OSError as error:  # no memory, no processes left: this attempt has failed, the next may succeed
            with transaction(db):
                self._finish(db, attempt.id, SyncResult("failed", f"it could not be started: {error}", None))
            return
        self._syncs[attempt.id] = sync
        target = plan.harvest or plan.source
        self._notify(f"{utc_timestamp(self._clock())} {plan.name}: a sync of {target} begins ({attempt.kind})")
        if self._stopping:  # the request came while it was being started
            sync.stop()
        sync_attempts.set_process(db, attempt.id, sync.who)

    def _finish(self, db: Database, attempt: int, result: SyncResult) -> None:
        at = utc_timestamp(self._clock())
        sync_attempts.finish_attempt(db, attempt, result.state, result.reason, result.run, at)

    def _command(self, plan: ScheduledSync, kind: Any) -> str:
        return self._launcher.command(plan.arguments(kind))

    def _reap(self, db: Database) -> None:
        """Record what has ended: our own syncs, and attempts whose processes are gone."""
        running = sync_attempts.running_attempts(db)
        for number in self._syncs.keys() - {attempt["id"] for attempt in running}:
            if self._syncs[number].ended() is not None:  # another scheduler has recorded its result
                del self._syncs[number]
        for attempt in running:
            sync = self._syncs.get(attempt["id"])
            status = sync.ended() if sync else None
            if status is not None and sync:
                self._keep(db, attempt, status, sync.stderr_tail())
                del self._syncs[attempt["id"]]
            elif not sync and not self._alive(db, attempt, self._clock()):
                self._keep(db, attempt, None, "")

    def _keep(self, db: Database, attempt: dict[str, Any], status: int | None, stderr: str) -> None:
        result = sync_result(sync_attempts.attempt_run(db, attempt), status, stderr, stop_requested=self._stopping)
        with transaction(db):
            self._finish(db, attempt["id"], result)
            for plan in self.plans:
                replan(db, plan, self._clock())
        reason = f": {result.reason}" if result.reason else ""
        self._notify(f"{utc_timestamp(self._clock())} {attempt['schedule']}: {result.state}{reason}")


TICK_INTERVAL = timedelta(seconds=15)
"""The longest time between two ticks: a changed clock, or a machine that was asleep, is noticed this soon."""
POLL_INTERVAL = timedelta(seconds=0.2)
"""How often it polls whether a sync has ended; that does not use the database."""
SHORTEST_INTERVAL = timedelta(seconds=1)
"""The shortest wait for something that is due and cannot start yet."""


ALARM_AFTER = timedelta(minutes=5)
"""How long the database may be unusable before alerts are delivered."""


class SchedulerLoop:
    """Runs a scheduler on a database until a signal stops it. The database is open only during a tick.

    So a database that is replaced, as by a backup, is used from the next tick on, and no file is kept open.
    """

    def __init__(
        self,
        path: Path,
        scheduler: Scheduler,
        notify: Callable[[str], None],
        beside: str | None = None,
        alarm: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """Store the parts. `alarm` delivers an alert that the database cannot be used, without using the database."""
        self._alarm = alarm
        self._troubled = timedelta()
        self._path = path
        self._scheduler = scheduler
        self._notify = notify
        self._beside = beside
        self._stop_requested = False  # no Event: a signal that comes while one waits for it would wait for itself
        self._trouble = ""

    def listen(self) -> None:
        """Install the handlers of the signals that stop the loop."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        """Stop the loop and its syncs. Each signal is passed on: a harvest that gets a second one ends at once."""
        self._stop_requested = True
        self._scheduler.stop()

    def run(self, *, once: bool = False) -> None:
        """Run until a signal comes; with `once`, until everything that is due now is done."""
        self._with_database(self._scheduler.register)
        wait = self._tick()
        while not self._is_done(once=once):
            self._sleep_until_news(wait)
            wait = self._tick()
            self._alarm_after(wait)
        while self._scheduler.busy:
            self._sleep_until_news(POLL_INTERVAL)
            if self._scheduler.has_finished:
                self._tick()
            if self._trouble:  # ended attempts stay as they are; the next scheduler sees that no process works on them
                raise DatabaseError(self._trouble)
        if once and self._trouble and not self._stop_requested:
            self._alarm(self._trouble)
            raise DatabaseError(self._trouble)

    def _alarm_after(self, wait: timedelta) -> None:
        """Raise the alarm once if the database stays unusable; a short while may only be a restore or a rebuild."""
        before, self._troubled = self._troubled, self._troubled + wait if self._trouble else timedelta()
        if before < ALARM_AFTER <= self._troubled:
            self._alarm(self._trouble)

    def _is_done(self, *, once: bool) -> bool:
        if self._beside and not processes.runs(self._beside) and not self._stop_requested:
            self._notify("the process that this scheduler belongs to has ended: stopping")
            self._stop_requested = True
            self._scheduler.stop()
        return self._stop_requested or (once and not self._scheduler.busy)

    def _tick(self) -> timedelta:
        """Do one tick, and return how long to wait before the next."""
        wait = [TICK_INTERVAL]

        def tick(db: Database) -> None:
            self._scheduler.tick(db)
            start = self._scheduler.next_start(db)
            wait[0] = min(TICK_INTERVAL, max(SHORTEST_INTERVAL, start - now())) if start else TICK_INTERVAL

        self._with_database(tick)
        return wait[0]

    def _with_database(self, use: Callable[[Database], None]) -> None:
        """Call `use` with the database, and remember its error: it may be gone at the next tick."""
        try:
            with translate_errors(self._path), closing(open_to_write(self._path)) as db:
                use(db)
        except DatabaseError as error:
            if str(error) != self._trouble:
                self._notify(str(error))
            self._trouble = str(error)
        else:
            self._trouble = ""

    def _sleep_until_news(self, length: timedelta) -> None:
        """Sleep for `length`, or until a sync has ended or a stop is requested."""
        left = length
        while left > timedelta() and (self._trouble or not self._scheduler.has_finished):
            interval = min(left, POLL_INTERVAL)
            time.sleep(interval.total_seconds())
            left -= interval
            if self._stop_requested:
                return

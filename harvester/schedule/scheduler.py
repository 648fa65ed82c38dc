"""One scheduler: looks what is due, starts it, and keeps what came of it. Any number of them may share a database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from harvester import processes
from harvester.clock import stamp
from harvester.schedule import turns
from harvester.schedule.alive import alive
from harvester.schedule.health import look_after
from harvester.schedule.outcome import outcome
from harvester.store.database import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlite_utils import Database

    from harvester.schedule.plans import Plan
    from harvester.schedule.sync import Sync


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
        turns.enlist(db, self.plans, self._clock())

    def look(self, db: Database) -> None:
        """Keep what has ended, start what is due, and see whether all is well."""
        self._reap(db)
        for plan in () if self._stopping else turns.in_order(db, self.plans):
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
        turn = turns.begin(db, plan, self._clock(), self._who, lambda kind: self._command(plan, kind))
        if turn is None:
            return
        self._begun.add(plan.name)
        try:
            sync = self._launcher.start(plan.arguments(turn.kind))
        except OSError as error:  # no memory, no processes left: this turn has failed, and the next may not
            with transaction(db):
                turns.finish(db, turn.id, "failed", f"it could not be started: {error}", None, self._clock())
            return
        self._syncs[turn.id] = sync
        self._say(f"{stamp(self._clock())} {plan.name}: a sync of {plan.harvest or plan.source} begins ({turn.kind})")
        if self._stopping:  # the wish came while it was being started
            sync.stop()
        turns.set_process(db, turn, sync.who)

    def _command(self, plan: Plan, kind: Any) -> str:
        return self._launcher.command(plan.arguments(kind))

    def _reap(self, db: Database) -> None:
        """Keep what has ended: our own syncs, and turns on which nobody works any more."""
        running = turns.running(db)
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
        ended = outcome(turns.run_of(db, turn), status, said, asked_to_stop=self._stopping)
        with transaction(db):
            turns.finish(db, turn["id"], ended.state, ended.reason, ended.run, self._clock())
            for plan in self.plans:
                turns.replan(db, plan, self._clock())
        reason = f": {ended.reason}" if ended.reason else ""
        self._say(f"{stamp(self._clock())} {turn['schedule']}: {ended.state}{reason}")

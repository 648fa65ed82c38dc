"""A world for schedulers to live in: a clock that jumps, a machine that sleeps, processes that are killed.

Time goes on in leaps, so a month takes a minute. The database is a real file; what a sync does is only a row in `runs`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from harvester.schedule.scheduler import Scheduler
from harvester.store.database import open_to_write, transaction
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from harvester.schedule.plans import ScheduledSync


class KilledError(Exception):
    """The scheduler was killed at this very moment."""


@dataclass
class Work:
    """A sync in this world. `began` and `ends` are true times, whatever the clock on the wall shows."""

    world: World
    who: str
    command: str
    began: datetime
    ends: datetime
    status: int
    run: int = 0

    def ended(self) -> int | None:
        return self.status if self.ends <= self.world.time else None

    def stderr_tail(self) -> str:
        return ""

    def stop(self) -> None:
        """Finish the page in hand."""
        self.ends = min(self.ends, self.world.time + timedelta(seconds=20))
        self.status = 143


@dataclass
class World:
    """What is true, and what the clock on the wall shows: `time + wrong`."""

    folder: Path
    plans: Sequence[ScheduledSync]
    time: datetime
    seed: int = 0
    wrong: timedelta = timedelta()
    works: list[Work] = field(default_factory=list)
    open: list[Work] = field(default_factory=list)
    living: dict[str, Living] = field(default_factory=dict)
    kill_at: Callable[[str], bool] = lambda _moment: False

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.db = open_to_write(self.folder / "world.db")
        self.count = 0
        self.killed = 0
        self.refused = 0
        """Syncs that found another one at work: one whose scheduler was killed the moment it had started it."""

    def clock(self) -> datetime:
        return self.time + self.wrong

    def name(self, what: str) -> str:
        self.count += 1
        return f"{what} {self.count}"

    def alive(self, _db: Database, turn: dict[str, Any], _moment: datetime) -> bool:
        return turn["scheduler_process"] in self.living or any(
            work.who == turn["worker_process"] and work.ends > self.time for work in self.open
        )

    def scheduler(self) -> Living:
        """Start one more scheduler."""
        living = Living(self, self.name("scheduler"))
        self.living[living.who] = living
        return living

    def kill(self, who: str, *, orphan: bool) -> None:
        """Kill a scheduler; its syncs go on as orphans, or die with it."""
        self.killed += 1
        for work in self.living.pop(who).works:
            if not orphan and work.ends > self.time:
                work.ends, work.status = self.time, -9

    def keep_ends(self) -> None:
        """Write into `runs` what has ended, as a harvest does itself."""
        for work in [work for work in self.open if work.ends <= self.time]:
            self.open.remove(work)
            if work.run:
                status = {0: "complete", 3: "partial", 1: "failed", 143: "interrupted"}.get(work.status)
                if status:
                    values = [status, utc_timestamp(self.clock()), work.run]
                    with transaction(self.db):
                        self.db.execute("UPDATE runs SET status = ?, finished_at = ? WHERE id = ?", values)


class Living:
    """A scheduler that lives, and starts syncs."""

    def __init__(self, world: World, who: str) -> None:
        self.world, self.who = world, who
        self.works: list[Work] = []
        self.db = open_to_write(world.folder / "world.db")
        self.scheduler = Scheduler(world.plans, self, ("desk",), clock=world.clock, identity=who, alive=world.alive)
        self.scheduler.register(self.db)

    def look(self) -> None:
        """Run a tick, which may be killed meanwhile."""
        try:
            self.scheduler.tick(self.db)
        except KilledError:
            self.world.kill(self.who, orphan=self.world.chance.random() < 0.5)

    def command(self, harvest: Sequence[str]) -> str:
        return "harvester " + " ".join(harvest)

    def start(self, harvest: Sequence[str]) -> Work:
        world = self.world
        if world.kill_at("before"):
            raise KilledError
        source = harvest[1]
        length, status = world.fate(source) if isinstance(world, Month) else (timedelta(minutes=1), 0)
        busy = any(work.ends > world.time and work.command.split()[2] == source for work in world.open)
        if busy:  # as the claim in the database sees to it: the harvest ends with status 4 and has begun no run
            world.refused += 1
            return Work(world, world.name("sync"), "", world.time, world.time, 4)
        work = Work(world, world.name("sync"), self.command(harvest), world.time, world.time + length, status)
        with transaction(self.db):
            sql = "INSERT INTO runs (command, started_at) VALUES (?, ?)"
            work.run = int(self.db.execute(sql, [work.command, utc_timestamp(world.clock())]).lastrowid or 0)
        world.works.append(work)
        world.open.append(work)
        self.works.append(work)
        if world.kill_at("after"):
            raise KilledError
        return work


class Month(World):
    """A month in which much happens."""

    def fate(self, source: str) -> tuple[timedelta, int]:
        """Return the duration of a sync and its exit status."""
        if source == "dead":
            return timedelta(minutes=2), 1
        length = timedelta(seconds=self.chance.randrange(60, 900))
        return length, self.chance.choices([0, 3, 1, -9], [90, 4, 4, 2])[0]

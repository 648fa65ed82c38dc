"""Scheduled syncs: what is harvested, how, and when it is due. Pure functions of the configuration and the time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from harvester.config.recurrence import Recurrence, format_duration, recurrence_of

if TYPE_CHECKING:
    from datetime import datetime

    from harvester.config.model import ScheduleConfig, Settings


Kind = Literal["full", "incremental"]
UNTIL_KNOWN = 3
"""An incremental sync stops after this many consecutive pages without new records: some may be added back-dated."""
STALE_AFTER = 3
"""How many syncs in a row may be missing before a schedule counts as stale, by default."""
LEAST_STALE = timedelta(hours=6)
"""The shortest default: a first harvest takes hours, and so does an outage that needs no alert."""


def jitter_delay(jitter: timedelta, due: datetime, seed: str) -> timedelta:
    """Return the random delay of an attempt, below `jitter`; it is the same for the same `seed` and `due`."""
    number = int.from_bytes(hashlib.sha256(f"{seed} {due.timestamp():.0f}".encode()).digest()[:8], "big")
    return timedelta(seconds=int(jitter.total_seconds() * number / 2**64))


@dataclass(frozen=True)
class ScheduledSync:
    """A schedule of the configuration; `target` holds the arguments of `harvester harvest` that name what is synced."""

    name: str
    source: str
    recurrence: Recurrence
    harvest: str = ""
    target: tuple[str, ...] = ()
    jitter: timedelta = timedelta()
    incremental: int = 0
    time_budget: timedelta | None = None
    request_budget: int | None = None
    stale: timedelta | None = None

    def arguments(self, kind: Kind) -> list[str]:
        """Return the arguments of `harvester` for a harvest of this kind."""
        args = ["harvest", *(self.target or (self.source,))]
        args += ["--until-known", str(UNTIL_KNOWN)] if kind == "incremental" else []
        args += ["--max-seconds", f"{self.time_budget.total_seconds():.0f}"] if self.time_budget else []
        return args + (["--max-requests", str(self.request_budget)] if self.request_budget else [])

    def start_of(self, due: datetime, seed: str) -> datetime:
        """Return when the attempt that is due at `due` starts, jitter included."""
        return due + jitter_delay(self.jitter, due, f"{seed} {self.name}")

    def stale_after(self, now: datetime) -> timedelta:
        """Return how long a schedule may go without a sync before it counts as stale."""
        return self.stale or max(STALE_AFTER * self.recurrence.period(now, now) + self.jitter, LEAST_STALE)

    @property
    def text(self) -> str:
        """The recurrence and jitter as text; if it changes, the schedule counts as new."""
        return f"{self.recurrence}, jitter {format_duration(self.jitter)}" if self.jitter else str(self.recurrence)


def scheduled_syncs(settings: Settings) -> list[ScheduledSync]:
    """Return all schedules of the configuration."""
    return [_plan(name, schedule, settings) for name, schedule in settings.schedules.items()]


def _plan(name: str, schedule: ScheduleConfig, settings: Settings) -> ScheduledSync:
    listing = settings.listings.get(schedule.harvest)
    source = listing.source if listing else schedule.harvest
    target: tuple[str, ...] = (source, "--search", listing.search) if listing and listing.search else (source,)
    if schedule.web_archive:
        target = (source, "--web-archive", schedule.web_archive, "--versions", schedule.versions or "changed")
    return ScheduledSync(
        name,
        source,
        recurrence_of(schedule, settings.timezone),
        schedule.harvest,
        (listing.url,) if listing and listing.url else target,
        schedule.jitter or timedelta(),
        schedule.incremental,
        schedule.time_budget,
        schedule.request_budget,
        schedule.stale_after,
    )

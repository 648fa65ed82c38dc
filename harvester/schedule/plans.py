"""What is to be synced, and how: a schedule of harvester.toml with what it refers to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from harvester.schedule.rhythm import Rhythm, delay_of, rhythm_of
from harvester.schedule.spans import told

if TYPE_CHECKING:
    from datetime import datetime

    from harvester.settings.model import Schedule, Settings

Kind = Literal["full", "incremental"]
UNTIL_KNOWN = 3
"""Pages in a row without anything new at which an incremental sync stops: a record may have been added back-dated."""
STALE_AFTER = 3
"""Syncs that may fail to come before what is held counts as stale, where nothing else was asked."""
LEAST_STALE = timedelta(hours=6)
"""A first harvest takes hours, and so may an outage that is nobody's business."""


@dataclass(frozen=True)
class Plan:
    """A schedule; `target` is what `harvester harvest` is given for it."""

    name: str
    source: str
    rhythm: Rhythm
    harvest: str = ""
    target: tuple[str, ...] = ()
    jitter: timedelta = timedelta()
    incremental: int = 0
    time_budget: timedelta | None = None
    request_budget: int | None = None
    stale: timedelta | None = None

    def arguments(self, kind: Kind) -> list[str]:
        """Give the arguments of a harvest of this kind."""
        given = ["harvest", *(self.target or (self.source,))]
        given += ["--until-known", str(UNTIL_KNOWN)] if kind == "incremental" else []
        given += ["--max-seconds", f"{self.time_budget.total_seconds():.0f}"] if self.time_budget else []
        return given + (["--max-requests", str(self.request_budget)] if self.request_budget else [])

    def start_of(self, due: datetime, seed: str) -> datetime:
        """Give when the turn that is due at a time begins."""
        return due + delay_of(self.jitter, due, f"{seed} {self.name}")

    def stale_after(self, now: datetime) -> timedelta:
        """Give how long nothing may be synced before what is held counts as stale."""
        return self.stale or max(STALE_AFTER * self.rhythm.period(now, now) + self.jitter, LEAST_STALE)

    @property
    def text(self) -> str:
        """Everything that makes it another schedule if it changes."""
        return f"{self.rhythm}, jitter {told(self.jitter)}" if self.jitter else str(self.rhythm)


def plans_of(settings: Settings) -> list[Plan]:
    """Give all schedules of the configuration."""
    return [_plan(name, schedule, settings) for name, schedule in settings.schedules.items()]


def _plan(name: str, schedule: Schedule, settings: Settings) -> Plan:
    listing = settings.listings.get(schedule.harvest)
    source = listing.source if listing else schedule.harvest
    target = (source, "--search", listing.search) if listing and listing.search else (source,)
    return Plan(
        name,
        source,
        rhythm_of(schedule, settings.timezone),
        schedule.harvest,
        (listing.url,) if listing and listing.url else target,
        schedule.jitter or timedelta(),
        schedule.incremental,
        schedule.time_budget,
        schedule.request_budget,
        schedule.stale_after,
    )

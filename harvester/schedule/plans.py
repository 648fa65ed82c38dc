"""A scheduled sync: what is harvested, how, and when it is due. Pure functions of the configuration and a moment."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from harvester.config.model import Schedule, Settings


UNITS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def told(length: timedelta, parts: int = 5) -> str:
    """Write a length of time as harvester.toml has it: `1d 12h`; only the largest parts of it, if that is asked."""
    left, said = int(abs(length.total_seconds())), []
    for unit, seconds in UNITS:
        count, left = divmod(left, seconds)
        said += [f"{count}{unit}"] if count else []
    return " ".join(said[:parts]) or "0s"


@dataclass(frozen=True)
class Rhythm:
    """Every so often, or at the times of a cron expression in a time zone.

    A cron time that a clock change leaves out comes when the clock goes on; one that comes twice is taken once, unless
    the expression asks for every hour or so. That is how Debian's cron does it.
    """

    every: timedelta | None = None
    cron: str = ""
    zone: str = "UTC"

    def after(self, moment: datetime, since: datetime) -> Iterator[datetime]:
        """Give all due times later than a moment, in order. Those of `every` count from `since`, either way."""
        if self.every is not None:
            due = since + ((moment - since) // self.every + 1) * self.every
            while True:
                yield due
                due += self.every
        for local in CronSim(self.cron, moment.astimezone(ZoneInfo(self.zone))):
            yield local.astimezone(UTC)

    def next(self, moment: datetime, since: datetime) -> datetime:
        """Give the first due time later than a moment."""
        return next(self.after(moment, since))

    def first(self, since: datetime) -> datetime:
        """Give the first due time of all: at once for `every`, so that one sees that it works."""
        return since if self.every is not None else self.next(since, since)

    def period(self, moment: datetime, since: datetime) -> timedelta:
        """Give how long it is from the next due time to the one after that."""
        dues = self.after(moment, since)
        return -(next(dues) - next(dues))

    def __str__(self) -> str:
        """Say it as in harvester.toml."""
        return f"every {told(self.every)}" if self.every is not None else f"cron {self.cron} {self.zone}"


def rhythm_of(schedule: Schedule, zone: str) -> Rhythm:
    """Give the rhythm of a schedule; `zone` is that of all schedules that name none."""
    return Rhythm(schedule.every, schedule.cron or "", schedule.timezone or zone)


def delay_of(jitter: timedelta, due: datetime, seed: str) -> timedelta:
    """Give how much later a turn begins: by chance, but the same for all who ask."""
    number = int.from_bytes(hashlib.sha256(f"{seed} {due.timestamp():.0f}".encode()).digest()[:8], "big")
    return timedelta(seconds=int(jitter.total_seconds() * number / 2**64))


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

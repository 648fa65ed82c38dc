"""Scheduled syncs: what is harvested, how, and when it is due. Pure functions of the configuration and the time."""

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

    from harvester.config.model import ScheduleConfig, Settings


UNITS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def format_duration(length: timedelta, parts: int = 5) -> str:
    """Return a duration as written in harvester.toml, such as `1d 12h`, with at most `parts` of its largest units."""
    left, formatted = int(abs(length.total_seconds())), []
    for unit, seconds in UNITS:
        count, left = divmod(left, seconds)
        formatted += [f"{count}{unit}"] if count else []
    return " ".join(formatted[:parts]) or "0s"


@dataclass(frozen=True)
class Recurrence:
    """When a schedule is due: at a fixed interval, or by a cron expression in a time zone.

    As in Debian's cron, a time skipped by a clock change comes at the change, and a repeated time counts once, unless
    the expression has a wildcard for the hour.
    """

    every: timedelta | None = None
    cron: str = ""
    zone: str = "UTC"

    def after(self, moment: datetime, since: datetime) -> Iterator[datetime]:
        """Yield all due times after `moment`, in order, without end. An interval counts from `since`, both ways."""
        if self.every is not None:
            due = since + ((moment - since) // self.every + 1) * self.every
            while True:
                yield due
                due += self.every
        for local in CronSim(self.cron, moment.astimezone(ZoneInfo(self.zone))):
            yield local.astimezone(UTC)

    def next(self, moment: datetime, since: datetime) -> datetime:
        """Return the first due time after `moment`."""
        return next(self.after(moment, since))

    def first(self, since: datetime) -> datetime:
        """Return the very first due time: `since` itself for an interval, so that users see at once that it works."""
        return since if self.every is not None else self.next(since, since)

    def period(self, moment: datetime, since: datetime) -> timedelta:
        """Return the time between the next due time and the one after it."""
        dues = self.after(moment, since)
        return -(next(dues) - next(dues))

    def __str__(self) -> str:
        """Return the recurrence as in harvester.toml."""
        return f"every {format_duration(self.every)}" if self.every is not None else f"cron {self.cron} {self.zone}"


def recurrence_of(schedule: ScheduleConfig, zone: str) -> Recurrence:
    """Return the recurrence of a schedule; `zone` is the default time zone."""
    return Recurrence(schedule.every, schedule.cron or "", schedule.timezone or zone)


def jitter_delay(jitter: timedelta, due: datetime, seed: str) -> timedelta:
    """Return the random delay of an attempt, below `jitter`; it is the same for the same `seed` and `due`."""
    number = int.from_bytes(hashlib.sha256(f"{seed} {due.timestamp():.0f}".encode()).digest()[:8], "big")
    return timedelta(seconds=int(jitter.total_seconds() * number / 2**64))


Kind = Literal["full", "incremental"]
UNTIL_KNOWN = 3
"""An incremental sync stops after this many consecutive pages without new records: some may be added back-dated."""
STALE_AFTER = 3
"""How many syncs in a row may be missing before a schedule counts as stale, by default."""
LEAST_STALE = timedelta(hours=6)
"""The shortest default: a first harvest takes hours, and so does an outage that needs no alert."""


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
    target = (source, "--search", listing.search) if listing and listing.search else (source,)
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

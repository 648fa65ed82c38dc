"""When a schedule is due: pure functions of the schedule and a moment."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from cronsim import CronSim

from harvester.schedule.spans import told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harvester.settings.model import Schedule


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

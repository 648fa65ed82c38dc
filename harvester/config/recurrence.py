"""Durations as in harvester.toml, and when a schedule is due: pure functions of the configuration and the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from cronsim import CronSim

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from harvester.config.model import ScheduleConfig


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

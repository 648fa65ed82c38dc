"""Checks across keys of harvester.toml: contradictions, and schedules that would burden an archive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from harvester.config.recurrence import recurrence_of
from harvester.config.toml_file import KeyPath
from harvester.errors import UsageError
from harvester.politeness import agreed_delay, is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harvester.config.model import AlertConfig, ScheduleConfig, Settings

OFTENEST = timedelta(minutes=10)
"""The shortest period for an archive: listings change a few times a week, so a shorter one only burdens the archive."""
LOOKED_AHEAD = 100
Contradiction = tuple[KeyPath, str]


def contradictions(settings: Settings) -> Iterator[Contradiction]:
    """Yield the path of each contradictory key, and what to do about it."""
    yield from _delays(settings)
    for name, listing in settings.listings.items():
        if (listing.search is None) == (listing.url is None):
            yield ("listings", name), "a listing has either a `search` or a `url`; write one of them"
        if name in settings.sources:
            yield ("listings", name), f"“{name}” is an archive, too; give the listing another name"
    for name, schedule in settings.schedules.items():
        yield from ((("schedules", name, *path), message) for path, message in _schedule(schedule, settings))
    for name, alert in settings.alerts.items():
        yield from ((("alerts", name, *path), message) for path, message in _alert(alert))


def source_of(settings: Settings, harvest: str) -> str:
    """Return the source of a schedule's `harvest`, which names a source or a listing."""
    return settings.listings[harvest].source if harvest in settings.listings else harvest


def base_of(settings: Settings, source: str) -> str:
    """Return the alternative base URL of a source; empty if there is none."""
    return (settings.sources[source].base_url if source in settings.sources else None) or ""


def _delays(settings: Settings) -> Iterator[Contradiction]:
    delays = [
        (("sources", name, "delay"), source_config.delay, source_config.base_url or "")
        for name, source_config in settings.sources.items()
    ]
    # For all archives: those that are not named are elsewhere; for local copies it may be what it is.
    bases = [source_config.base_url for source_config in settings.sources.values() if source_config.base_url] or [""]
    for path, delay, base in [*delays, (("delay",), settings.delay, bases[0])]:
        try:
            agreed_delay(delay, base)
        except UsageError:
            yield path, f"{delay:g} seconds would burden the archive; write 1 or more"


def _schedule(schedule: ScheduleConfig, settings: Settings) -> Iterator[Contradiction]:
    if (schedule.every is None) == (schedule.cron is None):
        yield (), "a schedule has either `every` or `cron`; write one of them: every = “6h”"
        return
    if schedule.web_archive and (schedule.incremental or schedule.harvest in settings.listings):
        yield ("web_archive",), "a web archive is read for a whole archive, and whole each time; name the archive alone"
    if schedule.versions and not schedule.web_archive:
        yield ("versions",), "versions are captures in a web archive; write web_archive, too, or leave them out"
    if schedule.every and schedule.timezone:
        yield ("timezone",), "a time zone matters to `cron` only; leave it out, or write cron instead of every"
    period, key = shortest_period(schedule, settings.timezone), "every" if schedule.every else "cron"
    local = is_loopback(base_of(settings, source_of(settings, schedule.harvest)))
    if period < OFTENEST and not local:
        yield (key,), "that is too often for an archive; write at least 10 minutes: every = “10m”"
    if schedule.jitter and schedule.jitter >= period:
        yield ("jitter",), "the jitter must be shorter than the time between two syncs; write less"
    if schedule.stale_after and schedule.stale_after <= period:
        yield ("stale_after",), "this is over before the next sync is due; write at least twice its rhythm"


def shortest_period(schedule: ScheduleConfig, zone: str) -> timedelta:
    """Return the shortest time between two consecutive syncs of a schedule."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    dues = list(islice(recurrence_of(schedule, zone).after(now, now), LOOKED_AHEAD))
    return min((later - earlier for earlier, later in pairwise(dues)), default=timedelta(days=366))


def _alert(alert: AlertConfig) -> Iterator[Contradiction]:
    if (alert.command is None) == (alert.webhook is None):
        yield (), "an alert has either a `command` or a `webhook`; write one of them"
    if alert.headers and alert.webhook is None:
        yield ("headers",), "headers go with a webhook only; leave them out"

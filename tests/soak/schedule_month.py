"""Ten schedulers on one database for a month: `python -m tests.soak.schedule_month` prints what became of due times.

Schedulers are killed (before and after they start a sync, too), the machine sleeps, its clock is set back and forward,
and both changes of daylight saving fall into the month: Vienna's in the autumn, Sydney's in the spring.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from harvester.config.recurrence import Recurrence
from harvester.schedule.plans import ScheduledSync
from tests.support.schedule_world import Month

BEGIN, END = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLANS = (
    ScheduledSync("hourly", "alpha", Recurrence(HOUR), jitter=timedelta(minutes=9), incremental=5),
    ScheduledSync("vienna", "beta", Recurrence(cron="30 2 * * *", zone="Europe/Vienna")),
    ScheduledSync("sydney", "gamma", Recurrence(cron="30 2 * * *", zone="Australia/Sydney")),
    ScheduledSync(
        "half",
        "delta",
        Recurrence(cron="*/30 * * * *", zone="Europe/Vienna"),
        harvest="part",
        target=("delta", "--search", "x"),
    ),
    ScheduledSync("whole", "delta", Recurrence(cron="17 3 * * 1-5", zone="Europe/Vienna")),
    ScheduledSync("grave", "dead", Recurrence(2 * HOUR)),
)
SCHEDULERS = 10
GRACE = timedelta(minutes=10)


@functools.cache
def due_times(name: str) -> set[datetime]:
    """Return all due times of the month by counting minutes, so in another way than the schedulers do.

    Some days more, too: the last look may come long after the month, by a clock on the wall that may be ahead.
    """
    minutes = [BEGIN + timedelta(minutes=n) for n in range(int((END + 96 * HOUR - BEGIN).total_seconds()) // 60)]
    if name in ("hourly", "grave"):
        return {
            minute for minute in minutes if minute.minute == 0 and minute.hour % (1 if name == "hourly" else 2) == 0
        }
    if name == "half":
        return {minute for minute in minutes if minute.minute % 30 == 0 and minute > BEGIN}
    zone = ZoneInfo("Australia/Sydney" if name == "sydney" else "Europe/Vienna")
    hour, minute_ = (3, 17) if name == "whole" else (2, 30)
    found, days = set(), set()
    for minute in minutes:
        local = minute.astimezone(zone)
        wanted = name != "whole" or local.weekday() < 5
        # Of a time that comes twice the first; of one that is left out the first minute after the gap.
        if local.date() not in days and wanted and (local.hour, local.minute) >= (hour, minute_):
            days.add(local.date())
            if (local.hour, local.minute) == (hour, minute_) or _withhold_page(local, hour, minute_, zone):
                found.add(minute)
    return found


def _withhold_page(local: datetime, hour: int, minute: int, zone: ZoneInfo) -> bool:
    wished = datetime(local.year, local.month, local.day, hour, minute, tzinfo=zone)
    return wished.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wished.replace(tzinfo=None)


@dataclass(frozen=True)
class Happening:
    """Something that happens to the machine."""

    at: datetime
    what: str
    amount: timedelta


HAPPENINGS = (
    Happening(datetime(2026, 10, 3, 15, 55, tzinfo=UTC), "suspend", timedelta(minutes=8)),  # over Sydney's change
    Happening(datetime(2026, 10, 6, 1, 0, tzinfo=UTC), "suspend", 9 * HOUR),
    Happening(datetime(2026, 10, 9, 10, 0, tzinfo=UTC), "clock", -3 * HOUR),
    Happening(datetime(2026, 10, 10, 10, 0, tzinfo=UTC), "clock", 3 * HOUR),
    Happening(datetime(2026, 10, 13, 0, 0, tzinfo=UTC), "suspend", timedelta(days=2, hours=5)),
    Happening(datetime(2026, 10, 17, 12, 0, tzinfo=UTC), "clock", timedelta(minutes=20)),
    Happening(datetime(2026, 10, 18, 12, 0, tzinfo=UTC), "clock", -timedelta(minutes=20)),
    Happening(datetime(2026, 10, 20, 12, 0, tzinfo=UTC), "all stopped", 5 * HOUR),
    Happening(datetime(2026, 10, 25, 0, 20, tzinfo=UTC), "suspend", timedelta(minutes=70)),  # over Vienna's change
    Happening(datetime(2026, 10, 28, 3, 0, tzinfo=UTC), "all killed", 2 * HOUR),
)


def live(world: Month, gap: int, kills: float) -> None:
    """Simulate the month. Each scheduler ticks every few minutes, at other moments than the others."""
    world.kill_at = lambda _moment: world.chance.random() < kills / 4
    looks = {world.scheduler().who: BEGIN for _ in range(SCHEDULERS)}
    happenings = list(HAPPENINGS)
    while world.time < END:
        if happenings and happenings[0].at <= world.time:
            _happen(world, happenings.pop(0), looks)
        who = min(looks, key=lambda name: looks[name])
        world.time = max(world.time, looks[who])
        world.keep_ends()
        living = world.living.get(who)
        if living:
            living.look()
            if world.chance.random() < kills / 20:
                world.kill(who, orphan=world.chance.random() < 0.5) if who in world.living else None
        if who not in world.living:  # killed: another one takes its place some minutes later
            del looks[who]
            looks[world.scheduler().who] = world.time + timedelta(minutes=world.chance.randrange(1, 40))
        else:
            nap = world.time + timedelta(seconds=world.chance.randrange(30, gap * 60))
            looks[who] = min([nap, *(work.ends for work in world.living[who].works if work.ends > world.time)])


def _happen(world: Month, happening: Happening, looks: dict[str, datetime]) -> None:
    if happening.what == "clock":
        world.wrong += happening.amount
        return
    if happening.what == "suspend":
        _suspend(world, happening.amount)
    elif happening.what == "all stopped":
        _stop_all(world)
        _start_all(world, looks, happening.amount)
    else:
        for who in list(world.living):
            world.kill(who, orphan=False)
        _start_all(world, looks, happening.amount)
    for number, who in enumerate(looks):
        looks[who] = max(looks[who], world.time) + timedelta(seconds=number)


def _suspend(world: Month, length: timedelta) -> None:
    """Pass time in which nothing runs, not even syncs."""
    for work in world.open:
        work.ends += length
    world.time += length


def _stop_all(world: Month) -> None:
    """Stop every scheduler, and let its syncs end."""
    for living in world.living.values():
        living.scheduler.stop()
    world.time += timedelta(seconds=30)
    world.keep_ends()
    for living in world.living.values():
        living.look()


def _start_all(world: Month, looks: dict[str, datetime], later: timedelta) -> None:
    world.time += later
    world.keep_ends()
    world.living.clear()
    looks.clear()
    looks.update({world.scheduler().who: world.time for _ in range(SCHEDULERS)})


def faults(world: Month) -> list[str]:
    """Return everything that is not as promised."""
    turns = {row["id"]: row for row in world.db.query("SELECT * FROM sync_attempts")}
    stated = [fault for plan in PLANS for fault in _faults_of(plan, world, turns)]
    for source in sorted({plan.source for plan in PLANS}):
        works = sorted((w for w in world.works if w.command.split()[2] == source), key=lambda work: work.began)
        stated += [f"{source}: two at a time at {b.began}" for a, b in itertools.pairwise(works) if a.ends > b.began]
    stated += [f"{world.refused} syncs met another one at work"] if world.refused > world.killed else []
    started = Counter(work.who for work in world.works)
    known = Counter(turn["worker_process"] for turn in turns.values() if turn["worker_process"])
    stated += [f"{who} stands for {count} attempts" for who, count in known.items() if count != 1 or started[who] > 1]
    return stated


def _faults_of(plan: ScheduledSync, world: Month, turns: dict[int, dict[str, object]]) -> list[str]:
    own = [turn for turn in turns.values() if turn["schedule"] == plan.name]
    rows = Counter(str(turn["due_at"]) for turn in own)
    stated = [f"{plan.name}: {due} stands {count} times" for due, count in rows.items() if count != 1]
    until = world.clock() - timedelta(hours=13)  # what came last may still wait
    dues = {f"{due:%Y-%m-%dT%H:%M:%SZ}" for due in due_times(plan.name) if due < until}
    stated += [f"{plan.name}: nothing is known of {due}" for due in sorted(dues - set(rows))]
    planned = {f"{due:%Y-%m-%dT%H:%M:%SZ}" for due in due_times(plan.name)}
    stated += [f"{plan.name}: {due} was never due" for due in sorted(set(rows) - planned - _repeats(own))]
    for turn in own:
        stated += [f"{plan.name}: {turn['due_at']} {why}" for why in _wrong(turn, turns)]
    return stated


def _repeats(own: list[dict[str, object]]) -> set[str]:
    return {str(turn["due_at"]) for turn in own if turn["retry_of"]}


def _wrong(turn: dict[str, object], turns: dict[int, dict[str, object]]) -> list[str]:
    if turn["missed_reason"]:
        by = turns.get(turn["caught_up_by"])  # type: ignore[call-overload]
        if not by or not by["started_at"] or by["schedule"] != turn["schedule"]:
            return ["was missed and not caught up"]
        return (
            [] if (turn["status"] == "missed") == (by is not turn) else ["was missed and run, and caught up by another"]
        )
    if turn["status"] == "missed" or not turn["started_at"]:
        return ["was neither run nor said to be missed"]
    late = datetime.fromisoformat(str(turn["started_at"])) - datetime.fromisoformat(str(turn["due_at"]))
    jitter = timedelta(minutes=9) if turn["schedule"] == "hourly" else timedelta()
    return [] if turn["retry_of"] or timedelta() <= late <= GRACE + jitter else [f"began {late} late, as if in time"]


def table(world: Month) -> str:
    """Return a table of the outcomes of each schedule's due times."""
    states = ("complete", "partial", "failed", "interrupted", "stopped")
    lines = [
        f"{'schedule':<9}{'due':>6}{'in time':>9}{'missed':>8}{'caught up by':>14}{'repeats':>9}"
        + "".join(f"{s:>13}" for s in states)
    ]
    for plan in PLANS:
        own = list(world.db.query("SELECT * FROM sync_attempts WHERE schedule = ?", [plan.name]))
        planned = [turn for turn in own if not turn["retry_of"] or turn["due_at"] in _stamps(plan.name)]
        missed = [turn for turn in own if turn["missed_reason"]]
        by = {turn["caught_up_by"] for turn in missed}
        counts = Counter(turn["status"] for turn in own)
        lines.append(
            f"{plan.name:<9}{len(planned):>6}{len(planned) - len(missed):>9}{len(missed):>8}{len(by):>14}"
            f"{len(own) - len(planned):>9}" + "".join(f"{counts[state]:>13}" for state in states)
        )
    schedulers = world.count - len(world.works) - world.refused
    lines.append(f"{len(world.works)} syncs by {schedulers} schedulers, {world.killed} of them killed")
    return "\n".join(lines)


def _stamps(name: str) -> set[str]:
    return {f"{due:%Y-%m-%dT%H:%M:%SZ}" for due in due_times(name)}


def main(arguments: list[str]) -> int:
    """Simulate months; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="how many different months")
    parser.add_argument("--gap", type=int, default=4, help="minutes between two looks of a scheduler, at most")
    requested = parser.parse_args(arguments)
    stated: list[str] = []
    for seed in range(requested.seeds):
        with tempfile.TemporaryDirectory() as folder:
            world = Month(Path(folder), PLANS, BEGIN, seed)
            live(world, requested.gap, kills=0.05)
            print(table(world))
            stated += faults(world)
    print(
        "\n".join(stated)
        or "every due time was run once, or is known as missed and was caught up once; never two at a time"
    )
    return int(bool(stated))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

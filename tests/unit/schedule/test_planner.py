"""When something is due: pure functions of the schedule, of what has happened, and of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harvester.config.model import Settings
from harvester.config.recurrence import Recurrence
from harvester.schedule.planner import FinishedAttempt, ScheduleState, Start, decide, next_due, next_start
from harvester.schedule.plans import ScheduledSync, jitter_delay, scheduled_syncs
from tests.support.trials import trials

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
HOURLY = ScheduledSync("hourly", "wilson", Recurrence(HOUR))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def known(due: datetime, *turns: FinishedAttempt, incrementals: int | None = None) -> ScheduleState:
    return ScheduleState(SINCE, due, "seed", turns, turns[-1] if turns else None, incrementals)


def ended(number: int, state: str, begun: datetime, finished: datetime) -> FinishedAttempt:
    return FinishedAttempt(number, "hourly", "full", state, begun, finished)


@pytest.mark.parametrize(
    ("cron", "zone", "after", "dues"),
    [
        # The clock goes on from 2 to 3: what is left out comes then. It goes back from 3 to 2: once is enough.
        ("30 2 * * *", "Europe/Vienna", "2026-03-28 12:00", ["2026-03-29 01:00", "2026-03-30 00:30"]),
        ("30 2 * * *", "Europe/Vienna", "2026-10-24 12:00", ["2026-10-25 00:30", "2026-10-26 01:30"]),
        ("30 2 * * *", "Australia/Sydney", "2026-10-03 12:00", ["2026-10-03 16:00", "2026-10-04 15:30"]),
        # What comes every half hour goes on coming.
        ("*/30 * * * *", "Europe/Vienna", "2026-10-25 00:15", ["2026-10-25 00:30", "2026-10-25 01:00"]),
        ("17 3 * * 1-5", "UTC", "2026-10-02 03:17", ["2026-10-05 03:17", "2026-10-06 03:17"]),
        ("0 0 29 2 *", "UTC", "2026-01-01 00:00", ["2028-02-29 00:00", "2032-02-29 00:00"]),
    ],
)
def test_cron_keeps_to_the_clock_on_the_wall(cron: str, zone: str, after: str, dues: list[str]) -> None:
    found = Recurrence(cron=cron, zone=zone).after(at(after), SINCE)
    assert [f"{due:%Y-%m-%d %H:%M}" for due in islice(found, 2)] == dues


RHYTHMS = st.one_of(
    st.integers(1, 5000).map(lambda minutes: Recurrence(minutes * MINUTE)),
    st.builds(
        lambda cron, zone: Recurrence(cron=cron, zone=zone),
        st.sampled_from(["17 3 * * *", "30 2 * * *", "*/20 * * * *", "0 */6 * * *", "5 1,2,3 * * 0", "0 0 1 * *"]),
        st.sampled_from(["UTC", "Europe/Vienna", "Australia/Sydney", "America/New_York", "Asia/Kathmandu"]),
    ),
)
MOMENTS = st.integers(0, 2 * 366 * 24 * 60).map(lambda minutes: SINCE + minutes * MINUTE)


@given(RHYTHMS, MOMENTS, st.integers(0, 3000))
@example(Recurrence(cron="*/20 * * * *", zone="Europe/Vienna"), at("2026-10-24 23:00"), 95)
def test_due_times_do_not_depend_on_when_one_asks(rhythm: Recurrence, moment: datetime, later: int) -> None:
    dues = list(islice(rhythm.after(moment, SINCE), 12))
    assert dues == sorted(set(dues))
    assert dues[0] > moment
    requested = moment + later * MINUTE
    expected = [due for due in dues if due > requested]
    assert list(islice(rhythm.after(requested, SINCE), len(expected))) == expected


@given(st.integers(0, 10**6), st.integers(0, 3600))
def test_the_start_is_scattered_and_the_same_for_all(hours: int, jitter: int) -> None:
    due = SINCE + hours * HOUR
    delays = {jitter_delay(jitter * timedelta(seconds=1), due, "seed") for _ in range(2)}
    assert len(delays) == 1
    assert timedelta() <= delays.pop() < max(jitter, 1) * timedelta(seconds=1)


def test_the_start_differs_from_time_to_time_and_from_place_to_place() -> None:
    delays = {jitter_delay(HOUR, SINCE + n * DAY, seed) for n in range(20) for seed in ("a", "b")}
    assert len(delays) == 40


def test_what_is_due_is_begun_and_the_next_one_planned() -> None:
    due = SINCE + HOUR
    assert decide(HOURLY, known(due), due - MINUTE) is None
    assert decide(HOURLY, known(due), due + MINUTE) == Start(due, "full", [], None, due + HOUR)


def test_what_was_missed_is_caught_up_once() -> None:
    due = SINCE + HOUR
    start = decide(HOURLY, known(due), due + 3 * HOUR + 30 * MINUTE)
    assert start is not None
    assert (start.due_at, start.next_due) == (due + 3 * HOUR, due + 4 * HOUR)
    assert [missed for missed, _ in start.missed] == [due, due + HOUR, due + 2 * HOUR, due + 3 * HOUR]
    assert all("no scheduler was running" in why for _, why in start.missed)


def test_why_it_was_missed_is_told() -> None:
    due = SINCE + HOUR
    long = ended(7, "complete", due - 2 * MINUTE, due + 20 * MINUTE)
    start = decide(HOURLY, known(due, long), due + 21 * MINUTE)
    assert start
    assert list(start.missed) == [(due, "a sync of wilson was still going on (attempt 7)")]


def test_a_source_is_left_alone_longer_after_each_failure() -> None:
    turns: list[FinishedAttempt] = []
    waits = []
    moment = SINCE
    for number in range(9):
        turns.append(ended(number, "failed", moment, moment))
        before = known(SINCE + 10 * DAY, *turns)
        until = next(m for m in (moment + n * MINUTE for n in range(400)) if decide(HOURLY, before, m))
        waits.append(int((until - moment) / MINUTE))
        moment = until
    assert waits == [5, 10, 20, 40, 80, 160, 320, 360, 360]


def test_due_times_meanwhile_are_missed_with_that_reason_and_another_source_is_not_held_up() -> None:
    turns = [ended(n, "failed", SINCE, SINCE) for n in range(5)]  # 80 minutes
    start = decide(HOURLY, known(SINCE + HOUR, *turns), SINCE + 81 * MINUTE)
    assert start
    assert list(start.missed) == [(SINCE + HOUR, "wilson was left alone after 5 failures in a row")]
    other = ScheduledSync("other", "blacklight", Recurrence(HOUR))
    assert decide(other, known(SINCE + HOUR), SINCE + HOUR)


def test_what_was_only_stopped_goes_on_at_once() -> None:
    stopped = ended(3, "stopped", SINCE, SINCE + MINUTE)
    start = decide(HOURLY, known(SINCE + HOUR, stopped), SINCE + 2 * MINUTE)
    assert start == Start(SINCE + 2 * MINUTE, "full", (), 3, SINCE + HOUR)


def test_a_clock_that_is_set_back_repeats_nothing_and_holds_nothing_up() -> None:
    # It was wrong by a year; what came then has its turns, the time between is to be used.
    wrong = known(SINCE + 365 * DAY + HOUR)
    assert next_due(HOURLY, wrong, SINCE + 5 * HOUR + MINUTE) == SINCE + 6 * HOUR
    done = ScheduleState(SINCE, SINCE + 8 * HOUR, "seed", attempted=frozenset(SINCE + n * HOUR for n in range(8)))
    assert next_due(HOURLY, done, SINCE + 5 * HOUR + MINUTE) == SINCE + 8 * HOUR
    # A failure that lies ahead does not make anybody wait for it.
    failed = ended(1, "failed", SINCE + 300 * DAY, SINCE + 300 * DAY)
    assert decide(HOURLY, known(SINCE + HOUR, failed), SINCE + HOUR)


def test_each_full_walk_is_followed_by_so_many_short_ones() -> None:
    plan = ScheduledSync("hourly", "wilson", Recurrence(HOUR), incremental=2)
    kinds = [
        start.kind
        for count in (None, 0, 1, 2)
        if (start := decide(plan, known(SINCE + HOUR, incrementals=count), SINCE + HOUR))
    ]
    assert kinds == ["full", "incremental", "incremental", "full"]


def test_a_web_archive_is_asked_instead_of_the_archive() -> None:
    schedule = {"harvest": "wilson", "every": "1w", "web_archive": "https://wa.example/wb", "request_budget": 500}
    (plan,) = scheduled_syncs(Settings.model_validate({"schedules": {"past": schedule}}))
    target = ["harvest", "wilson", "--web-archive", "https://wa.example/wb", "--versions", "changed"]
    assert plan.arguments("full") == [*target, "--max-requests", "500"]


@pytest.mark.slow
def test_after_months_or_years_only_so_many_missed_times_are_listed() -> None:
    plan = ScheduledSync("often", "wilson", Recurrence(10 * MINUTE))
    days = trials(180, 3650)
    start = decide(plan, known(SINCE), SINCE + days * DAY + 5 * MINUTE)
    assert start
    assert len(start.missed) == 999  # and the one that is begun, in time
    assert start.missed[0][1].endswith(f"{days * 144 + 1 - 1000} due times before this one were missed, too")


def test_what_comes_next_is_what_is_tried_again_if_that_is_sooner() -> None:
    failed = ended(1, "failed", SINCE, SINCE + MINUTE)
    assert next_start(HOURLY, known(SINCE + HOUR, failed), SINCE + MINUTE) == SINCE + 6 * MINUTE
    fine = ended(1, "complete", SINCE, SINCE + MINUTE)
    assert next_start(HOURLY, known(SINCE + HOUR, fine), SINCE + MINUTE) == SINCE + HOUR

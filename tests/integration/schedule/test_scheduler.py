"""Schedulers at work: real processes, real harvests of a local archive, real signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from harvester.cli import run
from harvester.config.loader import read_settings
from harvester.schedule.plans import ScheduledSync, scheduled_syncs
from harvester.schedule.scheduler import Scheduler
from harvester.schedule.workers import Launcher
from harvester.store.database import open_to_read, open_to_write
from harvester.store.locks import acquire, release
from harvester.store.run import Run
from tests.soak.schedule_month import BEGIN, PLANS, SCHEDULERS, faults, table
from tests.soak.schedule_month import live as live_a_month
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Manner, Site
from tests.support.forks import FORKS, program
from tests.support.schedule_world import Month, World
from tests.support.schedulers import live
from tests.support.trials import trials

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZE = 35
LONG = 60.0


def wait_for(what: Any) -> None:
    until = time.monotonic() + LONG
    while not what():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.1)  # what is waited for opens a database each time


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    with ArchiveServer(Site(SIZE, "schedule", Manner(etags=True))) as server:
        yield server


def configured(folder: Path, server: ArchiveServer, schedule: str, delay: float = 0) -> Path:
    file = folder / "harvester.toml"
    file.write_text(
        f'[sources.wilson]\nbase_url = "{server.base}"\ndelay = {delay}\ndocuments = false\n\n'
        f'[schedules.nightly]\nharvest = "wilson"\n{schedule}\n'
    )
    return file


def command(folder: Path, *arguments: str) -> list[str]:
    start = [sys.executable, "-m", "harvester", "--config", str(folder / "harvester.toml")]
    return [*start, "schedule", *arguments, "--db", str(folder / "a.db")]


def scheduled(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of schedules to its end, in a fork."""
    return program(*command(folder, *arguments)[2:])


def turns(folder: Path, columns: str) -> list[tuple[Any, ...]]:
    with closing(open_to_read(folder / "a.db")) as db:
        return list(db.execute(f"SELECT {columns} FROM sync_attempts ORDER BY id").fetchall())


def walked(server: ArchiveServer) -> list[str]:
    return [requested.target.rpartition("=")[2] for requested in server.requested("/search")]


def test_ten_schedulers_do_in_a_month_each_thing_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = Month(tmp_path, PLANS, BEGIN, seed=5)
    live_a_month(world, gap=trials(3000, 300), kills=0.05)
    with capsys.disabled():
        print(f"\n{table(world)}", end="")
    assert faults(world) == []
    assert world.killed > SCHEDULERS


def test_a_sync_whose_end_another_scheduler_has_kept_holds_nobody_up(tmp_path: Path) -> None:
    world = World(tmp_path, PLANS[:1], BEGIN)
    one = world.scheduler()
    world.time += timedelta(hours=2)
    one.look()
    assert one.scheduler.busy
    with closing(open_to_write(tmp_path / "world.db")) as db:
        db.execute("UPDATE sync_attempts SET status = 'interrupted', finished_at = started_at")
    world.time += timedelta(minutes=5)
    world.keep_ends()
    one.scheduler.stop()
    one.look()
    assert not one.scheduler.busy


def test_ten_processes_on_one_database_do_each_thing_once(tmp_path: Path) -> None:
    open_to_write(tmp_path / "many.db").close()
    processes = [FORKS.Process(target=live, args=(str(tmp_path),), daemon=True) for _ in range(SCHEDULERS)]
    for process in processes:
        process.start()
    for victim in processes[:4]:
        done = count(tmp_path, "status = 'complete'")
        wait_for(lambda done=done: count(tmp_path, "status = 'complete'") >= done + 4)
        assert count(tmp_path, "status = 'failed'") == 0
        victim.kill()
    for process in processes[4:]:
        process.terminate()
    for process in processes:
        process.join(LONG)
    assert [process.exitcode for process in processes] == [-9] * 4 + [0] * 6
    wait_for(lambda: not list(tmp_path.glob("*.held")))  # the syncs of those that were killed go on
    for source in ("alpha", "beta"):
        stated = (tmp_path / f"{source}.log").read_text().split()
        assert stated == ["begin", "end"] * (len(stated) // 2)
    with closing(open_to_read(tmp_path / "many.db")) as db:
        assert db.execute("SELECT 1 FROM sync_attempts GROUP BY run_id HAVING count(run_id) > 1").fetchone() is None
        # From the first to the last there is no second without its turn.
        sql = """SELECT schedule, count(*), unixepoch(max(due_at)) - unixepoch(min(due_at)) + 1 FROM sync_attempts
            WHERE schedule IN ('one', 'three') AND retry_of IS NULL GROUP BY schedule"""
        assert all(turns == seconds for _, turns, seconds in db.execute(sql))


def count(folder: Path, which: str) -> int:
    with closing(open_to_read(folder / "many.db")) as db:
        return int(db.execute(f"SELECT count(*) FROM sync_attempts WHERE {which}").fetchone()[0])


class Desk:
    """A scheduler in this process, with a clock that can be put forward."""

    def __init__(self, folder: Path, schedule: str, server: ArchiveServer, delay: float = 0) -> None:
        self.file = configured(folder, server, schedule, delay)
        self.path = folder / "a.db"
        self.later = timedelta()
        launcher = Launcher(self.path, self.file)
        plans = scheduled_syncs(read_settings(self.file).settings)
        self.scheduler = Scheduler(plans, launcher, ("desk",), clock=lambda: datetime.now(UTC) + self.later)
        self.with_database("register")

    def with_database(self, what: str) -> None:
        with closing(open_to_write(self.path)) as db:
            getattr(self.scheduler, what)(db)

    def look(self) -> None:
        self.with_database("tick")

    def until_done(self) -> None:
        wait_for(lambda: self.scheduler.has_finished)
        self.look()


def test_a_killed_sync_is_gone_on_with_and_the_history_says_so(tmp_path: Path, server: ArchiveServer) -> None:
    desk = Desk(tmp_path, 'every = "1d"', server, delay=0.3)
    desk.look()
    wait_for(lambda: len(walked(server)) == 3)
    ((who,),) = turns(tmp_path, "worker_process")
    os.kill(int(who.split()[1]), signal.SIGKILL)
    desk.until_done()
    desk.look()
    ((state, reason, run_id),) = turns(tmp_path, "status, reason, run_id")
    assert (state, run_id) == ("interrupted", 1)
    assert reason == "the harvest was killed (signal 9); the next attempt goes on from there"
    desk.look()
    assert len(turns(tmp_path, "id")) == 1  # not at once
    desk.later = timedelta(minutes=6)
    desk.look()
    desk.until_done()
    assert turns(tmp_path, "id, status, retry_of, run_id")[1:] == [(2, "complete", 1, 2)]
    pages = walked(server)
    assert pages in (["0", "1", "2", "1", "2", "3", "0"], ["0", "1", "2", "2", "3", "0"])  # the seam, once
    with closing(open_to_read(tmp_path / "a.db")) as db:
        outcome = list(db.execute("SELECT event, subject, kind FROM notifications ORDER BY id"))
        assert outcome == [("firing", "nightly", "run"), ("resolved", "nightly", "run")]
        assert list(db.execute("SELECT status FROM runs")) == [("interrupted",), ("complete",)]
        assert list(db.execute("SELECT run_id, status, distinct_records FROM walks")) == [(2, "complete", SIZE)]


def test_a_scheduler_that_is_asked_to_stop_finishes_the_page_and_goes_on_later(
    tmp_path: Path, server: ArchiveServer
) -> None:
    configured(tmp_path, server, 'every = "1d"', delay=0.3)
    process = subprocess.Popen(command(tmp_path, "run"), stderr=subprocess.PIPE)
    wait_for(lambda: len(walked(server)) == 2)
    process.terminate()
    assert process.communicate(timeout=LONG)[1] == b""
    assert process.returncode == 0
    ((state, reason),) = turns(tmp_path, "status, reason")
    assert (state, reason) == ("stopped", "the scheduler was asked to stop; it goes on when it is started again")
    requested = len(server.log)
    scheduled(tmp_path, "run", "--once").check_returncode()
    assert turns(tmp_path, "status, retry_of")[1:] == [("complete", 1)]
    assert (
        len(
            {requested.target for requested in server.log[requested:]}
            & {requested.target for requested in server.log[:requested]}
        )
        <= 3
    )
    with closing(open_to_read(tmp_path / "a.db")) as db:
        assert db.execute("SELECT count(*) FROM notifications").fetchone()[0] == 0


def test_once_does_what_is_due_and_no_more(tmp_path: Path, server: ArchiveServer) -> None:
    configured(tmp_path, server, 'every = "1d"\nincremental = 1')
    for _ in range(2):
        scheduled(tmp_path, "run", "--once").check_returncode()
    assert turns(tmp_path, "status, kind") == [("complete", "full")]


def test_a_budget_is_no_failure(tmp_path: Path, server: ArchiveServer) -> None:
    desk = Desk(tmp_path, 'every = "1d"\nrequest_budget = 3', server)
    desk.look()
    desk.until_done()
    why = "its budget of 3 requests is used up; the next run goes on from here"
    assert turns(tmp_path, "status, reason") == [("bounded", why)]
    with closing(open_to_read(tmp_path / "a.db")) as db:
        assert not list(db.execute("SELECT * FROM incidents"))


def test_one_dead_archive_delays_no_other(tmp_path: Path, server: ArchiveServer) -> None:
    file = configured(tmp_path, server, 'every = "1h"')
    file.write_text(
        file.read_text() + '[sources.blacklight]\nbase_url = "http://127.0.0.1:9"\ndelay = 0\n\n'
        '[schedules.dead]\nharvest = "blacklight"\nevery = "1h"\n'
    )
    done = scheduled(tmp_path, "run", "--once")
    assert (done.returncode, done.stderr) == (0, "")
    states = dict(turns(tmp_path, "schedule, status"))
    assert states == {"dead": "failed", "nightly": "complete"}
    reasons = dict(turns(tmp_path, "schedule, reason"))
    assert "no answer from 127.0.0.1:9" in reasons["dead"]
    outcome = scheduled(tmp_path, "status")
    assert outcome.returncode == 1
    assert "not well: dead since " in outcome.stdout
    assert "it is tried again by itself" in outcome.stdout


def test_a_harvest_by_hand_holds_the_source(tmp_path: Path, server: ArchiveServer) -> None:
    desk = Desk(tmp_path, 'every = "1d"', server)
    with closing(open_to_write(desk.path)) as db:
        by_hand = Run(db, "by hand", live=True)
        acquire(db, "wilson", by_hand.id)
        desk.look()
        assert turns(tmp_path, "id") == []
        by_hand.finish("complete")
        release(db, "wilson", by_hand.id)
    desk.look()
    desk.until_done()
    assert turns(tmp_path, "status") == [("complete",)]


def test_a_schedule_that_changes_counts_from_then(tmp_path: Path, server: ArchiveServer) -> None:
    desk = Desk(tmp_path, 'every = "1d"', server)
    with closing(open_to_write(desk.path)) as db:
        rows = "SELECT recurrence, removed_at FROM schedules ORDER BY name"
        assert list(db.execute(rows)) == [("every 1d", None)]
        desk.scheduler.plans = [ScheduledSync("other", "wilson", desk.scheduler.plans[0].recurrence)]
        desk.scheduler.register(db)
        assert [removed is None for _, removed in db.execute(rows)] == [False, True]


@pytest.mark.parametrize("what", ["run", "install"])
def test_without_a_schedule_it_says_how_to_write_one(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["schedule", what, *(["--cron"] if what == "install" else [])]) == 2
    assert capsys.readouterr().err.startswith("Error: nothing is scheduled: write into harvester.toml")


def test_an_archive_that_there_is_not_is_found_before_anything_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "harvester.toml").write_text('[schedules.nightly]\nharvest = "wislon"\nevery = "6h"\n')
    assert run(command(tmp_path, "run")[3:]) == 2
    line = f'Error: {tmp_path}/harvester.toml:2: schedules.nightly.harvest: there is no archive "wislon"; '
    assert capsys.readouterr().err == f"{line}did you mean wilson?\n"
    assert not (tmp_path / "a.db").exists()

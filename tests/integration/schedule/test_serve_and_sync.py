"""One command that serves and syncs; what the site shows of it; and the recipes as they stand in the documents."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harvester.processes import identity, runs
from harvester.store.database import open_to_read, open_to_write
from tests.integration.schedule.test_scheduler import configured, turns, wait_for
from tests.soak.syncs import child, children
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Manner, Site
from tests.support.forks import soak
from tests.support.paths import ROOT
from tests.support.publishing import Site as Published
from tests.support.publishing import datasette_alone, harvester_serve, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.publishing import Server

DOCUMENT = (ROOT / "docs" / "schedule.md").read_text("utf-8")


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    with ArchiveServer(Site(20, "serve", Manner(etags=True))) as server:
        yield server


def serving(folder: Path) -> list[str]:
    start = [sys.executable, "-m", "harvester", "--config", str(folder / "harvester.toml")]
    return [*start, "serve", "--sync", "--db", str(folder / "a.db"), "--port", "0"]


def page(started: Server, path: str) -> str:
    return Published(started.address(), "a").text(path)


def test_one_command_serves_and_syncs_and_ends_in_good_order(tmp_path: Path, server: ArchiveServer) -> None:
    configured(tmp_path, server, 'every = "1d"')
    with running(serving(tmp_path)) as started:
        assert "nightly" in page(started, "syncs") or started.address()
        wait_for(lambda: turns(tmp_path, "status") == [("complete",)])
        text = page(started, "syncs")
        assert re.search(r">nightly</a></td>\s*<td[^>]*>wilson</td>\s*<td[^>]*>every 1d</td>", text)
        assert ">complete (ordered)</td>" in text
        assert "20 new" in text
        assert Published(started.address(), "a").json("-/health")["healthy"] is True
        assert started.complained.read_text() == ""
        first = child(started.process.pid)
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: alive(started.process.pid) not in ([], [first]))
        second = identity(alive(started.process.pid)[0])
        restarted = "the scheduler has ended with status -9; it is started again"
        assert restarted in started.complained.read_text()
        started.process.terminate()
        assert started.process.wait(180) == 0
        assert not runs(second)
        assert len(started.complained.read_text().splitlines()) == 1


def test_a_stop_waits_for_the_page_in_hand(tmp_path: Path, server: ArchiveServer) -> None:
    configured(tmp_path, server, 'every = "1d"', delay=0.5)
    with running(serving(tmp_path)) as started:
        started.address()
        wait_for(lambda: server.requested("/search"))
        started.process.send_signal(signal.SIGINT)
        assert started.process.wait(180) == 0
    assert turns(tmp_path, "status") == [("stopped",)]
    with closing(open_to_read(tmp_path / "a.db")) as db:
        assert list(db.execute("SELECT status FROM runs")) == [("interrupted",)]


def alive(process: int) -> list[int]:
    return [number for number in children(process) if runs(identity(number))]


@pytest.mark.parametrize("how", ["harvester serve", "datasette FOLDER"])
def test_the_site_shows_what_is_next_what_was_missed_and_what_is_bad(tmp_path: Path, how: str) -> None:
    path = tmp_path / "harvest.db"
    with closing(open_to_write(path)) as db:
        # Of long ago, so nobody looks after it; missed and caught up; and not well.
        db.execute(
            "INSERT INTO runs (command, started_at, status, new) VALUES ('c', '2026-01-02T08:00:00Z', 'partial', 3)"
        )
        db.execute(
            """INSERT INTO schedules (name, source, target, recurrence, registered_at, next_due, next_start,
                stale_after, jitter_seed)
            VALUES ('nightly', 'wilson', 'wilson', 'cron 17 3 * * * UTC', '2026-01-01T00:00:00Z',
            '2026-01-03T03:17:00Z', '2026-01-03T03:17:00Z', 1, 's')"""
        )
        db.execute(
            """INSERT INTO sync_attempts (schedule, source, due_at, kind, status, started_at, finished_at, run_id,
                missed_reason,
            caught_up_by, reason) VALUES ('nightly', 'wilson', '2026-01-02T03:17:00Z', 'incremental', 'partial',
            '2026-01-02T08:00:00Z', '2026-01-02T08:01:00Z', 1, 'the machine was <off>', 1, 'two pages are missing')"""
        )
        db.execute("INSERT INTO incidents VALUES ('nightly', 'run', '2026-01-02T08:01:00Z', 'it is <partial>', 'look')")
    folder = tmp_path / "site"
    if how == "datasette FOLDER":
        shutil.copytree(ROOT / "db", folder, ignore=shutil.ignore_patterns("*.db", "*.db-*", "captures"))
        shutil.copyfile(path, folder / "harvest.db")
    with harvester_serve(path) if how == "harvester serve" else datasette_alone(folder) as (site, _):
        text = site.text("syncs")
        assert "2026-01-03 03:17:00; <strong>overdue: no scheduler is running</strong>" in text
        assert "nightly: the machine was &lt;off&gt;; <a" in text
        assert "it is &lt;partial&gt;, since" in text
        assert ">partial</a>: two pages are missing</td>" in text
        assert re.search(r'kind=new">3</a>', text)
        assert ">nightly</a>, incremental</td>" in text
        status, stated, _ = site.get("-/health")
        assert status == 503
        assert "the last run (1) is partial" in stated
        assert site.json("DB/upcoming.json?_shape=array")[0]["overdue"] == 1


def test_the_recipe_for_a_code_host_commits_what_has_changed(tmp_path: Path, server: ArchiveServer) -> None:
    found = re.search(r"```sh\n# sync\.sh\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found
    remote, work = tmp_path / "remote.git", tmp_path / "work"
    git("init", "-q", "--bare", "-b", "main", str(remote))
    git("clone", "-q", str(remote), str(work))
    configured(work, server, 'every = "1s"')
    (work / "sync.sh").write_text(found[1])
    (work / ".gitignore").write_text("captures/\n")
    git("-C", str(work), "add", ".")
    git("-C", str(work), "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "Begin")
    git("-C", str(work), "push", "-q", "origin", "main")
    for _ in range(2):
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        subprocess.run(["sh", "sync.sh"], cwd=work, env=environment, check=True, capture_output=True)
    git("clone", "-q", str(remote), str(tmp_path / "fresh"))
    log = git("-C", str(tmp_path / "fresh"), "log", "--format=%s")
    assert len(re.findall(r"^Sync \d{4}-\d\d-\d\d$", log, re.MULTILINE)) == 2
    with closing(open_to_read(tmp_path / "fresh" / "harvest.db")) as db:
        assert db.execute("SELECT count(*) FROM documents").fetchone()[0] == 20
        assert list(db.execute("SELECT status FROM sync_attempts WHERE status != 'missed'")) == [
            ("complete",),
            ("complete",),
        ]


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


def test_the_container_runs_commands_that_there_are_and_its_scheduler_ends_with_it(
    tmp_path: Path, server: ArchiveServer
) -> None:
    # There is no container engine here: what it is told to run is run, as a process group of its own.
    found = re.search(r'^CMD \["harvester", (.*)\]$', DOCUMENT, re.MULTILINE)
    assert found
    arguments = [part.strip('"') for part in found[1].split(", ")]
    configured(tmp_path, server, 'every = "1d"')
    outcome = [str(tmp_path / Path(part).name) if part.startswith("/data/") else part for part in arguments]
    outcome = ["127.0.0.1" if part == "0.0.0.0" else part for part in outcome]
    start = [sys.executable, "-m", "harvester", "--config", str(tmp_path / "harvester.toml")]
    with running([*start, *outcome, "--port", "0"]) as started:
        started.address()
        wait_for((tmp_path / "harvest.db").exists)
        wait_for(lambda: alive(started.process.pid))
        scheduler = identity(alive(started.process.pid)[0])
        started.process.kill()
        wait_for(lambda: not runs(scheduler))


def test_a_short_soak_shows_that_nothing_grows() -> None:
    printed = soak("syncs", "--syncs", "4", "--every", "1", "--readers", "1", "--records", "12")
    assert printed.endswith("nothing grows but what the syncs bring\n")

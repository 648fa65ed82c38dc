"""Alerts: once when it turns bad, once when it is well again; lost never, secrets nowhere, and no sync waits."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from harvester.config.model import AlertConfig
from harvester.config.recurrence import Recurrence
from harvester.schedule import delivery
from harvester.schedule.attempts import register
from harvester.schedule.delivery import deliver_all
from harvester.schedule.monitoring import update_incidents
from harvester.schedule.plans import ScheduledSync
from harvester.store.database import open_to_write
from harvester.store.incidents import lease_notifications, mark_delivered
from harvester.utils import utc_timestamp
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Manner, Site
from tests.support.webhook import Webhook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlite_utils import Database

HOUR = timedelta(hours=1)
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PLAN = ScheduledSync("nightly", "wilson", Recurrence(24 * HOUR), harvest="wilson")
ROW = {
    "id": 1,
    "channel": "desk",
    "event": "firing",
    "subject": "nightly",
    "kind": "run",
    "summary": "the sync of wilson is failed: no answer",
    "started_at": "2026-05-01T12:00:00Z",
    "remedy": "it is tried again by itself",
    "created_at": "2026-05-01T12:00:00Z",
    "attempts": 0,
}

LESS_PATIENT = """
from harvester.cli import main
from harvester.schedule import delivery
delivery.PATIENCE_SECONDS = 2
main()
"""
"""Runs `harvester`, with less patience for those who take alerts."""


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with closing(open_to_write(tmp_path / "a.db")) as db:
        register(db, [PLAN], NOW)
        yield db


def ended(db: Database, state: str, moment: datetime, run: int | None = None) -> None:
    values = [
        "nightly",
        "wilson",
        utc_timestamp(moment),
        state,
        utc_timestamp(moment),
        utc_timestamp(moment),
        "no answer",
        run,
    ]
    sql = """INSERT INTO sync_attempts (schedule, source, due_at, kind, status, started_at, finished_at, reason, run_id)
        VALUES (?, ?, ?, 'full', ?, ?, ?, ?, ?)"""
    db.execute(sql, values)
    update_incidents(db, [PLAN], ["desk"], moment)


def walked(db: Database, total: int, moment: datetime) -> None:
    db.execute("INSERT OR IGNORE INTO listings (id, key, source, name) VALUES (1, 'k', 'wilson', 'whole archive')")
    run = db.execute("INSERT INTO runs (command, started_at, status) VALUES ('c', 's', 'complete')").lastrowid
    sql = """INSERT INTO walks (run_id, listing_id, started_at, finished_at, declared_total, status)
        VALUES (?, 1, ?, ?, ?, 'complete')"""
    db.execute(sql, [run, utc_timestamp(moment), utc_timestamp(moment), total])
    ended(db, "complete", moment)


def alerts(db: Database) -> list[tuple[Any, ...]]:
    return list(db.execute("SELECT event, subject, kind FROM notifications ORDER BY id").fetchall())


def test_a_run_that_fails_every_night_is_told_once_and_once_that_it_is_well(db: Database) -> None:
    for night, state in enumerate(["complete", "failed", "failed", "partial", "interrupted", "stopped", "complete"]):
        ended(db, state, NOW + night * 24 * HOUR)
    outcome = [("firing", "nightly", "run"), ("resolved", "nightly", "run")]
    assert [row for row in alerts(db) if row[2] == "run"] == outcome
    ended(db, "partial", NOW + 8 * 24 * HOUR)
    assert [row for row in alerts(db) if row[2] == "run"] == [*outcome, outcome[0]]
    since, what = db.execute("SELECT started_at, summary FROM notifications ORDER BY id LIMIT 1").fetchone()
    assert (since, what) == (utc_timestamp(NOW + 24 * HOUR), "the sync of wilson is failed: no answer")


def test_what_was_not_synced_for_long_is_stale(db: Database) -> None:
    ended(db, "complete", NOW)
    for hours in range(0, 240, 6):
        update_incidents(db, [PLAN], ["desk"], NOW + hours * HOUR)
    assert alerts(db) == [("firing", "nightly", "stale")]
    ended(db, "bounded", NOW + 240 * HOUR)
    assert alerts(db)[1:] == [("resolved", "nightly", "stale")]


@pytest.mark.parametrize(
    ("totals", "outcome"),
    [
        ([1000, 1005, 990, 1010], []),
        ([1000, 880], ["firing"]),
        ([1000, 880, 870, 1001], ["firing", "resolved"]),
        ([1000, 880, 880, 880, 880, 880, 880], ["firing", "resolved"]),  # what has been so for long is no news
        ([20, 12], []),
    ],
)
def test_a_listing_that_shrinks_is_told(db: Database, totals: list[int], outcome: list[str]) -> None:
    for night, total in enumerate(totals):
        walked(db, total, NOW + night * HOUR)
    assert [event for event, subject, kind in alerts(db)] == outcome
    assert {(subject, kind) for _, subject, kind in alerts(db)} <= {("wilson: whole archive", "shrinking")}


def test_pages_that_rot_are_told(db: Database) -> None:
    run = db.execute("INSERT INTO runs (command, started_at, status) VALUES ('c', 's', 'partial')").lastrowid
    sql = """INSERT INTO problems (run_id, severity, code, message) VALUES (?, 'error', 'fill-rate-drop',
        'dates in 40% of records')"""
    db.execute(sql, [run])
    ended(db, "partial", NOW, run)
    assert sorted(alerts(db)) == [("firing", "nightly", "fill-rate-drop"), ("firing", "nightly", "run")]
    what = db.execute("SELECT summary FROM notifications WHERE kind = 'fill-rate-drop'").fetchone()[0]
    assert what == "dates in 40% of records"


def tell(*alerts: AlertConfig, row: dict[str, Any] = ROW) -> list[str | None]:
    named = {f"desk{number}": alert for number, alert in enumerate(alerts)}
    return asyncio.run(deliver_all(named, [{**row, "channel": name} for name in named]))


def test_a_webhook_is_sent_what_happened_with_secrets_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with Webhook() as hook:
        monkeypatch.setenv("HOOK", hook.address)
        monkeypatch.setenv("TOKEN", "Bearer of-nobody-else")
        assert tell(AlertConfig(webhook="env:HOOK", headers={"Authorization": "env:TOKEN"})) == [None]
        assert hook.headers[0]["Authorization"] == "Bearer of-nobody-else"
        (got,) = hook.got
    assert (got["event"], got["subject"], got["summary"]) == ("firing", "nightly", ROW["summary"])
    assert got["text"].splitlines()[-1] == "To do: it is tried again by itself"


def test_one_that_hangs_or_refuses_keeps_no_other_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "PATIENCE_SECONDS", 1)
    with Webhook("hang") as hangs, Webhook(500) as refuses, Webhook(302) as elsewhere, Webhook() as takes:
        found = tell(*(AlertConfig(webhook=hook.address) for hook in (hangs, refuses, elsewhere, takes)))
        assert (len(takes.got), len(hangs.got)) == (1, 0)
    assert found == [
        "desk0 did not take it within 1 seconds",
        "desk1: the webhook answered 500",
        "desk2: the webhook answered 302",
        None,
    ]


@pytest.mark.parametrize(
    "webhook", ["http://127.0.0.1:9/of-nobody-else", "env:NOT_THERE", "env:ODD", "https://127.0.0.1:9/of-nobody-else"]
)
def test_what_goes_wrong_names_nothing_secret(webhook: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODD", "http://of-nobody-else:x/")
    (stated,) = tell(AlertConfig(webhook=webhook))
    assert stated
    assert "nobody" not in stated


def test_a_program_reads_what_happened(tmp_path: Path) -> None:
    script = "import os, sys; open(sys.argv[1], 'w').write(sys.stdin.read() + os.environ['HARVESTER_ALERT'])"
    assert tell(AlertConfig(command=[sys.executable, "-c", script, str(tmp_path / "said")])) == [None]
    stated = (tmp_path / "said").read_text()
    assert stated.startswith("Harvester: nightly needs attention (run)\n\nthe sync of wilson is failed: no answer\n")
    assert json.loads(stated[stated.index("{") :])["kind"] == "run"


def test_a_program_that_hangs_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "PATIENCE_SECONDS", 1)
    found = tell(
        AlertConfig(command=["sh", "-c", f"sleep 300 & echo $! > {tmp_path}/child; wait"]),
        AlertConfig(command=["sh", "-c", "exit 3"]),
        AlertConfig(command=["/there/is/none"]),
    )
    assert found == [
        "desk0 did not take it within 1 seconds",
        "desk1: its program ended with status 3",
        "desk2: its program cannot be run (FileNotFoundError): check the path in command",
    ]
    child = (tmp_path / "child").read_text().strip()
    done = subprocess.run(["ps", "-o", "stat=", "-p", child], capture_output=True, text=True, check=False)
    assert done.stdout.strip()[:1] in ("", "Z")  # behind it stands whether it was a nice process


def test_an_alert_is_kept_until_it_is_told_and_tried_less_and_less_often(db: Database) -> None:
    ended(db, "failed", NOW)
    moment, waits = NOW, []
    for _ in range(9):
        (row,) = lease_notifications(db, ["desk"], moment)
        assert lease_notifications(db, ["desk"], moment) == []  # somebody is at it
        mark_delivered(db, row, "the webhook answered 500", moment)
        later = moment
        while not lease_notifications(db, ["desk"], later):
            later += timedelta(minutes=1)
        db.execute("UPDATE notifications SET leased_until = NULL")
        waits.append(int((later - moment) / timedelta(minutes=1)))
        moment = later
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    (row,) = lease_notifications(db, ["desk"], moment)
    mark_delivered(db, row, None, moment)
    assert lease_notifications(db, ["desk"], moment + 1000 * HOUR) == []


def test_a_scheduler_that_dies_while_it_tells_leaves_the_alert_to_the_next(db: Database) -> None:
    ended(db, "failed", NOW)
    assert lease_notifications(db, ["desk"], NOW)
    assert not lease_notifications(db, ["desk"], NOW + timedelta(minutes=1))
    assert lease_notifications(db, ["desk"], NOW + timedelta(minutes=2))


def test_a_receiver_that_hangs_delays_no_sync_and_loses_no_alert(tmp_path: Path) -> None:
    with ArchiveServer(Site(20, "alerts", Manner())) as server, Webhook("hang", 503) as hook:
        (tmp_path / "harvester.toml").write_text(
            f'[sources.wilson]\nbase_url = "{server.base}"\ndelay = 0\ndocuments = false\n\n'
            '[sources.blacklight]\nbase_url = "http://127.0.0.1:9"\ndelay = 0\n\n'
            '[schedules.dead]\nharvest = "blacklight"\nevery = "1h"\n\n'
            '[schedules.fine]\nharvest = "wilson"\nevery = "5s"\n\n'
            '[alerts.desk]\nwebhook = "env:HOOK"\n'
        )
        command = [sys.executable, "-c", LESS_PATIENT, "--config", str(tmp_path / "harvester.toml")]
        command += ["schedule", "run", "--db", str(tmp_path / "a.db")]
        environment = {"HOOK": hook.address, "PATH": "/usr/bin:/bin"}
        with (tmp_path / "said.txt").open("w") as stream:  # no pipe: nobody reads while it runs
            process = subprocess.Popen(command, stderr=stream, env=environment)
        states: list[str] = []
        while states.count("complete") < 2 or hook.requested < 1:
            assert process.poll() is None
            time.sleep(0.1)
            states = state_of(tmp_path / "a.db")
        assert hook.got == []  # it still hangs, and the syncs have gone on
        # So that the test need not wait: the clock of its next attempt is put forward.
        while not hook.got:
            assert process.poll() is None
            time.sleep(0.1)
            with closing(sqlite3.connect(tmp_path / "a.db", timeout=60)) as db, db:
                db.execute(
                    """UPDATE notifications SET next_attempt = created_at WHERE delivered_at IS NULL
                        AND leased_until IS NULL"""
                )
        process.terminate()
        process.wait(timeout=180)
    stated = (tmp_path / "said.txt").read_text()
    assert hook.got[0]["subject"] == "dead"
    assert "an alert waits: desk did not take it within 2 seconds" in stated
    assert "of-nobody-else" not in stated
    assert b"of-nobody-else" not in (tmp_path / "a.db").read_bytes()


@pytest.mark.parametrize("there", [True, False], ids=["a database", "none yet"])
def test_on_a_full_disk_the_scheduler_fails_and_people_are_told_without_a_database(
    tmp_path: Path, *, there: bool
) -> None:
    if there:
        open_to_write(tmp_path / "a.db").close()
    with Webhook() as hook:
        (tmp_path / "harvester.toml").write_text(
            f'[schedules.nightly]\nharvest = "wilson"\nevery = "1h"\n\n[alerts.desk]\nwebhook = "{hook.address}"\n'
        )
        command = [sys.executable, "-m", "harvester", "--config", str(tmp_path / "harvester.toml")]
        command += ["schedule", "run", "--once", "--db", str(tmp_path / "a.db")]
        full = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # noqa: E731 - in the new process
        kept = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}  # half a compiled module would stay, and fail ever after
        done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=full, env=kept)
    assert (done.returncode, done.stderr.count("Traceback")) == (1, 0), done.stderr
    (outcome,) = hook.got
    assert (outcome["kind"], outcome["event"], "a.db" in outcome["subject"]) == ("database", "firing", True)


def state_of(path: Path) -> list[str]:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)) as db:
            return [row[0] for row in db.execute("SELECT status FROM sync_attempts")]
    except sqlite3.OperationalError:
        return []  # it is being made

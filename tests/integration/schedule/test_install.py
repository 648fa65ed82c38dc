"""What the system is given: units that systemd takes, lines that cron runs, and nothing left behind."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from harvester.schedule.install import Service
from tests.integration.schedule.test_scheduler import configured, turns
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Site
from tests.support.forks import program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ODD = ("plain", "with space", "100%", "$HOME", 'a"quote', "Bücher")


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    with ArchiveServer(Site(12, "install")) as server:
        yield server


def schedule(folder: Path, *arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = ["harvester", "schedule", *arguments, "--db", str(folder / "a.db")]
    environment = {
        "HOME": str(folder),
        "HARVESTER_CONFIG": str(folder / "harvester.toml"),
        "PATH": f"{path}:/usr/bin:/bin" if path else "/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
    }
    return program(*command, env=environment, cwd=folder)


def verified(unit: Path) -> subprocess.CompletedProcess[str]:
    runtime = unit.parent / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    return subprocess.run(
        ["systemd-analyze", "--user", "verify", str(unit)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ODD)
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    unit = tmp_path / "harvester-test.service"
    unit.write_text(Service(folder / "a.db", folder / "harvester.toml").unit(), "utf-8")
    done = verified(unit)
    assert (done.returncode, done.stderr) == (0, "")
    unit.write_text(unit.read_text().replace("Restart=always", "Restart=sometimes"))
    assert "Failed to parse" in verified(unit).stderr


@pytest.mark.parametrize("name", [name for name in ODD if "quote" not in name])
def test_the_lines_of_cron_start_the_scheduler_in_its_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    secrets = tmp_path / ".config" / "harvester" / "environment"
    secrets.parent.mkdir(parents=True)
    secrets.write_text("HOOK=https://example.org/a$b\n")
    service = Service(folder / "a.db", folder / "harvester.toml")
    line = service.cron().splitlines()[1].removeprefix("*/5 * * * * ").replace("\\%", "%")
    program = "import os, sys; print(os.getcwd(), os.environ['HOOK'][:12], *sys.argv[1:], sep='|')"
    # Everything is as cron would run it, but for the program: that one says what it was given.
    line = line.replace(f"{sys.executable} -P -m harvester", f'{sys.executable} -c "{program}"')
    line = line.replace(str(service.secrets), str(secrets))
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=True, env={"HOME": "/"})
    stated = [str(folder), "https://exam", "--config", str(folder / "harvester.toml")]
    assert done.stdout == "|".join([*stated, "schedule", "run", "--db", str(folder / "a.db"), "--once"]) + "\n"


def test_install_and_uninstall_leave_nothing_behind(tmp_path: Path, server: ArchiveServer) -> None:
    configured(tmp_path, server, 'every = "1d"')
    printed = schedule(tmp_path, "install", "--systemd", "--print")
    assert printed.returncode == 0, printed.stderr
    done = schedule(tmp_path, "install", "--systemd")
    assert done.returncode == 0
    (unit,) = (tmp_path / ".config" / "systemd" / "user").glob("harvester-a-*.service")
    assert unit.read_text("utf-8") == printed.stdout
    assert f"wrote {unit}" in done.stdout or f"wrote and started {unit}" in done.stdout
    assert schedule(tmp_path, "uninstall").stdout.startswith(f"took {unit} away")
    assert not unit.exists()
    assert schedule(tmp_path, "uninstall").stdout == "nothing was installed for this database\n"


def test_the_crontab_of_the_user_is_kept_but_for_our_lines(tmp_path: Path, server: ArchiveServer) -> None:
    configured(tmp_path, server, 'every = "1d"')
    # A crontab program that keeps its table in a file of this folder.
    programs, table = tmp_path / "bin", tmp_path / "table"
    programs.mkdir()
    script = f'#!/bin/sh\n[ "$1" = -l ] && exec cat {table}\nexec cat > {table}\n'
    (programs / "crontab").write_text(script)
    (programs / "crontab").chmod(0o755)
    table.write_text("# mine\n0 5 * * * true\n")
    for _ in range(2):
        assert schedule(tmp_path, "install", "--cron", path=programs).returncode == 0
    lines = table.read_text().splitlines()
    assert lines[:2] == ["# mine", "0 5 * * * true"]
    assert len(lines) == 5
    assert schedule(tmp_path, "uninstall", path=programs).stdout.startswith("took harvester-a-")
    assert table.read_text() == "# mine\n0 5 * * * true\n"


def test_without_cron_or_a_choice_it_says_what_to_do(tmp_path: Path, server: ArchiveServer) -> None:
    configured(tmp_path, server, 'every = "1d"')
    done = schedule(tmp_path, "install")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "--systemd" in done.stderr


@contextmanager
def crontab_of_this_user(text: str) -> Iterator[None]:
    """Install a crontab for the block, then restore the former one."""
    before = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False)
    subprocess.run(["crontab", "-"], input=before.stdout + text, text=True, check=True)
    try:
        yield
    finally:
        if before.stdout:
            subprocess.run(["crontab", "-"], input=before.stdout, text=True, check=True)
        else:
            subprocess.run(["crontab", "-r"], check=True)


@contextmanager
def cron() -> Iterator[None]:
    """Run cron, if it does not run already."""
    process = subprocess.Popen(["cron", "-f"], stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may start cron")
def test_real_cron_syncs(tmp_path: Path, server: ArchiveServer) -> None:
    assert shutil.which("cron"), "install cron: the tests' own set-up does"
    configured(tmp_path, server, 'every = "1d"')
    printed = schedule(tmp_path, "install", "--cron", "--print")
    assert printed.returncode == 0, printed.stderr
    with crontab_of_this_user(printed.stdout.replace("*/5 * * * *", "* * * * *")), cron():
        until = time.monotonic() + 180
        while not has_tables(tmp_path / "a.db") or turns(tmp_path, "status") != [("complete",)]:
            assert time.monotonic() < until, "cron did not run it"
            time.sleep(0.5)


def has_tables(path: Path) -> bool:
    """Return whether a database was made: its file is there a moment before its tables."""
    if not path.exists():
        return False
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT 1 FROM sqlite_master WHERE name = 'sync_attempts'").fetchone() is not None

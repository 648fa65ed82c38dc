"""Kills harvests, rebuilds and backups of saved pages at named moments, and lets disks fail: nothing may be lost."""

from __future__ import annotations

import io
import os
import random
import resource
import shutil
import signal
import sqlite3
import sys
import tarfile
import time
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from harvester.cli import run
from harvester.store.backup import copy_into
from harvester.store.database import open_to_read
from harvester.store.integrity.check import run_checks
from tests.support.archive_pages import document_page, listing_page, make_items
from tests.support.forks import FORKS
from tests.support.kills import outcome
from tests.support.live_processes import Aim, mine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ITEMS, SHOWN = 30, 10
WHOLE = "whole"
"""The folder of the database that nothing has disturbed."""
# Where a process is killed: the module, what is called there, whether it is before or after that, and the latest time.
MOMENTS: dict[str, tuple[str, str, bool, int]] = {
    "read": ("harvester.ingest", "sources_for", True, 30),
    "parse": ("harvester.ingest", "read_page", True, 30),
    "write": ("harvester.store.page_batch", "read_row", False, 30),
    "write a record": ("harvester.store.plain_pages", "add_document", False, 30),
    "commit": ("harvester.store.page_batch", "capture_row", True, 30),
    "index": ("harvester.store.search_index", "index_chunk", False, 1),
    "schema": ("harvester.db.migrations", "statements_of", True, 4),
    "rebuild: pages": ("harvester.rebuild", "parse", True, 30),
    "rebuild: history": ("harvester.rebuild", "restore_history", False, 1),
    "rebuild: into place": ("harvester.rebuild", "data_version", False, 14),
    "backup: copy": ("harvester.store.backup", "copy_into", False, 1),
    "backup: check": ("harvester.store.backup", "_check_copy", False, 1),
    "backup: into place": ("harvester.store.backup", "_move_into_place", False, 1),
}


def arm(aim: Aim) -> None:
    """Arm this process to strike at the aimed moment."""
    module, name, before, _ = MOMENTS[aim.moment]
    mine(import_module(module), name, aim, before=before)


def full_disk(size: int) -> None:
    """Limit the size of files that this process can write."""
    sys.dont_write_bytecode = True  # Python would leave half a compiled module, and fail with it ever after
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _child(arguments: list[str], aim: Aim | None, size: int | None, stated: str) -> None:
    with open(stated, "w") as stream:  # noqa: PTH123 - a plain file for plain streams
        sys.stdout = sys.stderr = stream
        if aim:
            arm(aim)
        if size:
            full_disk(size)
        status = run(arguments)
    os._exit(status)


@dataclass
class Trial:
    """A folder with pages, a database, and commands on it, which may be killed."""

    folder: Path
    pages: Path

    @property
    def path(self) -> Path:
        return self.folder / "a.db"

    def run(self, *arguments: str, aim: Aim | None = None, size: int | None = None) -> int:
        """Run a command on the database; give its exit status, negative if it was killed."""
        stated = str(self.folder.parent / f"{self.folder.name}.txt")  # outside, where no limit is
        process = FORKS.Process(target=_child, args=([*arguments, "--db", str(self.path)], aim, size, stated))
        process.start()
        process.join(120)
        return process.exitcode if process.exitcode is not None else 99

    def sound(self) -> list[str]:
        """Return what is wrong with the database, if a repair does not fix it."""
        if not self.path.exists():
            return []
        if self.run("check", "--fast") == 0:
            return []
        stated = (
            []
            if self._is_old()
            else [f"{one.check} has no mend" for one in run_checks(self.path, fast=True) if not one.mend]
        )
        return stated + (["not mended by --repair"] if self.run("check", "--fast", "--repair") else [])

    def _is_old(self) -> bool:
        with closing(sqlite3.connect(self.path)) as db:
            return not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'listing_members'").fetchone()


def make_pages(folder: Path, count: int = ITEMS) -> Path:
    """Make a mirror of listings and of so many document pages."""
    items, path = make_items(count, seed=2), folder / "mirror.tar"
    pages = {f"documents/document/{item.slug}": document_page(item) for item in items}
    for first in range(0, count, SHOWN):
        shown = listing_page(items[first : first + SHOWN], first + 1, count)
        pages[f"listings/search?page={first // SHOWN}"] = shown
    with tarfile.open(path, "w") as tar:
        for name, body in pages.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))
    return path


def _harvested(trial: Trial) -> None:
    """Copy the database of an undisturbed harvest for a trial."""
    copy_into(trial.folder.parent / WHOLE / "a.db", trial.path)


def _kill(trial: Trial, aim: Aim, whole: dict[str, Any]) -> list[str]:
    """Kill a command once, look at what is left, and let it be done again."""
    kind, backup = aim.moment.partition(":")[0], trial.folder / "copy.db"
    if kind in ("rebuild", "backup"):
        _harvested(trial)
    command = {"rebuild": ["rebuild"], "backup": ["backup", str(backup)]}.get(kind, ["harvest", str(trial.pages)])
    killed = trial.run(*command, aim=aim)
    stated = [] if killed == -signal.SIGKILL else [f"was not killed: {killed}"]
    stated += trial.sound()
    if kind == "backup" and backup.exists():
        stated += _differences(backup, whole)
        backup.unlink()
    status = trial.run(*command)
    stated += [] if status == 0 else [f"ended with {status}"]
    stated += _differences(trial.path, whole)
    stated += _differences(backup, whole) if kind == "backup" else []
    return stated + _left_over(trial)


def _differences(path: Path, whole: dict[str, Any]) -> list[str]:
    again = outcome(path)
    return [f"{name} differ in {path.name}" for name in whole if again[name] != whole[name]]


def _left_over(trial: Trial) -> list[str]:
    known = ("a.db", "copy.db", "mirror")
    return [f"left over: {path.name}" for path in trial.folder.iterdir() if not path.name.startswith(known)]


def _fail(trial: Trial, size: int, whole: dict[str, Any]) -> list[str]:
    """Simulate a full disk: one line reports it, nothing is lost, and with free space the next run goes on."""
    status = trial.run("harvest", str(trial.pages), size=size)
    said_so = (trial.folder.parent / f"{trial.folder.name}.txt").read_text()
    stated = [] if status == 1 and "Traceback" not in said_so and "free some disk space" in said_so else [said_so]
    stated += trial.sound()
    stated += [] if trial.run("harvest", str(trial.pages)) == 0 else ["did not go on"]
    return stated + _differences(trial.path, whole)


def _shut(trial: Trial, _size: int, whole: dict[str, Any]) -> list[str]:
    """Make the database read-only."""
    _harvested(trial)
    with closing(sqlite3.connect(trial.path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = trial.path.read_bytes()
    trial.path.chmod(0o444)
    trial.folder.chmod(0o555)
    try:
        done = FORKS.Process(target=_as_nobody, args=(trial,))
        done.start()
        done.join(60)
        stated = [] if done.exitcode == 1 else [f"ended with {done.exitcode}"]
        stated += [] if trial.path.read_bytes() == before else ["was changed"]
    finally:
        trial.folder.chmod(0o755)
        trial.path.chmod(0o644)
    return stated + _differences(trial.path, whole)


def _as_nobody(trial: Trial) -> None:
    if os.getuid() == 0:
        os.setuid(65534)
    sys.stdout = sys.stderr = io.StringIO()
    os._exit(run(["harvest", str(trial.pages), "--db", str(trial.path)]))


def kill_all(folder: Path, kills: int, items: int = ITEMS) -> list[str]:
    """Kill so many commands, spread over the moments, and let some disks fail; print the table."""
    chance, wrong, began = random.Random(5), list[str](), time.monotonic()
    pages = make_pages(folder, items)
    whole_trial = Trial(folder / WHOLE, pages)
    whole_trial.folder.mkdir()
    assert whole_trial.run("harvest", str(pages)) == 0
    whole = outcome(whole_trial.path)
    with open_to_read(whole_trial.path) as db:
        (size,) = db.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").fetchone()
    print(f"{'moment':24}{'trials':>8}{'wrong':>8}", flush=True)
    trials: dict[str, list[Callable[[Trial], list[str]]]] = {}
    for place, (moment, (*_, latest)) in enumerate(MOMENTS.items()):
        for _ in range(kills // len(MOMENTS) + (place < kills % len(MOMENTS))):
            aim = Aim(moment, chance.randint(1, max(1, latest * items // ITEMS)))
            trials.setdefault(moment, []).append(lambda trial, aim=aim: _kill(trial, aim, whole))  # type: ignore[misc]
    for share in [chance.uniform(0.1, 0.9) for _ in range(max(2, kills // 25))]:
        limit = int(size * share)
        trials.setdefault("disk full", []).append(lambda trial, limit=limit: _fail(trial, limit, whole))  # type: ignore[misc]
    trials["read-only"] = [lambda trial: _shut(trial, 0, whole)]
    for moment, several in trials.items():
        stated = [
            what for number, one in enumerate(several) for what in _tried(folder, pages, f"{moment}-{number}", one)
        ]
        print(f"{moment:24}{len(several):8}{len(stated):8}", flush=True)
        wrong += stated
    print(f"{time.monotonic() - began:.0f} s: each opened, sound or mended by --repair, and the same when done again")
    return wrong


def _tried(folder: Path, pages: Path, name: str, trial: Callable[[Trial], list[str]]) -> list[str]:
    place = folder / name.replace(" ", "-").replace(":", "")
    place.mkdir()
    stated = [f"{name}: {what}" for what in trial(Trial(place, pages))]
    shutil.rmtree(place)
    return stated

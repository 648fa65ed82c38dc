"""Syncs as child processes: starts and watches them, and derives their results from the runs in the database."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, Self

from harvester import processes
from harvester.errors import SourceBusyError
from harvester.processes import identity
from harvester.store.locks import check_free

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import IO

    from sqlite_utils import Database

    from harvester.store.sync_attempts import State


FOREIGN_START = timedelta(minutes=10)
"""How long a harvest on another machine may take until it locks its source in the database."""


def alive(db: Database, attempt: dict[str, Any], moment: datetime) -> bool:
    """Return whether a process of an attempt is running; on other machines, whether its source is locked."""
    names = [name for name in (attempt["scheduler_process"], attempt["worker_process"]) if name]
    if all(processes.is_here(name) for name in names):
        return any(processes.runs(name) for name in names)
    if abs(moment - datetime.fromisoformat(attempt["started_at"])) < FOREIGN_START:
        return True
    try:
        check_free(db, attempt["source"])
    except SourceBusyError:
        return True
    return False


BUSY = 4
"""The exit status of `harvester harvest` if another run has locked the source."""
LONGEST_REASON = 300


@dataclass(frozen=True)
class SyncResult:
    """How an attempt ended, the reason if it is not complete, and the id of its run."""

    state: State
    reason: str | None
    run: int | None


def sync_result(
    run: dict[str, Any] | None, status: int | None, stderr: str = "", *, stop_requested: bool = False
) -> SyncResult:
    """Return how an attempt ended: by its run or, if it began none, by the exit status and the end of standard error.

    `status` is None if the process ended unobserved.
    """
    if status == BUSY:
        return SyncResult("stopped", _last_line(stderr) or "another run held the source: tried again after it", None)
    if run is None:
        state: State = "stopped" if stop_requested else "interrupted" if status is None or status < 0 else "failed"
        return SyncResult(state, _last_line(stderr) or _format_exit(status), None)
    if run["status"] in ("complete", "partial", "failed"):
        return SyncResult(_run_state(run), _last_line(run["reason"]), run["id"])
    if stop_requested:
        return SyncResult("stopped", "the scheduler was asked to stop; it goes on when it is started again", run["id"])
    return SyncResult("interrupted", f"{_format_exit(status)}; the next attempt goes on from there", run["id"])


def _run_state(run: dict[str, Any]) -> State:
    """Return the state of a finished run; a complete run with a reason has used up its budget."""
    if run["status"] == "complete":
        return "bounded" if run["reason"] else "complete"
    return "partial" if run["status"] == "partial" else "failed"


def _format_exit(status: int | None) -> str:
    if status is None:
        return "scheduler and harvest ended without a word: killed, or a power cut"
    if status < 0:
        return f"the harvest was killed (signal {-status})"
    return f"the harvest ended with status {status}"


def _last_line(stderr: str | None) -> str | None:
    """Return the last line of an error output, which says what to do; None if there is none."""
    lines = [line for line in (stderr or "").splitlines() if line.strip()]
    return re.sub(r"^Error: ", "", lines[-1].strip())[:LONGEST_REASON] if lines else None


STDERR_BYTES = 4000
"""How many bytes are read from the end of a process's standard error."""


class Sync(Protocol):
    """A running sync. `who`: its process, as `processes.identity` names it."""

    who: str

    def ended(self) -> int | None:
        """Return the exit status; None while it is running."""

    def stderr_tail(self) -> str:
        """Return the end of what it wrote to standard error."""

    def stop(self) -> None:
        """Stop it after its current page."""


class SyncProcess:
    """A sync in a child process."""

    def __init__(self, process: subprocess.Popen[bytes], stderr_file: IO[bytes]) -> None:
        self._process = process
        self._stderr_file = stderr_file
        self._stderr_tail = ""
        self.who = identity(process.pid)

    def ended(self) -> int | None:
        """Return the exit status; None while it is running."""
        return self._process.poll()

    def stderr_tail(self) -> str:
        """Return the end of what it wrote to standard error. It may be called again."""
        if self._stderr_file.closed:
            return self._stderr_tail
        size = self._stderr_file.seek(0, os.SEEK_END)
        self._stderr_file.seek(max(0, size - STDERR_BYTES))
        self._stderr_tail = self._stderr_file.read().decode("utf-8", "replace")
        self._stderr_file.close()
        return self._stderr_tail

    def stop(self) -> None:
        """Send SIGTERM; the harvest ends after its current page."""
        self._process.send_signal(signal.SIGTERM)


@dataclass(frozen=True)
class Launcher:
    """Starts syncs of one database with one configuration, as child processes."""

    db: Path
    settings: Path | None = None

    def arguments(self, harvest: Sequence[str]) -> list[str]:
        """Return the arguments of `harvester` for a harvest into this database."""
        return [*harvest, "--db", str(self.db.absolute())]

    def command(self, harvest: Sequence[str]) -> str:
        """Return the command line that the run will record."""
        return "harvester " + shlex.join(self.arguments(harvest))

    def start(self, harvest: Sequence[str]) -> Sync:
        """Start a sync with these arguments."""
        return self.process([sys.executable, "-P", "-m", "harvester", *self.arguments(harvest)])

    def process(self, command: Sequence[str]) -> Sync:
        """Start a command in a session of its own, since Ctrl-C is for the scheduler, which passes it on once."""
        environment = dict(os.environ)
        if self.settings:
            environment["HARVESTER_CONFIG"] = str(self.settings.absolute())
        stderr_file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        process = subprocess.Popen(  # noqa: S603 - our own program, and no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr_file,
            env=environment,
            start_new_session=True,
        )
        return SyncProcess(process, stderr_file)


PAUSE_SECONDS = 10
"""Before a scheduler that has ended unexpectedly is started again."""


class SchedulerProcess:
    """A context manager that runs a scheduler in a child process, and starts it again if it ends."""

    def __init__(self, db: Path, settings: Path, notify: Callable[[str], None]) -> None:
        start = [sys.executable, "-P", "-m", "harvester", "--config", str(settings)]
        self._command = [*start, "schedule", "run", "--db", str(db), "--beside", str(os.getpid())]
        self._notify = notify
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._process = self._start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the scheduler, and wait until its current pages are finished."""
        self._stop.set()
        self._process.send_signal(signal.SIGTERM)
        self._thread.join()

    def _start(self) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C is for the server, which passes it on once.
        return subprocess.Popen(self._command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - our own

    def _watch(self) -> None:
        while True:
            status = self._process.wait()
            if self._stop.is_set():
                return
            self._notify(
                f"the scheduler has ended with status {status}; it is started again in {PAUSE_SECONDS} seconds"
            )
            if self._stop.wait(PAUSE_SECONDS):
                return
            self._process = self._start()

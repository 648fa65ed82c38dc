"""Runs the scheduler beside a server: one command, one tree of processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAUSE_SECONDS = 10
"""Before a scheduler that has ended without being asked is started again."""


class Beside:
    """A scheduler in a process of its own, for as long as the block goes on. If it ends, it is started again."""

    def __init__(self, db: Path, settings: Path, say: Callable[[str], None]) -> None:
        start = [sys.executable, "-P", "-m", "harvester", "--config", str(settings)]
        self._command = [*start, "schedule", "run", "--db", str(db), "--beside", str(os.getpid())]
        self._say = say
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._process = self._start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ask it to stop, and wait until the page in hand is finished."""
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
            self._say(f"the scheduler has ended with status {status}; it is started again in {PAUSE_SECONDS} seconds")
            if self._stop.wait(PAUSE_SECONDS):
                return
            self._process = self._start()

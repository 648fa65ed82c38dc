"""Runs a sync as a process of its own: the scheduler stays small, and what breaks there breaks nothing here."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from harvester.processes import identity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import IO

SAID = 4000
"""How much is read of what a process has complained."""


class Sync(Protocol):
    """A sync that goes on. `who`: the process, as `processes.identity` names it."""

    who: str

    def ended(self) -> int | None:
        """Give the exit status; None while it goes on."""

    def said(self) -> str:
        """Give what it complained about."""

    def stop(self) -> None:
        """Ask it to finish the page in hand and end."""


class Process:
    """A sync in a child process."""

    def __init__(self, process: subprocess.Popen[bytes], complaints: IO[bytes]) -> None:
        self._process = process
        self._complaints = complaints
        self._said = ""
        self.who = identity(process.pid)

    def ended(self) -> int | None:
        """Give the exit status; None while it goes on."""
        return self._process.poll()

    def said(self) -> str:
        """Give the end of what it wrote to standard error; again, if it could not be kept the first time."""
        if self._complaints.closed:
            return self._said
        size = self._complaints.seek(0, os.SEEK_END)
        self._complaints.seek(max(0, size - SAID))
        self._said = self._complaints.read().decode("utf-8", "replace")
        self._complaints.close()
        return self._said

    def stop(self) -> None:
        """Pass the wish to stop on; the harvest finishes the page in hand."""
        self._process.send_signal(signal.SIGTERM)


@dataclass(frozen=True)
class Launcher:
    """Starts syncs of one database, with one configuration."""

    db: Path
    settings: Path | None = None

    def arguments(self, harvest: Sequence[str]) -> list[str]:
        """Give the arguments of `harvester` for a harvest."""
        return [*harvest, "--db", str(self.db.absolute())]

    def command(self, harvest: Sequence[str]) -> str:
        """Give the command as its run will be named."""
        return "harvester " + shlex.join(self.arguments(harvest))

    def start(self, harvest: Sequence[str]) -> Sync:
        """Start a sync."""
        return self.process([sys.executable, "-P", "-m", "harvester", *self.arguments(harvest)])

    def process(self, command: Sequence[str]) -> Sync:
        """Start a process. It gets a session of its own: Ctrl-C is for the scheduler, which passes it on once."""
        environment = dict(os.environ)
        if self.settings:
            environment["HARVESTER_CONFIG"] = str(self.settings.absolute())
        complaints = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        process = subprocess.Popen(  # noqa: S603 - our own program, and no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            env=environment,
            start_new_session=True,
        )
        return Process(process, complaints)

"""Which process somebody is, and whether it is still there: a number alone is given again after a restart."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def identity(process: int | None = None) -> str:
    """Name a process of this machine (this one, if none is named) so that no later one can be taken for it."""
    number = process or os.getpid()
    return f"process {number} (begun {_begun(number)}) on {socket.gethostname()}"


def is_here(who: str) -> bool:
    """Say whether a process is of this machine: of others one cannot know whether it is there."""
    return who.endswith(f" on {socket.gethostname()}")


def runs(who: str) -> bool:
    """Say whether a process of this machine is still there."""
    number = int(who.split()[1])
    return _begun(number) is not None and identity(number) == who


def _begun(number: int) -> str | None:
    """Say when a process was begun, by the machine's own count since it was switched on; None if it has ended."""
    try:
        about = Path(f"/proc/{number}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return None if about[0] in "ZX" else f"{about[19]}-{_boot()}"
    except OSError:
        return None if Path("/proc/self").exists() else _elsewhere(number)


def _boot() -> str:
    """Name this start of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii")[:8]


def _elsewhere(number: int) -> str | None:
    """Say what can be said where there is no /proc: only that there is such a process."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "unknown"

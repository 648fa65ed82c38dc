"""The identity of processes, and whether they still run: a number alone is used again after a restart."""

from __future__ import annotations

import os
import re
import socket

import psutil

_NAME = re.compile(r"process (\d{1,10}) \(begun (.+?)\) on (.+)", re.DOTALL)


def identity(process: int | None = None) -> str:
    """Return an identity of a process of this machine (default: this one) that no later process shares."""
    number = process or os.getpid()
    return f"process {number} (begun {_begun(number)}) on {socket.gethostname()}"


def is_here(who: str) -> bool:
    """Return whether a process is of this machine: of others one cannot know whether it is there."""
    named = _NAME.fullmatch(who)
    return named is not None and named[3] == socket.gethostname()


def runs(who: str) -> bool:
    """Return whether a process of this machine is still there."""
    named = _NAME.fullmatch(who)
    return named is not None and _begun(int(named[1])) == named[2]


def _begun(number: int) -> str | None:
    """Return when a process was begun, in seconds since the machine was; None if it has ended.

    The time of day of its beginning is no identity: it moves when the machine's clock is set.
    """
    try:
        process = psutil.Process(number)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return None
        return f"{process.create_time() - psutil.boot_time():.2f} s after the machine"
    except (psutil.NoSuchProcess, OverflowError):
        return None
    except psutil.AccessDenied:  # it is there, of another user
        return "unknown"

"""Limits on the time that one record takes, in a process that reads nothing else."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

RECORD_SECONDS = 60.0
"""How much processor time a page may take to be parsed. The largest page of an archive takes under a second."""
KILLED_AFTER = 2
"""After so many times the limit the process is killed: C code does not listen to Python's signals."""


class TooSlowError(Exception):
    """A page takes longer to parse than it may."""


class TimeLimit:
    """Limits the processor time of each record: a page raises `TooSlowError`, what only C code can end is killed.

    A busy machine or a file system that answers late costs no processor time, and is no fault of the record. Only the
    main thread of a process can be limited; elsewhere nothing is.
    """

    def __init__(self, seconds: float = RECORD_SECONDS) -> None:
        self._seconds = seconds
        self._active = threading.current_thread() is threading.main_thread()

    def begin_record(self) -> None:
        """Begin to count for a record, before it is read."""
        if self._active:
            signal.setitimer(signal.ITIMER_PROF, self._seconds * KILLED_AFTER)

    @contextmanager
    def parsing(self) -> Iterator[None]:
        """Limit the time of the block."""
        if not self._active:
            yield
            return
        signal.setitimer(signal.ITIMER_VIRTUAL, self._seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Install the signal handlers for the block."""
        if not self._active:
            yield
            return
        before = signal.signal(signal.SIGVTALRM, _too_slow)
        killed = signal.signal(signal.SIGPROF, signal.SIG_DFL)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGVTALRM, before)
            signal.signal(signal.SIGPROF, killed)


def _too_slow(_number: int, _frame: FrameType | None) -> None:
    raise TooSlowError

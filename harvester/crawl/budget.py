"""How much a run may use: requests and time. Where it is used up a run stops between two pages; the next goes on."""

from __future__ import annotations

import time


class Budget:
    """What a run may use, and has used. Time is that of a clock which nobody sets."""

    def __init__(self, requests: int | None, seconds: float | None) -> None:
        self._requests = requests
        self._seconds = seconds
        self._began = time.monotonic()
        self._asked = 0

    def count(self) -> None:
        """Count a request, whatever for."""
        self._asked += 1

    @property
    def spent(self) -> str | None:
        """Say what is used up, if something is."""
        if self._requests is not None and self._asked >= self._requests:
            return f"its budget of {self._requests} requests is used up; the next run goes on from here"
        if self._seconds is not None and time.monotonic() - self._began >= self._seconds:
            return f"its budget of {self._seconds:g} seconds is used up; the next run goes on from here"
        return None

"""Pages that were read and wait to be taken, several in one transaction: a commit costs as much as a page.

Only offline: the files are still there, so a crash costs no more than reading the last few of them again.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from harvester.model import Capture

MOST_BYTES = 16 * 1024**2
"""Of pages that wait; they are kept in memory."""
SECONDS = 0.2
"""How long a transaction goes on, and how long pages wait for others: no other writer need wait longer."""


class Ahead:
    """What is to be done with the pages that were read, in their order. `together` begins and ends a transaction."""

    def __init__(self, together: Callable[[], AbstractContextManager[None]]) -> None:
        self._together = together
        self._waiting: deque[Callable[[], object]] = deque()
        self._names: set[str] = set()
        self._bytes = 0
        self._since = 0.0

    def holds(self, capture: Capture) -> bool:
        """Say whether a page of this address or of these bytes waits: it tells whether this one is known."""
        return capture.uri in self._names or capture.sha256 in self._names

    def add(self, take: Callable[[], object], capture: Capture | None = None) -> None:
        """Let something wait to be taken; take all if that is enough."""
        now = time.monotonic()
        self._since = self._since if self._waiting else now
        self._waiting.append(take)
        if capture:
            self._names |= {capture.uri, capture.sha256}
            self._bytes += len(capture.body)
        if self._bytes > MOST_BYTES or now - self._since > SECONDS:
            self.take()

    def take(self) -> None:
        """Take all that waits. Where that fails, nothing waits any more: the next run reads it again."""
        waiting, self._waiting = self._waiting, deque()
        self._names.clear()
        self._bytes = 0
        while waiting:
            with self._together():
                end = time.monotonic() + SECONDS
                while waiting and time.monotonic() < end:
                    waiting.popleft()()

"""Pages that were read and wait to be written, several in one transaction: a commit costs as much as a page.

Only for saved pages: their files are still there, so a crash costs no more than reading the last few again.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from harvester.store.page_batch import ReadPage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from harvester.model import Capture

MAX_BYTES = 16 * 1024**2
"""Bytes of the pages that wait in memory, at most."""
MAX_PAGES = 50
"""Pages that are added together, at most: these take some 50 milliseconds."""
MAX_SECONDS = 0.2
"""How long a transaction lasts, and how long pages wait for others, at most: other writers wait no longer than this."""


class WriteBatch:
    """A queue of pages that were read, and of other writes, in their order.

    `transaction` makes one transaction's context; `add_pages` adds pages to the run.
    """

    def __init__(
        self, transaction: Callable[[], AbstractContextManager[None]], add_pages: Callable[[Sequence[ReadPage]], None]
    ) -> None:
        self._transaction = transaction
        self._add_pages = add_pages
        self._waiting: deque[ReadPage | Callable[[], object]] = deque()
        self._names: set[str] = set()
        self._bytes = 0
        self._since = 0.0

    def contains(self, capture: Capture) -> bool:
        """Return whether a page of this address or with these bytes waits: it decides whether this page is known."""
        return capture.uri in self._names or capture.sha256 in self._names

    def add(self, task: ReadPage | Callable[[], object], capture: Capture | None = None) -> None:
        """Add a page or another write to the queue; flush the queue if it is large or old enough."""
        now = time.monotonic()
        self._since = self._since if self._waiting else now
        self._waiting.append(task)
        if capture:
            self._names |= {capture.uri, capture.sha256}
            self._bytes += len(capture.body)
        if self._bytes > MAX_BYTES or now - self._since > MAX_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Run all queued writes. If one fails, the queue is empty all the same: the next run reads the rest again."""
        tasks, self._waiting = self._waiting, deque()
        self._names.clear()
        self._bytes = 0
        while tasks:
            with self._transaction():
                end = time.monotonic() + MAX_SECONDS
                while tasks and time.monotonic() < end:
                    self._write_next(tasks)

    def _write_next(self, tasks: deque[ReadPage | Callable[[], object]]) -> None:
        """Write the pages at the head of a queue, or the one other write there."""
        task = tasks.popleft()
        if not isinstance(task, ReadPage):
            task()
            return
        pages = [task]
        while tasks and len(pages) < MAX_PAGES and isinstance(tasks[0], ReadPage):
            pages.append(tasks[0])
            tasks.popleft()
        self._add_pages(pages)

"""Progress on a terminal: pages, records, rate, time left. Silent if standard error is no terminal."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from harvester.store.run import Run


PAUSE_SECONDS = 0.1
SLOW = 10
"""Pages per second below which the rate is shown with a decimal: live harvests reach one at most."""


class Progress:
    """A context manager that shows a bar on standard error; `total` is the expected number of pages."""

    def __init__(self, run: Run, total: int | None) -> None:
        self._run = run
        self._shown = 0.0
        self._bar = _bar() if sys.stderr.isatty() else None
        if self._bar:
            self._task = self._bar.add_task("pages", total=total, counts="")

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def update(self, total: int | None = None) -> None:
        """Update the bar, ten times a second at most: drawing must not slow the harvest down.

        `total` replaces the expected number of pages.
        """
        now = time.monotonic()
        if self._bar is None or now - self._shown < PAUSE_SECONDS:
            return
        self._shown = now
        speed = self._bar.tasks[0].speed or 0
        counts = f"{self._run.counts['records']} records, {speed:.{int(speed < SLOW)}f} pages/s"
        self._bar.update(self._task, completed=self._run.counts["pages"], total=total, counts=counts)

    def print_line(self, text: str) -> None:
        """Print a line above the bar."""
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)


class LiveProgress:
    """A progress bar that starts with the run."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._bar: Progress | None = None

    def __call__(self, run: Run, pages: int | None) -> None:
        """Update the bar; `pages` is the total, if it is known."""
        if self._bar is None:
            self._bar = self._stack.enter_context(Progress(run, None))
        self._bar.update(pages)

    def notify(self, text: str) -> None:
        """Print a line above the bar, such as why the crawl waits."""
        if self._bar is not None:
            self._bar.print_line(text)

    def close(self) -> None:
        """Remove the bar."""
        self._stack.close()


def _bar() -> Bar:
    # Imported only for a terminal: it takes as long as a hundred pages.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[counts]}"), TimeRemainingColumn())
    return Progress(TextColumn("pages"), *columns, console=Console(stderr=True), transient=True)

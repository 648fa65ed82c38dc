"""Progress on a terminal: pages, records, rate, time left. Elsewhere silence."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from harvester.store.run import Run


PAUSE_SECONDS = 0.1
SLOW = 10
"""Pages a second below which a digit behind the point tells something: live harvests make one at most."""


class Progress:
    """A bar on standard error while a run goes on; `total` is the number of pages to come."""

    def __init__(self, run: Run, total: int | None) -> None:
        self._run = run
        self._shown = 0.0
        self._bar = _bar() if sys.stderr.isatty() else None
        if self._bar:
            self._task = self._bar.add_task("pages", total=total, told="")

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def update(self, total: int | None = None) -> None:
        """Show how far the run is, ten times a second at most: drawing must not slow the harvest down.

        `total` is the number of pages, if it is known better by now.
        """
        now = time.monotonic()
        if self._bar is None or now - self._shown < PAUSE_SECONDS:
            return
        self._shown = now
        speed = self._bar.tasks[0].speed or 0
        told = f"{self._run.counts['records']} records, {speed:.{int(speed < SLOW)}f} pages/s"
        self._bar.update(self._task, completed=self._run.counts["pages"], total=total, told=told)

    def say(self, text: str) -> None:
        """Leave a line above the bar."""
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)


def _bar() -> Bar:
    # Imported where there is somebody to see it: it takes as long as a hundred pages.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[told]}"), TimeRemainingColumn())
    return Progress(TextColumn("pages"), *columns, console=Console(stderr=True), transient=True)

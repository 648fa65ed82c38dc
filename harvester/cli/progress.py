"""Progress on a terminal: pages, records, rate, time left. Elsewhere silence."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

if TYPE_CHECKING:
    from harvester.store.run import Run


PAUSE_SECONDS = 0.1


class Progress:
    """A bar on standard error while a run goes on; `total` is the number of pages to come."""

    def __init__(self, run: Run, total: int | None) -> None:
        self._run = run
        columns = (
            TextColumn("pages"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[told]}"),
            TimeRemainingColumn(),
        )
        self._bar = Bar(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
        self._shown = 0.0
        self._task = self._bar.add_task("pages", total=total, told="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self, total: int | None = None) -> None:
        """Show how far the run is, ten times a second at most: drawing must not slow the harvest down.

        `total` is the number of pages, if it is known better by now.
        """
        now = time.monotonic()
        if self._bar.disable or now - self._shown < PAUSE_SECONDS:
            return
        self._shown = now
        speed = self._bar.tasks[0].speed or 0
        told = f"{self._run.counts['records']} records, {speed:.0f} pages/s"
        self._bar.update(self._task, completed=self._run.counts["pages"], total=total, told=told)

"""Harvests in processes of their own, which may be killed: forked from one that has everything imported."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from harvester.cli import run
from harvester.errors import HarvesterError
from harvester.store.database import open_to_read
from tests.support.forks import FORKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.archive_server import ArchiveServer


@dataclass(frozen=True)
class Aim:
    """What is to happen to a harvest: at which moment, at the how-manieth passing."""

    moment: str
    time: int = 1
    what: str = "kill"


@dataclass(frozen=True)
class Done:
    """How a process ended: its exit status (negative if it was killed), and what it printed."""

    status: int | None
    out: str
    err: str


def strike(aim: Aim) -> None:
    """Fail, or send this process a signal, as aimed."""
    if aim.what == "fail":
        raise HarvesterError("a failure made for the test")
    os.kill(os.getpid(), {"kill": signal.SIGKILL, "term": signal.SIGTERM, "interrupt": signal.SIGINT}[aim.what])


def mine(owner: Any, name: str, aim: Aim, *, before: bool) -> None:
    """Make the `aim.time`-th call of a function of a module or class strike, before or after the call."""
    real, left = getattr(owner, name), [aim.time]

    def strike_if_due() -> None:
        left[0] -= 1
        if left[0] == 0:
            strike(aim)

    def mined(*arguments: Any, **named: Any) -> Any:
        if before:
            strike_if_due()
        result = real(*arguments, **named)
        if not before:
            strike_if_due()
        return result

    setattr(owner, name, mined)


def arm(aim: Aim) -> None:
    """Arm this process to strike at a moment of a live harvest, or before a call of `module:function`."""
    if ":" in aim.moment:
        module, name = aim.moment.split(":")
        mine(import_module(module), name, aim, before=True)
        return
    from harvester.crawl import pipeline, session, warc_writer
    from harvester.store import search_index
    from harvester.store.run import Run

    left = [aim.time]

    def half(number: int) -> None:
        """Leave a part of a record on the disk, as a power cut does."""
        left[0] -= 1
        if left[0] == 0:
            os.ftruncate(number, os.fstat(number).st_size - 40)
            strike(aim)

    mines: dict[str, Callable[[], None]] = {
        "fetched": lambda: mine(pipeline.HarvestPipeline, "process_item", aim, before=True),
        "half": lambda: setattr(warc_writer, "_sync", half),
        "synced": lambda: mine(warc_writer.WarcFile, "keep", aim, before=False),
        "uncommitted": lambda: mine(Run, "count_page", aim, before=False),
        "committed": lambda: mine(pipeline.HarvestPipeline, "_take", aim, before=False),
        "verdict": lambda: mine(session, "close_walk", aim, before=True),
        "verdict_committed": lambda: mine(session.CrawlSession, "end_walk", aim, before=False),
        "indexing": lambda: mine(search_index, "index_chunk", aim, before=False),
    }
    mines[aim.moment]()


def _child(arguments: list[str], aim: Aim | None, out: str, err: str) -> None:
    with open(out, "w") as stdout, open(err, "w") as stderr:  # noqa: PTH123 - plain files for plain streams
        sys.stdout, sys.stderr = stdout, stderr
        if aim:
            arm(aim)
        status = run(arguments)
    os._exit(status)


def in_process(folder: Path, arguments: list[str], aim: Aim | None = None) -> Done:
    """Run the command line in a process of its own."""
    out, err = folder / "out.txt", folder / "err.txt"
    process = FORKS.Process(target=_child, args=(arguments, aim, str(out), str(err)))
    process.start()
    process.join(120)
    return Done(process.exitcode, out.read_text(), err.read_text())


def rows(path: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return what a database answers."""
    with open_to_read(path) as db:
        return list(db.execute(sql, values))


class Harvests:
    """Harvests of one local archive into databases of one folder."""

    def __init__(self, folder: Path, server: ArchiveServer) -> None:
        self.folder = folder
        self.server = server
        self._ended = 0
        """The second in which the last live harvest has ended."""

    def live(
        self, name: str, *more: str, aim: Aim | None = None, delay: str | None = "0", target: str = "wilson"
    ) -> Done:
        """Harvest live into the database of that name; answers are kept beside it.

        Times have whole seconds, so what two harvests read in the same one has no order: each begins in a later one.
        """
        if int(time.time()) == self._ended:
            next_second()
        arguments = ["harvest", target, "--base-url", self.server.base, *more, "--db", str(self.folder / name)]
        arguments += ["--captures", str(self.folder / f"{name}-captures")] if "--no-captures" not in more else []
        arguments += ["--delay", delay] if delay else []
        done = in_process(self.folder, arguments, aim)
        self._ended = int(time.time())
        return done

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return what the database `a.db` answers."""
        return rows(self.folder / "a.db", sql, *values)

    def offline(self, name: str) -> Path:
        """Harvest what a live harvest has kept into an empty database; return its path."""
        path = self.folder / f"{name}-offline"
        in_process(self.folder, ["harvest", str(self.folder / f"{name}-captures"), "--db", str(path)])
        return path


def next_second() -> None:
    """Wait for the next second."""
    time.sleep(1 - time.time() % 1)

"""Harvests in processes of their own, which may be killed: forked from one that has everything imported."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harvester.cli import run
from harvester.errors import HarvesterError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.archive_server import ArchiveServer

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.live_processes", "harvester.cli.harvest", "harvester.cli.live"])


@dataclass(frozen=True)
class Aim:
    """What is to happen to a harvest: at which moment, at the how-manieth time of passing there."""

    moment: str
    time: int = 1
    what: str = "kill"


@dataclass(frozen=True)
class Done:
    """How a process ended: its exit status (negative if it was killed), and what it said."""

    status: int | None
    out: str
    err: str


def strike(aim: Aim) -> None:
    """Let what was aimed happen."""
    if aim.what == "fail":
        raise HarvesterError("a failure made for the test")
    os.kill(os.getpid(), {"kill": signal.SIGKILL, "term": signal.SIGTERM, "interrupt": signal.SIGINT}[aim.what])


def arm(aim: Aim) -> None:
    """Lay the mine in this process."""
    from harvester.crawl import desk, pipeline, warc
    from harvester.store import search
    from harvester.store.run import Run

    left = [aim.time]

    def due() -> bool:
        left[0] -= 1
        return left[0] == 0

    def around(owner: Any, name: str, *, before: bool) -> None:
        real = getattr(owner, name)

        def mined(*arguments: Any, **named: Any) -> Any:
            if before and due():
                strike(aim)
            given = real(*arguments, **named)
            if not before and due():
                strike(aim)
            return given

        setattr(owner, name, mined)

    def half(number: int) -> None:
        """Leave a part of a record on the disk, as a power cut does."""
        if due():
            os.ftruncate(number, os.fstat(number).st_size - 40)
            strike(aim)

    mines: dict[str, Callable[[], None]] = {
        "fetched": lambda: around(pipeline.HarvestPipeline, "process_item", before=True),
        "half": lambda: setattr(warc, "_sync", half),
        "synced": lambda: around(warc.WarcFile, "keep", before=False),
        "uncommitted": lambda: around(Run, "_counted", before=False),
        "committed": lambda: around(pipeline.HarvestPipeline, "_take", before=False),
        "verdict": lambda: around(desk, "close_walk", before=True),
        "verdict_committed": lambda: around(desk.Desk, "end_walk", before=False),
        "indexing": lambda: around(search, "index_chunk", before=False),
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
    process = _FORKS.Process(target=_child, args=(arguments, aim, str(out), str(err)))
    process.start()
    process.join(120)
    return Done(process.exitcode, out.read_text(), err.read_text())


class Harvests:
    """Harvests of one local archive into databases of one folder."""

    def __init__(self, folder: Path, server: ArchiveServer) -> None:
        self.folder = folder
        self.server = server

    def live(
        self, name: str, *more: str, aim: Aim | None = None, delay: str | None = "0", target: str = "wilson"
    ) -> Done:
        """Harvest live into the database of that name; answers are kept beside it."""
        arguments = ["harvest", target, "--base-url", self.server.base, *more, "--db", str(self.folder / name)]
        arguments += ["--captures", str(self.folder / f"{name}-captures")] if "--no-captures" not in more else []
        arguments += ["--delay", delay] if delay else []
        return in_process(self.folder, arguments, aim)

    def offline(self, name: str) -> Path:
        """Harvest what a live harvest has kept into an empty database; give its path."""
        again = self.folder / f"{name}-offline"
        in_process(self.folder, ["harvest", str(self.folder / f"{name}-captures"), "--db", str(again)])
        return again

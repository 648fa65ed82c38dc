"""Reads parts on a Dask cluster.

Dask forgets what it knew when its scheduler dies, runs tasks again whose results lay on a dead worker, and blames a
task for the death of its worker. None of that matters here: a task returns next to nothing, and what is read stands in
receipts.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING
from uuid import uuid4

from distributed import Client, KilledWorker
from distributed.comm import CommClosedError

from harvester.bulk.folder import BulkFolder
from harvester.bulk.parts import part_from_json
from harvester.bulk.read import ATTEMPTS, divide, settle
from harvester.bulk.reader_process import ReaderError, ReaderProcess
from harvester.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from distributed import Future

    from harvester.bulk.parts import Part
    from harvester.ingest import Stop

AHEAD = 2
"""How many parts a worker has at a time, the one it reads and the next: the scheduler knows of no more."""
CONNECT_SECONDS = 20
KILLED = "its worker on the cluster was killed"

_process = threading.local()
"""The process that reads parts for a thread of a worker; it ends with the worker."""


def read_on_worker(folder: str, line: bytes, seconds: float) -> list[str]:
    """Read a part, on a worker; return what is not read of it because files have changed since the plan."""
    if getattr(_process, "folder", None) != folder:
        _process.folder, _process.reader = folder, ReaderProcess(Path(folder), seconds)
    return settle(BulkFolder(Path(folder)), part_from_json(line), _process.reader.read)


class ClusterReaders:
    """The workers of a cluster; `where` is the address of its scheduler, or a file that holds it."""

    def __init__(self, folder: BulkFolder, where: str, stop: Stop, seconds: float) -> None:
        self._folder, self._where, self._stop, self._seconds = folder, where, stop, seconds
        for name in ("distributed", "distributed.client", "tornado"):  # what is lost is reported here, in one line
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        place = {"scheduler_file": where} if Path(where).is_file() else {"address": where}
        try:
            self._client = Client(**place, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            reason = "no scheduler answers" if isinstance(error, OSError) else f"no address ({error})"
            raise UsageError(f"{where}: {reason}: start one with `dask scheduler`, then `dask worker`") from None

    def read(self, parts: Iterable[Part], done: Callable[[], None]) -> list[str]:
        """Read parts; return what was not read because files have changed. `done` is called after each part.

        Raises ReaderError if the scheduler is lost: what has a receipt by then is read.
        """
        try:
            return self._read_window(parts, done)
        except (CancelledError, CommClosedError, ConnectionError, TimeoutError):
            where, next_step = self._where, "start it, then run this again; what is read stays so"
            raise ReaderError(f"the scheduler at {where} is gone: {next_step}") from None

    def _read_window(self, parts: Iterable[Part], done: Callable[[], None]) -> list[str]:
        """Submit parts to the cluster, as many at a time as there is room for."""
        waiting: list[Part] = []
        source = iter(parts)
        running: dict[str, tuple[Future, Part]] = {}
        finished: SimpleQueue[Future] = SimpleQueue()
        changed: list[str] = []
        while self._stop.signal is None:
            for part in self._next(source, waiting, len(running)):
                future = self._submit(part)
                running[future.key] = future, part
                future.add_done_callback(finished.put)
            if not running:
                break
            with suppress(Empty):
                future = finished.get(timeout=0.5)
                _, part = running.pop(future.key)
                changed += self._result(future, part, waiting)
                done()
            if self._client.status != "running":
                raise ConnectionError
        return changed

    def close(self) -> None:
        """Leave the cluster; parts that are being read are read to their end there."""
        with suppress(Exception):  # the scheduler may be gone
            self._client.close(timeout=2)

    def _next(self, source: Iterator[Part], waiting: list[Part], running: int) -> Iterator[Part]:
        """Yield as many parts as there is room for in the window: halves first, then the next ones of the plan."""
        room = max(1, AHEAD * sum(self._client.nthreads().values())) - running
        for _ in range(room):
            part = waiting.pop() if waiting else next(source, None)
            if part is None:
                return
            yield part

    def _submit(self, part: Part) -> Future:
        arguments = (str(self._folder.path.absolute()), part.as_json(), self._seconds)
        return self._client.submit(read_on_worker, *arguments, key=f"read-{part.id}-{uuid4().hex[:8]}", pure=False)

    def _result(self, future: Future, part: Part, waiting: list[Part]) -> list[str]:
        try:
            changed: list[str] = future.result(timeout=CONNECT_SECONDS)
        except KilledWorker:
            for _ in range(ATTEMPTS):
                self._folder.add_death(part, KILLED)
            waiting += divide(self._folder, part, KILLED)
            return []
        return changed

"""Reads parts on this machine, by one process or several."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from harvester.bulk.read import settle
from harvester.bulk.reader_process import ReaderProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from harvester.bulk.folder import BulkFolder
    from harvester.bulk.parts import Part
    from harvester.ingest import Stop


class LocalReaders:
    """Threads that each have a process read one part after the other. No part is taken before a process is free."""

    def __init__(self, folder: BulkFolder, workers: int, stop: Stop, seconds: float) -> None:
        self._folder, self._workers, self._stop = folder, workers, stop
        self._processes = [ReaderProcess(folder.path.absolute(), seconds) for _ in range(workers)]

    def read(self, parts: Iterable[Part], done: Callable[[], None]) -> list[str]:
        """Read parts; return what was not read because files have changed. `done` is called after each part."""
        shared = _Shared(iter(parts))
        with ThreadPoolExecutor(self._workers + 1) as pool:
            ended = threading.Event()
            pool.submit(self._end_when_stopped, ended)
            futures = [pool.submit(self._work, process, shared, done) for process in self._processes]
            try:
                return [message for future in futures for message in future.result()]
            finally:
                shared.close()
                ended.set()

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.close()

    def _work(self, process: ReaderProcess, parts: _Shared, done: Callable[[], None]) -> list[str]:
        changed: list[str] = []
        try:
            for part in parts:
                if self._stop.signal is not None:
                    break
                changed += settle(self._folder, part, lambda part: self._attempt(process, part))
                done()
        except _StoppedError:
            pass  # the part has no receipt: the next reading begins with it
        finally:
            parts.close()  # where one fails, for want of space perhaps, no other thread begins a part
        return changed

    def _attempt(self, process: ReaderProcess, part: Part) -> str | None:
        how = process.read(part)
        if how is not None and self._stop.signal is not None:
            raise _StoppedError
        return how

    def _end_when_stopped(self, ended: threading.Event) -> None:
        """End the processes at once when the user stops: what they have begun is read again."""
        while not ended.wait(0.2):
            if self._stop.signal is not None:
                for process in self._processes:
                    process.stop()
                return


class _StoppedError(Exception):
    """The user has stopped the reading."""


class _Shared:
    """An iterator that several threads share."""

    def __init__(self, parts: Iterator[Part]) -> None:
        self._parts, self._lock, self._closed = parts, threading.Lock(), False

    def __iter__(self) -> _Shared:
        return self

    def __next__(self) -> Part:
        with self._lock:
            if self._closed:
                raise StopIteration
            return next(self._parts)

    def close(self) -> None:
        """Withhold all further parts."""
        self._closed = True

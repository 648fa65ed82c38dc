"""A real Dask cluster over TCP, in processes of its own, whose scheduler and workers can be killed.

`python -m tests.support.dask_cluster WORKERS` starts a LocalCluster, prints its address, and ends when its input does.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psutil

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORKERS = 2
MOMENTS = ROOT / "tests" / "support" / "bulk_moments"


class Cluster:
    """A cluster in another process, which has its scheduler; its workers are that process's children."""

    def __init__(self, moments: Path, workers: int, *, slow: bool = False) -> None:
        self._workers = workers
        self._environment = os.environ | {"PYTHONPATH": str(MOMENTS), "BULK_MOMENTS": str(moments)}
        self._environment |= {"BULK_SLOW": "1"} if slow else {}
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", __name__, str(self._workers)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self._environment, cwd=ROOT
        )
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
        assert self.address.startswith("tcp://127.0.0.1:")

    def workers(self) -> list[psutil.Process]:
        """Return the processes of the workers that run now."""
        children = psutil.Process(self._process.pid).children()
        return [child for child in children if "spawn_main" in " ".join(child.cmdline())]

    def kill_scheduler(self) -> None:
        """Kill the scheduler, and with it the nannies of the workers; workers end when they notice."""
        self._process.kill()
        self.close()

    def restart(self) -> None:
        """Start another cluster."""
        self._start()

    def close(self) -> None:
        """End the cluster."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        self._process.wait(timeout=30)


@contextmanager
def cluster(moments: Path, workers: int = WORKERS, *, slow: bool = False) -> Iterator[Cluster]:
    """Start a cluster, perhaps a slow one; end it behind the block."""
    moments.mkdir(exist_ok=True)
    started = Cluster(moments, workers, slow=slow)
    try:
        yield started
    finally:
        started.close()


def main(workers: int) -> None:
    """Run a cluster of so many workers until the input ends."""
    from distributed import LocalCluster

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        protocol="tcp://",
        dashboard_address=None,
        silence_logs=50,
    ) as running:
        print(running.scheduler_address, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]))

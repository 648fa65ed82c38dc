"""Kills workers, schedulers, clients and loads of bulk readings: `python -m tests.soak.bulk_kills --kills 50`.

Each round reads a small collection on a cluster; what dies is started again. At its end the database must hold what a
plain harvest of the same file holds, no part may be missing and none be taken twice. Ends with 1 if anything was wrong.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harvester.bulk.status import read_status
from harvester.store.database import open_to_read, open_to_write
from tests.support.bulk import harvest_here, pages, plan, records
from tests.support.dask_cluster import Cluster, cluster
from tests.support.harvesting import documents, sighted, sound
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from harvester.bulk.folder import BulkFolder

VICTIMS = ("worker", "worker", "scheduler", "client", "load")
DOCUMENTS, PART_BYTES = 40, 25_000
LONGEST = 300
"""Seconds after which a round counts as stuck."""


def content(path: Path) -> dict[str, Any]:
    """Return what a database holds, without ids and clocks."""
    with open_to_write(path) as db:
        assert sound(db)
    with open_to_read(path) as db:
        reads = db.execute("SELECT uri, captured_at, file, offset FROM reads").fetchall()
        return {"documents": documents(db), "sighted": sighted(db), "reads": Counter(reads)}


def start(*arguments: str) -> subprocess.Popen[bytes]:
    """Start a command of the harvester."""
    command = [sys.executable, "-m", "harvester", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Rounds:
    """Rounds of reading and killing on one cluster after the other."""

    def __init__(self, folder: Path, running: Cluster, seed: int) -> None:
        self._folder, self._cluster, self._chance = folder, running, random.Random(seed)
        self._warc = folder / "a.warc.gz"
        self._warc.write_bytes(b"".join(records(pages(DOCUMENTS), gz=True)))
        harvest_here(folder / "plain.db", [self._warc])
        self._plain = content(folder / "plain.db")
        self.kills: Counter[str] = Counter()

    def run(self, number: int, kills: int) -> list[str]:
        """Read and load once, killing as often as allowed; return what is wrong."""
        bulk = plan(self._folder / f"bulk-{number}", [self._warc], PART_BYTES)
        self._read(bulk, kills)
        if read_status(bulk).verdict != "complete":
            return [f"round {number}: not everything is read: {list(read_status(bulk).lines())}"]
        path = self._folder / f"{number}.db"
        self._load(bulk, path, kills)
        held = content(path)
        wrong = [f"round {number}: {name} differ" for name in held if held[name] != self._plain[name]]
        print(f"round {number}: {len(list(bulk.planned()))} parts; killed so far: {dict(self.kills)}", flush=True)
        return wrong

    def _read(self, bulk: BulkFolder, kills: int) -> None:
        end, client, read = time.monotonic() + LONGEST, self._start_client(bulk), -1
        while time.monotonic() < end:
            try:
                status = client.wait(timeout=self._chance.uniform(0.2, 4))
            except subprocess.TimeoutExpired:
                # The next one dies when work has gone on: a busy machine starts processes slower than these are killed.
                now = sum(1 for _ in (bulk.path / "receipts").iterdir())
                if self.kills.total() < kills and now > read:
                    self._kill(self._chance.choice(VICTIMS[:-1]), client)
                    read = now
                continue
            if status == 0:
                return
            client = self._start_client(bulk)
        client.kill()
        client.wait()

    def _start_client(self, bulk: BulkFolder) -> subprocess.Popen[bytes]:
        return start("bulk", "read", str(bulk.path), "--dask", self._cluster.address)

    def _kill(self, victim: str, client: subprocess.Popen[bytes]) -> None:
        self.kills[victim] += 1
        if victim == "client":
            client.kill()
        elif victim == "scheduler":
            self._cluster.kill_scheduler()
            self._cluster.restart()
        elif workers := self._cluster.workers():
            self._chance.choice(workers).kill()

    def _load(self, bulk: BulkFolder, path: Path, kills: int) -> None:
        arguments = ("bulk", "load", str(bulk.path), "--db", str(path))
        while self.kills.total() < kills and self._chance.random() < 0.7:
            load = start(*arguments)
            try:
                load.wait(timeout=self._chance.uniform(1, 4))
            except subprocess.TimeoutExpired:
                load.kill()
                self.kills["load"] += 1
                load.wait()
        assert start(*arguments).wait() == 0


def main(arguments: list[str]) -> int:
    """Kill as often as requested."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    requested = parser.parse_args(arguments)
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as name, cluster(Path(name, "moments"), slow=True) as running:
        rounds, number = Rounds(Path(name), running, requested.seed), 0
        while rounds.kills.total() < requested.kills and not wrong:
            number += 1
            wrong = rounds.run(number, requested.kills)
    print("\n".join(wrong) or f"{rounds.kills.total()} kills, {number} rounds: all equal, nothing lost or taken twice")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

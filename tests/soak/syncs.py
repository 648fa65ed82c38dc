"""Many scheduled syncs of an archive that misbehaves, with readers: `python -m tests.soak.syncs --syncs 200`.

Prints what server and scheduler use as time goes on, and ends with 1 if memory, open files or the database grow beyond
what the syncs bring. All is local.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import threading
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

from harvester.store.database import open_to_read
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Manner, Site
from tests.support.publishing import running

if TYPE_CHECKING:
    from collections.abc import Iterator

TRICKS = {"busy": 0.02, "down": 0.02, "reset": 0.02, "empty": 0.02, "challenge": 0.02, "truncated": 0.02, "slow": 0.05}
MANNER = Manner(events=("insert", "remove"), chance=0.02, tricks=TRICKS, most_tricks=1, etags=True)
PAGES = (
    "",
    "search?q=cable",
    "syncs",
    "coverage",
    "soak/documents.json",
    "soak/sync_attempts.json",
    "feed.atom",
    "-/health",
)
MEMORY_MAY_GROW = 1.10
"""Of the last quarter, against the second: in the first everything is loaded that ever will be."""
FILES_MAY_GROW = 8
"""Open files come and go with readers."""
BYTES_A_ROW = 700
"""What a row costs at most, its indexes included: rows are what syncs bring, and nothing else may grow."""
LONGEST = 6 * 3600.0


@dataclass(frozen=True)
class Sample:
    """What was used after so many syncs: memory in KiB and open files of server and scheduler, the database."""

    syncs: int
    serve_kib: int
    serve_files: int
    scheduler_kib: int
    scheduler_files: int
    database: int
    rows: int

    def __str__(self) -> str:
        return (
            f"{self.syncs:>5}{self.serve_kib:>12,}{self.serve_files:>7}{self.scheduler_kib:>16,}"
            f"{self.scheduler_files:>7}{self.database:>14,}{self.rows:>9,}"
        )


HEAD = f"{'syncs':>5}{'serve KiB':>12}{'files':>7}{'scheduler KiB':>16}{'files':>7}{'database':>14}{'rows':>9}"


def memory(process: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text("ascii"))
    return int(found[1]) if found else 0


def files(process: int) -> int:
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def children(process: int) -> list[int]:
    """Return the ids of a process's child processes, whichever thread has started them."""
    return [
        int(number) for file in Path(f"/proc/{process}/task").glob("*/children") for number in file.read_text().split()
    ]


def child(process: int) -> int:
    """Return the id of the scheduler that runs beside a server."""
    return children(process)[0]


def sample(process: int, path: Path) -> Sample:
    with closing(open_to_read(path)) as db:
        syncs = db.execute("SELECT count(*) FROM sync_attempts WHERE status NOT IN ('running', 'missed')").fetchone()[0]
        rows = sum(db[name].count for name in db.table_names() if "_fts" not in name)
        size = db.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").fetchone()[0]
    scheduler = child(process)
    return Sample(syncs, memory(process), files(process), memory(scheduler), files(scheduler), size, rows)


@contextmanager
def readers(address: str, count: int) -> Iterator[list[str]]:
    """Read pages in threads during the block; yield the list of their errors."""
    stop, wrong = threading.Event(), list[str]()

    def read(number: int) -> None:
        while not stop.wait(0.2):
            page = PAGES[number % len(PAGES)]
            number += 1
            try:
                with urlopen(address + page, timeout=60) as answer:
                    answer.read()
            except URLError as error:
                status = getattr(error, "code", None)
                if (page, status) != ("-/health", 503):  # an archive that misbehaves is not always well
                    wrong.append(f"{page}: {error}")

    threads = [threading.Thread(target=read, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield wrong
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def soak(folder: Path, syncs: int, every: int, records: int, reading: int) -> list[str]:
    """Sync so often while the site is read; say what is not as it should be."""
    path, samples = folder / "soak.db", list[Sample]()
    with ArchiveServer(Site(records, "soak", MANNER)) as server:
        (folder / "harvester.toml").write_text(
            f'[sources.wilson]\nbase_url = "{server.base}"\ndelay = 0\n\n'
            '[schedules.soak]\nharvest = "wilson"\nevery = "1s"\nincremental = 3\nstale_after = "1h"\n'
        )
        command = [sys.executable, "-m", "harvester", "--config", str(folder / "harvester.toml")]
        command += ["serve", "--sync", "--db", str(path), "--port", "0"]
        with running(command) as serving, readers(serving.address(), reading) as wrong:
            print(HEAD, flush=True)
            until = time.monotonic() + LONGEST
            while (not samples or samples[-1].syncs < syncs) and time.monotonic() < until:
                time.sleep(1)
                with suppress(IndexError, FileNotFoundError):  # the scheduler is being started
                    now = sample(serving.process.pid, path)
                    if not samples or now.syncs >= samples[-1].syncs + every:
                        samples.append(now)
                        print(now, flush=True)
            complained = serving.complained.read_text()
    return [*faults(samples), *sorted(set(wrong)), *([complained] if complained else []), *verdicts(path)]


def faults(samples: list[Sample]) -> list[str]:
    """Return what has grown: the last quarter compared with the second."""
    quarter = len(samples) // 4
    early, late = samples[quarter : 2 * quarter] or samples[:1], samples[-quarter:] or samples[-1:]
    stated = []
    for name in ("serve_kib", "scheduler_kib"):
        before, after = (max(getattr(one, name) for one in part) for part in (early, late))
        stated += [f"{name} grew from {before} to {after}"] if after > before * MEMORY_MAY_GROW else []
    for name in ("serve_files", "scheduler_files"):
        before, after = (max(getattr(one, name) for one in part) for part in (early, late))
        stated += [f"{name} grew from {before} to {after}"] if after > before + FILES_MAY_GROW else []
    bytes_, rows = late[-1].database - early[0].database, late[-1].rows - early[0].rows
    print(f"the database grew by {bytes_:,} bytes for {rows:,} rows: {bytes_ / max(rows, 1):.0f} bytes a row")
    return stated + ([f"{bytes_} bytes for {rows} rows"] if bytes_ > BYTES_A_ROW * rows else [])


def verdicts(path: Path) -> list[str]:
    """Print how the syncs ended; return the failed syncs and the turns without a run."""
    with closing(open_to_read(path)) as db:
        states = dict(db.execute("SELECT status, count(*) FROM sync_attempts GROUP BY status").fetchall())
        print(", ".join(f"{count} {state}" for state, count in sorted(states.items())))
        lost = db.execute(
            "SELECT count(*) FROM sync_attempts WHERE status IN ('complete', 'partial') AND run_id IS NULL"
        )
        return [f"{count} attempts without a run" for (count,) in lost.fetchall() if count]


def main(arguments: list[str]) -> int:
    """Soak; give the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--syncs", type=int, default=200)
    parser.add_argument("--every", type=int, default=10, help="syncs between two samples")
    parser.add_argument("--records", type=int, default=40, help="records of the archive")
    parser.add_argument("--readers", type=int, default=4, help="threads that read pages meanwhile")
    requested = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        stated = soak(Path(folder), requested.syncs, requested.every, requested.records, requested.readers)
    print("\n".join(stated) or "nothing grows but what the syncs bring")
    return int(bool(stated))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Bulk reading: what parts, processes and files in between cost, beside a plain harvest of the same WARC."""

from __future__ import annotations

import gzip
import json
import statistics
import sys
import time
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from harvester.bulk.folder import BulkFolder
from harvester.bulk.parts import ReadOptions
from harvester.bulk.plan import plan_targets
from harvester.bulk.reading import read_part
from harvester.registry import choose_sources
from harvester.store.database import open_to_read
from tests.benchmarks.corpus import documents, items_of, listings
from tests.benchmarks.measure import cpu_of, outcome
from tests.support.archive_pages import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator

HARVESTER = [sys.executable, "-m", "harvester"]
PARTS = 8
"""Into how many parts the collection is cut."""
SMALL, LARGE = 50, 500
"""Megabytes of the parts whose memory is compared."""
PAGES = 200
"""Pages of the collection that is read as one part and as many."""


def record(uri: str, body: bytes, number: int) -> bytes:
    """Return a page as a WARC record."""
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body
    date = f"2025-03-{1 + number // 86400:02}T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z"
    fields = (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: {uri}\r\nWARC-Date: {date}\r\n"
        f"WARC-Record-ID: <urn:x:{number}>\r\nContent-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(http)}\r\n\r\n"
    )
    return fields.encode() + http + b"\r\n\r\n"


def records(count: int) -> Iterator[bytes]:
    """Yield the listings and documents of an archive of so many documents, as WARC records."""
    items = items_of(count)
    pages = (page for made in (listings(items), documents(items)) for page in made)
    for number, (name, body) in enumerate(pages):
        yield record(f"{HOST}/{name.split('/', 1)[1]}", body, number)


def make(path: Path, count: int) -> Path:
    """Make the WARC of an archive, if it is not there yet."""
    if not path.exists():
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            for one in records(count):
                file.write(gzip.compress(one, 1))
        part.rename(path)
    return path


class Bulk:
    """Reads one WARC in bulk and plainly."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder, self._count = folder, count
        self._warc = make(folder / "archive.warc.gz", count)

    def read(self, workers: int) -> tuple[float, float]:
        """Read everything in bulk; return wall and CPU seconds."""
        rmtree(self._folder / "bulk", ignore_errors=True)
        size = self._warc.stat().st_size / PARTS / 1e6
        bulk = str(self._folder / "bulk")
        planned, *_ = cpu_of([*HARVESTER, "bulk", "plan", str(self._warc), "--out", bulk, "--part-size", f"{size:.3f}"])
        begun = time.monotonic()
        cpu, *_ = cpu_of([*HARVESTER, "bulk", "read", bulk, "--workers", str(workers)])
        return time.monotonic() - begun, planned + cpu

    def load(self) -> float:
        """Load what was read into a new database; return the CPU seconds."""
        return self._into("bulk.db", "bulk", "load", str(self._folder / "bulk"))

    def harvest(self) -> float:
        """Harvest the WARC plainly into a new database; return the CPU seconds."""
        return self._into("plain.db", "harvest", str(self._warc))

    def _into(self, name: str, *arguments: str) -> float:
        for old in self._folder.glob(f"{name}*"):
            old.unlink()
        cpu, _, out = cpu_of([*HARVESTER, *arguments, "--db", str(self._folder / name), "--json"])
        assert json.loads(out)["status"] == "complete", out
        with open_to_read(self._folder / name) as db:
            assert db.execute("SELECT count(*) FROM documents").fetchone() == (self._count,)
        return cpu


def report(folder: Path, count: int, pairs: int) -> list[str]:
    """Measure all; return a line for each figure."""
    folder.mkdir(parents=True, exist_ok=True)
    bulk = Bulk(folder, count)
    walls, costs, figures = [], [], []
    for _ in range(pairs):
        two, _ = bulk.read(2)
        one, cpu = bulk.read(1)
        loaded, plain = bulk.load(), bulk.harvest()
        walls.append(two / one)
        costs.append((cpu + loaded) / plain)
        figures.append(
            f"read {cpu:.1f} s, load {loaded:.1f} s, plain harvest {plain:.1f} s of CPU; {one:.1f} s, {two:.1f} s"
        )
        print(figures[-1], file=sys.stderr, flush=True)
    overhead, page = part_overhead(folder)
    small, large = (memory(folder, size) for size in (SMALL, LARGE))
    return [
        outcome(
            f"bulk read of {count:,} documents, 2 workers / 1, wall", statistics.median(walls), 0.6, at_least=False
        ),
        outcome("bulk read + load / plain harvest, CPU", statistics.median(costs), 1.3, at_least=False),
        outcome("overhead of a part / reading a page", overhead / page, 30, at_least=False),
        outcome(f"memory of a worker, part of {LARGE} MB / {SMALL} MB", large / small, 1.2, at_least=False),
        f"a page {page * 1000:.2f} ms, a part {overhead * 1000:.1f} ms; {small / 1024:.0f} MB, {large / 1024:.0f} MB",
        f"{figures[-1]} of wall time with one worker and two",
    ]


def part_overhead(folder: Path) -> tuple[float, float]:
    """Return how many seconds a part costs besides its pages, and how many a page."""
    warc = make(folder / f"pages-{PAGES}.warc.gz", PAGES)
    size = warc.stat().st_size
    whole = statistics.median(_read_here(warc, 2 * size)[0] for _ in range(3))
    many = [_read_here(warc, size // PAGES) for _ in range(3)]
    parts = many[0][1]
    return (statistics.median(seconds for seconds, _ in many) - whole) / (parts - 1), whole / (PAGES * 1.1)


def _read_here(warc: Path, size: int) -> tuple[float, int]:
    """Read a WARC in this process; return the seconds and the number of parts."""
    with TemporaryDirectory(dir=warc.parent) as folder:
        bulk = BulkFolder(Path(folder))
        bulk.write_plan(plan_targets([warc], choose_sources(None), ReadOptions(), size))
        parts = list(bulk.planned())
        begun = time.perf_counter()
        for part in parts:
            read_part(bulk, part)
        return time.perf_counter() - begun, len(parts)


def memory(folder: Path, megabytes: int) -> int:
    """Read a part of so many megabytes, not packed; return the peak memory of the worker (KiB)."""
    warc = folder / f"{megabytes}.warc"
    pages = list(records(200))
    with warc.open("wb") as file:
        number = 0
        while file.tell() < megabytes * 1e6:
            file.write(pages[number % len(pages)])
            number += 1
    bulk = folder / f"bulk-{megabytes}"
    rmtree(bulk, ignore_errors=True)
    cpu_of([*HARVESTER, "bulk", "plan", str(warc), "--out", str(bulk), "--part-size", "1000"])
    _, peak, _ = cpu_of([*HARVESTER, "bulk", "read", str(bulk)])
    warc.unlink()
    return peak

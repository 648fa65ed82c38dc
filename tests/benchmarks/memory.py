"""Memory: harvesting ten times as many pages must not take more of it."""

from __future__ import annotations

import json
import multiprocessing
import sys
from typing import TYPE_CHECKING

from tests.benchmarks.corpus import documents, items_of, write_archive
from tests.benchmarks.measure import cpu_of, outcome

if TYPE_CHECKING:
    from pathlib import Path

MANY = 100_000
"""Pages of the larger archive; the other has a tenth."""


def peak(folder: Path, count: int) -> int:
    """Harvest an archive of so many document pages; give the most memory that it took (KiB)."""
    archive, db = folder / f"pages-{count}.tar.zst", folder / "memory.db"
    if not archive.exists():  # in another process: the memory of this one would count as that of those that it starts
        making = multiprocessing.get_context("spawn").Process(target=_make, args=(archive, count))
        making.start()
        making.join()
    for old in folder.glob("memory.db*"):
        old.unlink()
    _, memory, out = cpu_of([sys.executable, "-m", "harvester", "harvest", str(archive), "--db", str(db), "--json"])
    assert json.loads(out)["new"] == count
    return memory


def _make(archive: Path, count: int) -> None:
    part = archive.with_suffix(".part")
    write_archive(part, documents(items_of(count)))
    part.rename(archive)


def peak_of_peer(folder: Path, count: int) -> int:
    """Read the same archive as people do today; give the most memory that it took (KiB)."""
    db = folder / "memory-peer.db"
    for old in folder.glob("memory-peer.db*"):
        old.unlink()
    archive = str(folder / f"pages-{count}.tar.zst")
    return cpu_of([sys.executable, "-m", "tests.benchmarks.peer", archive, str(db), "triggers"])[1]


def report(folder: Path, pages: int) -> list[str]:
    """Measure; give a line for each figure and one for what they are made of."""
    folder.mkdir(parents=True, exist_ok=True)
    few, many = peak(folder, pages // 10), peak(folder, pages)
    peer = peak_of_peer(folder, pages // 10)
    return [
        outcome(f"peak memory of {pages:,} pages / {pages // 10:,}", many / few, 1.2, at_least=False),
        outcome(f"peak memory of {pages // 10:,} pages / the reader's", few / peer, 2.5, at_least=False),
        f"{few / 1024:.0f} MB, {many / 1024:.0f} MB; the reader {peer / 1024:.0f} MB",
    ]

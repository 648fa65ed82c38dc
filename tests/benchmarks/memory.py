"""Memory: harvesting ten times as many pages must not take more of it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from tests.benchmarks.corpus import documents, items_of, write_archive
from tests.benchmarks.measure import cpu_of, outcome

if TYPE_CHECKING:
    from pathlib import Path

FEW, MANY = 10_000, 100_000


def peak(folder: Path, count: int) -> int:
    """Harvest an archive of so many document pages; give the most memory that it took (KiB)."""
    archive, db = folder / f"pages-{count}.tar.zst", folder / "memory.db"
    if not archive.exists():
        part = folder / "pages.part"
        write_archive(part, documents(items_of(count)))
        part.rename(archive)
    for old in folder.glob("memory.db*"):
        old.unlink()
    _, memory, out = cpu_of([sys.executable, "-m", "harvester", "harvest", str(archive), "--db", str(db), "--json"])
    assert json.loads(out)["new"] == count
    return memory


def report(folder: Path) -> list[str]:
    """Measure; give a line for the figure and one for what it is made of."""
    folder.mkdir(parents=True, exist_ok=True)
    few, many = peak(folder, FEW), peak(folder, MANY)
    name = f"peak memory of {MANY:,} pages / {FEW:,}"
    return [outcome(name, many / few, 1.2, at_least=False), f"{few / 1024:.0f} MB, {many / 1024:.0f} MB"]

"""Making a database again, beside harvesting it for the first time."""

from __future__ import annotations

import re
import statistics
import sys
from typing import TYPE_CHECKING

from harvester.store.database import open_to_read
from harvester.store.integrity.check import run_checks
from tests.benchmarks.measure import PAIRS, cpu_of, outcome
from tests.benchmarks.whole import Whole

if TYPE_CHECKING:
    from pathlib import Path

GOAL = 1.5
"""CPU of a rebuild / CPU of the first harvest."""
HELD = ("documents", "document_terms", "statements", "sightings", "texts", "files", "changes")


def report(folder: Path, count: int, pairs: int = PAIRS) -> list[str]:
    """Measure it; the database must hold the same rows as before, and be sound."""
    whole, path = Whole(folder, count), folder / "again.db"
    ratios = []
    for _ in range(pairs):
        first = whole.harvest(path)
        before = _rows(path)
        again, _, out = cpu_of([sys.executable, "-m", "harvester", "rebuild", "--db", str(path)])
        assert re.search(r"\b0 new, 0 changed, 0 merged, 0 dropped", out), out
        assert _rows(path) == before
        assert run_checks(path, fast=True) == []
        ratios.append(again / first)
        print(f"first {first:.1f} s, again {again:.1f} s", file=sys.stderr, flush=True)
    return [outcome("rebuild / first harvest", statistics.median(ratios), GOAL, at_least=False)]


def _rows(path: Path) -> list[int]:
    with open_to_read(path) as db:
        return [db.table(name).count for name in HELD]

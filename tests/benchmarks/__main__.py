"""`python -m tests.benchmarks [NAME…]`: prints ratios taken in this run, each beside its goal.

Names: dates, parsing, writing, whole, rebuild, memory; bulk and instructions (by valgrind) run only if they are named.
`--documents N` makes the archive smaller than the real one (16,756), `--pages N` that of which memory is measured
(100,000).
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.benchmarks import bulk, dates, memory, parsing, rebuilding, writing
from tests.benchmarks.corpus import WHOLE, make
from tests.benchmarks.whole import Whole, count_instructions


def main() -> None:
    """Run the benchmarks that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--documents", type=int, default=WHOLE)
    parser.add_argument("--pages", type=int, default=memory.MANY)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "harvester-benchmarks"))
    parser.add_argument("--pairs", type=int, default=5)
    requested = parser.parse_args()
    names = requested.names or ["dates", "parsing", "writing", "whole", "rebuild", "memory"]
    if "dates" in names:
        _print(dates.report())
    if "parsing" in names:
        _print(parsing.report(requested.pairs))
    if "writing" in names:
        _print(writing.report(requested.folder, requested.pairs))
    if "whole" in names:
        folder = requested.folder / str(requested.documents)
        make(folder, requested.documents)
        _print(Whole(folder, requested.documents).report(requested.pairs))
    if "rebuild" in names:
        folder = requested.folder / str(requested.documents)
        make(folder, requested.documents)
        _print(rebuilding.report(folder, requested.documents, requested.pairs))
    _measure_more(names, requested)


def _measure_more(names: list[str], requested: argparse.Namespace) -> None:
    """Run the benchmarks that take long."""
    if "memory" in names:
        _print(memory.report(requested.folder, requested.pages))
    if "instructions" in names:
        _print(count_instructions(requested.folder))
    if "bulk" in names:
        folder = requested.folder / f"bulk-{requested.documents}"
        _print(bulk.report(folder, requested.documents, requested.pairs))


def _print(lines: list[str]) -> None:
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    main()

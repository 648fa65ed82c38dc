"""How long readers wait while somebody downloads everything, beside how long they wait alone.

    python -m tests.soak.readers_during_exports [--documents 23000 | --db FILE] [--requests 300]

Rounds with and without an export take turns, so that what else the machine does falls on both alike. Their p95 during
exports may be twice that alone.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import threading
import time
from argparse import ArgumentParser
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote
from urllib.request import urlopen

from tests.soak.request_costs import WORDS, keys_of
from tests.support.made_up_corpus import make
from tests.support.publishing import harvester_serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.publishing import Site

MOST = 2.0
ROUND = 25
"""Requests until exports begin or stop."""
EXPORTS = ("search.bib", "search.csv", "search.jsonl", "DB/documents.ris")


def waits(site: Site, keys: list[str], chance: random.Random, number: int) -> Iterator[float]:
    """Send requests of a reader one after the other, and yield the milliseconds that each takes."""
    for _ in range(number):
        path = chance.choice(("/", f"/search?q={quote(chance.choice(WORDS))}", f"/document/{chance.choice(keys)}"))
        start = time.perf_counter()
        site.get(path)
        yield (time.perf_counter() - start) * 1000


@contextmanager
def downloading(site: Site, paths: Iterator[str]) -> Iterator[None]:
    """Download one file after the other in a thread, until the end."""
    ended = threading.Event()

    def download() -> None:
        while not ended.is_set():
            with urlopen(site.address + next(paths).replace("DB", site.database), timeout=600) as answer:
                while not ended.is_set() and answer.read(65_536):
                    pass

    thread = threading.Thread(target=download)
    thread.start()
    yield
    ended.set()
    thread.join()


def p95(took: list[float]) -> float:
    """Return what one request in twenty exceeds."""
    return statistics.quantiles(took, n=20, method="inclusive")[-1]


def main() -> int:
    """Measure, print, and fail if readers wait too long."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=23_000, help="how many are made up")
    parser.add_argument("--db", type=Path, help="a harvest, in place of made-up documents")
    parser.add_argument("--requests", type=int, default=300)
    options = parser.parse_args()
    alone: list[float] = []
    during: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        database = options.db or make(Path(folder) / "harvest.db", options.documents).path
        keys, chance, paths = keys_of(database), random.Random(1), cycle(EXPORTS)
        with harvester_serve(database) as (site, _):
            list(waits(site, keys, chance, ROUND))
            for _ in range(0, options.requests, ROUND):
                alone += waits(site, keys, chance, ROUND)
                with downloading(site, paths):
                    during += waits(site, keys, chance, ROUND)
    ratio = p95(during) / p95(alone)
    for name, took in (("alone", alone), ("during exports", during)):
        sys.stdout.write(f"{name:<15} p50 {statistics.median(took):6.0f} ms  p95 {p95(took):6.0f} ms\n")
    sys.stdout.write(f"p95 during exports is {ratio:.2f} of that alone{', too much' if ratio > MOST else ''}\n")
    return 1 if ratio > MOST else 0


if __name__ == "__main__":
    sys.exit(main())

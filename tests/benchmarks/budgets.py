"""What answers of the reading room cost, as CPU time beside a fixed loop of the same run.

`python -m tests.benchmarks.budgets --database FILE` takes a file that `tests.benchmarks.explore` has made. Each
question is asked once, with words that nothing is kept of. Budgets hold for a machine on which the loop takes
`QUIET_MS`; on a slower or busier one they grow as the loop does.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import statistics
import sys
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from harvester.cli.serve import make_datasette
from tests.benchmarks.explore_corpus import word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

QUIET_MS = 50
"""Milliseconds that the loop takes on a quiet machine of the year in which the budgets were set."""
MILLION = {
    "a count of a word in all": 100,
    "a first page by date, a word in all": 400,
    "a first page by relevance, a word in all": 1500,
    "a first page by relevance, a word in up to 50,000": 150,
}
USUAL = {
    "front page": "/?n={n}",
    "search, a word in all": "/search?q={word}",
    "search, a name": "/search?q={word}+stalin",
    "search, a year": "/search?year=19{n}",
    "all values of a facet": "/search/person?q={word}",
    "browse": "/browse?n={n}",
    "a document": "/document/document-{n}",
    "about": "/about?n={n}",
    "coverage": "/coverage?n={n}",
    "syncs": "/syncs?n={n}",
}
USUAL_MS = 60
"""For each page of a database as large as the first archive."""


def loop() -> float:
    """Return the milliseconds of CPU time of a fixed piece of work, the least of five."""
    took = []
    for _ in range(5):
        before = time.process_time()
        sum(number % 7 for number in range(1_000_000))
        took.append((time.process_time() - before) * 1000)
    return min(took)


def costs(database: Path) -> Iterator[tuple[str, list[float]]]:
    """Return what each kind of answer costs in milliseconds of CPU time, asked several times."""
    with asyncio.Runner() as runner:
        datasette = make_datasette(database, {})
        runner.run(datasette.invoke_startup())

        def cost(path: str) -> float:
            before = time.process_time()
            answer = runner.run(datasette.client.get(path))
            while "refresh" in answer.headers:  # it is counting
                answer = runner.run(datasette.client.get(path))
            assert answer.status_code == 200, path
            return (time.process_time() - before) * 1000

        yield "to begin with (reading all facets)", [cost("/search?q=nothing")]
        with closing(sqlite3.connect(database)) as db:
            documents = db.execute("SELECT count(*) FROM documents").fetchone()[0]
            yield from _million(db, cost) if documents > 100_000 else _usual(cost)


def _million(db: sqlite3.Connection, cost: Callable[[str], float]) -> Iterator[tuple[str, list[float]]]:
    counts, by_date, by_relevance, rare = MILLION
    sql = "SELECT count(*) FROM documents_fts WHERE documents_fts MATCH ?"
    yield counts, [_cpu(partial(_fetch, db, sql, word(number))) for number in range(4)]
    yield by_date, [cost(f"/search?q={quote(word(number))}&order=date") for number in range(4)]
    yield by_relevance, [cost(f"/search?q={quote(word(number))}") for number in range(4, 8)]
    yield rare, [cost(f"/search?q={quote(word(number))}") for number in range(700, 708)]


def _usual(cost: Callable[[str], float]) -> Iterator[tuple[str, list[float]]]:
    for name, path in USUAL.items():
        yield name, [cost(path.format(word=word(number), n=40 + number)) for number in range(8)]


def _fetch(db: sqlite3.Connection, sql: str, match: str) -> Any:
    return db.execute(sql, [match]).fetchone()


def _cpu(work: Callable[[], Any]) -> float:
    before = time.process_time()
    work()
    return (time.process_time() - before) * 1000


def main() -> int:
    """Measure, print, and fail where a budget is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.budgets", description=__doc__)
    parser.add_argument("--database", type=Path, required=True)
    requested = parser.parse_args()
    before = loop()
    measured = list(costs(requested.database))
    slow = statistics.mean((before, loop())) / QUIET_MS
    print(f"the loop takes {slow * QUIET_MS:.0f} ms: budgets are multiplied by {slow:.2f}")
    over = 0
    for name, took in measured:
        budget = (MILLION | dict.fromkeys(USUAL, USUAL_MS)).get(name)
        missed = budget is not None and statistics.median(took) > budget * slow
        over += missed
        of = f" of {budget * slow:.0f}" if budget else ""
        print(f"  {name:<52} {statistics.median(took):7.0f}{of} ms{', missed' if missed else ''}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())

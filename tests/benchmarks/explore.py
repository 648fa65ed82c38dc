"""How fast the reading room answers, beside stock Datasette on the same file in the same run.

`python -m tests.benchmarks.explore --documents 1000000 --database FILE` makes the file once (it takes a quarter of an
hour and 5 GB), then prints the p50 and p95 of four pages in milliseconds, and the CPU time of one answer, for 1 and 8
clients, idle and while a writer commits fifty pages a second. No question is asked twice, so that no answer comes from
a cache; but the file is read once before, as the system keeps what is in use in memory, and disks differ more than
programs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from datasette.utils import tilde_encode

from tests.benchmarks.explore_corpus import make, word
from tests.support.archive_pages import _KINDS
from tests.support.publishing import DATASETTE_ALONE, harvester_serve_alone, running

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from tests.support.publishing import Program

GOAL = 0.3
PAGES = ("front page", "search with filters", "document page", "table page")
COMMITS_A_SECOND = 50


class Questions:
    """Makes questions, each another one, the same for both sites."""

    def __init__(self, documents: int, database: str) -> None:
        self.documents, self.database = documents, database

    def ours(self, page: str, number: int) -> str:
        """Return the path of the reading room's page."""
        words, kind, start = self._question(number)
        return {
            "front page": "/",
            "search with filters": f"/search?q={quote(words)}&kind={kind}&from={start}&to={start + 9}",
            "document page": f"/document/document-{self._one(number)}",
            "table page": self._table(number),
        }[page]

    def stock(self, page: str, number: int) -> str:
        """Return the path of Datasette's own page with the same content."""
        words, kind, start = self._question(number)
        # The index has no content of its own, so Datasette does not find it by itself.
        filters = "_fts_table=documents_fts&_fts_pk=id"
        filters += f"&kind={kind}&year__gte={start}&year__lte={start + 9}&_facet=kind&_facet=year"
        return {
            "front page": "/",
            "search with filters": f"/{self.database}/documents?_search={quote(words)}&{filters}",
            "document page": f"/{self.database}/documents/{self._one(number)}",
            "table page": self._table(number),
        }[page]

    def _one(self, number: int) -> int:
        return random.Random(number).randrange(1, self.documents + 1)

    def _table(self, number: int) -> str:
        return f"/{self.database}/documents?year={1935 + number % 50}&_sort=title&_size={20 + number % 80}"

    def _question(self, number: int) -> tuple[str, str, int]:
        chance = random.Random(number)
        ranks = [chance.choice((chance.randrange(20), chance.randrange(20, 500), chance.randrange(500, 9000)))]
        ranks += [chance.randrange(20, 2000)] if number % 2 else []
        return " ".join(map(word, ranks)), quote(chance.choice(_KINDS)), 1940 + number % 30


@dataclass(frozen=True)
class Measured:
    """How long answers took, in milliseconds (negative where the site gave up, which it does late); CPU time of one."""

    took: list[float]
    cpu: float


def measure(server: Program, path: Callable[[int], str], clients: int, requests: int, first: int) -> Measured:
    """Send requests from several clients, and measure them."""
    numbers, address, before = count(first), server.address(), _cpu(server)

    def client(_: int) -> list[float]:
        connection = HTTPConnection(urlsplit(address).netloc, timeout=600)
        took = [_request(connection, path(next(numbers))) for _ in range(requests // clients)]
        connection.close()
        return took

    with ThreadPoolExecutor(clients) as pool:
        took = [one for each in pool.map(client, range(clients)) for one in each]
    return Measured(took, (_cpu(server) - before) / len(took))


def _cpu(server: Program) -> float:
    """Return the CPU time of a server in milliseconds; while others use the machine, it is the best measure."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) * 1000 / os.sysconf("SC_CLK_TCK")


def _request(connection: HTTPConnection, path: str) -> float:
    start = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    while answer.getheader("Refresh"):  # it is counting: whoever waits is not answered yet
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    took = (time.perf_counter() - start) * 1000
    assert answer.status == 200 or b"interrupted" in body.lower(), (path, answer.status, body[-500:])
    return took if answer.status == 200 else -took


@contextmanager
def writing(database: Path, busy: bool) -> Iterator[None]:
    """Commit as a harvest does, while the block runs."""
    if not busy:
        yield
        return
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    process = context.Process(target=_write, args=(database, stop))
    process.start()
    yield
    stop.set()
    process.join()


def _write(database: Path, stop: threading.Event) -> None:
    db = sqlite3.connect(database, isolation_level=None, timeout=30)
    last = db.execute("SELECT max(id) FROM documents").fetchone()[0]
    while not stop.is_set():
        first = random.randrange(1, last)
        db.execute("UPDATE documents SET rights = hex(randomblob(8)) WHERE id BETWEEN ? AND ?", [first, first + 9])
        time.sleep(1 / COMMITS_A_SECOND)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def report(database: Path, documents: int, requests: int) -> Iterator[str]:
    """Measure everything; give the lines to print."""
    questions = Questions(documents, tilde_encode(database.stem))
    _warm(database)
    stock = ["-c", DATASETTE_ALONE, "serve", str(database), "--port", "0"]
    with harvester_serve_alone(database) as (_, own), running([sys.executable, *stock]) as server:
        first = 0
        for busy in (False, True):
            for clients in (1, 8):
                yield f"{'during a harvest' if busy else 'idle'}, {clients} client{'s' if clients > 1 else ''}"
                for page in PAGES:
                    first += 10_000
                    with writing(database, busy):
                        theirs = measure(server, partial(questions.stock, page), clients, requests, first)
                        ours = measure(own, partial(questions.ours, page), clients, requests, first)
                    yield _line(page, ours, theirs)


def _warm(database: Path) -> None:
    with database.open("rb") as file:
        while file.read(1 << 24):
            pass


def _line(page: str, ours: Measured, theirs: Measured) -> str:
    (p50, p95), (stock50, stock95) = (_percentiles([abs(one) for one in each.took]) for each in (ours, theirs))
    gave_up = ", ".join(
        f"{whose} gave up {times} times"
        for whose, each in (("it", ours), ("stock", theirs))
        if (times := sum(one < 0 for one in each.took))
    )
    return (
        f"  {page:<20} p50 {p50:7.0f}  p95 {p95:7.0f}   stock p50 {stock50:7.0f}  p95 {stock95:7.0f}   "
        f"p95 is {p95 / stock95:.2f} of stock's, CPU {ours.cpu:.0f} and {theirs.cpu:.0f}"
        f"{'; ' if gave_up else ''}{gave_up}"
    )


def _percentiles(took: list[float]) -> tuple[float, float]:
    return statistics.median(took), statistics.quantiles(took, n=20, method="inclusive")[-1]


def main() -> None:
    """Make the database if it is not there, and measure."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.explore", description=__doc__)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--database", type=Path)
    parser.add_argument("--requests", type=int, default=80)
    requested = parser.parse_args()
    usual = Path(tempfile.gettempdir(), "harvester-benchmarks", f"explore-{requested.documents}.db")
    database = requested.database or usual
    database.parent.mkdir(parents=True, exist_ok=True)
    make(database, requested.documents)
    for line in report(database, requested.documents, requested.requests):
        print(line, flush=True)


if __name__ == "__main__":
    main()

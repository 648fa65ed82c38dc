"""Thousands of generated requests against a served harvest: what the dearest of them takes in time and memory.

    python -m tests.soak.request_costs [--requests 3000] [--documents 23000 | --db FILE] [--seed 1]

No request may take more than 300 MB, nor, exports aside, more than five seconds of CPU.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
from argparse import ArgumentParser
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import psutil

from tests.support.made_up_corpus import make
from tests.support.publishing import harvester_serve_alone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.support.publishing import Site

MOST_MB = 300
MOST_SECONDS = 5.0
WORDS = (
    "Stalin",
    "Mao",
    "letter",
    "treaty",
    "Korea",
    "t*",
    "s*",
    "Émigré",
    "телеграмма",
    "-war",
    '"to be',
    "(",
    "OR",
    "1957",
)
ORDERS = ("relevance", "date", "newest", "changed", "nonsense")
TABLES = ("documents", "changes", "sightings", "captures", "texts", "listings", "coverage", "problems", "runs")
NO_ANSWER = 598
"""In place of a status, if no answer came for half a minute."""
EXPORTS = ("csv", "bib", "ris", "csljson", "jsonl", "json")
HOSTILE_SQL = (
    "select zeroblob(1000000000)",
    "select hex(zeroblob(400000000))",
    "select length(printf('%.1000000000c','x'))",
    "select replace(hex(zeroblob(10000000)), '0', 'xxxxxxxxxxxx')",
    "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c",
    "select a.id from documents a, documents b, documents c, documents d order by random()",
    "select group_concat(a.title) from documents a, documents b, documents c",
)


@dataclass(frozen=True)
class Cost:
    """What one request took: the server's memory beyond what it had before, and its CPU time.

    Whoever asks a quiet machine waits as long; on a busy one the clock would measure the others.
    """

    path: str
    status: int
    seconds: float
    megabytes: float


def paths(chance: random.Random, number: int, keys: Sequence[str]) -> Iterator[str]:
    """Yield the paths of requests of every kind: searches, documents (by their keys), tables, SQL, exports."""
    for _ in range(number):
        words = " ".join(chance.choices(WORDS, k=chance.randint(0, 5)))
        question = {"q": words, "order": chance.choice(ORDERS), "page": chance.choice(("", "1", "2", "999999", "x"))}
        if chance.random() < 0.4:
            question |= {"from": str(chance.randint(1940, 1990)), "kind": chance.choice(("Letter", "-", "<b>"))}
        table, key, other = chance.choice(TABLES), chance.choice(keys), chance.choice(keys)
        search = urlencode(question)
        kinds = {
            f"/search?{search}": 35,
            f"/search/{chance.choice(('kind', 'person', 'sender'))}?{search}": 8,
            f"/document/{key}?q={quote(words)}&_n={chance.randint(0, 30)}": 20,
            f"/document/{key}.{chance.choice(('txt', 'json', 'bib', 'ris'))}": 10,
            f"/DB/{table}?_size={chance.choice(('5', 'max', 'x'))}&_sort={chance.choice(('id', 'nothing'))}": 10,
            chance.choice(("/", "/browse", "/about", "/coverage", "/syncs", "/feed.atom", "/nothing", "/unapi")): 10,
            f"/ticked.{chance.choice(EXPORTS[:5])}?key={key}&key={other}": 5,
            f"/DB?sql={quote(chance.choice(HOSTILE_SQL))}": 3,
            f"/search.{chance.choice(EXPORTS)}?{search}": 1,
            f"/DB/{table}.{chance.choice(('json', 'csv', 'bib'))}": 1,
        }
        yield chance.choices([*kinds], [*kinds.values()])[0]


def keys_of(database: Path) -> list[str]:
    """Return the keys of the documents of a database."""
    with closing(sqlite3.connect(database)) as connection:
        return [key for (key,) in connection.execute("SELECT key FROM documents ORDER BY id")]


def costs(site: Site, process: psutil.Process, wanted: Iterator[str]) -> Iterator[Cost]:
    """Send requests one after the other, and yield what each costs."""
    for path in wanted:
        before, start = _peak(process, reset=True), _cpu(process)
        try:
            status, _, _ = site.get(path, timeout=600 if is_export(path) else 30)
        except TimeoutError:
            status = NO_ANSWER
        cost = Cost(path, status, _cpu(process) - start, max(0.0, _peak(process) - before))
        if too_dear(cost):
            sys.stderr.write(f"too dear: {cost}\n")
        yield cost


def _cpu(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


def _peak(process: psutil.Process, *, reset: bool = False) -> float:
    """Return the most memory (MB) that a process has held since the last reset; Linux counts it by itself."""
    root = Path("/proc") / str(process.pid)
    if reset:
        (root / "clear_refs").write_text("5")
    line = next(line for line in (root / "status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def is_export(path: str) -> bool:
    """Return whether a request is for a file of many documents."""
    return path.partition("?")[0].endswith(tuple(f".{ending}" for ending in EXPORTS))


def too_dear(found: Cost) -> bool:
    """Return whether a request cost more than any may, or failed."""
    slow = found.seconds > MOST_SECONDS and not is_export(found.path)
    return slow or found.megabytes > MOST_MB or found.status >= 500


def main() -> int:
    """Run as many as asked for, and name the dearest."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--documents", type=int, default=23_000, help="how many are made up")
    parser.add_argument("--db", type=Path, help="a harvest, in place of made-up documents")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = options.db or make(Path(folder) / "harvest.db", options.documents).path
        with harvester_serve_alone(database) as (site, server):
            wanted = paths(random.Random(options.seed), options.requests, keys_of(database))
            found = list(costs(site, psutil.Process(server.process.pid), wanted))
    for name, key in (("slowest", lambda one: one.seconds), ("largest", lambda one: one.megabytes)):
        sys.stdout.write(f"{name}:\n")
        for one in sorted(found, key=key, reverse=True)[:5]:
            sys.stdout.write(f"  {one.seconds:6.2f} s {one.megabytes:6.1f} MB {one.status} {one.path[:120]}\n")
    bad = [one for one in found if too_dear(one)]
    for one in bad:
        sys.stdout.write(f"too dear: {one.seconds:6.2f} s {one.megabytes:6.1f} MB {one.status} {one.path}\n")
    sys.stdout.write(f"{len(found)} requests, {len(bad)} too dear\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

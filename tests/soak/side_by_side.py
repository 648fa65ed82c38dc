"""Two harvests, backups and eight readers at the same time: `python -m tests.soak.side_by_side --seconds 60`.

Readers ask a running `harvester serve` over HTTP, each with a pause between two requests, as people do. Every few
seconds all who write are halted or go on (SIGSTOP, SIGCONT), so the same readers are measured alone and together in
one run. Nobody may meet an error; how much slower readers get is printed, and depends on the machine's processors.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harvester.cli import lower_priority, run
from harvester.store.database import open_to_read
from harvester.store.integrity.check import run_checks
from tests.support.archive_pages import document_page, listing_page
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Site, pool
from tests.support.forks import FORKS
from tests.support.publishing import harvester_serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.process import BaseProcess

    from tests.support.publishing import Site as Served

READERS = 8
PAUSE = 0.25
LONGEST = 240
"""Seconds in which writers that were asked to stop must have ended, on however busy a machine."""
PHASE_SECONDS = 4.0
DOCUMENTS, LIVE = 600, 100
WORDS = ("Mao", "Khrushchev telegram", '"economic aid"', "treaty -secret", "delegation")


def saved(folder: Path, turn: int) -> tuple[int, str]:
    """Harvest saved pages: some new, some edited, some as they were."""
    pages = folder / "pages" / str(turn)
    (pages / "document").mkdir(parents=True)
    items = pool()[DOCUMENTS + 20 * turn : DOCUMENTS + 200 + 40 * turn]
    items = [replace(item, summary=(f"Edited in turn {turn}.",)) if item.number % 7 == 0 else item for item in items]
    for first in range(0, len(items), 10):
        body = listing_page(items[first : first + 10], first + 1, len(items))
        (pages / f"listing-{first:04}.html").write_bytes(body)
    for item in items[-40:]:
        (pages / "document" / f"{item.slug}.html").write_bytes(document_page(item))
    return _outcome(["harvest", str(pages), "--db", str(folder / "harvest.db"), "--json"])


def live(folder: Path, turn: int) -> tuple[int, str]:
    """Harvest a local archive, which has grown, over HTTP, in a process of its own.

    It has the documents of all saved pages, too: pages that are due are asked for there.
    """
    site = Site(LIVE, "live")
    for _ in range(10 * (turn - 1)):
        site.listing.insert_anywhere()
    with ArchiveServer(site) as server:
        command = [sys.executable, "-m", "harvester", "harvest", "wilson", "--base-url", server.base, "--delay", "0"]
        command += ["--db", str(folder / "harvest.db"), "--captures", str(folder / "captures")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def backup(folder: Path, _turn: int) -> tuple[int, str]:
    """Copy the database, again and again."""
    time.sleep(0.5)
    return _outcome(["backup", str(folder / "copy.db"), "--db", str(folder / "harvest.db"), "--force"])


WRITERS: dict[str, Callable[[Path, int], tuple[int, str]]] = {"saved": saved, "live": live, "backup": backup}


def _outcome(arguments: list[str]) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        status = run(arguments)
    return status, out.getvalue()


def again_and_again(folder: Path, name: str) -> None:
    """Do one thing until it is time to stop; keep how each turn ended. It and its children are one group."""
    os.setpgrp()
    (folder / f"{name}.jsonl").touch()
    if name != "live":
        lower_priority()  # as commands do that have a process of their own
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # harvests listen for themselves, and end in good order
    turn = 0
    while not (folder / "stop").exists():
        turn += 1
        status, printed = WRITERS[name](folder, turn)
        if status == 130 and (folder / "stop").exists():
            status = 0
        with (folder / f"{name}.jsonl").open("a") as file:
            file.write(json.dumps([status, printed]) + "\n")


@dataclass
class Reader:
    """Requests pages of a site, one after the other, and records how long each took, and in which phase."""

    site: Served
    paths: list[str]
    chance: random.Random
    phase: list[str]
    took: dict[str, list[float]] = field(default_factory=lambda: {"alone": [], "together": []})
    errors: list[str] = field(default_factory=list)

    def read(self) -> None:
        """Request pages until the last phase is over."""
        while self.phase[0] != "over":
            self._request(self.chance.choice(self.paths))
            time.sleep(self.chance.uniform(0, 2 * PAUSE))

    def _request(self, path: str) -> None:
        phase, began = self.phase[0], time.perf_counter()
        try:
            status, text, _ = self.site.get(path)
        except Exception as error:  # noqa: BLE001 - whatever it is, a reader has met it
            status, text = 0, repr(error)
        if status != 200 or "locked" in text:
            self.errors.append(f"{path}: {status} {text[:200]}")
        if phase == self.phase[0] and phase in self.took:  # what straddles two phases belongs to neither
            self.took[phase].append(time.perf_counter() - began)


@dataclass
class Outcome:
    """What came of it."""

    took: dict[str, list[float]]
    turns: dict[str, list[tuple[int, str]]]
    pages: dict[str, int]
    errors: list[str]

    @property
    def ratio(self) -> float:
        """How many times as long the slowest twentieth of answers took together as alone."""
        return p95(self.took["together"]) / p95(self.took["alone"])

    def table(self) -> Iterator[str]:
        """Yield the lines to print."""
        yield f"{'readers':10}{'answers':>9}{'median ms':>11}{'p95 ms':>9}{'slowest ms':>12}"
        for phase, took in self.took.items():
            figures = (statistics.median(took), p95(took), max(took))
            yield f"{phase:10}{len(took):9}{figures[0] * 1e3:11.1f}{figures[1] * 1e3:9.1f}{figures[2] * 1e3:12.1f}"
        yield f"p95 together / alone: {self.ratio:.2f} (goal: at most 2)"
        for name, turns in self.turns.items():
            pages = f", {self.pages[name]} pages" if name in self.pages else ""
            yield f"{name:10}{len(turns):9} turns, {sum(status != 0 for status, _ in turns)} of them failed{pages}"
        yield from (f"ERROR {error}" for error in self.errors)
        yield f"{len(self.errors)} errors"


def p95(took: list[float]) -> float:
    """Return the 95th percentile of these times."""
    return statistics.quantiles(took, n=20)[-1]


def together(folder: Path, seconds: float, count: int = READERS, documents: int = DOCUMENTS) -> Outcome:
    """Run `count` readers and all writers on so many documents for `seconds`; return what they measured."""
    path = folder / "harvest.db"
    _fill(folder, path, documents)
    phase = ["alone"]
    with harvester_serve(path) as (site, server):
        readers = [Reader(site, _paths(path), random.Random(n), phase) for n in range(count)]
        threads = [threading.Thread(target=reader.read, daemon=True) for reader in readers]
        writers = [FORKS.Process(target=again_and_again, args=(folder, name), daemon=True) for name in WRITERS]
        for thread in threads:
            thread.start()
        for writer in writers:
            writer.start()
        while not all((folder / f"{name}.jsonl").exists() for name in WRITERS):
            time.sleep(0.1)
        _take_turns(writers, readers, phase, seconds)
        (folder / "stop").touch()
        _end(writers)
        for thread in threads:
            thread.join()
        errors = [error for reader in readers for error in reader.errors]
        errors += [f"serve: {server.complained.read_text()}"] if server.complained.read_text() else []
    took = {name: [t for reader in readers for t in reader.took[name]] for name in ("alone", "together")}
    turns = {name: _turns(folder / f"{name}.jsonl") for name in WRITERS}
    errors += [f"{name}: {printed}" for name, done in turns.items() for status, printed in done if status]
    errors += [f"check: {finding}" for finding in run_checks(path, fast=True) if not finding.notice]
    with open_to_read(path) as db:
        sql = "SELECT sum(pages) FROM runs WHERE id > 1 AND (instr(command, '--base-url') > 0) = ?"
        pages = {name: int(db.execute(sql, [n]).fetchone()[0] or 0) for n, name in enumerate(("saved", "live"))}
    return Outcome(took, turns, pages, errors)


def _take_turns(writers: Sequence[BaseProcess], readers: Sequence[Reader], phase: list[str], seconds: float) -> None:
    """Continue and halt the writers by turns, for so long and until there are answers of both phases."""
    until, span = time.monotonic() + seconds, min(PHASE_SECONDS, seconds / 4)
    while time.monotonic() < until or not all(any(one.took[name] for one in readers) for name in readers[0].took):
        for name, what in (("together", signal.SIGCONT), ("alone", signal.SIGSTOP)):
            _signal(writers, what)
            time.sleep(0.2)
            phase[0] = name
            time.sleep(span)
            phase[0] = "between"
        span = min(2 * span, PHASE_SECONDS)  # on a busy machine a short phase may see no whole answer
    phase[0] = "over"
    _signal(writers, signal.SIGCONT)


def _signal(writers: Sequence[BaseProcess], what: signal.Signals) -> None:
    for writer in writers:
        with contextlib.suppress(ProcessLookupError):  # it has ended
            os.killpg(writer.pid or 0, what)


def _end(writers: Sequence[BaseProcess]) -> None:
    """Stop the writers after their current page, as Ctrl-C does."""
    until = time.monotonic() + LONGEST
    time.sleep(1)
    _signal(writers, signal.SIGINT)
    for writer in writers:
        writer.join(max(0, until - time.monotonic()))


def _turns(file: Path) -> list[tuple[int, str]]:
    return [(status, printed) for status, printed in map(json.loads, file.read_text().splitlines())]


def _fill(folder: Path, path: Path, documents: int) -> None:
    """Make a database that is worth reading."""
    items = pool()[:documents]
    (folder / "first" / "document").mkdir(parents=True)
    for first in range(0, documents, 10):
        body = listing_page(items[first : first + 10], first + 1, documents)
        (folder / "first" / f"listing-{first:04}.html").write_bytes(body)
    for item in items[: documents // 2]:
        (folder / "first" / "document" / f"{item.slug}.html").write_bytes(document_page(item))
    status, printed = _outcome(["harvest", str(folder / "first"), "seeds", "--db", str(path)])
    assert status == 0, printed


def _paths(path: Path) -> list[str]:
    """Return the paths that readers request: search, documents, tables, feeds, SQL."""
    with open_to_read(path) as db:
        keys = [row[0] for row in db.execute("SELECT key FROM documents ORDER BY id LIMIT 60")]
    searches = [f"/search?q={word.replace(' ', '+')}" for word in WORDS]
    tables = ["/DB/documents", "/DB/changes.json", "/DB/documents.json?_search=Mao&_shape=array", "/coverage", "/"]
    sql = ["/DB.json?sql=select+kind,+count(*)+from+documents+group+by+1&_shape=array", "/feed.atom", "/syncs"]
    return [*searches, *searches, *tables, *sql, *(f"/document/{key}" for key in keys[:20])]


def main(arguments: Any = None) -> int:
    """Print the table; 1 if anybody met an error."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.side_by_side", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        outcome = together(Path(folder), options.seconds)
    print("\n".join(outcome.table()), flush=True)
    return 1 if outcome.errors else 0


if __name__ == "__main__":
    sys.exit(main())

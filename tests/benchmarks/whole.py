"""The whole archive from its mirror, beside the reader that people use today; and the same again."""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import time
from typing import TYPE_CHECKING

from backports.zstd import tarfile

from harvester.store.database import open_to_read
from tests.benchmarks.corpus import make, write_archive, write_folder
from tests.benchmarks.measure import PAIRS, cpu_of, instructions_of, outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PYTHON = sys.executable
INDEXING = ("triggers", "deferred")
OURS_CLOCK, PEER_CLOCK = "first by the clock", "triggers by the clock"
COUNTED = (40, 140)
"""Documents of two archives: what they cost differs by that of a hundred documents."""
CHANGED = 10
"""Which document's page is another in the changed mirror."""


class Whole:
    """Runs harvests of one corpus, and checks what each brings."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        self._count = count
        self._targets = [str(folder / "search-results.tar.zst"), str(folder / "documents.tar.zst")]

    def harvest(self, db: Path, targets: list[str] | None = None, *, fresh: bool = True) -> float:
        """Harvest; give CPU seconds. Every document must be held, searchable and listed."""
        if fresh:
            _remove(db)
        command = [PYTHON, "-m", "harvester", "harvest", *(targets or self._targets), "--db", str(db), "--json"]
        cpu, _, out = cpu_of(command)
        assert json.loads(out)["status"] == "complete", out
        self._check(db)
        return cpu

    def _check(self, path: Path) -> None:
        with open_to_read(path) as db:
            assert db.execute("SELECT count(*) FROM documents").fetchone() == (self._count,)
            assert db.execute("SELECT count(*) FROM documents_fts WHERE documents_fts MATCH 'no'").fetchone()[0] >= 0
            assert db.execute("SELECT count(*) FROM documents_unindexed").fetchone() == (0,)
            assert db.execute("SELECT count(*) FROM sightings").fetchone() == (self._count,)
            assert db.execute("SELECT sum(missing) FROM coverage").fetchone() == (0,)

    def peer(self, db: Path, indexing: str) -> float:
        """Run the reader that people use today; it must hold every document, too."""
        _remove(db)
        command = [PYTHON, "-m", "tests.benchmarks.peer", self._targets[1], str(db), indexing]
        cpu, _, out = cpu_of(command)
        assert int(out) == self._count
        return cpu

    def report(self, pairs: int = PAIRS) -> list[str]:
        """Measure all; give a line for each figure."""
        ours, peers = self._folder / "ours.db", self._folder / "peer.db"
        names = ("first", "again", "changed", "folders", *INDEXING, OURS_CLOCK, PEER_CLOCK)
        costs: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(pairs):
            began = time.monotonic()
            costs["first"].append(self.harvest(ours))
            costs[OURS_CLOCK].append(time.monotonic() - began)
            costs["again"].append(self._repeated(ours))
            costs["changed"].append(self._changed(ours))
            costs["folders"].append(self._folders(ours))
            for indexing in INDEXING:
                began = time.monotonic()
                costs[indexing].append(self.peer(peers, indexing))
                if indexing == "triggers":
                    costs[PEER_CLOCK].append(time.monotonic() - began)
            print(", ".join(f"{name} {found[-1]:.1f} s" for name, found in costs.items()), file=sys.stderr, flush=True)
        first = costs["first"]
        return [
            *(_median(f"whole archive / reader with FTS {name}", first, costs[name], 1.0) for name in INDEXING),
            _median("whole archive / FTS triggers, by the clock", costs[OURS_CLOCK], costs[PEER_CLOCK], 0.6),
            _median("the same file again / first time", costs["again"], first, 0.05),
            _median("one member changed / first time", costs["changed"], first, 0.3),
            _median("the same pages as folders / first time", costs["folders"], first, 0.3),
            f"seconds: {', '.join(f'{name} {statistics.median(found):.1f}' for name, found in costs.items())}",
        ]

    def _repeated(self, db: Path) -> float:
        before = _rows(db)
        cpu = self.harvest(db, fresh=False)
        assert _rows(db) == before
        return cpu

    def _changed(self, db: Path) -> float:
        """Harvest a mirror in which one page is another: only that page is parsed; no time says which counts."""
        changed = self._folder / "changed.tar.zst"
        if not changed.exists():
            write_archive(changed, _with_one_changed(self._targets[1]))
        cpu = self.harvest(db, [self._targets[0], str(changed)], fresh=False)
        with open_to_read(db) as found:
            pages, skipped = found.execute(_LAST_RUN).fetchone()
        assert pages - skipped == 1
        return cpu

    def _folders(self, db: Path) -> float:
        """Harvest the mirror unpacked: the changed page says again what it said."""
        folder = self._folder / "unpacked"
        if not folder.exists():
            for target in self._targets:
                write_folder(folder, _members(target))
        return self.harvest(db, [str(folder)], fresh=False)


def count_instructions(folder: Path) -> list[str]:
    """Compare by instructions what one more document costs, with its tenth of a listing page; takes some minutes."""
    ours, peers = [], []
    for count in COUNTED:
        make(folder / str(count), count)
        targets = [str(folder / str(count) / f"{name}.tar.zst") for name in ("search-results", "documents")]
        db = folder / "counted.db"
        _remove(db)
        ours.append(instructions_of([PYTHON, "-m", "harvester", "harvest", *targets, "--db", str(db)]))
        _remove(db)
        peers.append(instructions_of([PYTHON, "-m", "tests.benchmarks.peer", targets[1], str(db), "triggers"]))
    one, other = ((more - few) / (COUNTED[1] - COUNTED[0]) for few, more in (ours, peers))
    name = "one more document / reader with FTS triggers, instructions"
    return [outcome(name, one / other, 1.0, at_least=False), f"{one / 1e6:.1f} and {other / 1e6:.1f} million"]


_LAST_RUN = "SELECT pages, skipped FROM runs ORDER BY id DESC LIMIT 1"


def _members(target: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(target, "r|zst") as archive:
        for member in archive:
            file = archive.extractfile(member)
            assert file is not None
            yield member.name, file.read()


def _with_one_changed(target: str) -> Iterator[tuple[str, bytes]]:
    for number, (name, body) in enumerate(_members(target)):
        yield name, body.replace(b"</h1>", b" (revised)</h1>", 1) if number == CHANGED else body


def _rows(path: Path) -> tuple[int, ...]:
    with open_to_read(path) as db:
        tables = ("documents", "statements", "sightings", "captures", "changes", "reads")
        return tuple(db.table(name).count for name in tables)


def _median(name: str, ones: list[float], others: list[float], goal: float) -> str:
    value = statistics.median(one / other for one, other in zip(ones, others, strict=True))
    return outcome(name, value, goal, at_least=False)


def _remove(db: Path) -> None:
    for path in db.parent.glob(f"{db.name}*"):
        path.unlink() if path.is_file() else shutil.rmtree(path)

"""The whole archive from its mirror, beside the reader that people use today; and the same again."""

from __future__ import annotations

import json
import shutil
import statistics
import sys
from typing import TYPE_CHECKING

from backports.zstd import tarfile

from harvester.store.database import open_to_read
from tests.benchmarks.corpus import PAGE, documents, items_of, write_archive, write_folder
from tests.benchmarks.measure import PAIRS, cpu_of, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PYTHON = sys.executable


class Whole:
    """Runs harvests of one corpus, and checks what each brings."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        self._count = count
        self._targets = [str(folder / "search-results.tar.zst"), str(folder / "documents.tar.zst")]

    def harvest(self, db: Path, targets: list[str] | None = None, *, fresh: bool = True) -> tuple[float, int]:
        """Harvest; give CPU seconds and peak memory. Every document must be held, searchable and listed."""
        if fresh:
            _remove(db)
        command = [PYTHON, "-m", "harvester", "harvest", *(targets or self._targets), "--db", str(db), "--json"]
        cpu, memory, out = cpu_of(command)
        assert json.loads(out)["status"] == "complete", out
        self._check(db)
        return cpu, memory

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
        first, triggers, deferred, again = [], [], [], []
        for _ in range(pairs):
            cpu, memory = self.harvest(ours)
            first.append(cpu)
            again.append(self._again(ours))
            triggers.append(self.peer(peers, "triggers"))
            deferred.append(self.peer(peers, "deferred"))
        return [
            _median("whole archive / reader with FTS by triggers", first, triggers, 0.5),
            _median("whole archive / reader with FTS deferred", first, deferred, 0.5),
            _median("the same file again / first time", again, first, 0.05),
            _median("one member changed / first time", [self._changed(ours) for _ in first[:3]], first[:3], 0.3),
            _median("the same pages as folders / first time", [self._folders(ours)], first[:1], 0.3),
            f"peak memory of the last first harvest: {memory // 1024} MB; CPU {statistics.median(first):.1f} s",
        ]

    def _again(self, db: Path) -> float:
        before = _rows(db)
        cpu, _ = self.harvest(db, fresh=False)
        assert _rows(db) == before
        return cpu

    def _changed(self, db: Path) -> float:
        """Harvest a mirror in which one page is another: only that page is parsed."""
        changed = self._folder / "changed.tar.zst"
        if not changed.exists():
            write_archive(changed, _with_one_changed(self._count))
        self.harvest(db)
        return self.harvest(db, [self._targets[0], str(changed)], fresh=False)[0]

    def _folders(self, db: Path) -> float:
        folder = self._folder / "unpacked"
        if not folder.exists():
            for target in self._targets:
                with tarfile.open(target, "r|zst") as archive:
                    write_folder(folder, ((m.name, archive.extractfile(m).read()) for m in archive))  # type: ignore[union-attr]
        self.harvest(db)
        return self.harvest(db, [str(folder)], fresh=False)[0]


def _with_one_changed(count: int) -> Iterator[tuple[str, bytes]]:
    for number, (name, body) in enumerate(documents(items_of(count))):
        yield name, body.replace(b"</h1>", b" (revised)</h1>", 1) if number == PAGE else body


def _rows(path: Path) -> tuple[int, ...]:
    with open_to_read(path) as db:
        tables = ("documents", "statements", "sightings", "captures", "changes", "reads")
        return tuple(db.table(name).count for name in tables)


def _median(name: str, ones: list[float], others: list[float], goal: float) -> str:
    value = statistics.median(one / other for one, other in zip(ones, others, strict=True))
    return told(name, value, goal, at_least=False)


def _remove(db: Path) -> None:
    for path in db.parent.glob(f"{db.name}*"):
        path.unlink() if path.is_file() else shutil.rmtree(path)

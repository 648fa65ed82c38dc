"""A power cut during a harvest: wherever its log is cut off, the database opens at a page of the harvest, whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harvester.ingest import harvest_one
from harvester.model import Capture
from harvester.store.database import open_to_read, open_to_write
from harvester.store.integrity.check import run_checks
from harvester.store.run import Run
from tests.support.archive_pages import HOST, document_page, listing_page, make_items
from tests.support.harvesting import SOURCE, dump
from tests.support.trials import trials

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER, FRAME = 32, 24 + 4096
"""Bytes of a log's header, and of each of its frames: a page of the database, and what says which one it is."""
SECTOR = 512
FEW = settings(deadline=None, max_examples=trials(15, 60), suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass
class Recorded:
    """A harvest with its log: what the database held after each commit, and how long the log was then."""

    base: bytes
    log: bytes = b""
    commits: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    sound: set[int] = field(default_factory=set)

    def state_at(self, size: int) -> int:
        """Return the number of the last commit that is complete in the first `size` bytes of the log."""
        return max(number for number, (end, _) in enumerate(self.commits) if end <= max(size, self.commits[0][0]))


@cache
def captures() -> tuple[Capture, ...]:
    """Return saved pages and pages of a live harvest: listings, documents, one of them changed later."""
    return tuple(_captures())


def _captures() -> Iterator[Capture]:
    for path in sorted(Path("seeds").glob("*.txt")):
        yield Capture(path.absolute().as_uri(), path.read_bytes())
    items = make_items(20, seed=11)
    for first in (0, 10):
        page = listing_page(items[first : first + 10], first + 1, 20)
        yield Capture(f"{HOST}/search?page={first // 10}", page)
    for item in items[:4]:
        yield Capture(item.url, document_page(item))
    yield Capture(items[0].url, document_page(items[0]).replace(b"</h1>", b" (Corrected)</h1>"))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    path = tmp_path_factory.mktemp("recorded") / "harvest.db"
    log = Path(f"{path}-wal")
    with open_to_write(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA wal_autocheckpoint = 0")
        made = Recorded(path.read_bytes(), commits=[(0, dump(db))])

        def commit() -> None:
            made.commits.append((log.stat().st_size, dump(db)))

        run = Run(db, "harvest")
        commit()
        for capture in captures():
            harvest_one(run, capture, (SOURCE,))
            commit()
        run.finish(run.verdict)
        made.log = log.read_bytes()
        commit()
    return made


def recovered(recorded: Recorded, log: bytes, folder: Path) -> dict[str, Any]:
    """Open the database as it is after a power cut; give what it holds."""
    path = folder / "cut.db"
    for old in folder.glob("cut.db*"):
        old.unlink()
    path.write_bytes(recorded.base)
    Path(f"{path}-wal").write_bytes(log)
    with open_to_write(path) as db:
        return dump(db)


def is_whole(recorded: Recorded, size: int, log: bytes, folder: Path) -> bool:
    """Return whether the database opens at the last commit before `size`, and is sound there."""
    held, state = recovered(recorded, log, folder), recorded.state_at(size)
    if held != recorded.commits[state][1]:
        # Between the last page and the end of the run full text is indexed, which no other table tells of.
        return state == len(recorded.commits) - 2 and held["reads"] == recorded.commits[state][1]["reads"]
    # That search does not know the last pages yet is a notice: the next harvest sees to it.
    if state not in recorded.sound and [one for one in run_checks(folder / "cut.db", fast=True) if not one.notice]:
        return False
    recorded.sound.add(state)
    return True


def test_the_log_holds_every_page(recorded: Recorded) -> None:
    assert (len(recorded.log) - HEADER) % FRAME == 0
    reads = [len(held["reads"]) for _, held in recorded.commits]
    assert reads == [0, 0, *range(1, 13), 12]
    assert [end for end, _ in recorded.commits] == sorted({end for end, _ in recorded.commits})


def test_cut_at_any_page_boundary_and_beside_it(recorded: Recorded, tmp_path: Path) -> None:
    ends = [end for end, _ in recorded.commits]
    near = [size for end in ends for size in (end - 1, end, end + FRAME)]
    cuts = sorted({size for size in (*near, 1, HEADER, HEADER + 1) if 0 <= size <= len(recorded.log)})
    assert [size for size in cuts if not is_whole(recorded, size, recorded.log[:size], tmp_path)] == []
    assert recorded.sound >= {*range(len(recorded.commits))}


def test_cut_at_every_frame(recorded: Recorded, tmp_path: Path) -> None:
    cuts = [size + beside for size in range(HEADER, len(recorded.log), trials(29, 7) * FRAME) for beside in (-1, 0, 1)]
    assert [size for size in cuts if not is_whole(recorded, size, recorded.log[:size], tmp_path)] == []


@FEW
@given(data=st.data())
def test_cut_at_any_byte(recorded: Recorded, tmp_path: Path, data: st.DataObject) -> None:
    size = data.draw(st.integers(0, len(recorded.log)))
    assert is_whole(recorded, size, recorded.log[:size], tmp_path)


@FEW
@given(data=st.data())
def test_a_sector_that_never_reached_the_disk(recorded: Recorded, tmp_path: Path, data: st.DataObject) -> None:
    """Between two syncs a disk writes in any order: what lies behind a hole must not count."""
    place = data.draw(st.integers(0, len(recorded.log) // SECTOR - 1)) * SECTOR
    old = data.draw(st.sampled_from([bytes(SECTOR), b"\xff" * SECTOR, recorded.log[:SECTOR]]))
    log = recorded.log[:place] + old + recorded.log[place + SECTOR :]
    hole = next((n for n, (a, b) in enumerate(zip(log, recorded.log, strict=True)) if a != b), len(log))
    assert is_whole(recorded, hole, log, tmp_path)


def test_what_was_cut_off_can_be_harvested_again(recorded: Recorded, tmp_path: Path) -> None:
    size = recorded.commits[7][0] + 5 * FRAME + 17
    recovered(recorded, recorded.log[:size], tmp_path)
    with open_to_write(tmp_path / "cut.db") as db:
        run = Run(db, "harvest")
        for capture in captures():
            harvest_one(run, capture, (SOURCE,))
        run.finish(run.verdict)
        assert run.counts["skipped"] == 6
    # The first run ended in the cut; whether a check says so depends on how long ago that was.
    assert [one.check for one in run_checks(tmp_path / "cut.db", fast=True) if one.check != "runs"] == []
    with open_to_read(tmp_path / "cut.db") as db:
        again = dump(db)
    last = recorded.commits[-1][1]
    for table in ("statements", "sightings", "identities", "texts", "document_terms", "captures"):
        assert again[table] == last[table], table

"""Collections for bulk readings, read in this process, and databases that are compared row by row."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import time_machine

from harvester.bulk.folder import BulkFolder
from harvester.bulk.load import load_parts
from harvester.bulk.parts import ReadOptions
from harvester.bulk.plan import plan_targets
from harvester.bulk.read import Shard, read_missing, settle
from harvester.bulk.reading import read_part
from harvester.ingest import Stop, harvest_captures
from harvester.readers.targets import read_targets
from harvester.registry import choose_sources
from harvester.store.database import open_to_write
from harvester.store.run import Run
from tests.support.archive_pages import HOST, document_page, listing_page, make_items
from tests.support.containers import warc_record
from tests.support.harvesting import dump, sound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from harvester.bulk.parts import Part

SOURCES = choose_sources(None)
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
COMMAND = "test"


def pages(count: int, seed: int = 1) -> dict[str, bytes]:
    """Make so many document pages and their listings, by address."""
    items = make_items(count, seed=seed)
    made = {
        f"{HOST}/search?page={at // 10}": listing_page(items[at : at + 10], at + 1, count) for at in range(0, count, 10)
    }
    return made | {item.url: document_page(item) for item in items}


def records(made: dict[str, bytes], gz: bool, day: int = 1) -> list[bytes]:
    """Return the pages as WARC records, a second apart, with records of another host among them."""
    out = []
    for number, (uri, body) in enumerate(made.items()):
        date = f"2025-03-{day:02}T12:{number // 60:02}:{number % 60:02}Z"
        out.append(warc_record(uri, body, gz=gz, date=date))
        if number % 3 == 0:
            out.append(warc_record(f"https://foreign.example/{number}", b"<p>not ours", gz=gz, date=date))
    return out


def wacz(warc: bytes) -> bytes:
    """Return a WACZ that holds a WARC as it is, and a page beside it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("pages/pages.jsonl"), b"{}\n")
        archive.writestr(zipfile.ZipInfo("archive/data.warc.gz"), warc)
        archive.writestr(zipfile.ZipInfo("notes/read-me.txt"), b"nothing of an archive\n")
    return out.getvalue()


def plan(folder: Path, targets: Iterable[Path], size: int, options: ReadOptions | None = None) -> BulkFolder:
    """Plan targets in a folder."""
    bulk = BulkFolder(folder)
    bulk.write_plan(plan_targets(list(targets), SOURCES, options or ReadOptions(), size))
    return bulk


class Here:
    """Reads parts in this process; `attempt` may do something else than read."""

    def __init__(self, bulk: BulkFolder, attempt: Callable[[Part], str | None] | None = None) -> None:
        self.bulk = bulk
        self.attempt = attempt or self.read_one

    def read_one(self, part: Part) -> str | None:
        """Read a part."""
        read_part(self.bulk, part)
        return None

    def read(self, parts: Iterable[Part], done: Callable[[], None]) -> list[str]:
        """Read parts, one after the other."""
        changed = []
        for part in parts:
            changed += settle(self.bulk, part, self.attempt)
            done()
        return changed

    def close(self) -> None:
        """Do nothing: no process was started."""


def read_here(bulk: BulkFolder, attempt: Callable[[Part], str | None] | None = None) -> list[str]:
    """Read all that is missing in this process."""
    return read_missing(bulk, Here(bulk, attempt), Shard(), lambda: None)


def load_here(bulk: BulkFolder, path: Path) -> dict[str, Any] | None:
    """Load what is read, at noon."""
    with time_machine.travel(NOON, tick=False), open_to_write(path) as db:
        return load_parts(db, bulk, COMMAND, Stop())


def harvest_here(path: Path, targets: Iterable[Path], listing: str | None = None) -> None:
    """Harvest targets as the command does, at noon."""
    with time_machine.travel(NOON, tick=False), open_to_write(path) as db:
        run = Run(db, COMMAND)
        harvest_captures(run, read_targets(list(targets), listing, SOURCES), SOURCES, Stop())


def rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of a sound database; which containers it knows as read is another thing for parts."""
    with open_to_write(path) as db:
        assert sound(db)
        return dump(db, "containers_read")

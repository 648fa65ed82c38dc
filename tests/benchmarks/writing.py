"""Writing records: a pass that changes nothing, beside a guarded upsert; and how the cost grows."""

from __future__ import annotations

import itertools
import sqlite3
from typing import TYPE_CHECKING

from harvester.model import Capture, Listing, Record
from harvester.parsers.dates import read_date
from harvester.parsers.titles import read_title
from harvester.registry import load_sources
from harvester.store.database import open_to_write
from harvester.store.page_batch import ReadPage
from harvester.store.page_hashes import hash_page
from harvester.store.run import Run
from tests.benchmarks.measure import cpu_of_call, outcome, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE = load_sources()["wilson"]
HOST = f"https://{SOURCE.hosts[0]}"
PAGE = 10
UNCHANGED = 100_000
GROWTH = (10_000, 100_000, 1_000_000)


def record(number: int, position: int) -> Record:
    """Make a record; the same number is the same record."""
    return Record(
        position,
        f"Telegram, Mao Zedong to Liu Shaoqi, No. {number}",
        read_date(f"May {number % 28 + 1}, {1945 + number % 40}"),
        summary=f"Mao reports on matter {number}, and asks for advice. " * 6,
        url=f"{HOST}/document/telegram-{number}",
        slug=f"telegram-{number}",
    )


def pages(count: int, state: str) -> Iterator[tuple[Capture, Listing]]:
    """Yield listing pages of `count` records; another `state` is other bytes with the same content of every record.

    A state that begins with `moved` declares another total, so each page says something else and every record has to
    be compared; otherwise the whole page says what it said before.
    """
    total = count + sum(state.encode()) if state.startswith("moved") else count
    for first in range(0, count, PAGE):
        records = tuple(record(number, number + 1) for number in range(first, min(first + PAGE, count)))
        uri = f"{HOST}/search?page={first // PAGE}"
        yield Capture(uri, f"{state} {first}".encode()), Listing("F", records, first + 1, first + len(records), total)


def take(path: Path, count: int, state: str) -> None:
    """Add all pages to a database in one run, as a harvest of saved pages does."""
    with open_to_write(path) as db:
        run = Run(db, "benchmark")
        for capture, page in pages(count, state):
            run.batch.add(ReadPage(capture, page, SOURCE, None, hash_page(page)), capture)
        run.batch.flush()
        run.finish(run.verdict)
        assert run.counts["new"] == (count if state == "first" else 0)
        assert run.counts["changed"] == 0
        assert db.table("documents").count == count


def row_of(record: Record) -> tuple[str | int | None, ...]:
    """Make the row that a document is, as far as a listing's record tells."""
    date, title = record.date, read_title(record.title)
    printed = (date.edtf, date.text, date.first_day, date.last_day, date.precision, date.year)
    return (record.slug, record.title, record.summary, record.url, *printed, *title)


def upsert(path: Path, count: int, made: list[list[tuple[str | int | None, ...]]] | None = None) -> None:
    """Do what a careful script does: one guarded upsert of each record, page by page, full text by triggers.

    With rows that were `made` before, only SQLite's part of it.
    """
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'documents'").fetchone():
        db.executescript(_GUARDED)
    for rows in made or ([row_of(r) for r in page.records] for _, page in pages(count, "again")):
        db.execute("BEGIN")
        db.executemany(_UPSERT, rows)
        db.execute("COMMIT")
    assert db.execute("SELECT count(*) FROM documents").fetchone() == (count,)
    db.close()


_COLUMNS = ("title", "summary", "url", "date", "date_text", "date_from", "date_to", "date_precision", "year", "kind",
            "sender", "recipient")  # fmt: skip
_UPSERT = f"""INSERT INTO documents VALUES ({", ".join("?" * 13)}) ON CONFLICT (slug) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)}
    WHERE {" OR ".join(f"excluded.{name} IS NOT documents.{name}" for name in _COLUMNS)}"""
_GUARDED = f"""
CREATE TABLE documents (slug TEXT PRIMARY KEY, {", ".join(_COLUMNS)});
CREATE VIRTUAL TABLE documents_fts USING fts5 (title, summary, content=documents);
CREATE TRIGGER ai AFTER INSERT ON documents BEGIN
    INSERT INTO documents_fts (rowid, title, summary) VALUES (new.rowid, new.title, new.summary); END;
CREATE TRIGGER au AFTER UPDATE ON documents BEGIN
    INSERT INTO documents_fts (documents_fts, rowid, title, summary)
    VALUES ('delete', old.rowid, old.title, old.summary);
    INSERT INTO documents_fts (rowid, title, summary) VALUES (new.rowid, new.title, new.summary); END;
"""


def report(folder: Path, pairs: int, most: int = GROWTH[-1], unchanged: int = UNCHANGED) -> list[str]:
    """Measure all; give a line for each figure."""
    folder.mkdir(parents=True, exist_ok=True)
    ours, guarded = folder / "unchanged.db", folder / "guarded.db"
    for path in (ours, guarded):
        _remove(path)
    take(ours, unchanged, "first")
    upsert(guarded, unchanged)
    made = [[row_of(r) for r in page.records] for _, page in pages(unchanged, "again")]
    lines = []
    for kind, pages_are in _KINDS.items():
        for rows, rows_are in ((None, "that makes its rows"), (made, "of rows made before")):
            states = iter(f"{kind} {number} {rows_are}" for number in range(100))
            value = ratio(
                lambda states=states: cpu_of_call(lambda: take(ours, unchanged, next(states))),  # type: ignore[misc]
                lambda rows=rows: cpu_of_call(lambda: upsert(guarded, unchanged, rows)),  # type: ignore[misc]
                pairs,
            )
            name = f"{unchanged:,} unchanged records, {pages_are} / guarded upsert {rows_are}"
            lines.append(outcome(name, value, 0.8, at_least=False))
    return [*lines, *growth(folder, most)]


_KINDS = {"again": "other bytes", "moved": "other totals"}


def growth(folder: Path, most: int) -> list[str]:
    """Measure how the cost of loading, and of a pass that changes nothing, grows from decade to decade."""
    costs: dict[int, tuple[float, float]] = {}
    for count in (count for count in GROWTH if count <= most):
        path = folder / "growth.db"
        _remove(path)
        first = cpu_of_call(lambda path=path, count=count: take(path, count, "first"))  # type: ignore[misc]
        costs[count] = first, cpu_of_call(lambda path=path, count=count: take(path, count, "moved"))  # type: ignore[misc]
    sizes = sorted(costs)
    return [
        outcome(f"{other:,} records / {one:,}: {name}", costs[other][at] / costs[one][at], 13, at_least=False)
        for one, other in itertools.pairwise(sizes)
        for at, name in enumerate(("first pass", "no change"))
    ]


def _remove(path: Path) -> None:
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()

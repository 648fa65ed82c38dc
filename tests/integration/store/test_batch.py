"""Saved pages are taken several in one transaction: what fails or is killed leaves pages whole; nobody waits long."""

from __future__ import annotations

import io
import os
import signal
import sqlite3
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from harvester.cli import run as run_command
from harvester.ingest import Stop, harvest_captures, harvest_one
from harvester.model import Capture
from harvester.parsers.parse import parse
from harvester.store import batch
from harvester.store.database import open_to_read
from harvester.store.run import Run
from tests.support.archive_pages import HOST, document_page, listing_page, make_items
from tests.support.forks import FORKS
from tests.support.harvesting import SOURCE, documents, fresh, sighted, sound
from tests.support.live_processes import Aim, arm

if TYPE_CHECKING:
    from pathlib import Path

    from harvester.model import Page

ITEMS = make_items(120, seed=8)


def save(folder: Path) -> Path:
    """Save document pages in a folder, under their addresses."""
    pages = folder / "digitalarchive.wilsoncenter.org" / "document"
    pages.mkdir(parents=True)
    for item in ITEMS:
        (pages / item.slug).write_bytes(document_page(item))
    return folder


def harvest(pages: Path, db: Path, killed_at: int = 0) -> None:
    """Harvest in this process, and end it; `killed_at`: the page while which is written it is killed."""
    batch.MAX_SECONDS = 0.02  # several transactions, also for few pages
    if killed_at:
        arm(Aim("harvester.store.page_batch:read_row", killed_at))
    sys.stdout = io.StringIO()
    os._exit(run_command(["harvest", str(pages), "--db", str(db)]))


def held(path: Path) -> tuple[Any, ...]:
    with open_to_read(path) as db:
        texts = db.execute(
            "SELECT key, text FROM texts JOIN documents d ON d.id = document_id ORDER BY 1, 2"
        ).fetchall()
        return documents(db), texts, sighted(db)


MOST_QUESTIONS = 18
"""For an own page at a known address, whatever the database holds; there were 37."""
MOST_STATEMENTS = 40
"""Different ones for such pages, however many: each is compiled once, and Python keeps 512."""

MOST_REPEATED = 10
"""Statements for a page that was read before, its transaction and the run's row included."""


def test_a_page_costs_few_questions_and_nothing_is_compiled_for_it(tmp_path: Path) -> None:
    with fresh(tmp_path) as db:
        listing = Capture(f"{HOST}/search?page=0", listing_page(ITEMS[:10], 1, 10), media_type="text/html")
        pages = [Capture(f"{HOST}/document/{item.slug}", document_page(item)) for item in ITEMS[:10]]
        run, asked = Run(db, "test"), list[str]()
        harvest_captures(run, [listing], (SOURCE,), Stop())
        execute = db.execute

        def counted(sql: str, *values: Any) -> Any:
            asked.append(sql)
            return execute(sql, *values)

        db.execute = counted
        for page in pages:
            harvest_one(run, page, (SOURCE,))
        questions = [sql for sql in asked if sql.lstrip().upper().startswith("SELECT")]
        assert len(questions) <= MOST_QUESTIONS * len(pages)
        assert len({*asked}) <= MOST_STATEMENTS
        asked.clear()
        for page in pages:
            harvest_one(run, page, (SOURCE,))
        assert len(asked) <= MOST_REPEATED * len(pages)


def reads(path: Path) -> int:
    try:
        with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as db:
            return int(db.execute("SELECT count(*) FROM reads").fetchone()[0])
    except sqlite3.OperationalError:  # it is just being made
        return 0


def test_killed_in_the_middle_it_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    pages = save(tmp_path / "pages")
    killed = FORKS.Process(target=harvest, args=(pages, tmp_path / "x.db", len(ITEMS) - 5))
    killed.start()
    killed.join(60)
    assert killed.exitcode == -signal.SIGKILL
    before = reads(tmp_path / "x.db")
    assert 0 < before < len(ITEMS)
    with open_to_read(tmp_path / "x.db") as db:
        assert db.execute("SELECT count(*) FROM documents").fetchone() == (before,)
    for name in ("x.db", "y.db"):
        assert run_command(["harvest", str(pages), "--db", str(tmp_path / name)]) == 0
    assert held(tmp_path / "x.db") == held(tmp_path / "y.db")
    assert len(held(tmp_path / "x.db")[0]) == len(ITEMS)


def test_a_page_that_cannot_be_written_takes_none_in_half(tmp_path: Path) -> None:
    pages, path = save(tmp_path / "pages"), tmp_path / "x.db"
    assert run_command(["harvest", "seeds", "--db", str(path)]) == 0
    with sqlite3.connect(path) as db:
        slug = sorted(item.slug for item in ITEMS)[80]
        full = "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        db.execute(f"CREATE TRIGGER full BEFORE INSERT ON texts WHEN NEW.document_id IN (SELECT id FROM documents"
                   f" WHERE slug = '{slug}') {full}")  # fmt: skip
    assert run_command(["harvest", str(pages), "--db", str(path)]) == 1
    with sqlite3.connect(path) as db:
        status, counted, new = db.execute("SELECT status, pages, new FROM runs WHERE id = 2").fetchone()
        assert (status, counted) == ("failed", new)
        assert db.execute("SELECT count(*) FROM reads WHERE run_id = 2").fetchone() == (counted,)
        assert db.execute("SELECT count(DISTINCT document_id) FROM texts").fetchone() == (counted,)
        db.execute("DROP TRIGGER full")
    assert run_command(["harvest", str(pages), "--db", str(path)]) == 0
    assert len(held(path)[0]) == len(ITEMS) + 52


def test_what_was_read_before_a_failure_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages, path = save(tmp_path / "pages"), tmp_path / "x.db"
    fails = sorted(item.slug for item in ITEMS)[20]

    def fail(capture: Capture, *others: Any) -> Page:
        if capture.uri.endswith(fails):
            raise ZeroDivisionError("made up")
        return parse(capture, *others)

    monkeypatch.setattr("harvester.ingest.parse", fail)
    assert run_command(["harvest", str(pages), "--db", str(path)]) == 1
    assert reads(path) == 20
    with open_to_read(path) as db:
        assert db.execute("SELECT status, pages, new FROM runs").fetchall() == [("failed", 20, 20)]


def test_two_harvests_at_once_both_take_all(tmp_path: Path) -> None:
    pages, path = save(tmp_path / "pages"), tmp_path / "x.db"
    assert run_command(["harvest", "seeds", "--db", str(path)]) == 0
    both = [FORKS.Process(target=harvest, args=(target, path)) for target in (pages, pages / "..")]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert [one.exitcode for one in both] == [0, 0]
    assert len(held(path)[0]) == len(ITEMS) + 52


@pytest.mark.parametrize("order", ["abab", "aabb", "abba"])
def test_pages_of_one_address_in_one_harvest_are_as_in_several(tmp_path: Path, order: str) -> None:
    bodies = {"a": listing_page(ITEMS[:10], 1, 40), "b": listing_page(ITEMS[5:15], 1, 40)}
    captures = [
        Capture(f"{HOST}/search?page=0", bodies[name], captured_at=datetime(2025, 1, day, tzinfo=UTC))
        for day, name in enumerate(order, 1)
    ]
    outcome = []
    for groups in ([captures[:1], captures[1:]], [[one] for one in captures]):
        db = fresh(tmp_path)
        for group in groups:
            harvest_captures(Run(db, "test"), group, (SOURCE,), Stop())
        assert sound(db)
        seen = db.execute("SELECT capture_id, uri, captured_at FROM reads ORDER BY id").fetchall()
        changes = db.execute("SELECT document_id, observed_at, kind, field, after FROM changes ORDER BY id").fetchall()
        outcome.append((documents(db), sighted(db), seen, changes))
        db.close()
    assert outcome[0] == outcome[1]
    assert len(outcome[0][0]) == 15


def test_which_of_two_pages_without_a_time_is_newer_is_asked(tmp_path: Path) -> None:
    """A second mirror corrects nothing unless it is said when it was saved; where that matters a notice says so."""
    path, item = tmp_path / "x.db", ITEMS[0]
    corrected = replace(item, summary=("A corrected summary.",))
    for name, one in (("first", item), ("second", corrected)):
        folder = tmp_path / name / "digitalarchive.wilsoncenter.org" / "document"
        folder.mkdir(parents=True)
        (folder / item.slug).write_bytes(document_page(one))
        assert run_command(["harvest", str(tmp_path / name), "--db", str(path)]) == 0
    with open_to_read(path) as db:
        ((severity, uri, message),) = db.execute(
            "SELECT severity, uri, message FROM problems WHERE code = 'which-is-newer'"
        )
        assert (severity, uri) == ("notice", item.url)
        assert str(tmp_path / "first") in message
        assert "--captured-at" in message
    said = ["harvest", str(tmp_path / "second"), "--captured-at", "2025-03-01", "--db", str(path)]
    assert run_command(said) == 0
    with open_to_read(path) as db:
        assert db.execute("SELECT summary FROM documents").fetchone() == ("A corrected summary.",)
        assert db.execute("SELECT count(*) FROM problems WHERE code = 'which-is-newer'").fetchone() == (1,)

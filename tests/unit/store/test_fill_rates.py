"""A changed site is noticed: pages that hold much less than they did in the runs before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from harvester.model import Capture, Refused
from harvester.store.database import open_to_write
from harvester.store.run import Run
from tests.support.harvesting import SOURCE
from tests.unit.store.test_identity import page, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlite_utils import Database

PAGES, SIZE = 12, 10
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
SEARCH = "https://digitalarchive.wilsoncenter.org/search"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = open_to_write(tmp_path / "rot.db")
    yield database
    database.close()


def night(db: Database, number: int, dated: float = 1.0, shown: int = SIZE, refused: int = 0) -> dict[str, Any]:
    """Harvest a listing that says something new every night; dates stand in a share of its records."""
    run = Run(db, "test")
    for place in range(PAGES):
        capture = Capture(f"{SEARCH}?page={place}", f"{number} {place}".encode(), FIRST + timedelta(days=number))
        if place < refused:
            run.add_page(capture, Refused("challenge", "a challenge"), SOURCE)
            continue
        records = [
            record(
                f"Title {place} {n}", "1950" if n < dated * SIZE else None, summary=f"{number}.", slug=f"s-{place}-{n}"
            )
            for n in range(shown)
        ]
        run.add_page(capture, page("x", *records, form="F")[1], SOURCE)
    run.finish(run.verdict)
    return run.row()


def test_the_first_night_has_nothing_to_be_compared_with(db: Database) -> None:
    assert night(db, 1, dated=0.2)["status"] == "complete"


def test_dates_that_fall_away_are_noticed_the_first_night(db: Database) -> None:
    night(db, 1, dated=0.9)
    night(db, 2, dated=1.0)
    row = night(db, 3, dated=0.4)
    assert row["status"] == "partial"
    assert "dates in 40% of 120 records, 95% in the runs before" in row["reason"]


def test_a_change_that_stays_is_not_told_for_ever(db: Database) -> None:
    night(db, 0)
    statuses = [night(db, number, dated=0.3)["status"] for number in range(1, 6)]
    assert statuses == ["partial", "partial", "complete", "complete", "complete"]


def test_small_differences_are_none(db: Database) -> None:
    night(db, 1)
    assert night(db, 2, dated=0.7)["status"] == "complete"


def test_pages_that_hold_fewer_records_are_noticed(db: Database) -> None:
    night(db, 1)
    assert "4 records a page asked for, 10 in the runs before" in night(db, 2, shown=5 - 1)["reason"]


def test_pages_that_cannot_be_read_are_noticed(db: Database) -> None:
    night(db, 1)
    row = night(db, 2, refused=8)
    codes = db.execute(
        "SELECT message FROM problems WHERE run_id = ? AND code = 'fill-rate-drop'", [row["id"]]
    ).fetchall()
    assert [message for (message,) in codes if "readable pages" in message]

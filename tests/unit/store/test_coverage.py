"""Positions of saved pages add up only among captures of one total, made within a stated span."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from harvester.ingest import harvest_one
from harvester.model import Capture
from harvester.registry import load_sources
from harvester.store.database import open_to_write
from harvester.store.run import Run
from tests.support.archive_pages import listing_page, make_items
from tests.support.harvesting import SOURCE

if TYPE_CHECKING:
    from pathlib import Path

ITEMS = make_items(25, seed=3)
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


def covered(folder: Path, days: list[float | None], totals: list[int]) -> tuple[Any, ...]:
    """Return basis, held, missing and complete of three pages that were captured so many days after the first."""
    with open_to_write(folder / "a.db") as db:
        run = Run(db, "test")
        for number, (day, total) in enumerate(zip(days, totals, strict=True)):
            uri = f"https://{SOURCE.hosts[0]}/search?page={number}"
            body = listing_page(ITEMS[number * 10 : number * 10 + 10], number * 10 + 1, total)
            moment = None if day is None else BEGAN + timedelta(days=day)
            harvest_one(run, Capture(uri, body, captured_at=moment, media_type="text/html"), (SOURCE,))
        run.finish(run.verdict)
        row = db.execute("SELECT basis, held, missing, complete FROM coverage").fetchone()
        return tuple(row)


@pytest.mark.parametrize("days", [[0, 0.1, 0.2], [0, 3, 7], [None, None, None]])
def test_pages_of_one_week_and_pages_without_a_time_add_up(tmp_path: Path, days: list[float | None]) -> None:
    assert covered(tmp_path, days, [25, 25, 25]) == ("positions", 25, 0, 1)


@pytest.mark.parametrize("days", [[0, 3, 7.1], [400, 0, 0], [0, None, 0]])
def test_pages_that_are_too_far_apart_are_mixed_and_never_complete(tmp_path: Path, days: list[float | None]) -> None:
    basis, held, _, complete = covered(tmp_path, days, [25, 25, 25])
    assert (basis, held, complete) == ("mixed", 25, 0)


def test_another_span_may_be_stated_in_the_definition_of_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days: list[float | None] = [0, 20, 30]
    assert covered(tmp_path, days, [25, 25, 25]) == ("mixed", 25, 0, 0)
    monkeypatch.setitem(load_sources(), SOURCE.name, replace(SOURCE, span_days=30))
    assert covered(tmp_path, days, [25, 25, 25]) == ("positions", 25, 0, 1)
    monkeypatch.undo()
    assert covered(tmp_path, days, [25, 25, 25]) == ("mixed", 25, 0, 0)


def test_pages_of_different_totals_are_mixed(tmp_path: Path) -> None:
    basis, _, _, complete = covered(tmp_path, [0, 1, 2], [26, 26, 25])
    assert (basis, complete) == ("mixed", 0)

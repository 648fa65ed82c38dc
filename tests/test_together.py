"""Harvests, backups and readers at the same time, shortly; longer: `python -m tests.together --seconds 60`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.together import together

if TYPE_CHECKING:
    from pathlib import Path


def test_nobody_meets_an_error(tmp_path: Path) -> None:
    told = together(tmp_path, 10)
    assert told.errors == []
    assert all(told.took.values())
    assert all(told.turns[name] for name in ("saved", "live", "backup"))

"""A killed harvest of a web archive loses nothing; `python -m tests.soak.web_archive_kills` kills more often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.live_processes import Aim
from tests.support.web_archive_kills import INDEX_ANSWERS, undisturbed, wrong_after

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return undisturbed(tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize(("moment", "time"), [("half", INDEX_ANSWERS + 9), ("uncommitted", 20)], ids=str)
def test_a_killed_harvest_goes_on_where_it_ended(moment: str, time: int, whole: dict[str, Any], tmp_path: Path) -> None:
    assert wrong_after(tmp_path / "killed", moment, Aim(moment, time), whole) == []

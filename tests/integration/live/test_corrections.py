"""Archives that are corrected between harvests: the database and the reading room show what they state now."""

from __future__ import annotations

import pytest

from tests.soak.correction_cases import CASES
from tests.support.forks import soak
from tests.support.trials import IN_FULL, trials

ARCHIVES, SYNCS = trials(1, 4), 6


@pytest.fixture(autouse=True)
def few_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at few of the pages that have changed, if not in full."""
    if not IN_FULL:
        monkeypatch.setenv("LOOKS", "0.1")


def test_what_the_archive_states_now_is_what_is_held() -> None:
    printed = soak("corrections", "--archives", str(ARCHIVES), "--syncs", str(SYNCS))
    assert f"{ARCHIVES} archives, {ARCHIVES * SYNCS} harvests: 0 archives with something wrong" in printed


def test_what_was_wrong_once_stays_right_and_asks_for_just_the_pages_it_needs() -> None:
    assert f"{len(CASES)} cases, 0 wrong" in soak("correction_cases")

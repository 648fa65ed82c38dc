"""Archives that are corrected between harvests: the database and the reading room show what they state now."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.soak.correction_cases import CASES
from tests.support.trials import IN_FULL, trials

ARCHIVES, SYNCS = trials(1, 4), 6


def test_what_the_archive_states_now_is_what_is_held() -> None:
    printed = run("tests.soak.corrections", "--archives", str(ARCHIVES), "--syncs", str(SYNCS))
    assert f"{ARCHIVES} archives, {ARCHIVES * SYNCS} harvests: 0 archives with something wrong" in printed


def test_what_was_wrong_once_stays_right_and_asks_for_just_the_pages_it_needs() -> None:
    assert f"{len(CASES)} cases, 0 wrong" in run("tests.soak.correction_cases")


def run(*command: str) -> str:
    looks = os.environ | ({} if IN_FULL else {"LOOKS": "0.1"})
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False, env=looks)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout

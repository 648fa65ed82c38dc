"""Archives that are corrected between harvests: the database and the reading room show what they state now."""

from __future__ import annotations

import subprocess
import sys

ARCHIVES, SYNCS = 4, 6


def test_what_the_archive_states_now_is_what_is_held() -> None:
    command = [sys.executable, "-m", "tests.truth_http", "--archives", str(ARCHIVES), "--syncs", str(SYNCS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{ARCHIVES} archives, {ARCHIVES * SYNCS} harvests: 0 archives with something wrong" in done.stdout

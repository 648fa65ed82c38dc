"""Kills and failing disks, in a short form; the long one is `python -m tests.soak.kills --kills 500`."""

from __future__ import annotations

import subprocess
import sys

from tests.support.trials import trials

KILLS = trials(14, 28)


def test_no_kill_and_no_full_disk_loses_anything() -> None:
    command = [sys.executable, "-m", "tests.soak.kills", "--kills", str(KILLS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

"""Kills and failing disks, in a short form; the long one is `python -m tests.soak.kills --kills 500`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.soak.kill_trials import MOMENTS, kill_all
from tests.support.trials import trials

KILLS = trials(len(MOMENTS), 28)


def test_no_kill_and_no_full_disk_loses_anything() -> None:
    with tempfile.TemporaryDirectory() as folder:  # the user `nobody` cannot come to the folders of pytest
        Path(folder).chmod(0o755)
        assert kill_all(Path(folder), KILLS, trials(12, 30)) == []

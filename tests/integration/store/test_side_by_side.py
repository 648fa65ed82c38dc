"""Harvests, backups and readers at the same time, shortly; longer: `python -m tests.soak.side_by_side --seconds 60`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from harvester.store.database import open_to_write, transaction
from tests.soak.side_by_side import together
from tests.support.trials import trials


def test_nobody_meets_an_error(tmp_path: Path) -> None:
    outcome = together(tmp_path, trials(2, 10), trials(4, 8), trials(100, 600))
    assert outcome.errors == []
    assert all(outcome.took.values())
    assert all(outcome.turns[name] for name in ("saved", "live", "backup"))


def niceness(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[16])


def test_harvests_let_those_go_first_who_read(tmp_path: Path) -> None:
    path = tmp_path / "harvest.db"
    own = niceness(os.getpid())
    with open_to_write(path) as db, transaction(db):
        command = [sys.executable, "-m", "harvester", "harvest", "seeds", "--db", str(path)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while niceness(process.pid) == own and process.poll() is None:
            time.sleep(0.05)
        assert niceness(process.pid) == min(own + 10, 19)
    assert process.wait() == 0

"""On a terminal a harvest shows how far it is; elsewhere it is silent until its summary."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def harvest_on_a_terminal(db: Path) -> tuple[int, str]:
    """Run the seeds with a terminal as standard error; give the exit status and what the terminal showed."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "harvester", "harvest", "seeds", "--db", str(db)]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
    os.close(ours)
    return process.returncode, shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # how a terminal says that the other side has closed it
        return b""


def test_a_terminal_shows_pages_records_and_rate(tmp_path: Path) -> None:
    status, shown = harvest_on_a_terminal(tmp_path / "x.db")
    assert status == 0
    assert "pages" in shown
    assert "/5" in shown
    assert "records, " in shown
    assert "pages/s" in shown


def test_without_a_terminal_nothing_is_shown_but_the_summary(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "harvester", "harvest", "seeds", "--db", str(tmp_path / "x.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1

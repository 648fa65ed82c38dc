"""On a terminal a harvest shows how far it is; elsewhere it is silent until its summary."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Site

if TYPE_CHECKING:
    from pathlib import Path


def harvest_on_a_terminal(db: Path, *what: str) -> tuple[int, str]:
    """Run a harvest with a terminal as standard error; give the exit status and what the terminal showed."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "harvester", "harvest", *what, "--db", str(db)]
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
    status, shown = harvest_on_a_terminal(tmp_path / "x.db", "seeds")
    assert status == 0
    assert "pages" in shown
    assert "/5" in shown
    assert "records, " in shown
    assert "pages/s" in shown


def test_a_live_harvest_shows_how_many_pages_there_are_document_pages_too(tmp_path: Path) -> None:
    with ArchiveServer(Site(25)) as server:
        status, shown = harvest_on_a_terminal(tmp_path / "x.db", "wilson", "--base-url", server.base, "--delay", "0")
    assert status == 0
    assert f"/{3 + 1 + 25}" in shown
    assert "/4 " not in shown


def test_a_terminal_shows_why_nothing_happens(tmp_path: Path) -> None:
    unreachable = "http://127.0.0.1:1"
    status, shown = harvest_on_a_terminal(tmp_path / "x.db", "wilson", "--base-url", unreachable, "--delay", "0")
    assert status == 1
    assert shown.count("asked again in") == 3
    assert "refused" in shown


def test_without_a_terminal_nothing_is_shown_but_the_summary(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "harvester", "harvest", "seeds", "--db", str(tmp_path / "x.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1

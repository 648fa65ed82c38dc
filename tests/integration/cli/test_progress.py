"""On a terminal a harvest shows how far it is; elsewhere it is silent until its summary."""

from __future__ import annotations

import os
import pty
import sys
from select import select
from typing import TYPE_CHECKING

from harvester.cli import run
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Site
from tests.support.forks import FORKS
from tests.support.live_processes import in_process

if TYPE_CHECKING:
    from pathlib import Path


def harvest_on_a_terminal(db: Path, *what: str) -> tuple[int, str]:
    """Run a harvest with a terminal as standard error; give the exit status and what the terminal showed."""
    ours, theirs = pty.openpty()
    process = FORKS.Process(target=_on_terminal, args=(os.ttyname(theirs), ["harvest", *what, "--db", str(db)]))
    process.start()
    shown = b""
    while select([ours], [], [], 0.1)[0] or process.is_alive():
        shown += os.read(ours, 4096) if select([ours], [], [], 0)[0] else b""
    os.close(theirs)
    os.close(ours)
    return process.exitcode or 0, shown.decode()


def _on_terminal(terminal: str, arguments: list[str]) -> None:
    os.environ |= {"TERM": "xterm", "COLUMNS": "120"}
    with open(os.devnull, "w") as out, open(terminal, "w") as err:  # noqa: PTH123 - plain files for plain streams
        sys.stdout, sys.stderr = out, err
        status = run(arguments)
    os._exit(status)


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
    done = in_process(tmp_path, ["harvest", "seeds", "--db", str(tmp_path / "x.db")])
    assert done.err == ""
    assert done.out.count("\n") == 1

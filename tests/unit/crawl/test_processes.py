"""Who holds an archive: a process by its number and the time when it was begun, and by nothing less."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from harvester.processes import identity, is_here, runs
from harvester.store.locks import is_alive
from harvester.utils import utc_timestamp


def test_a_process_is_known_while_it_runs_and_not_when_it_has_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        who = identity(process.pid)
        assert (runs(who), is_here(who), identity(process.pid)) == (True, True, who)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not runs(who)  # ended, and nobody has looked how
    assert not runs(who)


def test_another_process_of_the_same_number_is_not_taken_for_it() -> None:
    earlier = identity().replace("(begun ", "(begun 9")
    assert (is_here(earlier), runs(earlier)) == (True, False)
    assert not is_alive(earlier, utc_timestamp())
    assert is_alive(identity(), utc_timestamp())


def test_of_another_machine_only_the_heartbeat_tells() -> None:
    far = identity().replace(f" on {socket.gethostname()}", " on another.example")
    assert (is_here(far), is_alive(far, utc_timestamp())) == (False, True)
    assert not is_alive(far, "2026-01-01T00:00:00Z")


@pytest.mark.parametrize("who", ["", "process", "process {pid} on x", "process ² (begun 1) on x"])
def test_what_names_no_process_is_nobody(who: str) -> None:
    who = who.format(pid=os.getpid())
    assert (is_here(who), runs(who)) == (False, False)

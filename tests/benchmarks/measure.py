"""Measures: CPU time with children, the median of interleaved pairs. Only ratios count; machines drift by twice."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PAIRS = 5


_LAUNCHER = """import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr)
sys.exit(status)"""
"""A small process that starts a command: Linux counts what a process held that starts another as memory of that one."""


def cpu_of(command: list[str]) -> tuple[float, int, str]:
    """Run a command; give its CPU seconds and peak memory (KiB), children included, and what it printed."""
    done = subprocess.run([sys.executable, "-c", _LAUNCHER, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    cpu, memory = done.stderr.split()[-2:]
    return float(cpu), int(memory), done.stdout


def instructions_of(command: list[str]) -> int:
    """Run a command under valgrind; return how many instructions it executes, which no other load changes."""
    counter = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    done = subprocess.run([*counter, *command], capture_output=True, text=True, check=True, env=environment)
    return int(re.findall(r"I +refs: +([\d,]+)", done.stderr)[-1].replace(",", ""))


def cpu_of_call(call: Callable[[], object]) -> float:
    """Return the CPU seconds of a call in this process."""
    before = time.process_time()
    call()
    return time.process_time() - before


def ratio(one: Callable[[], float], other: Callable[[], float], pairs: int = PAIRS) -> float:
    """Return the median of one / other over interleaved pairs, after one pair that is not counted."""
    one(), other()
    return statistics.median(one() / other() for _ in range(pairs))


def outcome(name: str, value: float, goal: float, *, at_least: bool) -> str:
    """Return a line with a figure and its goal."""
    met = value >= goal if at_least else value <= goal
    sign = "at least" if at_least else "at most"
    return f"{name:62} {value:8.3f}  goal {sign} {goal:g}: {'met' if met else 'MISSED'}"

"""Processes forked from one that has everything imported: each begins in milliseconds and may be killed.

There is one such process for each process of the tests, whoever asks for it, so all that it imports is listed here.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import runpy
import sys
import tempfile
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from multiprocessing.process import BaseProcess

COMMANDS = (
    "backup",
    "check",
    "export",
    "harvest",
    "history",
    "live",
    "publish",
    "rebuild",
    "schedule",
    "serve",
    "status",
    "withdraw",
)
SCRAPY = (  # what a crawl loads by name while it starts; no reactor, which cannot be forked
    "core.downloader.handlers.http11",
    "core.engine",
    "core.scraper",
    "downloadermiddlewares.defaultheaders",
    "downloadermiddlewares.httpproxy",
    "downloadermiddlewares.offsite",
    "extensions.feedexport",
    "extensions.logstats",
    "extensions.memusage",
    "robotstxt",
    "spidermiddlewares.referer",
    "squeues",
)


def _preload() -> Iterable[str]:
    yield from (f"harvester.cli.{name}" for name in COMMANDS)
    yield from (
        "harvester.crawl.pipeline",
        "harvester.crawl.robots",
        "harvester.crawl.session",
        "harvester.crawl.spiders",
    )
    yield from (f"scrapy.{name}" for name in SCRAPY)
    yield "harvester.schedule.scheduler"


FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(list(_preload()))


def leave_loaded_alone() -> None:
    """Leave what is loaded alone when garbage is collected: looking at it all took an eighth of the tests' time."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(50_000, 20, 50)


def start(printed: Sequence[Path], arguments: Sequence[str], cwd: Path, env: Mapping[str, str]) -> BaseProcess:
    """Start a module as `python -m` does; it prints into two files."""
    process = FORKS.Process(target=_program, args=(arguments, list(map(str, printed)), str(cwd), dict(env)))
    process.start()
    return process


def program(*arguments: str, cwd: Path = ROOT, env: Mapping[str, str] = os.environ) -> CompletedProcess[str]:
    """Run a module as `python -m` does; return its status and what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = start([out, err], arguments, cwd, env)
        process.join()
        return CompletedProcess(arguments, process.exitcode or 0, out.read_text(), err.read_text())


def soak(module: str, *arguments: str) -> str:
    """Run a program of `tests.soak`; return what it printed. It must end with 0."""
    done = program(f"tests.soak.{module}", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _program(arguments: Sequence[str], printed: Sequence[str], cwd: str, env: dict[str, str]) -> None:
    for number, path in enumerate(printed, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), number)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = list(arguments)
    leave_loaded_alone()
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)

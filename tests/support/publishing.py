"""What the tests of the published database share: the two ways to serve one, and asking over HTTP."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import urlopen

from datasette.utils import tilde_encode

from tests.support.forks import start
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import Message

CONFIGURATION = ROOT / "db"
NO_DATABASE = shutil.ignore_patterns("*.db", "*.db-*", "captures", "__pycache__")
# An installed Datasette is enough for the folder: its plugins must not need the harvester.
DATASETTE_ALONE = "import sys; sys.modules['harvester'] = None; from datasette.cli import cli; cli()"
STARTS_WITHIN = 60.0


@dataclass(frozen=True)
class Site:
    """A Datasette that runs, and the name under which its addresses have the database."""

    address: str
    database: str

    def get(self, path: str, timeout: float = 30) -> tuple[int, str, Message]:
        """Return the status, text and headers of a response; `DB` in a path is replaced by the database's name."""
        try:
            answer = urlopen(self.address + path.replace("DB", self.database).lstrip("/"), timeout=timeout)
        except HTTPError as error:
            answer = error
        with answer:
            return answer.status or 0, answer.read().decode(), answer.headers

    def text(self, path: str) -> str:
        """Return the text of a page; fails unless its status is 200."""
        status, text, _ = self.get(path)
        assert status == 200, text
        return text

    def json(self, path: str) -> Any:
        """Return the JSON of a page as data."""
        return json.loads(self.text(path))


def configuration_with(folder: Path, *databases: Path) -> Path:
    """Copy the configuration directory, and put databases beside it, as in a checkout."""
    shutil.copytree(CONFIGURATION, folder, ignore=NO_DATABASE)
    for database in databases:
        shutil.copyfile(database, folder / database.name)
    return folder


def serve_command(database: Path, *options: str) -> list[str]:
    """Return the command that serves a database on a free port."""
    return [sys.executable, "-m", "harvester", "serve", "--db", str(database), "--port", "0", *options]


@contextmanager
def harvester_serve(database: Path, *options: str) -> Iterator[tuple[Site, Server]]:
    """Run `harvester serve` on a free port, in a fork: most of its start are imports."""
    with tempfile.TemporaryDirectory() as folder:
        printed, complained = Path(folder, "out"), Path(folder, "err")
        process = start([printed, complained], serve_command(database, *options)[2:], ROOT, os.environ)
        try:
            server = Server(printed, complained, lambda: not process.is_alive())
            yield Site(server.address(), tilde_encode(database.stem)), server
        finally:
            process.terminate()
            process.join()


@contextmanager
def harvester_serve_alone(database: Path) -> Iterator[tuple[Site, Program]]:
    """Run `harvester serve` on a free port, in a process of its own."""
    with running(serve_command(database)) as server:
        yield Site(server.address(), tilde_encode(database.stem)), server


@contextmanager
def datasette_alone(folder: Path) -> Iterator[tuple[Site, Program]]:
    """Run `datasette FOLDER` on a free port."""
    with running([sys.executable, "-c", DATASETTE_ALONE, "serve", str(folder), "--port", "0"]) as server:
        yield Site(server.address(), "harvest"), server


@dataclass(frozen=True)
class Server:
    """What a process that serves prints, into files: nobody empties a pipe, and a full one would stop it."""

    printed: Path
    complained: Path
    has_ended: Callable[[], bool]

    def address(self) -> str:
        """Wait until it says where it is."""
        until = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < until and not self.has_ended():
            stated = "".join(file.read_text() for file in (self.printed, self.complained) if file.exists())
            if found := re.search(r"http://127\.0\.0\.1:\d+", stated):
                return found[0] + "/"
            time.sleep(0.05)
        raise AssertionError(f"it did not start: {self.complained.read_text()}")


@dataclass(frozen=True)
class Program(Server):
    """A server in a process of its own, which may be sent signals."""

    process: subprocess.Popen[bytes]


@contextmanager
def running(command: list[str], **environment: str) -> Iterator[Program]:
    """Run a server, and end it."""
    with tempfile.TemporaryDirectory() as folder:
        printed, complained = Path(folder, "out"), Path(folder, "err")
        with printed.open("wb") as out, complained.open("wb") as err:
            process = subprocess.Popen(command, stdout=out, stderr=err, cwd=ROOT, env={**os.environ, **environment})
        try:
            yield Program(printed, complained, lambda: process.poll() is not None, process)
        finally:
            process.terminate()
            process.wait()

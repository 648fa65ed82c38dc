"""pywb, which many web archives run, on loopback over WARC files; in an environment of its own: it pins old libraries.

The environment is made once and kept in this user's cache (about 100 MB).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PYWB = "pywb==2.10.0"
START_SECONDS = 60


def environment() -> Path:
    """Return the folder of the environment's programs; make it if there is none yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "archive-harvester-tests"
    cache.mkdir(parents=True, exist_ok=True)
    made = cache / PYWB.replace("==", "-")
    with (cache / "pywb.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process of the tests may be making it
        if not (made / "complete").exists():
            shutil.rmtree(made, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", made], check=True)
            more = ["setuptools<81"] + (["legacy-cgi"] if sys.version_info >= (3, 13) else [])
            subprocess.run([made / "bin" / "pip", "install", "-q", PYWB, *more], check=True, stderr=subprocess.DEVNULL)
            (made / "complete").touch()
    return made / "bin"


@contextmanager
def pywb(folder: Path, warcs: Sequence[Path]) -> Iterator[str]:
    """Serve WARC files; yield where their captures are played back."""
    programs = environment()
    for command in (["init", "test"], ["add", "test", *map(str, warcs)]):
        subprocess.run([programs / "wb-manager", *command], cwd=folder, check=True, capture_output=True)
    index, files = "./collections/test/indexes", "./collections/test/archive/"  # without the last slash it finds none
    (folder / "config.yaml").write_text(f"collections: {{wb: {{index: {index}, archive_paths: {files}}}}}\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "pywb.log").open("w") as log:
        command = [str(programs / "wayback"), "-b", "127.0.0.1", "-p", str(port), "-t", "4"]
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            _wait_for(f"http://127.0.0.1:{port}/wb/cdx?url=x.example", process)
            yield f"http://127.0.0.1:{port}/wb"
        finally:
            process.terminate()
            process.wait(20)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"pywb does not answer: see pywb.log ({process.poll()})")

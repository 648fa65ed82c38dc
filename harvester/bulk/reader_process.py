"""A process that reads parts, one after the other, so that a record that kills its reader kills nothing else.

It takes parts as lines of JSON, and answers each with a line. It ends when its parent has.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harvester.bulk.folder import BulkFolder
from harvester.bulk.limits import RECORD_SECONDS, TimeLimit
from harvester.bulk.parts import part_from_json
from harvester.bulk.reading import ChangedError, read_part
from harvester.errors import HarvesterError

if TYPE_CHECKING:
    from harvester.bulk.parts import Part

READY, READ, CHANGED, FAILED, DIED = "ready", "read", "changed", "failed", "died"


class ReaderError(HarvesterError):
    """Nothing can be read or written here, whichever part it is."""


class ReaderProcess:
    """The process, as its parent sees it. It is started when the first part comes."""

    def __init__(self, folder: Path, seconds: float = RECORD_SECONDS) -> None:
        self._folder = BulkFolder(folder)
        self._command = [sys.executable, "-m", __name__, str(folder), str(seconds)]
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, part: Part) -> str | None:
        """Read a part; return None, or how its reading ended the process.

        Raises ChangedError if a file is not the one that was planned, ReaderError if there is no use in going on.
        """
        process = self._process or self._start()
        answer = _exchange(process, part.as_json())
        if answer is None:
            status = process.wait()
            self.close()
            self._folder.remove_unfinished(part, process.pid)
            return _how(status)
        if answer["result"] == CHANGED:
            raise ChangedError(answer["message"])
        if answer["result"] == FAILED:
            raise ReaderError(answer["message"])
        return None if answer["result"] == READ else str(answer["message"])

    def stop(self) -> None:
        """Terminate the process, from whichever thread; the part that it reads is not read then."""
        if self._process is not None:
            self._process.terminate()

    def close(self) -> None:
        """End the process and wait until it has ended."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603 - this program itself
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        if _answer(process) is None:
            raise ReaderError(f"a process that reads parts could not be started ({_how(process.wait())}): see above")
        self._process = process
        return process


def _exchange(process: subprocess.Popen[bytes], line: bytes) -> dict[str, Any] | None:
    """Send a line to a process; return its answer, None if it has ended."""
    assert process.stdin is not None  # noqa: S101 - it has a pipe
    try:
        process.stdin.write(line + b"\n")
        process.stdin.flush()
    except BrokenPipeError:
        return None
    return _answer(process)


def _answer(process: subprocess.Popen[bytes]) -> dict[str, Any] | None:
    assert process.stdout is not None  # noqa: S101 - it has a pipe
    line = process.stdout.readline()
    return json.loads(line) if line.endswith(b"\n") else None


def _how(status: int) -> str:
    """Return in words how a process has ended."""
    if status == -signal.SIGPROF:
        return "too much processor time for one record"
    return signal.Signals(-status).name if status < 0 else f"exit status {status}"


def serve(folder: BulkFolder, seconds: float) -> None:
    """Read the parts that come in; answer each."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what is half written is deleted
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing else gets between the answers
    print(json.dumps({"result": READY}), file=answers, flush=True)
    limit = TimeLimit(seconds)
    with suppress(BrokenPipeError):  # the parent has died
        for line in sys.stdin.buffer:
            print(json.dumps(_read(folder, part_from_json(line), limit)), file=answers, flush=True)


def _read(folder: BulkFolder, part: Part, limit: TimeLimit) -> dict[str, str]:
    try:
        read_part(folder, part, limit)
    except ChangedError as error:
        return {"result": CHANGED, "message": str(error)}
    except OSError as error:
        message = (
            f"cannot write {folder.path} ({error.strerror or error}): free some disk space, or check its permissions"
        )
        return {"result": FAILED, "message": f"{message}, then run this again; parts that are read stay so"}
    except Exception as error:  # noqa: BLE001 - a page that no parser foresees: the part is divided until it is known
        return {"result": DIED, "message": f"{type(error).__name__}: {error}"}
    return {"result": READ}


if __name__ == "__main__":
    serve(BulkFolder(Path(sys.argv[1])), float(sys.argv[2]))

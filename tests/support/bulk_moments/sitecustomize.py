"""Python imports this by itself where it is first on PYTHONPATH: it ends processes that read parts, at named moments.

A file in the folder BULK_MOMENTS names the moment. The first process to come there takes the file, so that it happens
once: its worker on the cluster is killed, or it waits until a test has killed something else. A page with POISON in it
kills its reader always.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

WAIT_SECONDS = 4
SLOW_SECONDS = 0.4
"""How long a part takes besides, where readings are killed at any time."""


def reach(moment: str) -> None:
    """Do what is to be done at a moment, if anything is."""
    file = Path(os.environ["BULK_MOMENTS"], moment)
    try:
        file.rename(file.with_suffix(".reached"))
    except FileNotFoundError:
        return
    if file.with_suffix(".reached").read_text() == "kill worker":
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(WAIT_SECONDS)


def watch() -> None:
    """Put the moments into the code of this process."""
    from harvester import ingest
    from harvester.bulk import folder, reading

    read, renamed = reading.PartReader.read, folder.AsideFile.__exit__
    write, parse = folder.BulkFolder.write_receipt, ingest.read_page

    def read_part(self: Any, path: Path) -> Any:
        reach("begun")
        time.sleep(SLOW_SECONDS if "BULK_SLOW" in os.environ else 0)
        receipt = read(self, path)
        reach("half-written")
        return receipt

    def rename(self: Any, *error: Any) -> None:
        renamed(self, *error)
        reach("renamed")

    def write_receipt(self: Any, part: Any, receipt: Any) -> None:
        write(self, part, receipt)
        reach("read")

    def parse_page(capture: Any, sources: Any) -> Any:
        if b"POISON" in capture.body:
            os.kill(os.getpid(), signal.SIGKILL)
        return parse(capture, sources)

    for owner, name, watched in (
        (reading.PartReader, "read", read_part),
        (folder.AsideFile, "__exit__", rename),
        (folder.BulkFolder, "write_receipt", write_receipt),
        (reading, "read_page", parse_page),
    ):
        setattr(owner, name, watched)


if "harvester.bulk.reader_process" in sys.orig_argv and "BULK_MOMENTS" in os.environ:
    watch()

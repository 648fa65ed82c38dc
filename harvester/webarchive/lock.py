"""One process of this user at a web archive, whatever its database: web archives count requests by network."""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from harvester import processes
from harvester.errors import HarvesterError, SourceBusyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harvester.webarchive.place import WebArchive


@contextmanager
def only_process(archive: WebArchive) -> Iterator[None]:
    """Hold a web archive while the block runs. Raises SourceBusyError if another process of this user holds it.

    The system releases the lock when the process ends, however it ends.
    """
    path = _folder() / f"{re.sub('[^A-Za-z0-9.-]', '_', archive.host)}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
    except OSError as error:
        raise HarvesterError(f"cannot write {path} ({error.strerror}): check its permissions, or set HOME") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read(300).strip() or "another process"
            raise SourceBusyError(
                f"{holder} is at {archive.host}, and one at a time is polite: let it finish or end it, then run this "
                "again"
            ) from error
        file.truncate(0)
        file.write(processes.identity())
        file.flush()
        yield


def _folder() -> Path:
    """Return the folder for what this user's programs remember (XDG_STATE_HOME)."""
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "archive-harvester" / "web-archives"

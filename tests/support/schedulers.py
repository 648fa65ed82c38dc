"""Schedulers in processes of their own on one database, with a real clock and a tiny sync in place of a harvest."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from harvester.config.recurrence import Recurrence
from harvester.schedule.plans import ScheduledSync
from harvester.schedule.scheduler import Scheduler, SchedulerLoop
from harvester.schedule.workers import Launcher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harvester.schedule.workers import Sync

SECOND = timedelta(seconds=1)
PLANS = (
    ScheduledSync("one", "alpha", Recurrence(SECOND)),
    ScheduledSync("two", "alpha", Recurrence(2 * SECOND), harvest="part", target=("alpha", "--search", "x")),
    ScheduledSync("three", "beta", Recurrence(SECOND)),
)
# A source that is held ends with status 4, as `harvester harvest` does; otherwise a row in `runs`, and some work.
TINY = """
import os, signal, sqlite3, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it finishes the page in hand
folder, command, source = sys.argv[1:]
try:
    os.close(os.open(f"{folder}/{source}.held", os.O_CREAT | os.O_EXCL))
except FileExistsError:
    sys.exit(4)
db = sqlite3.connect(f"{folder}/many.db", timeout=60, isolation_level=None)
run = db.execute("INSERT INTO runs (command, started_at) VALUES (?, 'now')", [command]).lastrowid
with open(f"{folder}/{source}.log", "a") as log:
    log.write("begin\\n")
    log.flush()
    time.sleep(0.3)
    log.write("end\\n")
db.execute("UPDATE runs SET status = 'complete', finished_at = 'then' WHERE id = ?", [run])
os.unlink(f"{folder}/{source}.held")
"""


@dataclass(frozen=True)
class Tiny(Launcher):
    """Starts tiny syncs."""

    def arguments(self, harvest: Sequence[str]) -> list[str]:
        return list(harvest)

    def start(self, harvest: Sequence[str]) -> Sync:
        return self.process([sys.executable, "-S", "-c", TINY, str(self.db.parent), self.command(harvest), harvest[1]])


def live(folder: str) -> None:
    """Be a scheduler until somebody says otherwise."""
    path = Path(folder, "many.db")
    loop = SchedulerLoop(path, Scheduler(PLANS, Tiny(path)), lambda text: print(text, file=sys.stderr))
    loop.listen()
    loop.run()
    os._exit(0)

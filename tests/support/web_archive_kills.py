"""Harvests of a web archive that are killed at named moments, and what the next one makes of that."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from typing import TYPE_CHECKING, Any

from harvester.cli import run
from tests.support.captured_archive import SOURCE, TIMES, captures_of
from tests.support.forks import FORKS
from tests.support.live_processes import Aim, arm, mine
from tests.support.wayback_server import WaybackServer
from tests.support.web_archives import CRAWLED, facts_of, harvest, harvest_wayback, without_changes

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = 16
INDEX_ANSWERS = len(SOURCE.hosts) * (TIMES[-1].year - TIMES[0].year + 1)
"""Records that are written while the index is listed: a year and a host each."""
CAPTURES = 39
PHASES = {
    "index answer half written": ("half", (2, INDEX_ANSWERS)),
    "before a list is committed": ("unlisted", (1, INDEX_ANSWERS)),
    "listed": ("listed", (1, 1)),
    "capture half written": ("half", (INDEX_ANSWERS + 2, INDEX_ANSWERS + CAPTURES)),
    "capture synced": ("synced", (1, CAPTURES)),
    "before commit": ("uncommitted", (1, CAPTURES)),
    "after commit": ("committed", (1, CAPTURES)),
    "before the verdict": ("verdict", (1, 1)),
    "indexing": ("indexing", (1, 1)),
}
"""Where a harvest is killed, and at which time of passing there."""


def _arm(aim: Aim) -> None:
    from harvester.webarchive import harvest as module
    from harvester.webarchive import listing

    ours = {
        "unlisted": (listing, "insert_captures", True),
        "listed": (module.WebArchiveHarvest, "_fetch_wanted", True),
        "committed": (module.WebArchiveHarvest, "_ingest", False),
        "verdict": (module, "write_verdict", True),
    }
    if aim.moment in ours:
        owner, name, before = ours[aim.moment]
        mine(owner, name, aim, before=before)
    else:
        arm(aim)


def _child(folder: str, arguments: list[str], aim: Aim) -> None:
    os.environ["XDG_STATE_HOME"] = f"{folder}/state"
    _arm(aim)
    os._exit(run(arguments))


def kill(folder: Path, server: WaybackServer, name: str, aim: Aim) -> bool:
    """Harvest in a process of its own, killed as aimed; return whether it was."""
    arguments = ["harvest", "wilson", "--web-archive", server.url, "--delay", "0", "--db", str(folder / name), *CRAWLED]
    process = FORKS.Process(target=_child, args=(str(folder), arguments, aim))
    process.start()
    process.join(120)
    return process.exitcode == -signal.SIGKILL


def undisturbed(folder: Path) -> dict[str, Any]:
    """Return what a harvest finds that nobody kills."""
    with WaybackServer([one for crawl in captures_of(RECORDS) for one in crawl]) as server:
        assert harvest_wayback(folder, server, *CRAWLED).status == 0
    return facts_of(folder / "a.db")


def wrong_after(folder: Path, phase: str, aim: Aim, whole: dict[str, Any]) -> list[str]:
    """Kill a harvest, let the next one end, and return what is not as it should be: as `whole`, undisturbed."""
    folder.mkdir()
    with WaybackServer([one for crawl in captures_of(RECORDS) for one in crawl]) as server:
        wrong = [] if kill(folder, server, "a.db", aim) else ["was not killed"]
        done = harvest_wayback(folder, server, *CRAWLED)
        wrong += [] if done.status == 0 else [f"ended with {done.status}: {done.err}"]
        played = Counter(one.target for one in server.requests("id_/"))
    twice = sum(count - 1 for count in played.values())
    wrong += [f"{twice} captures were fetched twice"] if twice > 1 else []
    wrong += ["the database differs"] if facts_of(folder / "a.db") != whole else []
    assert harvest(folder, str(folder / "captures"), db="offline.db").status == 0
    wrong += ["its captures differ"] if without_changes(folder / "offline.db") != {**whole, "changes": []} else []
    return [f"{phase} {aim}: {what}" for what in wrong]


def kill_all(folder: Path, kills: int) -> list[str]:
    """Kill so many harvests, spread over the phases; print the table; return what went wrong."""
    chance, found = random.Random(18), list[str]()
    (folder / "whole").mkdir()
    whole = undisturbed(folder / "whole")
    print(f"{'phase':32}{'kills':>7}{'wrong':>7}", flush=True)
    for place, (phase, (moment, (first, last))) in enumerate(PHASES.items()):
        number = kills // len(PHASES) + (place < kills % len(PHASES))
        aims = [Aim(moment, chance.randint(first, last)) for _ in range(number)]
        wrong = [what for n, aim in enumerate(aims) for what in wrong_after(folder / f"{place}-{n}", phase, aim, whole)]
        print(f"{phase:32}{len(aims):7}{len(wrong):7}", flush=True)
        found += wrong
    return found

"""The long tests of live harvests, by hand: `python -m tests.soak.live --walks 1000 --kills 100`.

Also `--requests 1230` (records), `--costs 1100` and `--memory 20000` (pages).

Prints the tables, and ends with 1 if something was lost, invented, or called complete wrongly. All is local.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.live_crawls import Crawls


def main(arguments: list[str]) -> int:
    """Run what is asked for; give the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--walks", type=int, default=0, help="hostile walks over HTTP")
    parser.add_argument("--kills", type=int, default=0, help="harvests killed with SIGKILL at named moments")
    parser.add_argument("--costs", type=int, default=0, help="CPU time over so many pages")
    parser.add_argument("--memory", type=int, default=0, help="memory over so many pages")
    parser.add_argument("--requests", type=int, default=0, help="what is asked for of so many records, and how fast")
    requested = parser.parse_args(arguments)
    # Here, because each process that is forked for a harvest imports this module again.
    from tests.soak.live_costs import compare, memory
    from tests.soak.live_requests import count_all, time_all
    from tests.support.kills import kill_all
    from tests.support.live_crawls import run_crawls
    from tests.support.live_walks import failures, walk_all

    stated: list[str] = []

    async def walks(crawls: Crawls) -> None:
        stated.extend(failures(await walk_all(crawls, requested.walks)))

    async def costs(crawls: Crawls) -> None:
        stated.extend(await compare(crawls, requested.costs) if requested.costs else [])
        stated.extend(await memory(crawls, requested.memory) if requested.memory else [])

    if requested.walks:
        run_crawls(walks)
    if requested.costs or requested.memory:
        run_crawls(costs)
    if requested.kills:
        with tempfile.TemporaryDirectory() as folder:
            stated += kill_all(Path(folder), requested.kills)
    if requested.requests:
        with tempfile.TemporaryDirectory() as folder:
            stated += [*count_all(Path(folder), requested.requests), *time_all(Path(folder))]
    print("\n".join(stated) or "nothing lost, nothing invented, nothing called complete wrongly")
    return int(bool(stated))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What live harvests ask for, and how often: counted and timed in the server's own log."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from harvester.store.database import open_to_read
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Manner, Site
from tests.support.live_processes import Harvests
from tests.support.walks import SIZE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.archive_server import Requested

FEW = 15
CRAWL_DELAY = 3
TIMER = 0.02
"""How much a clock may be early."""


def reasons(path: Path) -> dict[str, int]:
    """Return the number of pages by reason in the walks of the last run."""
    with open_to_read(path) as db:
        sql = """SELECT walk_pages.reason, count(*) FROM walk_pages JOIN walks ON walks.id = walk_id
            WHERE run_id = (SELECT max(id) FROM runs) GROUP BY walk_pages.reason"""
        return dict(db.execute(sql).fetchall())


def counted(log: list[Requested]) -> dict[str, int]:
    """Count requests by what was asked for, and answers with a body."""
    return {
        "requests": len(log),
        "robots.txt": sum(requested.target == "/robots.txt" for requested in log),
        "listing": sum(requested.target.startswith("/search") for requested in log),
        "documents": sum(requested.target.startswith("/document/") for requested in log),
        "bodies": sum(requested.sent > 0 and requested.target != "/robots.txt" for requested in log),
    }


def count_all(folder: Path, records: int) -> list[str]:
    """Harvest an archive anew, unchanged, and with an addition; print what was asked for; say what was too much."""
    with ArchiveServer(Site(records, "requests", Manner(etags=True))) as server:
        harvests, pages = Harvests(folder, server), -(-records // SIZE)
        stated = []
        for name, documents, bodies in (
            ("the first time", records, pages + records),
            ("again, unchanged", 0, 0),
            ("again, a record added", 1, -(-(records + 1) // SIZE) + 1),
        ):
            if documents == 1:
                server.site.listing.insert()
                pages = -(-(records + 1) // SIZE)
            since = len(server.log)
            harvests.live("requests.db")
            found = counted(server.log[since:])
            print(f"{name:24}{found} {reasons(folder / 'requests.db')}", flush=True)
            whole = {"requests": 1 + pages + 1 + documents, "robots.txt": 1, "listing": pages + 1}
            whole |= {"documents": documents, "bodies": found["bodies"]}
            stated += [f"{name}: {found} for {whole}"] if found != whole or found["bodies"] > bodies else []
    return stated


def time_all(folder: Path) -> list[str]:
    """Harvest at the usual pace; print the shortest time between two requests; say what was too fast."""
    stated = []
    for name, robots, least in (
        ("no robots.txt", None, 1.0),
        (f"Crawl-delay: {CRAWL_DELAY}", f"User-agent: *\nCrawl-delay: {CRAWL_DELAY}\n", float(CRAWL_DELAY)),
    ):
        with ArchiveServer(Site(FEW, "pace", Manner(robots=robots))) as server:
            Harvests(folder, server).live(f"{least}.db", "--no-documents", delay=None)
            gaps = [other.time - one.time for one, other in itertools.pairwise(server.log)]
        print(f"{name:24}{len(gaps) + 1} requests, shortest time between two {min(gaps):.2f} s", flush=True)
        stated += [f"{name}: {min(gaps):.2f} s between two requests"] if min(gaps) < least - TIMER else []
    return stated

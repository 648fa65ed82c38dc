"""The test archive in another dress: the same listing and the same hostility, other pages and addresses.

By hand, to look at one or to harvest it: `python -m tests.support.dressed_site atom --records 123 --port 8080`.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Answer, Manner, Site, html, item_of, pool
from tests.support.live_processes import in_process, rows
from tests.support.platform_pages import DRESSES, Dress
from tests.support.walks import SIZE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.archive_pages import Item
    from tests.support.live_processes import Aim, Done


class DressedSite(Site):
    """Answers as `dress` does. Tricks that redirect lead to addresses that it does not have.

    `corrected`: items that replace those of their slug. `missing`: numbers of pages that are answered with an error;
    `removed`: slugs of items that are.
    """

    def __init__(self, dress: Dress, size: int, seed: str = "0", manner: Manner | None = None) -> None:
        super().__init__(size, seed, manner)
        self.dress = dress
        self.documents = {dress.base + dress.path(item): item for item in pool()}
        self.corrected: dict[str, Item] = {}
        self.missing: set[int] = set()
        self.removed: set[str] = set()

    def answer(self, target: str, headers: dict[str, str]) -> Answer:
        dress, parts = self.dress, urlsplit(target)
        query = dict(parse_qsl(parts.query))
        number = dress.number(parts.path.removeprefix(dress.base), query) if parts.path.startswith(dress.base) else None
        if number is not None:
            if number in self.missing or (number > 0 and number * SIZE >= len(self.listing.records)):
                return html(404, b"<h1>Not found</h1>")
            return self._search({"page": str(number), "search_api_fulltext": query.get(dress.search, "")}, headers)
        item = self.documents.get(target) or self.documents.get(parts.path.rstrip("/"))
        if item and item.slug not in self.removed:
            item = self.corrected.get(item.slug, item)
            return self._tagged(dress.document(item, dress.base), repr(item), headers)
        return super().answer(target if parts.path == "/robots.txt" else "/nothing-here", headers)

    def listing_page(self, items: list[Item], first: int, total: int, *, beyond: int = 0) -> bytes:
        """Render a page of the listing; no pager goes `beyond` the total."""
        del beyond
        shown = [self.corrected.get(item.slug, item) for item in items]
        return self.dress.listing(shown, first, total, self.dress.base)


WALK = "SELECT status, proof, declared_total, distinct_records, checked_against, reason FROM walks ORDER BY id DESC"


def harvest(folder: Path, site: DressedSite, *more: str, aim: Aim | None = None, written: str = "") -> Done:
    """Harvest a site into `a.db` by its definition, or by what is written instead.

    The one without https is asked at its own address.
    """
    (folder / "sources").mkdir(exist_ok=True)
    (folder / "harvester.toml").write_text("", "utf-8")
    name = site.dress.name
    with ArchiveServer(site) as server:
        own = name == "cards"
        written = written or (site.dress.toml(server.base) if own else site.dress.toml())
        (folder / "sources" / f"{name}.toml").write_text(written, "utf-8")
        arguments = ["--config", str(folder / "harvester.toml"), "harvest", name, "--db", str(folder / "a.db")]
        arguments += [] if own else ["--base-url", server.base]
        return in_process(folder, [*arguments, "--delay", "0", *more], aim)


def harvest_captures(folder: Path) -> Done:
    """Harvest what a harvest has captured in `captures` into `b.db`, without the archive."""
    arguments = ["--config", str(folder / "harvester.toml"), "harvest", str(folder / "captures")]
    return in_process(folder, [*arguments, "--db", str(folder / "b.db")])


def held(folder: Path, db: str = "a.db") -> list[tuple[str, ...]]:
    """Return title, date, address and record id of each document that is not gone, sorted by title."""
    return rows(folder / db, "SELECT title, date, url, record_id FROM documents WHERE gone_at IS NULL ORDER BY title")


def titles_of(site: DressedSite) -> list[str]:
    """Return the titles of the items that a site lists, sorted."""
    items = [item_of(name) for name in site.listing.records]
    return sorted(site.corrected.get(item.slug, item).title for item in items)


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the test archive dressed as a platform, until Ctrl-C.")
    parser.add_argument("dress", choices=sorted(DRESSES))
    parser.add_argument("--records", type=int, default=123)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    dress = DRESSES[options.dress]
    with ArchiveServer(DressedSite(dress, options.records), port=options.port) as server:
        print(f"{server.base}{dress.base}{dress.listing_path}", flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()

"""An archive that changes after one of its documents was withdrawn: 46 changes, each harvested and made again.

`python -m tests.soak.withdrawal_changes` prints what became of each.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from harvester.cli import run
from harvester.store.database import open_to_read
from harvester.store.integrity.check import run_checks
from harvester.store.withdrawal.release import undecided_addresses
from tests.support.archive_pages import HOST, Item, document_page, listing_page, make_items
from tests.support.containers import warc_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRET = Item(
    7,
    "telegram-to-moscow",
    "Telegram, Qxvarlo to Moscow",
    "March 4, 1961",
    ("On Qxvoruk, which nobody is to read now.",),
)
OTHERS = [replace(item, number=20 + n) for n, item in enumerate(make_items(5, seed=3))]
FRIEND = OTHERS[0]
NAMESAKE = replace(
    SECRET, number=300, slug="another-telegram", summary=("Of harvests in the south, and nothing else.",)
)
"""Another document that has the same title and date."""
NEW_ONE = replace(NAMESAKE, number=301, slug="minutes-on-wheat", title="Minutes on wheat", date="May 2, 1970")
LISTING = f"{HOST}/search?search_api_fulltext="
BEGAN = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass
class World:
    """What the archive shows. `once`: pages served instead of others in one sync; `extra`: more that is captured."""

    rows: list[Item] = field(default_factory=lambda: [*OTHERS[:3], SECRET, *OTHERS[3:]])
    once: dict[str, Item | bytes] = field(default_factory=dict)
    extra: dict[str, bytes] = field(default_factory=dict)
    days: int = 0

    def secret(self, **changes: object) -> None:
        """Change the document that was withdrawn."""
        self.rows = [
            replace(item, **changes) if item.number == SECRET.number else item  # type: ignore[arg-type]
            for item in self.rows
        ]

    def add(self, *items: Item, first: bool = False) -> None:
        """Add documents."""
        self.rows = [*items, *self.rows] if first else [*self.rows, *items]

    def remove(self) -> None:
        """Remove the document that was withdrawn."""
        self.rows = [item for item in self.rows if item.number != SECRET.number]


@dataclass(frozen=True)
class Change:
    """What happens between syncs. `seen`: slugs that are to be seen in the end; `before`: documents from the start.

    `rebuilt`: the database can be made again; otherwise that is refused, because it would show what is withdrawn.
    """

    name: str
    steps: tuple[Callable[[World], None], ...]
    seen: tuple[str, ...] = ()
    before: tuple[Item, ...] = ()
    rebuilt: bool = True


def _secret(**changes: object) -> Callable[[World], None]:
    return lambda world: world.secret(**changes)


def _once(at: str, shown: Item | bytes, **changes: object) -> Callable[[World], None]:
    def step(world: World) -> None:
        world.secret(**changes)
        world.once[at] = shown

    return step


def _reused(world: World) -> None:
    world.remove()
    world.add(replace(NAMESAKE, slug=SECRET.slug, title="Minutes of a meeting on wheat", date="May 2, 1970"))


def _swapped(world: World) -> None:
    slugs = {SECRET.number: FRIEND.slug, FRIEND.number: SECRET.slug}
    world.rows = [replace(item, slug=slugs.get(item.number, item.slug)) for item in world.rows]


def _swapped_back(world: World) -> None:
    slugs = {SECRET.number: SECRET.slug, FRIEND.number: FRIEND.slug}
    world.rows = [replace(item, slug=slugs.get(item.number, item.slug)) for item in world.rows]


def _merged(world: World) -> None:
    world.remove()
    world.once[SECRET.slug] = FRIEND


def _comes_mixed_up(world: World) -> None:
    world.add(NEW_ONE)
    world.once[NEW_ONE.slug] = SECRET


def _namesake_and_slug(world: World) -> None:
    world.add(NAMESAKE)
    world.secret(slug="qxvnew")


def _captured(uri: str, body: bytes) -> Callable[[World], None]:
    return lambda world: world.extra.update({uri: body})


NEW = {"title": "Cable, Qxvimbe to Berlin", "date": "July 9, 1972"}
PAGE = document_page(SECRET)
OLD = replace(SECRET, slug="qxvold-address")
FORBIDDEN = b"<html><title>Just a moment...</title><p>Qxvarlo</p></html>"
CHANGES = (
    Change("nothing", (lambda _: None,)),
    Change("slug", (_secret(slug="qxvnew"),)),
    Change("title", (_secret(title=NEW["title"]),)),
    Change("date", (_secret(date=NEW["date"]),)),
    Change("summary", (_secret(summary=("Qxvoruk again.",)),)),
    Change("id", (_secret(number=907),)),
    Change("slug and title", (_secret(slug="qxvnew", title=NEW["title"]),)),
    Change("slug and date", (_secret(slug="qxvnew", date=NEW["date"]),)),
    Change("slug, title, date", (_secret(slug="qxvnew", **NEW),)),
    Change("slug, title, date, summary", (_secret(slug="qxvnew", summary=("Qxvoruk again.",), **NEW),)),
    Change("title and date", (_secret(**NEW),)),
    Change("id and title", (_secret(number=907, title=NEW["title"]),)),
    Change("id and date", (_secret(number=907, date=NEW["date"]),)),
    Change("id and slug", (_secret(number=907, slug="qxvnew"),)),
    Change("id, title, date", (_secret(number=907, **NEW),)),
    Change("undated", (_secret(date=None),)),
    Change("undated and slug", (_secret(date=None, slug="qxvnew"),)),
    Change("removed", (World.remove,)),
    Change("removed, back at another slug", (World.remove, lambda w: w.add(replace(SECRET, slug="qxvnew")))),
    Change("slug twice", (_secret(slug="qxvnew"), _secret(slug="qxvnewer"))),
    Change("slug and back", (_secret(slug="qxvnew"), _secret(slug=SECRET.slug))),
    Change("title, then slug", (_secret(title=NEW["title"]), _secret(slug="qxvnew"))),
    Change("date, then slug", (_secret(date=NEW["date"]), _secret(slug="qxvnew"))),
    Change("both, then slug", (_secret(**NEW), _secret(slug="qxvnew"))),
    Change("slug, then both", (_secret(slug="qxvnew"), _secret(**NEW))),
    Change("title, slug, title", (_secret(title="Qxvone"), _secret(slug="qxvnew"), _secret(title="Qxvtwo"))),
    Change("merged: its address shows another", (_merged,)),
    Change("another's page shows it once", (_once(FRIEND.slug, SECRET),)),
    Change(
        "a new one's page shows it once",
        (_comes_mixed_up,),
        seen=("minutes-on-wheat",),
    ),
    Change("its new address shows another once", (_once("qxvnew", FRIEND, slug="qxvnew"),)),
    Change("its page shows another once", (_once(SECRET.slug, FRIEND),)),
    Change("slugs swapped", (_swapped,)),
    Change("slugs swapped, and back", (_swapped, _swapped_back), rebuilt=False),
    Change("its slug goes to a new one", (_reused,), seen=(SECRET.slug,)),
    Change("a namesake comes", (lambda w: w.add(NAMESAKE),), seen=(NAMESAKE.slug,)),
    Change("a namesake comes before it", (lambda w: w.add(NAMESAKE, first=True),), seen=(NAMESAKE.slug,)),
    Change("a namesake was there", (lambda _: None,), seen=(NAMESAKE.slug,), before=(NAMESAKE,)),
    Change("a namesake was there, and slug", (_secret(slug="qxvnew"),), seen=(NAMESAKE.slug,), before=(NAMESAKE,)),
    Change("a namesake, and slug", (_namesake_and_slug,), seen=(NAMESAKE.slug,)),
    Change("listed twice", (lambda w: w.add(replace(SECRET, slug="qxvnew")),)),
    Change("an old capture of its page", (_captured(OLD.url, document_page(OLD)),)),
    Change("an old capture of a listing", (_captured(f"{LISTING}&page=0", listing_page([OLD], 1, 1)),)),
    Change("its page by node", (_captured(f"{HOST}/node/{SECRET.node_id}", PAGE),)),
    Change("its page at another host", (_captured(f"http://www.wilsoncenter.org/document/{SECRET.slug}", PAGE),)),
    Change("its page with a query", (_captured(f"{SECRET.url}?utm_source=news", PAGE),)),
    Change("a challenge at its address", (_captured(SECRET.url, FORBIDDEN),)),
)


class Trial:
    """One change, in a database of its own. `faults`: what was seen that must not be, or hidden that must be seen."""

    def __init__(self, folder: Path, change: Change) -> None:
        self.folder, self.change, self.world = folder, change, World()
        self.db = folder / "h.db"
        self.faults: list[str] = []
        self._read: set[str] = set()

    def run(self) -> list[str]:
        """Harvest, withdraw, change, harvest again; then make the database again, and harvest once more."""
        self.world.add(*self.change.before)
        self.sync()
        if run(["withdraw", SECRET.slug, "--db", str(self.db)]):
            raise AssertionError("it could not be withdrawn")
        for step in self.change.steps:
            step(self.world)
            self.sync("changed")
        for _ in range(2):
            self.sync("once more")
        self._look_at("in the end", seen=True)
        self._ask_nothing("in the end")
        if (run(["rebuild", "--db", str(self.db)]) == 0) is not self.change.rebuilt:
            self.faults.append("made again, or not, against expectation")
        self._look_at("rebuilt", seen=True)
        self.sync("after the rebuild")
        self._look_at("after the rebuild", seen=True)
        self._ask_nothing("after the rebuild")
        self.faults += [f"not sound: {finding}" for finding in run_checks(self.db, fast=True)]
        return self.faults

    def sync(self, when: str = "") -> None:
        """Harvest the listing, then those pages that a live harvest would read, as captures of these days."""
        self.harvest_listing()
        pages = {uri: page for uri in self._due() if (page := self._page(uri))}
        self._harvest(pages)
        self.world.once, self.world.extra = {}, {}
        if when:
            self._look_at(when)

    def harvest_listing(self) -> None:
        """Harvest what the listing shows on the next day."""
        self.world.days += 1
        rows = self.world.rows
        self._harvest({LISTING: listing_page(rows, 1, len(rows)), **self.world.extra})

    def _due(self) -> list[str]:
        with open_to_read(self.db) as db:
            known = [row[0] for row in db.execute("SELECT url FROM documents WHERE url IS NOT NULL")]
            mixed = [f"{HOST}/document/{slug}" for slug in self.world.once]
            due = [uri for uri in known if uri not in self._read or uri in mixed] + undecided_addresses(db, "wilson")
            shown = {item.url for item in self.world.rows}
            due += [uri for uri in mixed if uri not in shown]
        self._read |= {*due}
        return list(dict.fromkeys(due))

    def _page(self, uri: str) -> bytes | None:
        slug = uri.rpartition("/")[2]
        once = self.world.once.get(slug)
        if once is not None:
            return once if isinstance(once, bytes) else document_page(once)
        return next((document_page(item) for item in self.world.rows if item.slug == slug), None)

    def _harvest(self, pages: dict[str, bytes]) -> None:
        if not pages:
            return
        at = f"{BEGAN + timedelta(days=self.world.days):%Y-%m-%dT%H:%M:%SZ}"
        file = self.folder / f"{len(list(self.folder.iterdir()))}.warc"
        file.write_bytes(b"".join(warc_record(uri, body, date=at) for uri, body in pages.items()))
        run(["harvest", str(file), "--db", str(self.db)])

    def _ask_nothing(self, when: str) -> None:
        with open_to_read(self.db) as db:
            requested = [uri for uri in undecided_addresses(db, "wilson") if self._page(uri)]
        self.faults += [f"{when}: {uri} is asked for again" for uri in requested]

    def _look_at(self, when: str, *, seen: bool = False) -> None:
        self.faults += [f"{when}: {found}" for found in _outcome(self.db, namesake=NAMESAKE.slug in self.change.seen)]
        if not seen:
            return
        with open_to_read(self.db) as db:
            slugs = {name for row in db.execute("SELECT slug, title FROM documents") for name in row}
        wanted = {*self.change.seen, *(item.title for item in OTHERS)}
        self.faults += [f"{when}: {slug} is not seen" for slug in sorted(wanted - slugs)]


def _outcome(path: Path, *, namesake: bool) -> Iterator[str]:
    """Name every table that holds a word which only the withdrawn document has; a namesake has its title."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if namesake and "_fts" in table:
                continue
            for row in db.execute(f'SELECT * FROM "{table}"'):
                text = b"\0".join(v if isinstance(v, bytes) else str(v).encode() for v in row).lower()
                if b"qxv" in (text.replace(b"qxvarlo", b"") if namesake else text):
                    yield f"{table}: {text[:100]!r}"
                    break


def main(names: list[str]) -> int:
    """Try every change, or those named; return how many failed."""
    failed = 0
    for change in (change for change in CHANGES if not names or change.name in names):
        with tempfile.TemporaryDirectory() as folder:
            faults = Trial(Path(folder), change).run()
        failed += bool(faults)
        print(f"{change.name:40} {'; '.join(faults) or 'hidden'}", file=sys.stderr)
    print(f"{len(CHANGES)} changes, {failed} failed", file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))

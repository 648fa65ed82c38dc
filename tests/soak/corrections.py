"""An archive that is corrected between harvests, harvested live with its document pages, beside a plain model of it.

`python -m tests.soak.corrections` lives through 60 archives of 12 harvests, prints a table, and ends with 1 if what
the database or the reading room shows was not what the archive stated last. `--archives 1 --first 17` is one of them.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import os
import random
import shutil
import sys
import traceback
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import time_machine

from harvester.cli import run
from harvester.cli.serve import make_datasette
from harvester.rebuild import rebuild
from harvester.store.database import open_to_read, open_to_write
from harvester.store.integrity.check import run_checks
from tests.support.archive_server import ArchiveServer
from tests.support.change_evidence import plain, without_evidence
from tests.support.corrected_archive import ACTIONS, TROUBLES, World
from tests.support.corrected_archive_model import Expected
from tests.support.harvesting import sound

if TYPE_CHECKING:
    from pathlib import Path

    from datasette.app import Datasette
    from sqlite_utils import Database

    from tests.support.live_crawls import Crawls

FIRST = datetime(2025, 1, 6, 12, tzinfo=UTC)
MOST_LOOKS = float(os.environ.get("LOOKS", "1"))
"""The share of pages that are looked at after a change: all, but in the test suite."""
OLD_DAYS = 200
"""Behind so many days every document page is read again."""
SEARCH = "No."
STATED = """SELECT id, key, title, date, date_text, summary, kind, slug, url, record_id, node_id, archive,
    archive_location, classification, rights, gone_at FROM documents ORDER BY id"""
ALIKE = {
    "documents": "SELECT * FROM documents ORDER BY {by}",
    "terms": """SELECT {by}, facet, term FROM document_terms JOIN documents ON documents.id = document_id
        ORDER BY 1, 2, 3""",
    "texts": """SELECT {by}, texts.kind, language, text FROM texts JOIN documents ON documents.id = document_id
        ORDER BY 1, 2, 3""",
    "walks": """SELECT listings.key, walks.declared_total, distinct_records, pages, drift, status, proof, reason,
        walks.started_at, walks.finished_at FROM walks JOIN listings ON listings.id = listing_id ORDER BY walks.id""",
    "coverage": """SELECT name, declared_total, held, missing, first_missing, basis, complete FROM coverage
        ORDER BY name""",
}
CLOCKS = ("first_seen", "last_changed")


@dataclass
class Life:
    """What one archive lived through, and what was wrong in the database."""

    name: str
    world: World
    syncs: int = 0
    actions: int = 0
    troubles: int = 0
    requests: int = 0
    pages: int = 0
    documents: int = 0
    changes: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        world = self.world
        about = f"{'etags' if world.etags else '-':6}{'canonical' if world.canonical else '-':10}{world.lag or '-':>4}"
        counts = (self.syncs, self.actions, self.troubles, self.requests, self.pages, self.documents, self.changes)
        return f"{self.name:>8} {about}" + "".join(f"{count:10}" for count in counts) + f"{len(self.wrong):8}"


HEAD = " archive etags canonical  lag     syncs   actions  troubles  requests doc pages documents   changes   wrong"


class Story:
    """One archive and its harvests."""

    def __init__(self, crawls: Crawls, folder: Path, number: int, chosen: tuple[str, ...] = ()) -> None:
        chance = random.Random(f"story {number}")
        self.chance = chance
        # What is asked for, and what goes wrong with it, must not change what happens to the archive.
        self.looks, self.luck = random.Random(number), random.Random(f"luck {number}")
        self.crawls, self.folder = crawls, folder
        self.actions = [action for action in ACTIONS if not chosen or action.__name__ in chosen]
        etags, canonical, lag = number % 2 == 0, chance.random() < 0.5, (0, 0, 1, 0, 2)[number % 5]
        self.world = World(f"world {number}", chance.randrange(12, 25), etags, canonical, lag)
        self.troubled = number % 3 > 0
        self.expected = Expected(self.world)
        self.now = FIRST
        self.life = Life(str(number), self.world)
        self.ids: dict[str, int] = {}
        self.numbers: dict[int, int] = {}
        self.db = folder / "truth.db"
        self.still = 0  # harvests since something was other than before
        self.site: Datasette | None = None

    async def live(self, syncs: int) -> None:
        async with ArchiveServer(self.world) as server:  # type: ignore[arg-type]
            self.server = server
            for _ in range(syncs):
                self._live_on()
                with time_machine.travel(self.now, tick=True):
                    await self._harvest()
                    await self._shown()
                if self.life.wrong:
                    break  # what follows from it tells nothing more
        if self.site:
            for database in self.site.databases.values():
                database.close()
        if self.life.wrong:
            return
        with time_machine.travel(self.now + timedelta(hours=2), tick=True):
            self._repeated()

    def _live_on(self) -> None:
        """Pass time, and change the archive."""
        steps = (timedelta(hours=self.chance.randrange(2, 30)), timedelta(days=self.chance.randrange(1, 10)))
        self.old = bool(self.life.syncs) and self.chance.random() < 0.05
        self.now += timedelta(days=OLD_DAYS) if self.old else self.chance.choice(steps)
        self.done: list[str] = []
        touched: set[int] = set()
        if self.life.syncs:
            for action in self.chance.choices(self.actions, k=self.chance.choice((0, 0, 1, 1, 1, 2, 3, 4))):
                touched |= action(self.world)
                self.done.append(action.__name__)
        self.still = 0 if self.done else self.still + 1
        self.life.actions += len(self.done)
        for number in sorted(touched if self.life.syncs else self.world.items):
            slug = self.world.items[number].slug
            if self.troubled and self.luck.random() < 0.15 and slug not in self.expected.struck:
                self.world.trouble[slug] = self.luck.choice(TROUBLES)

    async def _harvest(self) -> None:
        """Harvest the archive as it is now, and what its search shows an hour later; compare."""
        life, world = self.life, self.world
        before = self._runs()
        requested = self.expected.pages_to_ask(world.read.copy(), all_old=self.old)
        world.begin_harvest()
        requests = len(self.server.log)
        await self._crawl()
        self.struck = dict(world.struck)
        # Where the page of an address that has another item now failed, nobody can tell yet whether that is new.
        self.untold = any(world.holders[slug] != self.expected.owners.get(slug) for slug in self.struck)
        life.troubles += len(world.struck)
        self._compare_requests(requested, world.requested)
        found = list(world.requested)
        if world.lag:
            world.trouble, world.requested = {}, []
            with time_machine.travel(self.now + timedelta(hours=1), tick=True):
                await self._crawl(search=SEARCH)
            if self.still > world.lag + 2 and world.requested:
                self._wrong(f"the search asked for pages of an unchanged archive: {world.requested}")
            found += world.requested
        self.expected.end_harvest(all_old=self.old)
        world.end_harvest()
        life.syncs += 1
        life.requests += len(self.server.log) - requests
        life.pages += len(found)
        with open_to_read(self.db) as db:
            self._compare(db)
            self._compare_run(db, before)
            changes, wrong = without_evidence(db, before)
            life.changes += changes
            life.wrong += [f"sync {life.syncs}: {one}" for one in wrong]

    async def _crawl(self, **more: Any) -> None:
        base, captures = self.server.base, self.folder / "captures"
        await self.crawls.harvest(base, self.db, documents=True, captures=captures, accept_removals=True, **more)

    def _runs(self) -> int:
        if not self.db.exists():
            open_to_write(self.db).close()
        with open_to_read(self.db) as db:
            return int(db.execute("SELECT coalesce(max(id), 0) FROM runs").fetchone()[0])

    def _wrong(self, what: str) -> None:
        self.life.wrong.append(
            f"sync {self.life.syncs}, {self.now:%Y-%m-%d %H:%M}, {self.done} {self.world.struck}: {what}"
        )

    def _compare_requests(self, requested: Any, found: list[str]) -> None:
        if lacking := requested.must - set(found):
            self._wrong(f"document pages not asked for: {sorted(lacking)}")
        if more := set(found) - requested.must - requested.may:
            self._wrong(f"document pages asked for without need: {sorted(more)}")
        # A page that is another item's is asked for once more before the run ends.
        if twice := {slug for slug in found if found.count(slug) > 1 + (slug in self.world.mixed_up)}:
            self._wrong(f"document pages asked for more than once: {sorted(twice)}")

    def _compare(self, db: Database) -> None:
        """Compare every document with what the archive stated last."""
        expected, world = self.expected, self.world
        numbers = {str(110_000 + number): number for number in world.items}
        doubted = {world.items[n].slug for n in expected.doubt} | set(world.struck)
        held: dict[int, dict[str, Any]] = {}
        for row in db.query(STATED):
            number = numbers.get(row["record_id"] or "", expected.owners.get(row["slug"] or ""))
            if number in expected.doubt or (row["slug"] in doubted and row["record_id"] is None):
                continue
            if number is None or number in held:
                self._wrong(f"a document too many: {row}")
                continue
            held[number] = row
        for number in sorted(expected.known.keys() - expected.doubt):
            if number not in held:
                self._wrong(f"item {number} is not held: {expected.row(number)}")
                continue
            self.life.documents += 1
            self._compare_one(db, number, held[number])
        self.held = held

    def _compare_one(self, db: Database, number: int, row: dict[str, Any]) -> None:
        expected, outcome = self.expected, f"item {number} (document {row['id']}, {row['key']})"
        for name, value in expected.row(number).items():
            if row[name] != value:
                self._wrong(f"{outcome}: {name} is {row[name]!r}, not {value!r}")
        terms = {
            (f, t) for f, t in db.execute("SELECT facet, term FROM document_terms WHERE document_id = ?", [row["id"]])
        }
        if terms != expected.terms(number):
            self._wrong(f"{outcome}: terms {sorted(terms ^ expected.terms(number))}")
        sql = "SELECT kind, language, text FROM texts WHERE document_id = ?"
        texts = {(kind, language, text) for kind, language, text in db.execute(sql, [row["id"]])}
        if texts != expected.texts(number):
            self._wrong(f"{outcome}: texts {texts} for {expected.texts(number)}")
        if number not in expected.unsure and (row["gone_at"] is not None) != (number in expected.gone):
            self._wrong(f"{outcome}: gone_at is {row['gone_at']}, missed by {expected.missed[number]} walks")
        if self.numbers.setdefault(number, row["id"]) != row["id"] and number not in expected.unsure:
            self._wrong(f"{outcome}: its id was {self.numbers[number]}")
        if self.ids.setdefault(row["key"], number) != number:
            self._wrong(f"{outcome}: its key was that of item {self.ids[row['key']]}")

    def _compare_run(self, db: Database, before: int) -> None:
        """Compare what the run says of itself; where something is in doubt it cannot be said."""
        expected = self.expected
        sql = "SELECT new, changed, gone, returned, status FROM runs WHERE id = ?"
        new, changed, gone, returned, status = db.execute(sql, [before + 1]).fetchone()
        if not expected.unsure and expected.is_countable and not self.untold:
            wanted = (expected.new, len(expected.left), len(expected.back))
            if (new, gone, returned) != wanted:
                self._wrong(f"new, gone, returned: {(new, gone, returned)} for {wanted}")
        if (expected.harvests == 1 or not (self.done or self.old or expected.unsure)) and changed and self.life.syncs:
            sql = "SELECT document_id, field, before, after FROM changes WHERE run_id = ? AND kind = 'changed' LIMIT 3"
            if expected.harvests == 1 or self.still > 1:
                self._wrong(
                    f"{changed} changed in a harvest that changed none: {db.execute(sql, [before + 1]).fetchall()}"
                )
        away = expected.known.keys() - set(self.world.listed)
        if not self.struck and status != "complete" and not (self.old and away):
            sql = "SELECT severity, code, uri, message FROM problems WHERE run_id = ? AND severity <> 'notice' LIMIT 3"
            self._wrong(f"the run is {status}: {db.execute(sql, [before + 1]).fetchall()}")

    async def _shown(self) -> None:
        """Check the pages that users see: of an archive that has changed many or all, else some."""
        if self.site is None:  # it goes on through all harvests, as a reading room does
            self.site = make_datasette(self.db)
            await self.site.invoke_startup()
        for number, row in self.held.items():
            if row["title"] and self.looks.random() < (MOST_LOOKS if self.done else 0.1):
                answer = await self.site.client.get(f"/document/{row['key']}")
                if answer.status_code != 200:
                    self._wrong(f"/document/{row['key']}: {answer.status_code}")
                    continue
                self._compare_page(number, answer.text)

    def _compare_page(self, number: int, text: str) -> None:
        from bs4 import BeautifulSoup

        page, expected = BeautifulSoup(text, "lxml"), self.expected.row(number)
        found = [page.select_one("article h1"), page.select_one(".kicker .date"), page.select_one("p.abstract")]
        stated = [plain(node.get_text()) if node else None for node in found]
        wanted = [expected["title"], expected["date_text"] or "undated", plain(expected["summary"] or "") or None]
        if stated != wanted:
            self._wrong(f"the page of item {number} shows {stated}, not {wanted}")
        if number not in self.expected.unsure and ("it was gone by" in text) != (number in self.expected.gone):
            self._wrong(f"the page of item {number} is wrong about whether it is gone")

    def _repeated(self) -> None:
        """Make the database of its captures, and of itself; both must be the same."""
        other = self.folder / "other.db"
        with contextlib.redirect_stdout(io.StringIO()):
            run(["harvest", str(self.folder / "captures"), "--db", str(other)])
        self._alike("of its captures", other, "key", ("id", *CLOCKS))
        copy = self.folder / "copy.db"
        with open_to_write(self.db) as db:
            db.execute("VACUUM INTO ?", [str(copy)])
        rebuild(copy, "test", progress=lambda: None)
        self._alike("rebuilt", copy, "documents.id", CLOCKS)
        self.life.wrong += [f"check: {one}" for one in run_checks(self.db)[:5]]

    def _alike(self, how: str, other: Path, by: str, without: tuple[str, ...]) -> None:
        with open_to_read(self.db) as one, open_to_read(other) as two:
            for name, sql in ALIKE.items():
                rows = [_rows(db, sql.format(by=by), without) for db in (one, two)]
                if rows[0] != rows[1]:
                    differing = [(a, b) for a, b in zip(*rows, strict=False) if a != b][:2]
                    self._wrong(f"{how}, {name} differ ({len(rows[0])}, {len(rows[1])}): {_difference(differing)}")
        with open_to_write(other) as db:
            if not sound(db):
                self._wrong(f"{how}: not sound")


def _rows(db: Database, sql: str, without: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in without} for row in db.query(sql)]


def _difference(pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> list[dict[str, Any]]:
    return [{name: (a[name], b[name]) for name in a if a[name] != b[name]} | {"key": a.get("key")} for a, b in pairs]


async def live_all(crawls: Crawls, numbers: range, syncs: int, chosen: tuple[str, ...] = ()) -> list[Life]:
    """Live through many archives, and print the table."""
    print(HEAD, flush=True)
    lives = []
    for number in numbers:
        folder = crawls.folder / f"archive-{number}"
        folder.mkdir()
        story = Story(crawls, folder, number, chosen)
        try:
            await story.live(syncs)
        except Exception:  # noqa: BLE001 - the other archives are lived through all the same
            story.life.wrong.append(f"sync {story.life.syncs} {story.done}: " + traceback.format_exc(limit=-3))
        print(story.life, flush=True)
        print("".join(f"    {one}\n" for one in story.life.wrong[:6]), end="", flush=True)
        lives.append(story.life)
        shutil.rmtree(folder)
        await asyncio.sleep(0)
    return lives


def main(arguments: list[str]) -> int:
    """Live through the archives that are asked for; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.corrections", description=__doc__)
    parser.add_argument("--archives", type=int, default=60)
    parser.add_argument("--syncs", type=int, default=12)
    parser.add_argument("--first", type=int, default=0, help="number of the first archive")
    parser.add_argument("--only", nargs="*", default=(), metavar="ACTION", help="let only this happen to them")
    requested = parser.parse_args(arguments)
    from tests.support.live_crawls import run_crawls

    lives: list[Life] = []

    async def live(crawls: Crawls) -> None:
        numbers = range(requested.first, requested.first + requested.archives)
        lives.extend(await live_all(crawls, numbers, requested.syncs, tuple(requested.only)))

    run_crawls(live)
    wrong = sum(bool(life.wrong) for life in lives)
    print(f"{len(lives)} archives, {sum(life.syncs for life in lives)} harvests: {wrong} archives with something wrong")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

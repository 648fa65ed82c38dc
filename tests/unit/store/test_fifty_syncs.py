"""Fifty syncs of an archive that gains, edits, loses and regains records, beside a plain model of it.

`SYNCS=150 python -m pytest tests/unit/store/test_fifty_syncs.py` lives through that many archives.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from harvester.db.pages.databases import read_metadata
from harvester.ingest import harvest_one
from harvester.model import Capture
from harvester.rebuild import rebuild
from harvester.store.database import open_to_write
from harvester.store.history import fields_as_of, gone_at
from harvester.store.integrity.check import run_checks
from harvester.store.removals import apply_removals, close_walk
from harvester.store.run import Run
from harvester.store.walks import begin_walk
from harvester.urls import listing_for, page_url
from harvester.utils import utc_timestamp
from harvester.walk_log import WalkOutcome, WalkRequest
from tests.support.archive_pages import Item, document_page, listing_page, make_items
from tests.support.harvesting import SOURCE, sound
from tests.support.sync_model import FIELDS, Model, Saying, Stated
from tests.support.trials import trials

if TYPE_CHECKING:
    from sqlite_utils import Database

pytestmark = pytest.mark.slow

SHORT: dict[str, Any] = {"summary": ("It.",), "transcript": (), "translation": (), "people": (), "places": ()}
POOL = [replace(item, slug=f"s{item.number}", title=f"Title {item.number}", **SHORT) for item in make_items(40, seed=5)]
FIRST = datetime(2025, 1, 1, 12, tzinfo=UTC)
SIZE = 10
LISTING = listing_for(SOURCE)
DAYS = {"May 1, 1950": "1950-05-01", "1951": "1951", None: None}
AS_KNOWN = read_metadata()["databases"]["harvest"]["queries"]["as_known"]["sql"]


def day(number: int) -> datetime:
    return FIRST + timedelta(days=number)


def stated(item: Item) -> Stated:
    return item.title, DAYS[item.date], "\n\n".join(item.summary) or None


@dataclass(frozen=True)
class Saved:
    """A page that was saved on a day and is yet to be harvested, and what it says of which items."""

    at: int
    capture: Capture
    voice: str
    items: tuple[Item, ...]


class Syncs(RuleBasedStateMachine):
    @initialize(size=st.integers(3, 14))
    def begin(self, size: int) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.db: Database = open_to_write(self.folder / "truth.db")
        self.today = 0
        self.model = Model()
        self.listed = [replace(item, date="1951") for item in POOL[:size]]
        self.unlisted: list[Item] = []
        self.unborn = list(POOL[size:])
        self.dead: set[str] = set()
        self.saved: list[Saved] = []

    def teardown(self) -> None:
        if hasattr(self, "db"):
            self.db.close()
            shutil.rmtree(self.folder)

    # what the archive does

    @precondition(lambda self: self.unborn)
    @rule()
    def gain(self) -> None:
        self.listed.insert(0, self.unborn.pop(0))
        self.listed[0] = replace(self.listed[0], date=None)

    @rule(data=st.data(), words=st.text("abc ", min_size=1, max_size=5), date=st.sampled_from(list(DAYS)))
    def edit(self, data: st.DataObject, words: str, date: str | None) -> None:
        at = data.draw(st.integers(0, len(self.listed) - 1))
        item, words = self.listed[at], " ".join(words.split())
        title = f"{item.title.split(' / ')[0]} / {words}" if words else item.title
        self.listed[at] = replace(item, title=title, date=date, summary=(f"Says {words or 'nothing'}.",))

    @precondition(lambda self: len(self.listed) > 1)
    @rule(data=st.data(), dead=st.booleans())
    def lose(self, data: st.DataObject, dead: bool) -> None:
        item = self.listed.pop(data.draw(st.integers(0, len(self.listed) - 1)))
        self.unlisted.append(item)
        self.dead |= {item.slug} if dead else set()

    @precondition(lambda self: self.unlisted)
    @rule()
    def regain(self) -> None:
        item = self.unlisted.pop(0)
        self.listed.insert(0, item)
        self.dead.discard(item.slug)

    # what the harvester does

    @rule(accepted=st.booleans())
    def sync(self, accepted: bool) -> None:
        """Walk the whole listing to its proof, and ask those who have left it."""
        run = self._begin()
        walk = begin_walk(self.db, run.id, LISTING)
        for number, capture, items in self._pages():
            taken = harvest_one(
                run, capture, (SOURCE,), WalkRequest(walk, number, "walk", number * SIZE + 1, LISTING.url)
            )
            assert taken
            assert not taken.refused
            self._heard("F", items, self.today)
        total = len(self.listed)
        ending = WalkOutcome("complete", "ordered", None, total, total, 0, -(-total // SIZE), utc_timestamp())
        leaving = close_walk(run, walk, ending, accepted=accepted)
        expected = self.model.walk([item.slug for item in self.listed], accepted=accepted)
        slugs = dict(self.db.execute("SELECT id, slug FROM documents").fetchall())
        assert sorted(slugs[leaver.document] for leaver in leaving) == sorted(expected)
        self._request(run, [leaver.url for leaver in leaving if leaver.gone and leaver.url])
        apply_removals(run, walk, leaving, {self._url(item) for item in self._answering()}, set())
        for slug in expected:
            self.model.leave(slug, self.today, answers=slug not in self.dead)
        self._end(run)

    @precondition(lambda self: self.model.items)
    @rule(data=st.data())
    def visit(self, data: st.DataObject) -> None:
        """Read a document page."""
        slug = data.draw(st.sampled_from(sorted(self.model.items)))
        run = self._begin()
        self._request(run, [f"https://digitalarchive.wilsoncenter.org/document/{slug}"])
        self._end(run)

    @rule(data=st.data())
    def save(self, data: st.DataObject) -> None:
        """Save a page, to be harvested another day; nothing else is captured on this one."""
        self.today += 1
        if data.draw(st.booleans()):
            pages = self._pages()
            _, capture, items = pages[data.draw(st.integers(0, len(pages) - 1))]
            self.saved.append(Saved(self.today, capture, "F", items))
        else:
            item = self.listed[data.draw(st.integers(0, len(self.listed) - 1))]
            self.saved.append(Saved(self.today, self._page_of(item), "document", (item,)))

    @precondition(lambda self: self.saved)
    @rule(data=st.data())
    def harvest(self, data: st.DataObject) -> None:
        """Harvest some of the saved pages, in any order of time."""
        order = data.draw(st.permutations(range(len(self.saved))))
        chosen = [self.saved[number] for number in order[: data.draw(st.integers(1, 3))]]
        run = self._begin()
        for saved in chosen:
            harvest_one(run, saved.capture, (SOURCE,))
            self._heard(saved.voice, saved.items, saved.at)
        self.saved = [saved for saved in self.saved if saved not in chosen]
        self._end(run)

    @rule()
    def make_again(self) -> None:
        """Make the database again, of what it says itself: there is no file to read."""
        self.today += 1
        with time_machine.travel(day(self.today), tick=False):
            self.db.close()
            rebuilt = rebuild(self.folder / "truth.db", "test", progress=lambda: None)
            self.db = open_to_write(self.folder / "truth.db")
        assert (rebuilt.new, rebuilt.changed, rebuilt.merged, rebuilt.dropped) == (0, 0, 0, 0)

    # what must be so

    @invariant()
    def documents_are_the_models(self) -> None:
        if not hasattr(self, "db"):
            return
        sql = "SELECT slug, title, date, summary, gone_at IS NOT NULL FROM documents ORDER BY slug"
        found = [(slug, _stated(values), bool(gone)) for slug, *values, gone in self.db.execute(sql)]
        known = sorted(self.model.items.items())
        assert found == [(slug, item.state(self.today, self.today), item.is_gone) for slug, item in known]

    @precondition(lambda self: self.model.items)
    @rule(data=st.data())
    def the_past_is_the_models(self, data: st.DataObject) -> None:
        slug = data.draw(st.sampled_from(sorted(self.model.items)))
        at, learned = (data.draw(st.integers(0, self.today)) for _ in range(2))
        ((document,),) = self.db.execute("SELECT id FROM documents WHERE slug = ?", [slug]).fetchall()
        observed, known = utc_timestamp(day(at)), utc_timestamp(day(learned))
        outcome = fields_as_of(self.db, document, SOURCE, observed, known)
        item = self.model.items[slug]
        assert {fact.field: fact.value for fact in outcome if fact.field in FIELDS} == item.state(
            at, learned, self.today
        )
        assert (gone_at(self.db, document, observed, known) is not None) == item.gone(at, learned)
        since = {fact.field: fact.since for fact in outcome if fact.field in FIELDS}
        for name, moment in since.items():
            states = [item.state(d, learned, self.today) for d in range(at + 1)]
            days = [d for d in range(at + 1) if states[d].get(name) == states[at][name]]
            began = next(d for d in reversed(days) if d - 1 not in days)
            assert moment == utc_timestamp(day(began))
        rows = self.db.execute(AS_KNOWN, {"document": slug, "date": utc_timestamp(day(learned))[:10]}).fetchall()
        assert _stated([dict(rows).get(name) for name in FIELDS]) == item.state(self.today + 1, learned)

    @rule()
    def all_is_sound(self) -> None:
        assert sound(self.db)
        assert run_checks(self.folder / "truth.db", fast=True) == []

    def _begin(self) -> Run:
        self.today += 1
        self.before = {slug: item.state(self.today, self.today) for slug, item in self.model.items.items()}
        self.traveller = time_machine.travel(day(self.today), tick=False)
        self.traveller.start()
        return Run(self.db, "test")

    def _end(self, run: Run) -> None:
        """End a run; what it has changed is just what its changes say."""
        run.finish(run.verdict)
        self.traveller.stop()
        changed: dict[tuple[str, str], list[str | None]] = {}
        sql = """SELECT slug, field, before, after FROM changes JOIN documents ON documents.id = document_id
            WHERE run_id = ? AND changes.kind IN ('filled', 'changed') ORDER BY changes.id"""
        for slug, name, before, after in self.db.execute(sql, [run.id]):
            changed.setdefault((slug, name), [before, None])[1] = after
        outcome = {key: tuple(values) for key, values in changed.items() if key[1] in FIELDS and values[0] != values[1]}
        now = {slug: item.state(self.today, self.today) for slug, item in self.model.items.items()}
        assert outcome == {
            (slug, name): (state.get(name), now[slug].get(name))
            for slug, state in self.before.items()
            for name in FIELDS
            if state.get(name) != now[slug].get(name)
        }

    def _pages(self) -> list[tuple[int, Capture, tuple[Item, ...]]]:
        total = len(self.listed)
        starts = range(0, total, SIZE)
        shown = [(start // SIZE, tuple(self.listed[start : start + SIZE])) for start in starts]
        return [
            (number, self._capture(page_url(LISTING, number, SOURCE), body), items)
            for number, items in shown
            for body in [listing_page(items, number * SIZE + 1, total)]
        ]

    def _request(self, run: Run, urls: list[str]) -> None:
        for url in urls:
            slug = url.rpartition("/")[2]
            item = next((item for item in self._answering() if item.slug == slug), None)
            if item:
                harvest_one(run, self._page_of(item), (SOURCE,))
                self._heard("document", (item,), self.today)
            else:
                harvest_one(run, self._capture(url, b"<h1>Not found</h1>", 404), (SOURCE,))
                self.model.deny(slug, self.today, self.today)

    def _answering(self) -> list[Item]:
        return [item for item in (*self.listed, *self.unlisted) if item.slug not in self.dead]

    def _page_of(self, item: Item) -> Capture:
        return self._capture(self._url(item), document_page(item))

    def _url(self, item: Item) -> str:
        return f"https://digitalarchive.wilsoncenter.org/document/{item.slug}"

    def _capture(self, uri: str, body: bytes, status: int = 200) -> Capture:
        return Capture(uri, body, day(self.today), media_type="text/html", http_status=status)

    def _heard(self, voice: str, items: tuple[Item, ...], at: int) -> None:
        for item in items:
            self.model.say(item.slug, Saying(at, self.today, voice, stated(item)))


def _stated(values: list[Any]) -> dict[str, str]:
    return {name: value for name, value in zip(FIELDS, values, strict=True) if value is not None}


# No shrinking: the steps of one archive's life are told as they were, and shorter ones are rarely simpler.
Syncs.TestCase.settings = settings(
    max_examples=int(os.environ.get("SYNCS", trials(2, 20))),
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
test_fifty_syncs = Syncs.TestCase

"""An archive of the new site's shape that is corrected between harvests, and answers over HTTP as it stands now.

What it does between two harvests is one of `ACTIONS`; what may go wrong with one answer, once, is one of `TROUBLES`.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from tests.support.archive_pages import PAGE_SIZE, Item, document_page, listing_page, make_items
from tests.support.archive_server_site import Answer, html

if TYPE_CHECKING:
    from collections.abc import Callable

POOL = 80
KINDS = ("Telegram", "Cable", "Letter", "Report", "Minutes", "Memorandum of Conversation")
"""Kinds that a document page and a title name by the same words as the database does."""
PEOPLE = ("Mao Zedong", "Nikita Khrushchev", "Zhou Enlai", "Kim Il Sung", "Walter Ulbricht", "Enver Hoxha")
MONTHS = ("January", "March", "April", "May", "June", "August", "October", "December")
TROUBLES = ("fails", "another's", "stale")
"""A document page that is a challenge, that is another item's, or that comes out of a cache as it was before."""


@cache
def _first_items() -> tuple[Item, ...]:
    """Return the items that the archive may ever have, as they are first listed; texts are short, to be fast."""
    made = []
    for item in make_items(POOL, seed=11):
        chance = random.Random(item.number)
        kind = chance.choice(KINDS)
        one, other = chance.sample(PEOPLE, 2)
        made.append(
            replace(
                item,
                kind=kind,
                title=f"{kind} No. {item.number}, {one} to {other}",
                slug=f"{kind.split()[0].lower()}-no-{item.number}",
                date=chance.choice((_day(chance), _day(chance), _day(chance), _month(chance), _year(chance), None)),
                summary=chance.choice(((), (_words(chance, item.number),), (_words(chance, item.number),) * 2)),
                transcript=(f"Original text {item.number}.",) if chance.random() < 0.7 else (),
                translation=(f"First words {item.number}.", "More words.") if chance.random() < 0.7 else (),
            )
        )
    return tuple(made)


def _words(chance: random.Random, number: int) -> str:
    return (
        f"It says {chance.choice(('little', 'much', 'nothing', 'all'))} of affair {number}/{chance.randrange(10**6)}."
    )


def _year(chance: random.Random) -> str:
    return str(chance.randrange(1945, 1991))


def _month(chance: random.Random) -> str:
    return f"{chance.choice(MONTHS)} {_year(chance)}"


def _day(chance: random.Random) -> str:
    return f"{chance.choice(MONTHS)} {chance.randrange(1, 29)}, {_year(chance)}"


@dataclass
class World:
    """The archive: `items` as they are stated now, by number; `listed`: the numbers on its listing, the newest first.

    `lag`: by how many harvests its search is behind in titles, dates and summaries. `reverts`: whether values return.
    """

    seed: str
    size: int
    etags: bool = False
    canonical: bool = False
    lag: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.luck = random.Random(f"{self.seed} answers")  # what is asked for must not change what happens
        self.unborn = list(_first_items())
        self.items: dict[int, Item] = {}
        self.listed: list[int] = []
        self.holders: dict[str, int] = {}  # the number of the item that an address shows
        self.slugs_given: set[str] = set()
        self.past: list[dict[int, Item]] = []  # the listed items as they were at each harvest before
        self.trouble: dict[str, str] = {}  # by slug; taken away once it has struck
        self.struck: dict[str, str] = {}
        self.mixed_up: set[str] = set()  # addresses that have shown another item's page in this harvest
        self.served: dict[int, Item] = {}  # what each item's own page has shown last, at an address of its own
        self.read: set[tuple[str, int]] = set()  # addresses that have shown an item's page
        self.requested: list[str] = []  # slugs of the document pages asked for since the last harvest began
        self.edits = 0
        for _ in range(self.size):
            self.add()

    # what happens to it

    def add(self) -> set[int]:
        item = self.unborn.pop(0)
        self.put(item)
        return {item.number}

    def amend(self) -> set[int]:
        """Change the summary, and what only the document page shows with it."""
        item = self._any()
        people = (*item.people[:1], f"Somebody {self._edit()}")
        texts = {"transcript": (f"Read anew {self._edit()}.",)} if self.chance.random() < 0.5 else {}
        return self.state(item, summary=(_words(self.chance, item.number),), people=people, **texts)

    def amend_the_summary(self) -> set[int]:
        item = self._any()
        more = f"And {self._edit()} more."
        return self.state(item, summary=(*item.summary, more) if self.chance.random() < 0.5 else (more,))

    def retitle(self) -> set[int]:
        item = self._any()
        one, other = self.chance.sample(PEOPLE, 2)
        return self.state(item, title=f"{item.kind} No. {item.number}, {one} to {other} (copy {self._edit()})")

    def redate(self) -> set[int]:
        item = self._any()
        dates = [date for date in (_day(self.chance), _month(self.chance), _year(self.chance)) if date != item.date]
        return self.state(item, date=self.chance.choice(dates))

    def undate(self) -> set[int]:
        return self.state(self._any(), date=None)

    def empty(self) -> set[int]:
        return self.state(self._any(), summary=(), transcript=(), translation=())

    def revert(self) -> set[int]:
        """State an item as it was at some harvest before; where the search lags that could not be told from news."""
        item = self._any()
        if self.lag:
            return self.retitle()
        was = [state[item.number] for state in self.past if item.number in state]
        old = self.chance.choice(was) if was else item
        return self.state(item, title=old.title, date=old.date, summary=old.summary)

    def rename(self) -> set[int]:
        """Change the address of an item; the old one leads nowhere."""
        item = self._any()
        del self.holders[item.slug]
        return self.move(item, self._free_slug(item))

    def rename_and_retitle(self) -> set[int]:
        """Correct a title where the site makes the address of it."""
        item = self._any()
        del self.holders[item.slug]
        self.move(item, self._free_slug(item))
        return self.state(self.items[item.number], title=f"{item.title.split(' (')[0]} (version {self._edit()})")

    def swap(self) -> set[int]:
        one, other = (self.items[number] for number in self.chance.sample(self.listed, 2))
        return self.move(one, other.slug) | self.move(other, one.slug)

    def reuse(self) -> set[int]:
        """Remove an item; its address passes to a new one."""
        old = self._any()
        self.take_off(old)
        new = self.unborn.pop(0)
        self.put(replace(new, slug=old.slug))
        return {old.number, new.number}

    def reuse_later(self) -> set[int]:
        """Add a new item at the address of one that was removed."""
        free = [item for item in self.items.values() if item.slug not in self.holders]
        if not free:
            return self.reuse()
        new = self.unborn.pop(0)
        self.put(replace(new, slug=self.chance.choice(free).slug))
        return {new.number}

    def remove(self) -> set[int]:
        item = self._any()
        self.take_off(item)
        return {item.number}

    def restore(self) -> set[int]:
        away = [item for number, item in self.items.items() if number not in self.listed]
        if not away:
            return self.remove()
        item = self.chance.choice(away)
        slug = item.slug if item.slug not in self.holders else self._free_slug(item)
        self.put(replace(item, slug=slug))
        return {item.number}

    def _any(self) -> Item:
        return self.items[self.chance.choice(self.listed)]

    def _edit(self) -> int:
        self.edits += 1
        return self.edits

    def state(self, item: Item, **values: object) -> set[int]:
        """Change what the archive states of an item."""
        self.items[item.number] = replace(item, **values)  # type: ignore[arg-type]
        return {item.number}

    def move(self, item: Item, slug: str) -> set[int]:
        """Move an item to an address."""
        self.items[item.number] = replace(item, slug=slug)
        self.holders[slug] = item.number
        self.slugs_given.add(slug)
        return {item.number}

    def put(self, item: Item) -> None:
        """List an item, as the newest."""
        self.move(item, item.slug)
        self.listed.insert(0, item.number)

    def take_off(self, item: Item) -> None:
        """Remove an item and its page."""
        self.listed.remove(item.number)
        del self.holders[item.slug]

    def _free_slug(self, item: Item) -> str:
        return next(
            slug
            for number in range(100)
            if (slug := f"{item.kind.split()[0].lower()}-{item.number}-{number}") not in self.slugs_given  # type: ignore[union-attr]
        )

    # what it answers

    def begin_harvest(self) -> None:
        """Forget what was asked for before; what is stated now is what a search that lags shows later."""
        self.requested, self.struck, self.mixed_up = [], {}, set()

    def end_harvest(self) -> None:
        self.past.append({number: self.items[number] for number in self.listed})
        self.trouble = {}

    def answer(self, target: str, headers: dict[str, str]) -> Answer:
        """Answer a request for a page of the listing, of the search, or of a document."""
        parts = urlsplit(target)
        if parts.path == "/search":
            query = dict(parse_qsl(parts.query))
            number = int(query.get("page", "0"))
            found = self._searched() if "search_api_fulltext" in query else [self.items[n] for n in self.listed]
            return self._listing(found, number, headers)
        if parts.path.startswith("/document/"):
            return self._document(parts.path.removeprefix("/document/"), headers)
        return Answer(404)

    def _searched(self) -> list[Item]:
        """Return what the search finds: items at the addresses that they have now, as they were stated before."""
        found = []
        for number in self.listed[::2]:
            now = self.items[number]
            before = [state[number] for state in self.past[-self.lag :] if number in state] if self.lag else []
            old = before[0] if before else now
            found.append(replace(now, title=old.title, date=old.date, summary=old.summary))
        return found

    def _listing(self, found: list[Item], number: int, headers: dict[str, str]) -> Answer:
        shown = found[number * PAGE_SIZE : (number + 1) * PAGE_SIZE]
        body = listing_page(shown, number * PAGE_SIZE + 1, len(found))
        return self._tagged(body, f"{shown} {number} {len(found)}", headers)

    def _document(self, slug: str, headers: dict[str, str]) -> Answer:
        self.requested.append(slug)
        trouble = self.trouble.pop(slug, None)
        holder = self.items.get(self.holders.get(slug, -1))
        if holder is None:
            return html(404, b"<h1>Not found</h1>")
        if trouble == "fails":
            self.struck[slug] = trouble
            return html(200, b"<html><head><title>Just a moment...</title></head><body>Checking your browser</body>")
        if trouble == "another's" and len(self.listed) > 1:
            self.struck[slug] = trouble
            self.mixed_up.add(slug)
            others = [number for number in self.listed if number != holder.number]
            return self._page(self.items[self.luck.choice(others)], headers)
        before = next((state[n] for state in self.past[-1:] for n in state if n == holder.number), None)
        if trouble == "stale" and before is not None and before.slug == slug and before != holder:
            self.struck[slug] = trouble
            self.served[holder.number] = before
            return self._page(before, headers)
        self.struck.pop(slug, None)
        self.served[holder.number] = holder
        self.read.add((slug, holder.number))
        return self._page(holder, headers)

    def _page(self, item: Item, headers: dict[str, str]) -> Answer:
        return self._tagged(document_page(item, canonical=self.canonical), repr(item), headers)

    def _tagged(self, body: bytes, content: str, headers: dict[str, str]) -> Answer:
        if not self.etags:
            return html(200, body)
        tag = f'W/"{hashlib.sha256(content.encode()).hexdigest()[:16]}"'
        return Answer(304, b"", {"ETag": tag}) if headers.get("if-none-match") == tag else html(200, body, ETag=tag)


ACTIONS: tuple[Callable[[World], set[int]], ...] = (
    World.add,
    World.amend,
    World.amend_the_summary,
    World.retitle,
    World.redate,
    World.undate,
    World.empty,
    World.revert,
    World.rename,
    World.rename_and_retitle,
    World.swap,
    World.reuse,
    World.reuse_later,
    World.remove,
    World.restore,
)

"""A small archive's life as captures: what its listing and its pages showed, and what is true of it in the end."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.support.vote_model import ALIAS, OWN_HOST, WHOLE, Stated, listing, own_page

if TYPE_CHECKING:
    from harvester.model import Capture

FIRST = datetime(2025, 3, 1, 12, tzinfo=UTC)


@dataclass
class Timeline:
    """An archive of few items. `told` says in words what happened; `captures` are in order of time.

    After each change the listing is captured, then the page of each address whose item has changed. A page that is
    another item's (`mix_ups`) is followed by the right one, as a run asks again, but for the very last.
    """

    seed: int
    mix_ups: bool = True
    captures: list[Capture] = field(default_factory=list)
    outcome: list[str] = field(default_factory=list)
    at: dict[str, Stated] = field(default_factory=dict)
    last: dict[str, Stated] = field(default_factory=dict)
    """By record number, as each was shown last."""
    holders: dict[str, str] = field(default_factory=dict)
    """The record that an address has shown last."""
    born: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.now = FIRST
        for _ in range(self.chance.randrange(2, 5)):
            self.add()
        self._capture(set(self.at))
        for _ in range(self.chance.randrange(1, 5)):
            self.step()

    @property
    def documents(self) -> list[tuple[str | None, ...]]:
        """Return what is true in the end: record, title, date, summary, slug; an address is its last holder's alone."""
        return sorted(
            (s.record, s.title, s.date, s.summary, s.slug if self.holders[s.slug] == s.record else None)
            for s in self.last.values()
        )

    def step(self) -> None:
        self.now += timedelta(days=self.chance.randrange(1, 6), hours=self.chance.randrange(12))
        before = dict(self.at)
        for action in self.chance.choices(
            (self.add, self.retitle, self.redate, self.amend, self.rename, self.swap, self.reuse, self.remove),
            k=self.chance.choice((1, 1, 2)),
        ):
            action()
        self._capture({slug for slug, stated in self.at.items() if before.get(slug) != stated})

    def add(self, slug: str | None = None) -> None:
        self.born += 1
        number = self.born
        stated = Stated(
            f"Letter {number}", f"May {number}, 1950", f"Of affair {number}.", f"{110000 + number}", f"{80000 + number}"
        )
        self.put(replace(stated, slug=slug or f"letter-{number}"))

    def put(self, stated: Stated) -> None:
        self.at[stated.slug] = stated
        self.outcome.append(f"{stated.slug}: {stated.record} {stated.title}, {stated.date}, {stated.summary}")

    def retitle(self) -> None:
        stated = self._any()
        self.put(replace(stated, title=f"{stated.title}!"))

    def redate(self) -> None:
        stated = self._any()
        self.put(replace(stated, date=f"June {stated.record[-1]}, {self.chance.randrange(1900, 1990)}"))

    def amend(self) -> None:
        stated = self._any()
        self.put(replace(stated, summary=f"Another summary {self.chance.randrange(10**6)}."))

    def rename(self) -> None:
        stated = self.at.pop(self._any().slug)
        self.put(replace(stated, slug=f"{stated.slug}-{self.chance.randrange(10**6)}"))

    def swap(self) -> None:
        one, other = self._any(), self._any()
        self.put(replace(one, slug=other.slug))
        self.put(replace(other, slug=one.slug))

    def reuse(self) -> None:
        self.add(self._any().slug)

    def remove(self) -> None:
        if len(self.at) > 1:
            stated = self.at.pop(self._any().slug)
            self.outcome.append(f"{stated.slug}: removed")

    def _any(self) -> Stated:
        return self.chance.choice(list(self.at.values()))

    def _capture(self, changed: set[str]) -> None:
        """Capture the listing, then pages, each some minutes later."""
        self.holders |= {slug: stated.record for slug, stated in self.at.items()}
        self.last |= {stated.record: stated for stated in self.at.values()}
        self.captures.append(listing(list(self.at.values()), WHOLE, self.now))
        self.outcome.append(f"{self.now:%d %H:%M} listing")
        moment = self.now
        for slug in self.chance.sample(sorted(self.at), len(self.at)):
            moment += timedelta(minutes=self.chance.randrange(1, 9))
            others = [stated for stated in self.at.values() if stated.slug != slug]
            mixed = self.mix_ups and others and self.chance.random() < 0.15
            if mixed:
                other = self.chance.choice(others)
                self.captures.append(own_page(other, moment, slug=slug))
                self.outcome.append(f"{moment:%d %H:%M} {slug} shows the page of {other.record}")
                moment += timedelta(minutes=5)
            if slug in changed or mixed or self.chance.random() < 0.3:
                # What an alias shows never replaces what the archive's own page said.
                host = OWN_HOST if slug in changed or mixed else self.chance.choice((OWN_HOST, ALIAS))
                self.captures.append(own_page(self.at[slug], moment, host))
                self.outcome.append(f"{moment:%d %H:%M} {slug} shows its own page ({host[:7]})")

"""A listing that moves while it is walked: seeded, and hostile in named ways."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from harvester.crawl.proof import PageRequest, WalkPage, WalkResult
from harvester.crawl.walk import WalkLimits, walk

SIZE = 10


@dataclass
class MovingListing:
    """A listing, new records first, with every state it was ever in."""

    rng: random.Random
    records: list[str]
    states: list[list[str]] = field(default_factory=list)
    born: int = 0

    def insert(self, place: int | None = None) -> None:
        self.born += 1
        self.records.insert(0 if place is None else place, f"new-{self.born}")

    def insert_anywhere(self) -> None:
        self.insert(self.rng.randrange(len(self.records) + 1))

    def remove(self) -> None:
        if self.records:
            self.records.pop(self.rng.randrange(len(self.records)))

    def replace(self) -> None:
        """One removed and one added at once: the total says nothing."""
        self.remove()
        self.insert()

    def shuffle(self) -> None:
        """Shuffle records with the same sort value."""
        at = self.rng.randrange(max(1, len(self.records) - 15))
        tied = self.records[at : at + 15]
        self.rng.shuffle(tied)
        self.records[at : at + 15] = tied

    def page(self, number: int) -> WalkPage:
        self.states.append(list(self.records))
        shown = self.records[number * SIZE : (number + 1) * SIZE]
        return WalkPage(number, len(self.records), tuple(shown))


Event = "Callable[[MovingListing], None]"


@dataclass(frozen=True)
class Scenario:
    """How often, before each page, which event happens; and what the source says of its order."""

    name: str
    events: tuple[str, ...] = ()
    chance: float = 0.0
    most: int = 10**6
    ordered: bool = True
    refused: float = 0.0
    stale: float = 0.0


SCENARIOS = (
    Scenario("still, new first"),
    Scenario("still, no order", ordered=False),
    Scenario("one addition", ("insert",), 0.2, 1),
    Scenario("one removal", ("remove",), 0.2, 1),
    Scenario("one of each at once", ("replace",), 0.2, 1),
    Scenario("one change, no order", ("insert_anywhere", "remove"), 0.2, 1, ordered=False),
    Scenario("additions", ("insert",), 0.3),
    Scenario("removals", ("remove",), 0.3),
    Scenario("both", ("insert", "remove"), 0.5),
    Scenario("both, no order", ("insert_anywhere", "remove"), 0.3, ordered=False),
    Scenario("replaced all the time", ("replace",), 0.5),
    Scenario("tied sorts", ("shuffle",), 0.5, ordered=False),
    Scenario("pages refused", refused=0.1),
    Scenario("stale pages", ("insert", "remove"), 0.1, 3, stale=0.2),
)
STILL = {"still, new first", "still, no order"}
MILD = {"one addition", "one removal", "one of each at once", "one change, no order"}


@dataclass
class Outcome:
    verdict: WalkResult
    listing: MovingListing
    requests: int
    seen: set[str]

    @property
    def lost(self) -> set[str]:
        """Records that stood on the listing throughout and were not seen, though no page was withheld."""
        always = set(self.listing.states[0]).intersection(*map(set, self.listing.states))
        return always - self.seen

    @property
    def invented(self) -> set[str]:
        return self.seen - set().union(*map(set, self.listing.states))

    @property
    def true(self) -> bool:
        """Return whether the records were exactly the listing's at some moment of the walk."""
        return any(set(state) == self.verdict.keys for state in self.listing.states)


def walked(scenario: Scenario, seed: int) -> Outcome:
    """Walk one moving listing."""
    rng = random.Random(f"{scenario.name} {seed}")
    listing = MovingListing(rng, [f"r{n}" for n in range(rng.choice([0, 1, 7, 10, 35, 60, 123]))])
    steps = walk(WalkLimits(SIZE, ordered=scenario.ordered))
    wanted, seen, happened, requests = next(steps), set[str](), 0, 0
    while True:
        if happened < scenario.most and rng.random() < scenario.chance:
            getattr(listing, rng.choice(scenario.events))()
            happened += 1
        step = _answer(listing, wanted, scenario, rng)
        seen |= set(step.keys)
        requests += 1
        try:
            wanted = steps.send(step)
        except StopIteration as end:
            return Outcome(end.value, listing, requests, seen)


def _answer(listing: MovingListing, wanted: PageRequest, scenario: Scenario, rng: random.Random) -> WalkPage:
    step = listing.page(wanted.number)
    if rng.random() < scenario.refused or (wanted.number and not step.keys):
        return WalkPage(wanted.number, None)  # a page behind the last is none
    if rng.random() < scenario.stale:
        old = rng.choice(listing.states)
        shown = old[wanted.number * SIZE : (wanted.number + 1) * SIZE]
        return WalkPage(wanted.number, len(old), tuple(shown), cached=True)  # caches must say so (RFC 9111, Age)
    return step

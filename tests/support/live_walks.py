"""Hostile walks over HTTP: what happens to the listing and to the answers, and what became of the records."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harvester.store.database import open_to_read
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Manner, Site, item_of
from tests.support.live_crawls import UNORDERED

if TYPE_CHECKING:
    from harvester.crawl.proof import WalkResult
    from tests.support.live_crawls import Crawls

SIZES = (35, 1, 60, 10, 123, 0, 7)
HIGH = (60, 123, 95)
"""Sizes above the ceilings, with more than one page."""
LARGE = 200
"""Listings of more records are walked seldom: one in so many walks is enough."""


@dataclass(frozen=True)
class Scenario:
    """A way in which an archive is hostile. `kind`: `still` and `mild` ones have to come to a proof mostly.

    `hiding` ones never show some records, in whatever order: these cannot be held, and nothing may be called complete.
    """

    name: str
    manner: Manner
    ordered: bool = True
    kind: str = ""
    sizes: tuple[int, ...] = SIZES


def tricky(name: str, most: int = 2, likely: float = 0.25, **more: float) -> Manner:
    return Manner(tricks={name: likely, **more}, most_tricks=most)


SCENARIOS = (
    Scenario("still, new first", Manner(), kind="still"),
    Scenario("still, no order", Manner(), ordered=False, kind="still"),
    Scenario("still, other markup", Manner(shape="rows"), kind="still"),
    Scenario("one addition", Manner(("insert",), 0.2, 1), kind="mild"),
    Scenario("one removal", Manner(("remove",), 0.2, 1), kind="mild"),
    Scenario("one of each at once", Manner(("replace",), 0.2, 1), kind="mild"),
    Scenario("one change, no order", Manner(("insert_anywhere", "remove"), 0.2, 1), ordered=False, kind="mild"),
    Scenario("additions", Manner(("insert",), 0.3)),
    Scenario("removals", Manner(("remove",), 0.3)),
    Scenario("both", Manner(("insert", "remove"), 0.5)),
    Scenario("both, no order", Manner(("insert_anywhere", "remove"), 0.3), ordered=False),
    Scenario("replaced all the time", Manner(("replace",), 0.5)),
    Scenario("tied sorts", Manner(("shuffle",), 0.5), ordered=False),
    Scenario("stale pages", Manner(("insert", "remove"), 0.1, 3, {"stale": 0.2})),
    Scenario("challenges with 200", tricky("challenge"), kind="still"),
    Scenario("empty answers", tricky("empty"), kind="still"),
    Scenario("“no results” at times", tricky("none_found", 1, 0.05)),
    Scenario("429 and 503", tricky("busy", 3, 0.2, down=0.2), kind="still"),
    Scenario("connections reset", tricky("reset", 3), kind="still"),
    Scenario("bodies cut off", tricky("truncated", 3), kind="still"),
    Scenario("slow bodies", tricky("slow", likely=0.1), kind="still"),
    Scenario("redirects to a login", tricky("login"), kind="still"),
    Scenario("redirects to a listing", tricky("other_listing"), kind="still"),
    Scenario("another page than asked", tricky("other_page"), kind="still"),
    Scenario("new look at times", tricky("markup"), kind="still"),
    Scenario("wrong total", Manner(wrong_total=3)),
    Scenario("total too low, “Next”", Manner(wrong_total=-3), kind="hiding", sizes=HIGH),
    Scenario("ceiling, pages fail", Manner(ceiling=30, behind="fails"), kind="hiding", sizes=HIGH),
    Scenario("ceiling, pages empty", Manner(ceiling=30, behind="empty"), kind="hiding", sizes=HIGH),
    Scenario("ceiling, first page again", Manner(ceiling=30, behind="first"), kind="hiding", sizes=HIGH),
    Scenario("ceiling declared", Manner(ceiling=500, behind="declared", orders=True), kind="hiding", sizes=(520,)),
    Scenario("exactly 500, two orders", Manner(orders=True), kind="still", sizes=(500,)),
    Scenario("ties that stay", Manner(tied="both", orders=True), kind="hiding", sizes=HIGH),
    Scenario("ties, another order", Manner(tied="newest", orders=True), kind="still"),
    Scenario("links in summaries", Manner(shape="linked"), kind="still"),
    Scenario("pages cut, no length", tricky("cut", 3), kind="still"),
    Scenario("waiting rooms", tricky("waiting"), kind="still"),
    Scenario("pager without end", Manner(growing=True)),
    Scenario("all at once", Manner(("insert", "remove"), 0.1, 2, {"challenge": 0.1, "busy": 0.1, "reset": 0.1})),
)


@dataclass
class Outcome:
    """What became of one walk."""

    verdict: WalkResult
    site: Site
    held: set[str]
    requests: int
    hiding: bool = False

    @property
    def _states(self) -> list[set[str]]:
        return [{item_of(name).slug for name in state} for state in self.site.listing.states]

    @property
    def lost(self) -> set[str]:
        """Records that stood on the listing throughout the walk and are not held; of `hiding` ones, those shown."""
        always = set.intersection(*self._states)
        return (always & self.site.shown if self.hiding else always) - self.held

    @property
    def invented(self) -> set[str]:
        ever = {slug for state in self._states for slug in state}
        return set() if self.site.manner.growing else self.held - ever

    @property
    def false(self) -> bool:
        """Return whether the walk is called complete although its records were the listing's at no moment."""
        keys = {key.rpartition(":")[2] for key in self.verdict.keys}
        right = self.site.manner.wrong_total == 0 and not self.site.manner.growing and keys in self._states
        right = right and not self.hiding
        return self.verdict.status == "complete" and not right


@dataclass
class Row:
    """A row of the table: one scenario's walks."""

    scenario: Scenario
    outcomes: list[Outcome] = field(default_factory=list)

    def count(self, status: str) -> int:
        return sum(outcome.verdict.status == status for outcome in self.outcomes)

    @property
    def lost(self) -> int:
        return sum(len(outcome.lost) for outcome in self.outcomes)

    @property
    def invented(self) -> int:
        return sum(len(outcome.invented) for outcome in self.outcomes)

    @property
    def false(self) -> int:
        return sum(outcome.false for outcome in self.outcomes)

    def __str__(self) -> str:
        walks, complete = len(self.outcomes), self.count("complete")
        requests = sum(outcome.requests for outcome in self.outcomes)
        counts = f"{walks:6}{complete:10}{walks - complete:9}{self.lost:6}{self.invented:10}{self.false:7}"
        return f"{self.scenario.name:26}{counts}{requests:10}"


HEADING = (
    f"{'scenario':26}{'walks':>6}{'complete':>10}{'partial':>9}{'lost':>6}{'invented':>10}{'false':>7}{'requests':>10}"
)


async def walk_hostile(crawls: Crawls, scenario: Scenario, seed: int) -> Outcome:
    """Walk one hostile listing over HTTP."""
    site = Site(scenario.sizes[seed % len(scenario.sizes)], f"{scenario.name} {seed}", scenario.manner)
    async with ArchiveServer(site) as server:
        db = crawls.fresh()
        await crawls.harvest(server.base, db, listing="" if scenario.ordered else UNORDERED)
        with open_to_read(db) as database:
            held = {row[0] for row in database.execute("SELECT slug FROM documents")}
        return Outcome(crawls.verdicts[-1], site, held, len(server.log), scenario.kind == "hiding")


async def walk_all(crawls: Crawls, walks: int) -> list[Row]:
    """Walk as many listings, spread over all scenarios; print the table."""
    rows = [Row(scenario) for scenario in SCENARIOS]
    began = time.monotonic()
    print(HEADING, flush=True)
    for place, row in enumerate(rows):
        share = walks // len(rows) + (place < walks % len(rows))
        if max(row.scenario.sizes) > LARGE:
            share = walks // LARGE
        for seed in range(share):
            row.outcomes.append(await walk_hostile(crawls, row.scenario, seed))
        print(row, flush=True)
    print(_whole(rows), f"{time.monotonic() - began:.0f} s", sep="\n", flush=True)
    return rows


def _whole(rows: list[Row]) -> str:
    whole = Row(Scenario("all", Manner()), [outcome for row in rows for outcome in row.outcomes])
    return str(whole)


def failures(rows: list[Row]) -> list[str]:
    """Return the goals that the walks have missed."""
    stated = [f"{row.scenario.name}: {row.lost} lost" for row in rows if row.lost]
    stated += [f"{row.scenario.name}: {row.invented} invented" for row in rows if row.invented]
    stated += [f"{row.scenario.name}: {row.false} false proofs" for row in rows if row.false]
    for kind, least in (("still", 0.99), ("mild", 0.6)):
        outcomes = [outcome for row in rows if row.scenario.kind == kind for outcome in row.outcomes]
        share = sum(outcome.verdict.status == "complete" for outcome in outcomes) / max(1, len(outcomes))
        stated += [f"{kind}: only {share:.1%} complete"] if share < least else []
    return stated

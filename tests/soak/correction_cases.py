"""Small archives that are corrected by a script, harvested live: what once went wrong in one of `truth_http`.

`python -m tests.soak.correction_cases` lives through them; it ends with 1 if anything held or shown was wrong.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.soak.corrections import HEAD, Life, Story
from tests.support.corrected_archive import World
from tests.support.corrected_archive_model import Expected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.support.live_crawls import Crawls

SIZE = 12


@dataclass(frozen=True)
class Step:
    """What happens to the archive before a harvest, and which document pages that asks for."""

    happens: Callable[[World], object] | None = None
    requested: frozenset[str] = frozenset()
    asked_by_search: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Case:
    """What happens to an archive of SIZE records between harvests. The first harvest, of all, comes before."""

    name: str
    steps: Sequence[Step]
    lag: int = 0


def slug(world: World, number: int) -> str:
    return world.items[number].slug


def swap(world: World) -> None:
    """Swap the addresses of two items; the page of the first fails once."""
    one, other = world.items[0], world.items[1]
    world.move(one, other.slug)
    world.move(other, one.slug)
    world.trouble[other.slug] = "fails"


def empty_two(world: World) -> None:
    """Empty two summaries, which is more than a tenth: a site change. One page fails."""
    for number in (3, 5):
        world.state(world.items[number], summary=())
    world.trouble[slug(world, 3)] = "fails"


def state_again(world: World) -> None:
    """Change the summary of an item."""
    world.state(world.items[3], summary=(f"Anew {len(world.past)}.",))


def undate_one_and_reuse_another(world: World) -> None:
    """Undate an item, whose page fails, and give the address of another to a new one: that is one correction."""
    world.state(world.items[4], date=None)
    world.trouble[slug(world, 4)] = "fails"
    old = world.items[6]
    world.take_off(old)
    new = world.unborn.pop(0)
    world.put(replace(new, slug=old.slug))


def retitle(words: str) -> Callable[[World], object]:
    """Return a correction of one title."""

    def retitled(world: World) -> object:
        item = world.items[1]
        return world.state(item, title=f"{item.title.partition(' (')[0]} ({words})")

    return retitled


def rename_and_retitle(world: World) -> None:
    """Change title and address of an item; its page fails once."""
    old = world.items[1]
    del world.holders[old.slug]
    world.move(old, "renamed")
    retitle("aid")(world)
    world.trouble["renamed"] = "fails"


def rename_and_retitle_well(world: World) -> None:
    """Change title and address of an item; its page is there at once."""
    rename_and_retitle(world)
    world.trouble.clear()


def reuse_the_new_address(world: World) -> None:
    """Add a new item at the address that another one was moved to."""
    old = world.items[1]
    world.take_off(old)
    world.put(replace(world.unborn.pop(0), slug=old.slug))


def reuse(world: World) -> None:
    """Remove an item; its address passes to a new one."""
    old = world.items[6]
    world.take_off(old)
    world.put(replace(world.unborn.pop(0), slug=old.slug))


def rename_the_new_one(world: World) -> None:
    """Move the new item to an address of its own."""
    old = world.items[6]
    new = world.items[world.holders.pop(old.slug)]
    world.move(new, "renamed")


def restore(world: World) -> None:
    """List the item again that was taken away, at its address."""
    world.put(world.items[6])


AT_FIRST = World("case", SIZE)


def at(*numbers: int) -> frozenset[str]:
    """Return the addresses at which these items are listed first."""
    return frozenset(slug(AT_FIRST, number) for number in numbers)


NOTHING = Step()
RENAMED = frozenset({"renamed"})
CASES = (
    Case("one correction asks for one page", [NOTHING, Step(retitle("aid"), at(1)), NOTHING, NOTHING]),
    Case("a swap of which one page fails", [Step(swap, at(0, 1)), Step(None, at(1)), NOTHING]),
    Case("a search that lags", [Step(retitle("aid"), at(1)), Step(retitle("trade"), at(1)), NOTHING], lag=1),
    Case("a rename that a search does not show yet", [Step(rename_and_retitle, RENAMED, RENAMED), NOTHING], lag=1),
    Case(
        "an address given away and given back",
        [Step(reuse, at(6)), NOTHING, Step(rename_the_new_one, RENAMED), Step(restore, at(6)), NOTHING],
    ),
    Case(
        "an address that an item was moved to, given away",
        [Step(rename_and_retitle_well, RENAMED), NOTHING, Step(reuse_the_new_address, RENAMED), NOTHING],
    ),
    Case("a site change", [Step(state_again, at(3)), Step(empty_two, at(3, 5)), Step(state_again, at(3)), NOTHING]),
    Case("an undated item, and a new one", [Step(undate_one_and_reuse_another, at(4, 6)), Step(None, at(4))]),
)


class Outcome(Story):
    """The harvests of a case."""

    def __init__(self, crawls: Crawls, folder: Path, case: Case) -> None:
        super().__init__(crawls, folder, 0)
        self.world = World("case", SIZE, etags=True, lag=case.lag)
        self.expected, self.life = Expected(self.world), Life(case.name, self.world)
        self.steps = [Step(None, at(*range(SIZE))), *case.steps]

    def _live_on(self) -> None:
        happens = self.steps[self.life.syncs].happens
        self.now += timedelta(days=2)
        self.old, self.done = False, []
        if happens:
            happens(self.world)
            self.done = [getattr(happens, "__name__", "")]
        self.still = 0 if happens else self.still + 1

    async def _crawl(self, **more: object) -> None:
        await super()._crawl(**more)
        step = self.steps[self.life.syncs]
        wanted = step.asked_by_search if more else step.requested
        if set(self.world.requested) != wanted:
            self._wrong(f"asked for {sorted(self.world.requested)}, not for {sorted(wanted)}")


def main() -> int:
    """Live through all cases; return the exit status."""
    from tests.support.live_crawls import run_crawls

    wrong: list[str] = []

    async def live(crawls: Crawls) -> None:
        print(HEAD)
        for number, case in enumerate(CASES):
            folder = crawls.folder / f"case-{number}"
            folder.mkdir()
            story = Outcome(crawls, folder, case)
            await story.live(len(story.steps))
            print(story.life, *story.life.wrong, sep="\n    ")
            wrong.extend(story.life.wrong)

    run_crawls(live)
    print(f"{len(CASES)} cases, {len(wrong)} wrong")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())

"""Archives that only a definition describes, walked in every dress: `python -m tests.soak.defined_archives [DRESS…]`.

Five platforms, and each way to page, to address records and to declare. Each is walked while it stands still, while it
moves, while it misbehaves, and after kills; then records are corrected and removed. Prints a table, and ends with 1 if
a record was lost or invented, a walk called complete wrongly, or a change not seen. All is local.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.archive_server_site import Manner, item_of
from tests.support.dressed_site import WALK, DressedSite, harvest, harvest_captures, held, titles_of
from tests.support.live_processes import Aim, rows
from tests.support.platform_pages import DRESSES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.platform_pages import Dress

RECORDS = 43
MOMENTS = ("fetched", "half", "synced", "uncommitted", "committed", "verdict", "verdict_committed")
MOVING = Manner(("insert_anywhere", "remove"), 0.3)
TRICKS = ("challenge", "empty", "busy", "down", "reset", "truncated", "cut", "waiting")
"""What a misbehaving archive answers now and then instead of a page."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dresses", nargs="*", default=sorted(DRESSES), metavar="DRESS", help=", ".join(sorted(DRESSES)))
    parser.add_argument("--seeds", type=int, default=3, help="walks of an archive that moves or misbehaves")
    requested = parser.parse_args(arguments)
    faults = []
    for name in requested.dresses:
        for trial in (still, moving, misbehaving, killed, corrected):
            found = list(trial(DRESSES[name], requested.seeds))
            print(f"{name:12} {trial.__name__:12} {'; '.join(found) or 'right'}", flush=True)
            faults += found
    return int(bool(faults))


def still(dress: Dress, _seeds: int) -> Iterator[str]:
    """Walk an archive that stands still, documents and all; read its captures again without it."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, site = Path(temporary), DressedSite(dress, RECORDS)
        done = harvest(folder, site, "--captures", str(folder / "captures"))
        total = RECORDS if dress.checked in ("range", "total") else None
        yield from _unless(done.status == 0, f"exit status {done.status}: {done.err}{done.out}")
        wanted = [("complete", "twice", total, RECORDS, dress.checked, None)]
        yield from _unless(rows(folder / "a.db", WALK) == wanted, f"verdict {rows(folder / 'a.db', WALK)}")
        yield from _unless([one[0] for one in held(folder)] == titles_of(site), "other records")
        harvest_captures(folder)
        yield from _unless(held(folder, "b.db") == held(folder), "its captures give other records")
        yield from _unless(rows(folder / "b.db", WALK) == wanted, "its captures give another verdict")


def moving(dress: Dress, seeds: int) -> Iterator[str]:
    for seed in range(seeds):
        yield from _hostile(DressedSite(dress, RECORDS, f"{dress.name} {seed}", MOVING))


def misbehaving(dress: Dress, seeds: int) -> Iterator[str]:
    for seed in range(seeds):
        trick = TRICKS[(seed + len(dress.name)) % len(TRICKS)]
        yield from _hostile(DressedSite(dress, RECORDS, f"{dress.name} {seed}", Manner(tricks={trick: 0.15})))


def _hostile(site: DressedSite) -> Iterator[str]:
    """Walk a listing; what is called complete must be what it was at a moment, and what stood there always be held."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        done = harvest(folder, site, "--no-documents")
        states = [{item_of(name).title for name in state} for state in site.listing.states]
        have = {title for title, *_ in held(folder)}
        status, _, _, distinct, *_ = rows(folder / "a.db", WALK)[0]
        yield from _unless(done.status in (0, 3, 130), f"exit status {done.status}: {done.err}")
        yield from _unless(have <= set.union(*states), "invented")
        if status == "complete":
            yield from _unless(set.intersection(*states) <= have, "lost")
            right = any(len(state) == distinct and state <= have for state in states)
            yield from _unless(right, f"complete, wrongly: {distinct} records")


def killed(dress: Dress, _seeds: int) -> Iterator[str]:
    """Kill a harvest at each moment, and go on: the same records, and no page that was committed is fetched again."""
    for number, moment in enumerate(MOMENTS):
        with tempfile.TemporaryDirectory() as temporary:
            folder, site = Path(temporary), DressedSite(dress, RECORDS)
            last = moment.startswith("verdict")
            first = harvest(folder, site, "--no-documents", aim=Aim(moment, 1 if last else 2 + number % 3))
            yield from _unless(first.status == -9, f"not killed at {moment}: {first.status}")
            again = harvest(folder, site, "--no-documents")
            yield from _unless(again.status == 0, f"after a kill at {moment}: {again.err}{again.out}")
            yield from _unless([one[0] for one in held(folder)] == titles_of(site), f"other records after {moment}")
            yield from _unless(rows(folder / "a.db", WALK)[0][:2] == ("complete", "twice"), f"no proof after {moment}")
            walks = rows(folder / "a.db", "SELECT count(*) FROM walks")
            yield from _unless(walks == [(1,)], f"begun afresh after {moment}")


def corrected(dress: Dress, _seeds: int) -> Iterator[str]:
    """Correct a title, remove a record and add one between harvests."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, site = Path(temporary), DressedSite(dress, RECORDS)
        harvest(folder, site, "--no-documents")
        changed, removed = item_of(site.listing.records[3]), item_of(site.listing.records[20])
        site.corrected[changed.slug] = replace(changed, title="A letter, corrected")
        del site.listing.records[20]
        site.removed.add(removed.slug)
        site.listing.insert()
        for _ in range(2):
            harvest(folder, site, "--no-documents")
        sql = "SELECT kind, field, after FROM changes WHERE kind = 'changed' AND field = 'title'"
        changes = rows(folder / "a.db", sql)
        yield from _unless(changes == [("changed", "title", "A letter, corrected")], f"other changes: {changes}")
        gone = rows(folder / "a.db", "SELECT title FROM documents WHERE gone_at IS NOT NULL")
        yield from _unless(gone == [(removed.title,)], f"gone: {gone}")
        yield from _unless([one[0] for one in held(folder)] == titles_of(site), "other records")


def _unless(right: object, fault: str) -> Iterator[str]:
    if not right:
        yield fault


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

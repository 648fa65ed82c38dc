"""Live harvests that are killed at named moments, and what the next one makes of that."""

from __future__ import annotations

import random
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harvester.store.database import open_to_read, open_to_write
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Manner, Site, item_of
from tests.support.harvesting import documents, sighted, sound
from tests.support.live_processes import Aim, Harvests

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

RECORDS = 35
PAGES = 5
"""Pages of the walk: four, and the first one again for the proof."""

LISTING, DOCUMENTS = (1, PAGES), (PAGES + 1, PAGES + RECORDS)
PHASES = {
    "fetched": ("fetched", LISTING),
    "half written": ("half", (2, PAGES + 1)),
    "synced": ("synced", LISTING),
    "before commit": ("uncommitted", LISTING),
    "after commit": ("committed", LISTING),
    "verdict kept in the WARC": ("verdict", (1, 1)),
    "verdict committed": ("verdict_committed", (1, 1)),
    "document page fetched": ("fetched", DOCUMENTS),
    "document page half written": ("half", (PAGES + 5, PAGES + RECORDS)),
    "document page synced": ("synced", DOCUMENTS),
    "document page before commit": ("uncommitted", DOCUMENTS),
    "document page after commit": ("committed", DOCUMENTS),
    "indexing": ("indexing", (1, 2)),
}
"""Where a harvest is killed, and at which time of passing there."""
EDITED = {
    "edited among the listing": ("committed", (2, PAGES - 1)),
    "edited among the documents": ("committed", (PAGES + 2, PAGES + RECORDS - 2)),
}
"""The same, where the listing is edited before the harvest goes on."""
EDITS = ("insert", "remove", "replace", "shuffle")


def outcome(path: Path) -> dict[str, Any]:
    """Return the content of a database without ids, runs and times."""
    with open_to_write(path) as db:
        assert sound(db)
        words = "SELECT count(*) FROM documents_fts WHERE documents_fts MATCH 'letter'"
        return {"documents": documents(db), "sightings": sighted(db), "walks": _rows(db, _WALKS)} | {
            name: sorted(_rows(db, sql), key=repr)
            for name, sql in {"texts": _TEXTS, "terms": _TERMS, "changes": _CHANGES, "search": words}.items()
        }


_CHANGES = """SELECT key, changes.kind, field, before, after
    FROM changes LEFT JOIN documents d ON d.id = document_id"""
_TEXTS = "SELECT key, texts.kind, language, text FROM texts JOIN documents d ON d.id = document_id"
_TERMS = "SELECT key, facet, term FROM document_terms JOIN documents d ON d.id = document_id"
_WALKS = """SELECT listings.key, walks.declared_total, distinct_records, drift, status, proof, reason
    FROM walks JOIN listings ON listings.id = listing_id ORDER BY walks.id"""


def _rows(db: Database, sql: str) -> list[tuple[Any, ...]]:
    return db.execute(sql).fetchall()


def fetched_twice(path: Path, log: list[str]) -> list[str]:
    """Return what a later run requested although the database had it, except the resume check and the proof.

    The first page is asked for again in each run: it tells whether a listing that was walked still stands.
    """
    with open_to_read(path) as db:
        known = {_address(row[0]) for row in db.execute("SELECT uri FROM reads")}
        step = db.execute("SELECT page_number FROM walk_pages ORDER BY id DESC LIMIT 1").fetchone()
        walking = db.execute("SELECT 1 FROM walks WHERE status IS NULL OR status = 'interrupted'").fetchone()
    allowed = (f"page={step[0]}", "page=0") if walking and step else ("page=0",)
    return [target for target in log if target in known and not target.endswith(allowed)]


def _address(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


@dataclass
class Killed:
    """What became of a harvest that was killed, once or more often."""

    phase: str
    aims: list[Aim]
    died: bool
    status: int | None
    twice: list[str]
    path: Path
    offline: Path

    def wrong(self, whole: dict[str, Any]) -> list[str]:
        """Return the differences from what is expected."""
        stated = [] if self.died else ["was not killed"]
        stated += [] if self.status == 0 else [f"ended with {self.status}"]
        for path in (self.path, self.offline):
            again = outcome(path)
            stated += [f"{name} differ in {path.name}" for name in whole if again[name] != whole[name]]
        stated += [f"fetched twice: {address}" for address in self.twice]
        return [f"{self.phase} {self.aims}: {what}" for what in stated]


def kill_and_resume(harvests: Harvests, name: str, phase: str, aims: list[Aim]) -> Killed:
    """Kill a harvest as often as aimed, then let one end."""
    path, twice, died, status = harvests.folder / name, list[str](), True, None
    for number, aim in enumerate([*aims, None]):
        known = harvests.folder / f"{name}-{number}"
        if number:
            _copy(path, known)
        before = len(harvests.server.log)
        status = harvests.live(name, aim=aim).status
        died = died and (aim is None or status == -signal.SIGKILL)
        log = [requested.target for requested in harvests.server.log[before:]]
        twice += fetched_twice(known, log) if number else []
    return Killed(phase, aims, died, status, twice, path, harvests.offline(name))


def kill_and_edit(folder: Path, name: str, aim: Aim, chance: random.Random) -> list[str]:
    """Kill a harvest, edit the listing, and let the next one end; return what is not as it should be."""
    site = Site(RECORDS, name, Manner(etags=True))
    with ArchiveServer(site) as server:
        harvests = Harvests(folder, server)
        died = harvests.live(name, aim=aim).status == -signal.SIGKILL
        edits = [chance.choice(EDITS) for _ in range(chance.randint(1, 4))]
        for edit in edits:
            getattr(site.listing, edit)()
        status = harvests.live(name).status
        listed = {item_of(record).slug for record in site.listing.records}
        with open_to_read(folder / name) as db:
            held = {row[0] for row in db.execute("SELECT slug FROM documents")}
            walk = db.execute("SELECT status, declared_total FROM walks ORDER BY id DESC LIMIT 1").fetchone()
        with open_to_write(folder / name) as db:
            assert sound(db)
    stated = [] if died else ["was not killed"]
    stated += [] if status == 0 and walk == ("complete", len(listed)) else [f"ended with {status}, {walk}"]
    stated += [f"lost {slug}" for slug in listed - held]
    return [f"{aim} {edits}: {what}" for what in stated]


def _copy(path: Path, to: Path) -> None:
    """Copy a database as it is, with what was committed and not yet moved into its file."""
    with open_to_read(path) as db:
        db.execute("VACUUM INTO ?", [str(to)])


def aims_at(phase: str, kills: int, chance: random.Random) -> list[list[Aim]]:
    """Aim as many kills at a phase; every fourth harvest is killed twice."""
    moment, (first, last) = PHASES[phase]
    aims: list[list[Aim]] = []
    while kills > 0:
        several = 2 if len(aims) % 4 == 2 and kills > 1 else 1
        again = Aim("synced" if phase != "indexing" else "indexing")
        aims.append([Aim(moment, chance.randint(first, last)), again][:several])
        kills -= several
    return aims


def kill_all(folder: Path, kills: int) -> list[str]:
    """Kill so many harvests, spread over the phases; print the table; say what went wrong."""
    chance, stated, began = random.Random(4), list[str](), time.monotonic()
    with ArchiveServer(Site(RECORDS, "kills", Manner(etags=True))) as server:
        harvests = Harvests(folder, server)
        harvests.live("whole.db")
        whole = outcome(folder / "whole.db")
        print(f"{'phase':32}{'harvests':>9}{'kills':>7}{'wrong':>7}", flush=True)
        phases = len(PHASES) + len(EDITED)
        for place, phase in enumerate(PHASES):
            aims = aims_at(phase, kills // phases + (place < kills % phases), chance)
            killed = [kill_and_resume(harvests, f"{place}-{n}.db", phase, one) for n, one in enumerate(aims)]
            wrong = [what for one in killed for what in one.wrong(whole)]
            print(f"{phase:32}{len(aims):9}{sum(map(len, aims)):7}{len(wrong):7}", flush=True)
            stated += wrong
    for phase, (moment, (first, last)) in EDITED.items():
        aimed = [Aim(moment, chance.randint(first, last)) for _ in range(kills // phases)]
        wrong = [
            what
            for number, aim in enumerate(aimed)
            for what in kill_and_edit(folder, f"{moment}-{first}-{number}.db", aim, chance)
        ]
        print(f"{phase:32}{len(aimed):9}{len(aimed):7}{len(wrong):7}", flush=True)
        stated += wrong
    print(f"{time.monotonic() - began:.0f} s: each equal to an undisturbed harvest, by itself and from its captures")
    return stated

"""Harvests from web archives in this process, and what they left in a database."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

from harvester.cli import run
from harvester.cli.serve import make_datasette
from harvester.registry import load_sources
from harvester.store.database import open_to_read
from harvester.store.history import fields_as_of, gone_at
from tests.support.captured_archive import TIMES, states

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

    from tests.support.wayback_server import WaybackServer

NO_IDS = ("id", "first_seen", "last_changed")


class FieldSince(NamedTuple):
    """A field as it was at one time, and since when."""

    field: str
    value: str
    since: str


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str


def harvest(folder: Path, *arguments: str, db: str = "a.db") -> Done:
    """Run `harvester harvest` in this process, with its own idea of what this user's programs hold."""
    out, err = io.StringIO(), io.StringIO()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    state = patch.dict(os.environ, {"XDG_STATE_HOME": str(folder / "state")})
    with state, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run(["harvest", *arguments, "--db", str(folder / db)])
    for number, handler in before.items():
        signal.signal(number, handler)
    return Done(status, out.getvalue(), err.getvalue())


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """Return what a database answers."""
    with open_to_read(path) as db:
        return list(db.execute(sql))


def facts_of(path: Path) -> dict[str, Any]:
    """Return what a database says of its documents: values, texts, terms, changes, how each was at the five times."""
    with open_to_read(path) as db:
        documents = [
            {name: value for name, value in row.items() if name not in NO_IDS}
            for row in db.query("SELECT * FROM documents ORDER BY key")
        ]
        return {"documents": documents, "as of": _as_of(db)} | {
            name: sorted(db.execute(sql).fetchall(), key=repr) for name, sql in _FACTS.items()
        }


def without_changes(path: Path) -> dict[str, Any]:
    """Return the same without the log of changes, to which reading files adds only what has changed since."""
    return {**facts_of(path), "changes": []}


# Which page showed a document first, and which filled a field, depends on the order of reading; what changed does not.
_FACTS = {
    "texts": "SELECT key, texts.kind, language, text FROM texts JOIN documents d ON d.id = document_id",
    "terms": "SELECT key, facet, term FROM document_terms JOIN documents d ON d.id = document_id",
    "changes": """SELECT key, changes.kind, field, before, after, observed_at
        FROM changes JOIN documents d ON d.id = document_id WHERE changes.kind NOT IN ('new', 'filled')""",
    "listings": "SELECT name, declared_total, held, missing FROM coverage",
}


def _as_of(db: Database) -> dict[tuple[str, str], Any]:
    """Return the fields of each document as they were at each of the five times, and whether it was gone."""
    source, found = load_sources()["wilson"], {}
    for number, key in db.execute("SELECT id, key FROM documents").fetchall():
        for at in TIMES:
            observed = at.strftime("%Y-%m-%dT%H:%M:%SZ")
            fields = fields_as_of(db, number, source, observed)
            shown = {FieldSince(one.field, one.value, one.since) for one in fields}
            found[key, observed] = shown, gone_at(db, number, observed)
    return found


def untrue(facts: dict[str, Any], records: int) -> list[str]:
    """Return the titles of the archive at each of the five times that the facts do not give for that time."""
    wrong = []
    for at, items in zip(TIMES, states(records), strict=True):
        moment = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        shown = {key: fields for (key, when), (fields, _) in facts["as of"].items() if when == moment}
        for item in items:
            titles = {one.value for one in shown.get(item.slug, ()) if one.field == "title"}
            wrong += [] if titles == {item.title} else [f"{moment}: {item.title} is {titles}"]
    return wrong


def harvest_wayback(folder: Path, server: WaybackServer, *more: str, db: str = "a.db") -> Done:
    """Harvest what a server holds of the archive, without pauses."""
    return harvest(folder, "wilson", "--web-archive", server.url, "--delay", "0", *more, db=db)


CRAWLED = ("--from", str(TIMES[0].year), "--to", str(TIMES[-1].year))
"""Options for the years alone in which there are captures: of the others an index is asked in vain."""


def page_of(path: Path, address: str) -> str:
    """Return what the reading room shows of a database at an address."""

    async def get() -> str:
        datasette = make_datasette(path, {})
        try:
            return str((await datasette.client.get(address)).text)
        finally:
            for database in datasette.databases.values():
                database.close()

    return asyncio.run(get())

"""Checks that the files that pages were read from are still there with the same bytes."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from harvester.model import Capture
from harvester.readers.base import path_named
from harvester.readers.targets import read_targets
from harvester.registry import load_sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

_CAPTURES = "SELECT file, id, uri, sha256 FROM captures WHERE file IS NOT NULL ORDER BY file, id"


def unreadable_captures(db: Database) -> Iterator[str]:
    """Yield each capture whose file is missing or does not contain its page any more. Each file is read once."""
    sources = tuple(load_sources().values())
    for name, captures in groupby(db.execute(_CAPTURES), key=itemgetter(0)):
        path = path_named(name)
        there = path.is_file()
        pages = {one.sha256 for one in read_targets([path], None, sources) if isinstance(one, Capture)} if there else ()
        for _, capture, uri, sha256 in captures:
            if sha256 not in pages:
                yield f"capture {capture} ({uri}): {'changed since' if there else 'missing'}, {name}"

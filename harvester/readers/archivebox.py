"""Folders of ArchiveBox: one for each page, with the page as several programs saved it, and `index.json` beside."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from harvester.readers.saved_page import Statement

if TYPE_CHECKING:
    from pathlib import Path

MAX_INDEX = 4 * 1024**2
_DEPTH = 8  # folders between a page that wget has saved and its snapshot's own
DERIVED = frozenset(
    {"index.html", "readability", "mercury", "htmltotext.txt", "htmltotext", "article.txt", "trafilatura"}
)
"""What ArchiveBox makes of a page: its own page on the snapshot, and extracts without the page's fields."""


class Snapshot(NamedTuple):
    """The folder of one page: its address, and when each of its files was saved."""

    folder: Path
    url: str
    times: dict[str, datetime | None]

    def statement(self, path: Path) -> Statement | None:
        """Return what is stated of a file; None if it is none that ArchiveBox lists."""
        name = path.relative_to(self.folder).as_posix()
        return Statement(self.url, self.times[name]) if name in self.times else None

    def is_derived(self, path: Path) -> bool:
        """Return whether a file is no page, but made of one."""
        return path.relative_to(self.folder).parts[0] in DERIVED


def snapshot_of(path: Path) -> Snapshot | None:
    """Return the snapshot that a file or folder lies in."""
    return next(filter(None, map(snapshot_in, path.absolute().parents[:_DEPTH])), None)


def snapshot_in(folder: Path) -> Snapshot | None:
    """Return the snapshot whose own folder this is."""
    index = folder / "index.json"
    try:
        content = json.loads(index.read_bytes()) if index.is_file() and index.stat().st_size <= MAX_INDEX else None
    except (OSError, ValueError, RecursionError):  # no index of ArchiveBox
        return None
    if not isinstance(content, dict) or not isinstance(content.get("url"), str) or "timestamp" not in content:
        return None
    return Snapshot(folder.absolute(), content["url"], dict(_outputs(content.get("history"))))


def _outputs(history: Any) -> list[tuple[str, datetime | None]]:
    """Return the files that were saved, each with its time; of several attempts the last one counts."""
    attempts = [one for results in history.values() for one in results] if isinstance(history, dict) else []
    good = [one for one in attempts if isinstance(one, dict) and one.get("status") == "succeeded"]
    return [(one["output"], _time(one.get("start_ts"))) for one in good if isinstance(one.get("output"), str)]


def _time(text: Any) -> datetime | None:
    """Return a time in UTC; old versions wrote it without a zone, in that of their machine: it is then unknown."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None

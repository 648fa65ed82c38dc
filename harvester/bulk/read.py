"""Reads what is planned and not read yet, by whichever engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from harvester.bulk.borders import mend_borders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from harvester.bulk.folder import BulkFolder
    from harvester.bulk.parts import Part


class Readers(Protocol):
    """What reads parts: processes on this machine, or a cluster."""

    def read(self, parts: Iterable[Part], done: Callable[[], None]) -> list[str]:
        """Read parts, call `done` after each, and return what was not read because files have changed."""

    def close(self) -> None:
        """End the processes, or the connection to the cluster."""


@dataclass(frozen=True)
class Shard:
    """One of several equal shares of the parts. Which part is in which follows from its name, not from its place."""

    number: int = 1
    of: int = 1

    def holds(self, part: Part) -> bool:
        """Return whether a part belongs to this share."""
        return int(part.id, 16) % self.of == self.number - 1


def read_missing(folder: BulkFolder, readers: Readers, shard: Shard, done: Callable[[], None]) -> list[str]:
    """Read the parts of a share that have no receipt; return what could not be read because files have changed."""
    changed = readers.read(_missing(folder, shard), done)
    found, cut_anew = mend_borders(folder)
    while found and not changed:
        changed += readers.read(cut_anew, done)
        found, cut_anew = mend_borders(folder)
    return changed


def _missing(folder: BulkFolder, shard: Shard) -> Iterator[Part]:
    return (part for part in folder.planned() if shard.holds(part) and folder.receipt(part) is None)

"""Reads what is planned and not read yet, by whichever engine; brings each part to its end.

A part is read, or divided until the one record is known that cannot be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from harvester.bulk.borders import mend_borders
from harvester.bulk.reading import ChangedError, refuse_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from harvester.bulk.folder import BulkFolder
    from harvester.bulk.parts import Part

ATTEMPTS = 3
"""So often a part may end its reader: a machine that fails, or the memory that others took, is no fault of a part."""


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


def settle(folder: BulkFolder, part: Part, attempt: Callable[[Part], str | None]) -> list[str]:
    """Read a part; return what is not read of it because files have changed since the plan.

    `attempt` reads a part and returns None, or how that ended the reader. A part that does so each time is replaced by
    its halves, and what cannot be halved is refused with the reason.
    """
    waiting, changed = [part], []
    while waiting:
        part = waiting.pop()
        if folder.receipt(part) is not None:
            continue
        try:
            how = attempt(part)
        except ChangedError as error:
            changed.append(str(error))
            continue
        if how is not None:
            folder.add_death(part, how)
            waiting += [part] if len(folder.deaths(part)) < ATTEMPTS else divide(folder, part, how)
    return changed


def divide(folder: BulkFolder, part: Part, how: str) -> list[Part]:
    """Replace a part by its halves and return them, the first one last; refuse what cannot be halved."""
    halves = part.halves()
    if halves is None:
        refuse_part(folder, part, how)
        return []
    folder.replace(part, halves)
    return [halves[1], halves[0]]

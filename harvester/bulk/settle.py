"""Brings a part to its end: read, or divided until the one record is known that cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.bulk.reading import ChangedError, refuse_part

if TYPE_CHECKING:
    from collections.abc import Callable

    from harvester.bulk.folder import BulkFolder
    from harvester.bulk.parts import Part

ATTEMPTS = 3
"""So often a part may end its reader: a machine that fails, or the memory that others took, is no fault of a part."""


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

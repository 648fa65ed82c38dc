"""What a check finds: what is wrong, where, and what mends it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlite_utils import Database

EXAMPLES = 3
REPAIR, REBUILD, RESTORE = "harvester check --repair", "harvester rebuild", "harvester rebuild, or restore a backup"
WITHDRAW = "harvester withdraw DOCUMENT"


@dataclass(frozen=True)
class Finding:
    """What is wrong, how often, for example where, and the command that mends it. A notice is no fault."""

    check: str
    message: str
    count: int
    examples: tuple[str, ...]
    mend: str | None
    notice: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Give it as it is printed as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Check:
    """One kind of thing that can be wrong; `find` names each place where it is."""

    name: str
    message: str
    mend: str | None
    find: Callable[[Database], Iterable[str]]
    notice: bool = False

    def look(self, db: Database) -> Iterator[Finding]:
        """Look for it."""
        examples, count = list[str](), 0
        for place in self.find(db):
            count += 1
            examples += [place] if count <= EXAMPLES else []
        if count:
            yield Finding(self.name, self.message, count, tuple(examples), self.mend, self.notice)

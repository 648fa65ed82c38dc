"""The result of a check: the fault, its examples, and the command that repairs it."""

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
    """A fault, how often it occurs, some examples, and the command that repairs it. A notice is no fault."""

    check: str
    message: str
    count: int
    examples: tuple[str, ...]
    mend: str | None
    notice: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the dictionary that is printed as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Check:
    """A check of one kind of fault; `find` yields a name for each place of it."""

    name: str
    message: str
    mend: str | None
    find: Callable[[Database], Iterable[str]]
    notice: bool = False

    def run(self, db: Database) -> Iterator[Finding]:
        """Run the check; yield a finding if there is any fault."""
        examples, count = list[str](), 0
        for place in self.find(db):
            count += 1
            examples += [place] if count <= EXAMPLES else []
        if count:
            yield Finding(self.name, self.message, count, tuple(examples), self.mend, self.notice)

"""Whether what was withdrawn is hidden: not after an older backup was put back, or where withdrawing was cut short."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harvester.store.withdrawal.vault import never_undone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

_FILE = "SELECT file FROM pragma_database_list WHERE name = 'main'"
_SEEN = "SELECT 1 FROM documents WHERE id = ? AND key = ?"


def seen_again(db: Database) -> Iterator[str]:
    """Name each document that the file beside knows as withdrawn, and that can be seen."""
    (file,) = db.execute(_FILE).fetchone()
    for document, key in never_undone(Path(file)):
        if db.execute(_SEEN, [document, key]).fetchone():
            yield f"document {document}"

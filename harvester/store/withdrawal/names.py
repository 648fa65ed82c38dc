"""Redacts the names of withdrawn documents in commands and problems that are written later."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

from harvester.store.withdrawal import vault
from harvester.store.withdrawal.secret import database_file, is_empty
from harvester.store.withdrawal.withdrawn import PLACEHOLDER

if TYPE_CHECKING:
    from sqlite_utils import Database


class WithdrawnNames:
    """The names of withdrawn documents."""

    def __init__(self, words: list[str]) -> None:
        self._pattern = re.compile("|".join(map(re.escape, words)), re.IGNORECASE) if words else None

    @classmethod
    def of(cls, db: Database) -> Self:
        """Return the names of the documents that are withdrawn now."""
        if is_empty(db):
            return cls([])
        documents = [row[0] for row in db.execute("SELECT id FROM withdrawn")]
        return cls(vault.words_of(database_file(db), documents))

    def occurs_in(self, text: str) -> bool:
        """Return whether a name occurs in a text."""
        return self._pattern is not None and self._pattern.search(text) is not None

    def redacted(self, text: str) -> str:
        """Return a text with the names redacted."""
        return self._pattern.sub(PLACEHOLDER, text) if self._pattern else text

"""Where pages stand that later records of web archives refer to instead of repeating them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAX_KEYS = 100_000
"""How many are remembered, the newest, two a page: about 24 MB. Crawlers refer to what they had shortly before."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record begins; a .warc.zst may need its dictionary."""

    path: Path
    offset: int
    dictionary: bytes | None = None


Key = str | tuple[str, str]


class Originals:
    """Remembers places, never bodies; and of keys the hashes only, so what is found must be compared."""

    def __init__(self) -> None:
        self._places: dict[int, Place] = {}

    def remember(self, fields: dict[str, str], place: Place) -> None:
        """Note where a record stands."""
        for key in map(hash, keys_of(fields)):
            if len(self._places) >= MAX_KEYS and key not in self._places:
                del self._places[next(iter(self._places))]
            self._places[key] = place

    def find(self, fields: dict[str, str]) -> Place | None:
        """Find the record that a revisit refers to, if it was seen."""
        return next((place for key in referred_keys(fields) if (place := self._places.get(hash(key)))), None)


def keys_of(fields: dict[str, str]) -> list[Key]:
    """Give the keys by which a record can be referred to: its payload's digest, its address and date."""
    return _keys(fields.get("warc-payload-digest"), fields.get("warc-target-uri"), fields.get("warc-date"))


def referred_keys(fields: dict[str, str]) -> list[Key]:
    """Give the keys of the record that a revisit refers to."""
    uri = fields.get("warc-refers-to-target-uri", fields.get("warc-target-uri"))
    return _keys(fields.get("warc-payload-digest"), uri, fields.get("warc-refers-to-date"))


def _keys(digest: str | None, uri: str | None, date: str | None) -> list[Key]:
    keys: list[Key] = [digest] if digest else []
    return [*keys, (uri.strip("<>"), date)] if uri and date else keys

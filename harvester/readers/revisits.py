"""Remembers where WARC records are that later records (revisits) refer to instead of repeating them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harvester.readers.base import Origin

MAX_KEYS = 100_000
"""How many are remembered, the newest, two a page: about 24 MB. Crawlers refer to what they had shortly before."""


class RecordLocation(NamedTuple):
    """Where a record begins; a .warc.zst may need its dictionary."""

    path: Path
    offset: int
    dictionary: bytes | None = None


KnownPlaces = Callable[[str], Iterable[RecordLocation]]


def no_places(_uri: str) -> Iterable[RecordLocation]:
    """Return no locations: no capture was read before."""
    return ()


class Waiting(NamedTuple):
    """A revisit whose original did not come before it: it is searched for again when all files have been read."""

    origin: Origin
    place: RecordLocation


Key = str | tuple[str, str]


class RevisitIndex:
    """Remembers locations, never bodies, by the hashes of keys only; so what is found must be compared.

    `known` returns the locations of an address's captures that were read in earlier runs.
    """

    def __init__(self, known: KnownPlaces = no_places) -> None:
        self._places: dict[int, RecordLocation] = {}
        self._known = known
        self.waiting: list[Waiting] = []

    def wait(self, origin: Origin, place: RecordLocation) -> bool:
        """Queue a revisit to be resolved at the end; return whether there is room for it."""
        if len(self.waiting) >= MAX_KEYS:
            return False
        self.waiting.append(Waiting(origin, place))
        return True

    def remember(self, fields: dict[str, str], place: RecordLocation) -> None:
        """Add the location of a record."""
        for key in map(hash, keys_of(fields)):
            if len(self._places) >= MAX_KEYS and key not in self._places:
                del self._places[next(iter(self._places))]
            self._places[key] = place

    def find(self, fields: dict[str, str]) -> Iterator[RecordLocation]:
        """Yield the possible locations of the record that a revisit refers to: those of this run, then earlier ones."""
        yield from (place for key in referred_keys(fields) if (place := self._places.get(hash(key))))
        for uri in {fields.get(name, "").strip("<>"): None for name in _REFERRED}:
            yield from self._known(uri) if uri else ()


_REFERRED = ("warc-refers-to-target-uri", "warc-target-uri")


def keys_of(fields: dict[str, str]) -> list[Key]:
    """Return the keys by which a record can be referred to: its payload's digest, its address and date."""
    return _keys(fields.get("warc-payload-digest"), fields.get("warc-target-uri"), fields.get("warc-date"))


def referred_keys(fields: dict[str, str]) -> list[Key]:
    """Return the keys of the record that a revisit refers to."""
    uri = fields.get("warc-refers-to-target-uri", fields.get("warc-target-uri"))
    return _keys(fields.get("warc-payload-digest"), uri, fields.get("warc-refers-to-date"))


def _keys(digest: str | None, uri: str | None, date: str | None) -> list[Key]:
    keys: list[Key] = [digest] if digest else []
    return [*keys, (uri.strip("<>"), date)] if uri and date else keys

"""Damage in files, and the limits beyond which one is treated as a decompression bomb."""

from __future__ import annotations

from harvester.errors import HarvesterError
from harvester.model import MAX_BYTES

MAX_RATIO = 1000
"""An archive that unpacks to more than this many times its size is a bomb. Mirrors of pages reach 50."""

RATIO_COUNTS_FROM = 256 * 1024**2
"""Up to this size the ratio proves nothing: a few similar pages compress as well as a bomb, and do no harm."""

MAX_UNPACKED = 256 * 1024**3
"""No archive of pages unpacks to more: 100 KB each for 2.6 million pages."""

MAX_READ = MAX_BYTES + 1024**2
"""The most that is kept in memory at once, whatever length a file declares: a page and its surroundings."""

MAX_DAMAGES = 100
"""An archive with more damaged places is not read on: each is looked behind, which takes time."""

MAX_PLACE = 200  # characters of a name that are shown


BOMB = "archive-bomb"


class DamageError(HarvesterError):
    """Data is not as it was written. The message says what is wrong, and at which byte of the file."""

    def __init__(self, what: str, offset: int, code: str = "damaged-archive") -> None:
        super().__init__(f"{what}, at byte {offset:,}")
        self.what, self.offset, self.code = what, offset, code

    def at(self, place: str) -> DamageError:
        """Return the same damage with a word on what it hit, if there is one."""
        return DamageError(f"{self.what} {place[:MAX_PLACE]}", self.offset, self.code) if place else self


class DecompressionLimit:
    """Counts how many bytes a container has unpacked to, and raises `DamageError` if there are too many."""

    def __init__(self, size: int = 0) -> None:
        self._size = size  # bytes of the container, or as many of them as have been read
        self._unpacked = 0

    def spend(self, unpacked: int, read: int) -> None:
        """Add unpacked bytes of a container whose first `read` bytes were read. Raises `DamageError` if too many."""
        self._unpacked += unpacked
        self._size = max(self._size, read)
        if self._unpacked > min(MAX_UNPACKED, max(RATIO_COUNTS_FROM, MAX_RATIO * self._size)):
            limit = f"{MAX_RATIO} times its size" if self._unpacked <= MAX_UNPACKED else f"{MAX_UNPACKED:,} bytes"
            raise DamageError(f"unpacks to more than {limit}: taken for a bomb and not read on", read, BOMB)

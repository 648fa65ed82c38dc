"""Unpackers of all kinds behind one interface: the one that `bz2` and `zstd` have."""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING, Protocol

import brotli  # type: ignore[import-untyped]

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable

ZSTD_WINDOW_LOG = 27
"""Frames that need more than 128 MB of memory are refused: `zstd --ultra` and `--long` make none that need more."""

UNPACK_ERRORS = (zlib.error, zstd.ZstdError, brotli.error)


class Unpacker(Protocol):
    """Unpacks one segment (a gzip member, a zstd frame, a body), piece by piece."""

    @property
    def eof(self) -> bool:
        """Whether the segment's end was reached; its checksum was right then, if it has one."""

    @property
    def needs_input(self) -> bool:
        """Whether more can only come out if more goes in."""

    @property
    def unused_data(self) -> bytes:
        """What went in behind the segment's end."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Unpack on, to at most `max_length` bytes."""


class Inflater:
    """zlib's: gzip, zlib or raw deflate, by the sign of `wbits`."""

    def __init__(self, wbits: int) -> None:
        self._zlib = zlib.decompressobj(wbits)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        """Whether the segment's end was reached."""
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        """What went in behind the segment's end."""
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Unpack on. zlib may hold output back with all input used up: only a short answer means that it is dry."""
        piece = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        self.needs_input = len(piece) < max_length and not self._zlib.unconsumed_tail
        return piece


class Unbrotli:
    """Brotli's; it cannot say what went in behind the end."""

    unused_data = b""

    def __init__(self) -> None:
        self._brotli = brotli.Decompressor()

    @property
    def eof(self) -> bool:
        """Whether the segment's end was reached."""
        return bool(self._brotli.is_finished())

    @property
    def needs_input(self) -> bool:
        """Whether more can only come out if more goes in."""
        return bool(self._brotli.can_accept_more_data())

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Unpack on."""
        return bytes(self._brotli.process(data, output_buffer_limit=max_length))


def unzstd(dictionary: bytes | None = None) -> Unpacker:
    """Give an unpacker of a zstd frame."""
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG}
    return zstd.ZstdDecompressor(zstd.ZstdDict(dictionary) if dictionary else None, options)


UNPACKERS: dict[str, Callable[[], Unpacker]] = {
    "gzip": lambda: Inflater(zlib.MAX_WBITS + 16),
    "zlib": lambda: Inflater(zlib.MAX_WBITS),
    "deflate": lambda: Inflater(-zlib.MAX_WBITS),
    "zstd": unzstd,
    "br": Unbrotli,
}

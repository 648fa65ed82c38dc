"""What every reader yields, and where it was read from."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from harvester.model import MAX_BYTES, Capture, Problem, Skipped
from harvester.readers.bundles import MAX_BUNDLE, is_bundle, unpack
from harvester.readers.damage import DamageError
from harvester.readers.filenames import PACKED, Names, archive_kind, suffix_of
from harvester.readers.saved_page import (
    PROLOGUE_SIZE,
    PackedPage,
    Statement,
    own_addresses,
    plain_address,
    playback_time,
    played_back,
    saver_statements,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harvester.readers.archivebox import Snapshot
    from harvester.readers.compression import Stream


ReadItem = Capture | Skipped

_CODE = re.compile(rb"\\x(5c|[89a-f][0-9a-f])")
"""The code of a byte that is no text, or of a backslash beside one."""


@dataclass(frozen=True)
class Origin:
    """The file that captures are read from, and what is known of them all.

    A page whose address is unknown is identified by its location: the file's own address and, in a container, the
    member's name. The location does not name a listing: the saved first pages of ten searches may lie in one folder.
    Only an address does (`search?page=3`), or `listing`, which the user gives to all pages without one.
    """

    path: Path
    names: Names
    listing: str | None = None
    snapshot: Snapshot | None = None

    @cached_property
    def uri(self) -> str:
        """The file's own address."""
        return self.path.absolute().as_uri()

    @cached_property
    def file(self) -> str:
        """The file's path, as users see it."""
        return path_text(self.path)

    def place(self, name: str | None) -> str:
        """Return the address of a member of the file."""
        return f"{self.uri}#{quote(name, errors='replace')}" if name else self.uri

    def page(self, address: str | None, body: bytes, name: str | None = None, offset: int | None = None) -> ReadItem:
        """Return the capture of a saved page; `address` is the one in its name. A damaged bundle gives an error.

        What the program states that saved it counts more than its name, the page's own canonical address less.
        """
        try:
            packed = unpack(body) or PackedPage(body)
        except DamageError as damage:
            lost = f"{damage}: this page is not taken; save it again"
            return Skipped(self.place(name), Problem("error", damage.code, lost))
        statement = self._statement(packed, address, name)
        return Capture(
            statement.address or self.place(name),
            packed.body,
            captured_at=statement.captured_at or packed.captured_at,
            listing=None if statement.address else self.listing,
            file=self.file,
            offset=offset,
            media_type=packed.media_type,
            charset=packed.charset,
            http_status=packed.http_status,
            etag=packed.etag,
            last_modified=packed.last_modified,
        )

    def _statement(self, packed: PackedPage, named: str | None, name: str | None) -> Statement:
        """Return the address and time of a page. Only addresses of the sources' own pages count."""
        elsewhere = False
        for stated in self._savers(packed, name):
            address = plain_address(stated.address)
            known = self.names.address(address) if address else None
            if known:
                return Statement(known, stated.captured_at)
            elsewhere = elsewhere or address is not None
        if named:
            return Statement(named, playback_time(name or self.file))
        if not elsewhere:
            for own in map(played_back, map(Statement, own_addresses(packed.body))):
                item = self.names.item(plain_address(own.address) or "")
                if item:
                    return Statement(item, own.captured_at)
        return Statement("")

    def _savers(self, packed: PackedPage, name: str | None) -> Iterator[Statement]:
        if packed.statement:
            yield played_back(packed.statement)
        yield from saver_statements(packed.body)
        listed = self.snapshot.statement(self.path.absolute()) if self.snapshot and not name else None
        if listed:
            yield played_back(listed)

    def ignored(self, name: str | None = None) -> Skipped:
        """Return what is no page as skipped; a container inside a container gives an error."""
        if name and archive_kind(name):
            nested = "an archive in an archive is not read: unpack it and harvest it by itself"
            return self.problem("nested-archive", nested, name, error=True)
        return Skipped(self.place(name))

    def problem(self, code: str, message: str, name: str | None = None, *, error: bool = False) -> Skipped:
        """Return why something gave no capture, or what is odd about one."""
        return Skipped(self.place(name), Problem("error" if error else "warning", code, message))

    def damaged(self, damage: DamageError, name: str | None = None) -> Skipped:
        """Return where a file is damaged, and what that means."""
        lost = "what is whole is taken" if name is None else "this page is not taken"
        return self.problem(damage.code, f"{damage}: {lost}; get the file again", name, error=True)


def path_text(path: Path) -> str:
    r"""Return a path as text that can be stored: bytes that are no text become codes (`caf\xe9`), and so do `\`."""
    name = os.fsencode(path.absolute())
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.replace(b"\\", rb"\x5c").decode(errors="backslashreplace")


def path_named(text: str) -> Path:
    """Return the path that `path_text` has made into text; a name may also contain such a code itself."""
    path = Path(text)
    if path.exists() or "\\x" not in text:
        return path
    return Path(os.fsdecode(_CODE.sub(lambda code: bytes([int(code[1], 16)]), os.fsencode(text))))


def states_page(path: Path, names: Names) -> bool:
    """Return whether an HTML file is a page that its name does not show, as HTTrack numbers them."""
    if suffix_of(path.name) not in (".html", ".htm"):
        return False
    try:
        with path.open("rb") as file:
            statements = [*saver_statements(file.read(PROLOGUE_SIZE))]
    except OSError:  # its name does not show that it is wanted
        return False
    addresses = [plain_address(played_back(statement).address) for statement in statements]
    return any(address and names.address(address) for address in addresses)


def read_page(stream: Stream, origin: Origin) -> ReadItem:
    """Read a saved page, compressed or not."""
    name = os.fsencode(origin.path.absolute()).decode(errors="replace")
    return origin.page(origin.names.find(PACKED.sub("", name))[1], read_body(stream))


def read_body(stream: Stream, size: int = sys.maxsize) -> bytes:
    """Return the bytes of a saved page, at most `size`.

    Of a page that is too large, only one byte more than the limit is read; what is packed with pictures may be larger.
    """
    body = stream.read(min(size, MAX_BYTES + 1))
    if len(body) <= MAX_BYTES or not is_bundle(body):
        return body
    pieces, left = [body], min(size, MAX_BUNDLE + 1) - len(body)
    while left > 0 and (piece := stream.read(min(left, MAX_BYTES))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)

"""What every reader yields, and where it was read from."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from harvester.model import MAX_BYTES, Capture, Problem, Skipped
from harvester.readers.filenames import PACKED, Names, archive_kind

if TYPE_CHECKING:
    from harvester.readers.compression import Stream
    from harvester.readers.damage import DamageError


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

    def page(self, address: str | None, body: bytes, name: str | None = None, offset: int | None = None) -> Capture:
        """Return the capture of a page."""
        listing = None if address else self.listing
        return Capture(address or self.place(name), body, listing=listing, file=self.file, offset=offset)

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


def read_page(stream: Stream, origin: Origin) -> Capture:
    """Read a saved page, compressed or not. Of a page that is too large, only one byte more than the limit is read."""
    name = os.fsencode(origin.path.absolute()).decode(errors="replace")
    return origin.page(origin.names.find(PACKED.sub("", name))[1], stream.read(MAX_BYTES + 1))

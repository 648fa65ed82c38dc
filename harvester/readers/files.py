"""What every reader gives, and single saved pages."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from harvester.capture import MAX_BYTES, Capture
from harvester.pages.page import Problem
from harvester.readers.names import PACKED, Names, archive_kind

if TYPE_CHECKING:
    from harvester.readers.damage import DamageError
    from harvester.readers.stream import Stream


@dataclass(frozen=True)
class PassedOver:
    """Something in a target that gave no capture: `problem` says why, None if its name shows that it is no page."""

    uri: str
    problem: Problem | None = None


Found = Capture | PassedOver

_CODE = re.compile(rb"\\x(5c|[89a-f][0-9a-f])")
"""What stands for a byte that is no text, or for a backslash beside one."""


@dataclass(frozen=True)
class Origin:
    """The file that captures are read from, and what is known of them all.

    A page whose address nothing tells is known by its place: the file's own address and, in an archive, the member's
    name. It does not name a listing: that the saved first pages of ten searches lie in one folder is no proof that
    they are one. Only an address does (`search?page=3`), or `listing`, which the user gives to all without one.
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
        """The file's path, for people."""
        return path_text(self.path)

    def place(self, name: str | None) -> str:
        """Give the address of a member of the file."""
        return f"{self.uri}#{quote(name, errors='replace')}" if name else self.uri

    def page(self, address: str | None, body: bytes, name: str | None = None, offset: int | None = None) -> Capture:
        """Make a capture of a page."""
        listing = None if address else self.listing
        return Capture(address or self.place(name), body, listing=listing, file=self.file, offset=offset)

    def ignored(self, name: str | None = None) -> PassedOver:
        """Count what is no page; of an archive in an archive it must be said."""
        if name and archive_kind(name):
            nested = "an archive in an archive is not read: unpack it and harvest it by itself"
            return self.problem("nested-archive", nested, name, error=True)
        return PassedOver(self.place(name))

    def problem(self, code: str, message: str, name: str | None = None, *, error: bool = False) -> PassedOver:
        """Say why something gave no capture, or what is odd about one."""
        return PassedOver(self.place(name), Problem("error" if error else "warning", code, message))

    def damaged(self, damage: DamageError, name: str | None = None) -> PassedOver:
        """Say where a file is damaged, and what that means."""
        lost = "what is whole is taken" if name is None else "this page is not taken"
        return self.problem(damage.code, f"{damage}: {lost}; get the file again", name, error=True)


def path_text(path: Path) -> str:
    r"""Return a path as text that can be kept; where bytes are no text they become codes (`caf\xe9`), and so do `\`."""
    name = os.fsencode(path.absolute())
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.replace(b"\\", rb"\x5c").decode(errors="backslashreplace")


def path_named(text: str) -> Path:
    """Return the path that `path_text` has made a text of; a name may also hold such a code by itself."""
    path = Path(text)
    if path.exists() or "\\x" not in text:
        return path
    return Path(os.fsdecode(_CODE.sub(lambda code: bytes([int(code[1], 16)]), os.fsencode(text))))


def read_page(stream: Stream, origin: Origin) -> Capture:
    """Read a saved page, packed or not. Of one that is too large no more is read than shows it."""
    name = os.fsencode(origin.path.absolute()).decode(errors="replace")
    return origin.page(origin.names.find(PACKED.sub("", name))[1], stream.read(MAX_BYTES + 1))

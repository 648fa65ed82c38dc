"""Saved pages as files and folders."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harvester.capture import MAX_BYTES, Capture
from harvester.pages.page import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE_SUFFIXES = frozenset({".txt"})
"""Files of a folder that are taken for pages; a file that is named itself is read whatever it is called."""


@dataclass(frozen=True)
class PassedOver:
    """Something in a target that gave no capture: `problem` says why, None if its name shows that it is no page."""

    uri: str
    problem: Problem | None = None


def pages_below(target: Path) -> Iterator[tuple[Path, bool]]:
    """Give each file of a target in a fixed order, and whether it is to be read."""
    if not target.is_dir():
        yield target, True
        return
    for folder, folders, files in os.walk(target):
        folders.sort()
        for path in (target.__class__(folder, name) for name in sorted(files)):
            yield path, path.suffix.lower() in PAGE_SUFFIXES and path.is_file()


def read_file(path: Path, listing: str | None = None) -> Capture | PassedOver:
    """Make a capture of a file. Of a file that is too large no more is read than shows it."""
    uri = path.absolute().as_uri()
    try:
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"cannot be read ({error.strerror}): check its permissions"
        return PassedOver(uri, Problem("error", "unreadable", message))
    return Capture(uri, body, listing=listing, file=str(path.absolute()))


def read_targets(targets: list[Path], listing: str | None = None) -> Iterator[Capture | PassedOver]:
    """Make captures of all that is in files and folders, one at a time."""
    for target in targets:
        for path, wanted in pages_below(target):
            yield read_file(path, listing) if wanted else PassedOver(path.absolute().as_uri())

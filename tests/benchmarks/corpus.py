"""Makes the pages of a whole archive, as the public mirror has them: two tar.zst files, or folders."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from backports.zstd import tarfile as zstd_tarfile

from tests.support.archive_pages import document_page, listing_page, make_items

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.archive_pages import Item

PAGE = 10
WHOLE = 16_756
"""Documents of the archive when its mirror was made."""


def items_of(documents: int) -> list[Item]:
    """Make the archive's items."""
    return make_items(documents, seed=1)


def listings(items: list[Item]) -> Iterator[tuple[str, bytes]]:
    """Yield every listing page with its name in the mirror."""
    for first in range(0, len(items), PAGE):
        body = listing_page(items[first : first + PAGE], first + 1, len(items))
        yield f"search-results/search?page={first // PAGE}", body


def documents(items: list[Item]) -> Iterator[tuple[str, bytes]]:
    """Yield every document page with its name in the mirror."""
    for item in items:
        yield f"documents/document/{item.slug}", document_page(item)


def write_archive(path: Path, members: Iterator[tuple[str, bytes]]) -> None:
    """Write a tar.zst, member by member."""
    with zstd_tarfile.open(path, "w:zst") as archive:
        for name, body in members:
            member = zstd_tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))


def write_folder(folder: Path, members: Iterator[tuple[str, bytes]]) -> None:
    """Write pages as single files."""
    for name, body in members:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


def make(folder: Path, count: int, *, folders: bool = False) -> None:
    """Make the corpus of so many documents in a folder, if it is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    items = items_of(count)
    for name, pages in (("search-results", listings), ("documents", documents)):
        if not (folder / f"{name}.tar.zst").exists():
            part = folder / f"{name}.part"
            write_archive(part, pages(items))
            part.rename(folder / f"{name}.tar.zst")
        if folders and not (folder / name).exists():
            write_folder(folder, pages(items))

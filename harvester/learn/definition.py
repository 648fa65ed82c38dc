"""Makes the definition of an archive from saved pages, and proves it by reading the same pages with it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harvester.learn.archive import archive_of
from harvester.learn.confirm import ONE_PAGE, doubts_of, same_words
from harvester.learn.learner import learn_page
from harvester.learn.writer import write
from harvester.model import Listing
from harvester.parsers.html.page_bytes import HtmlBytes, is_html
from harvester.parsers.parse import parse
from harvester.registry import load_definition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harvester.learn.learner import Learned
    from harvester.learn.writer import Selected
    from harvester.model import Capture, Page


_WAYS: tuple[Selected, ...] = ("nothing", "blocks", "fields")
"""The simplest first: of definitions that read the same it is taken."""


@dataclass(frozen=True)
class Definition:
    """A definition as text, the pages as it reads them, and what speaks against it; nothing does if it is verified."""

    text: str
    pages: tuple[Learned, ...]
    read: tuple[Page, ...]
    doubts: tuple[str, ...]

    @property
    def agreement(self) -> float:
        """How many of the titles and dates that were seen are read, in tenths of all records."""
        records = [record for page in self.pages for record in page.records]
        read = [record for page in self.read if isinstance(page, Listing) for record in page.records]
        if len(read) != len(records):
            return 0.0
        right = sum(
            2 * same_words(record.title, seen.title) + _same_date(record.date.text, seen.date)
            for record, seen in zip(read, records, strict=True)
            if seen.title
        )
        return round(right / max(1, len(records)), 1)

    @property
    def verified(self) -> bool:
        """Whether two pages confirm it."""
        return not self.doubts


def learn(captures: Sequence[Capture], name: str, address: str = "") -> Definition | None:
    """Return the definition that pages of one listing teach; None if the first is no listing that convinces.

    `address`: where the archive is, if the pages do not state it.
    """
    pages = [page for capture in captures if (page := _learned(capture)) is not None]
    if not pages or not pages[0].verdict.convinced or len(pages) < len(captures):
        return None
    best = _best(pages, captures, name, address)
    for other in (_spelled_out, _silent):
        if best is None or isinstance(best.read[0], Listing):
            break
        pages = [other(page) for page in pages]  # what it declares is not read as a line
        best = min(filter(None, (best, _best(pages, captures, name, address))), key=_weight)
    return best


def _spelled_out(page: Learned) -> Learned:
    """Return a page whose line is written with placeholders: `range` reads fewer words than are known here."""
    return replace(page, declared=page.declared and replace(page.declared, known_words=False))


def _silent(page: Learned) -> Learned:
    """Return a page as one that declares nothing."""
    return replace(page, declared=None)


def _best(pages: Sequence[Learned], captures: Sequence[Capture], name: str, address: str) -> Definition | None:
    """Return the definition against which least speaks, of those the one that reads most, and the simplest."""
    found = [_tried(pages, captures, name, address, selected) for selected in _WAYS]
    return min(filter(None, found), key=_weight, default=None)


def _weight(definition: Definition) -> tuple[int, float]:
    return len(definition.doubts), -definition.agreement


def _learned(capture: Capture) -> Learned | None:
    if not is_html(capture):
        return None
    return learn_page(HtmlBytes(capture).in_utf8[0], capture.uri if capture.uri.startswith("http") else "")


def _tried(
    pages: Sequence[Learned], captures: Sequence[Capture], name: str, address: str, selected: Selected
) -> Definition | None:
    """Return the definition whose blocks and fields are selected, or else read by structure; None if it is none."""
    archive = archive_of(pages, address)
    if not archive.items:
        return None

    def written(doubts: Sequence[str]) -> str:
        return write(pages, archive, title=_title(pages[0], name), doubts=doubts, selected=selected)

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"{name}.toml")
        file.write_text(written([ONE_PAGE]), encoding="utf-8")
        source = load_definition(file)
    read = tuple(parse(capture, source) for capture in captures)
    doubts = doubts_of(pages, read)
    return Definition(written(doubts), tuple(pages), read, tuple(doubts))


def _same_date(read: str | None, seen: str | None) -> bool:
    """Return whether a date that was seen is read; what is read besides is welcome."""
    return seen is None or (read is not None and read in seen)


def _title(page: Learned, name: str) -> str:
    """Return the archive's name as the page's title has it: its last part, after the name of the listing."""
    title = next((page.tree.text(at) for at, one in enumerate(page.tree.elements[:200]) if one.tag == "title"), "")
    return " ".join(filter(str.isprintable, title.split("|")[-1].split())) or name

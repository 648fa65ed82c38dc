"""Makes the definition of an archive from saved pages, and proves it by reading the same pages with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from harvester.learn.archive import archive_of
from harvester.learn.confirm import LARGE, ONE_PAGE, agreement, doubts_of, read_by
from harvester.learn.learner import learn_page
from harvester.learn.platform import short_definition
from harvester.learn.rows import Rows
from harvester.learn.selectors import fields_of
from harvester.learn.writer import BY_COUNTRY, date_order_by, write
from harvester.model import Listing
from harvester.parsers.html.page_bytes import HtmlBytes, is_html

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harvester.learn.archive import Archive
    from harvester.learn.learner import Learned
    from harvester.learn.rows import Place
    from harvester.learn.selectors import Fields
    from harvester.learn.writer import Selected
    from harvester.model import Capture, Page
    from harvester.parsers.html.forms import EngineChoice


_LONGEST_TITLE = 80
_SMALL = 64_000
"""Bytes of a page that the reference engine reads in no time."""


@dataclass(frozen=True)
class Definition:
    """A definition as text, the pages as it reads them, and what speaks against it; nothing does if it is verified.

    `platform`: the software that it names instead of saying how pages are read, if it does.
    """

    text: str
    pages: tuple[Learned, ...]
    read: tuple[Page, ...]
    doubts: tuple[str, ...]
    agreement: float
    platform: str | None = None

    @property
    def verified(self) -> bool:
        """Whether two pages confirm it."""
        return not self.doubts


def learn(captures: Sequence[Capture], name: str, address: str = "") -> Definition | None:
    """Return the definition that pages of one listing teach; None if the first is no listing that convinces.

    `address`: where the archive is, if the pages do not state it.
    """
    pages = [page for capture in captures if (page := _learned(capture)) is not None]
    if not pages or len(pages) < len(captures):
        return None
    pages = [page.without_links_of([*pages[:at], *pages[at + 1 :]]) for at, page in enumerate(pages)]
    archive = archive_of(pages, address, [capture.uri for capture in captures])
    short = short_definition(pages, captures, archive, name=name, title=_title(pages[0], name))
    if short:
        return Definition(short.text, tuple(pages), short.read, short.doubts, 1, short.platform)
    if not pages[0].verdict.convinced:
        return None
    best = _best(_Attempt(tuple(pages), tuple(captures), archive, name))
    for other in (_spelled_out, _silent):
        if best is None or isinstance(best.read[0], Listing):
            break
        pages = [other(page) for page in pages]  # what it declares is not read as a line
        again = _best(_Attempt(tuple(pages), tuple(captures), archive, name))
        best = min(filter(None, (best, again)), key=_weight)
    return best


def _spelled_out(page: Learned) -> Learned:
    """Return a page whose line is written with placeholders: `range` reads fewer words than are known here."""
    return replace(page, declared=page.declared and replace(page.declared, known_words=False))


def _silent(page: Learned) -> Learned:
    """Return a page as one that declares nothing."""
    return replace(page, declared=None, unread=page.declared or page.unread)


@dataclass(frozen=True)
class _Attempt:
    """Pages for which definitions are tried."""

    pages: tuple[Learned, ...]
    captures: tuple[Capture, ...]
    archive: Archive
    name: str

    def placed(self) -> tuple[Place, Fields] | None:
        """Return where the records of all pages begin, and their fields there; None if no place is found."""
        found: dict[str, tuple[Place, list[Rows]]] = {}
        for place in self._places():
            best = found.get(place.kind)
            if best and not any(rows.others for rows in best[1]):
                continue  # of one kind the first is as good as the others
            rows = [one for page in self.pages if (one := page.found_at(place))]
            fewer = best is None or sum(one.others for one in rows) < sum(one.others for one in best[1])
            if len(rows) == len(self.pages) and fewer:
                found[place.kind] = (place, rows)
        several = [(place, self._fields(rows)) for place, rows in found.values()]
        return max(several, key=lambda one: (one[1].edges, one[1].filled), default=None)

    def _fields(self, rows: Sequence[Rows]) -> Fields:
        """Return what is seen in the records of all pages; of one page it is known if they are in the same tree."""
        if len(rows) == 1 and rows[0].tree is self.pages[0].tree and self.archive.items:
            return replace(self.pages[0].fields, pages=tuple(rows))
        return fields_of(rows, keyed=not self.archive.items)

    def _places(self) -> Iterator[Place]:
        """Yield the places of each page, then two together: pages of different times may differ."""
        yield from dict.fromkeys(place for page in self.pages for place in page.places)
        for one, other in product(self.pages[0].places, self.pages[-1].places):
            if one.spans == other.spans and one.selector != other.selector:
                yield replace(one, selector=f"{one.selector}, {other.selector}")

    def written(
        self, selected: Selected, place: Place | None, fields: Fields, engine: EngineChoice
    ) -> Definition | None:
        """Return the definition whose blocks and fields are selected, or else read by structure; None if it is none."""

        def text(doubts: Sequence[str]) -> str:
            title = _title(self.pages[0], self.name)
            return write(self.pages, self.archive, fields, title=title, doubts=doubts, selected=selected, place=place)

        read = read_by(text([ONE_PAGE]), self.name, self.captures, engine)
        if not read:
            return None
        doubts = doubts_of(self.pages, fields, read)
        order, why = date_order_by(self.pages, self.archive, fields)
        if order and why == BY_COUNTRY:
            doubts.append("no page shows whether days or months stand first: compare a date with the archive")
        return Definition(text(doubts), self.pages, read, tuple(doubts), agreement(fields, read))


def _best(attempt: _Attempt) -> Definition | None:
    """Return the definition that reads most of what is seen, of those the one against which least speaks.

    The simplest are tried first, until one reads everything. Larger pages are read with the fast engine only, and once
    more by the best definition as harvests read them, unless they are so large that this would take seconds.
    """
    placed = attempt.placed()
    fields = placed[1] if placed else fields_of([Rows(page.tree, page.group, ()) for page in attempt.pages])
    found: list[tuple[Definition, Selected]] = []
    size = max(len(capture.body) for capture in attempt.captures)
    ways: list[Selected] = ["nothing", "fields", "blocks"] if placed else ["nothing"]
    if size > LARGE:
        ways = ways[:2]  # a third reading would take another second
    if not attempt.archive.items:  # then records are known by a field only
        stated = attempt.pages[0].declared or fields.date
        ways = ["fields"] if placed and fields.key and fields.title and stated else []
    for selected in ways:
        one = attempt.written(selected, placed and placed[0], fields, "auto" if size <= _SMALL else "fast")
        found += [(one, selected)] if one else []
        if one and one.agreement >= 1 and set(one.doubts) <= {ONE_PAGE}:
            break
    if not found:
        return None
    best, selected = min(found, key=lambda one: _weight(one[0]))
    if set(best.doubts) <= {ONE_PAGE} or not _SMALL < size <= LARGE:
        return best
    return attempt.written(selected, placed and placed[0], fields, "auto")


def _weight(definition: Definition) -> tuple[float, int]:
    return -round(definition.agreement, 2), len(definition.doubts)


def _learned(capture: Capture) -> Learned | None:
    if not is_html(capture):
        return None
    return learn_page(HtmlBytes(capture).in_utf8[0], capture.uri if capture.uri.startswith("http") else "")


def _title(page: Learned, name: str) -> str:
    """Return the archive's name as the page's title has it: its last part, after the name of the listing."""
    title = next((page.tree.text(at) for at, one in enumerate(page.tree.elements[:200]) if one.tag == "title"), "")
    return " ".join(filter(str.isprintable, title.split("|")[-1].split()))[:_LONGEST_TITLE] or name

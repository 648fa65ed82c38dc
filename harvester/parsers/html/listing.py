"""Reads an HTML page of a listing: its records become the same blocks as those of a text, for the same grammar."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from stringzilla import find

from harvester.model import Listing, Record, Refused
from harvester.parsers import page_problems
from harvester.parsers.dates import looks_like_date, may_be_date, read_date
from harvester.parsers.grammar import date_place, read_linked
from harvester.parsers.html.page_bytes import container_of, open_elements
from harvester.parsers.html.record_blocks import Window, find_blocks
from harvester.parsers.html.text import LINK, labelled_parts, line_of, parts_of
from harvester.parsers.range_lines import SINGLE, as_limited, plain_spaces, read_range
from harvester.urls import canonical, host_of, listing_of, next_address, page_number, read_link

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harvester.model import Capture, Problem
    from harvester.parsers.grammar import DatePlace
    from harvester.parsers.html.engines import Engine, Node
    from harvester.parsers.html.record_blocks import RecordBlock
    from harvester.parsers.html.selected_records import SelectedRecords
    from harvester.parsers.html.text import Part
    from harvester.parsers.range_lines import Range
    from harvester.source import DateOrder, HtmlListing, Source


MOST_RANGES = 8
"""Range lines that are tried; sites print theirs once or twice."""
MOST_LINES = 1000
"""Lines from the beginning of a page, and from its end, that may state what it shows."""
_BORDER = re.compile(r"[\t\n]")
_NUMBERED_LINE = re.compile(r"[\t\n](?=[^\t\n0-9]{0,300}[0-9])")
_NEAR = 40
"""Characters around the end marker in which the borders of its line must be."""


class ListingReader:
    """Reads one page, parsed by one engine, as a listing. `whole`: the page shows its own end."""

    def __init__(self, engine: Engine, root: Node, form: HtmlListing, source: Source, *, whole: bool) -> None:
        self._engine, self._root, self._form, self._source, self._whole = engine, root, form, source, whole
        self._text = "\t" + engine.text(root)
        self._selected = _selected_records(engine, root, form, source) if form.selectors else None

    def read(self) -> Listing | Refused:
        """Return the page; `Refused` if it is not a listing."""
        if self._form.range_in_text:
            return self._read_ranged()
        found = self._find(Window(self._text, 0, len(self._text)), None)
        page = self._listing(found, None, whole=self._whole) if found else self._nothing("no-records")
        return replace(page, heading=self._heading()) if isinstance(page, Listing) else page

    def _next_page(self) -> str | None:
        """Return the first link to the next page as it is written, if the archive's pages are known by these only."""
        selector = self._source.pager.next if self._source.pager else None
        nodes = self._engine.select(self._root, selector) if selector else []
        links = (self._engine.attribute(node, "href").strip() for node in nodes)
        return next((link for link in links if link and not link.startswith("#")), None)

    def _read_ranged(self) -> Listing | Refused:
        """Return the reading by the first range line with as many records after it as it declares, else with any."""
        other: Listing | Refused | None = None
        # Lines that state a range first: a total may also stand above it.
        found = _ranges(self._text, self._form)
        for stated, start in sorted(found, key=lambda one: one[0] is not None and one[0].first is None):
            page = self._read_range(stated, start)
            if page_problems.fits(page):
                return page
            other = page if other is None or isinstance(other, Refused) else other
        return other or self._nothing("no-range-line")

    def _read_range(self, stated: Range | None, start: int) -> Listing | Refused:
        if stated is None or not stated.possible:
            message = "no page can be what its range line says"
            return Refused("range-impossible", message, self._line_before(start), self._form.name)
        stated = as_limited(stated, plain_spaces(self._text).replace("\n", "\t").split("\t"))
        end = self._end(start)
        window = Window(self._text, start, len(self._text) if end is None else end)
        found = [] if stated.size == 0 else self._find(window, stated.size)
        if stated.size is None and not found:  # the line may stand behind the records
            found = self._find(Window(self._text, 0, len(self._text)), None)
        if stated.size != 0 and not found:
            return self._nothing("no-records", self._line_before(start))
        return self._listing(found, stated, whole=self._whole or end is not None)

    def _end(self, start: int) -> int | None:
        """Return the position of the first end marker after a range line; None without one."""
        words = self._form.ends_at or ""
        place = self._text.find(words, start) if words else -1
        while place >= 0:
            before = self._text[max(0, place - _NEAR) : place].rstrip(f" {LINK}")
            behind = self._text[place + len(words) : place + len(words) + _NEAR].lstrip(" ")
            if before[-1:] in ("\t", "\n") and behind[:1] in ("", "\t", "\n"):
                return place
            place = self._text.find(words, place + 1)
        return None

    def _find(self, window: Window, count: int | None) -> list[RecordBlock]:
        if self._selected:
            return self._selected.rows
        return find_blocks(self._engine, self._root, window, self._source, count)

    def _listing(self, found: Sequence[RecordBlock], stated: Range | None, *, whole: bool) -> Listing:
        """Return the listing of these blocks. Unless `whole`, nothing proves that its last record is complete."""
        form = self._form
        whole = whole or self._closes(found)
        first = (stated and stated.first) or 1
        records = tuple(record for _, record in self._records(found, first, whole=whole))
        unread = [
            (first + at, line_of(self._engine.text(one.block))) for at, one in enumerate(found) if not one.address
        ]
        problems = (*page_problems.of_dates(records), *page_problems.of_rows(unread))
        problems += (*page_problems.of_left_out(self._selected.left_out if self._selected else 0),)
        problems += (*self._of_end(records, len(found), stated, whole=whole),)
        page = Listing(form.name, records, problems=problems, next_page=self._next_page())
        if stated is None:
            return page
        return replace(
            page,
            first=stated.first,
            last=stated.last,
            declared_total=stated.total,
            total_kind=stated.kind,
            declared_pages=stated.pages,
        )

    def _records(self, found: Sequence[RecordBlock], first: int, *, whole: bool) -> list[tuple[int, Record]]:
        """Return the records of blocks; one without a date is read again with the position of the others' dates."""
        order, last = self._source.date_order, None if whole else len(found) - 1
        if self._selected and self._selected.reads_fields:
            read, rows = self._selected.read, enumerate(found)
            return [(at, read(one, first + at, cut=at == last)) for at, one in rows if one.address]
        texts = [self._engine.text(one.block) for one in found]

        def record(at: int, place: DatePlace | None = None) -> Record:
            cut = at == last
            return read_record(texts[at], found[at], self._form, first + at, cut=cut, order=order, place=place)

        records = [(at, record(at)) for at, one in enumerate(found) if one.address]
        dated = [at for at, one in records if one.date.text]
        if not 0 < len(dated) < len(records):
            return records
        place = next(filter(None, (place_of_date(texts[at], found[at], self._form) for at in dated)), None)
        return [(at, one if one.date.text else record(at, place)) for at, one in records]

    def _of_end(self, records: Sequence[Record], rows: int, stated: Range | None, *, whole: bool) -> Iterator[Problem]:
        yield from page_problems.of_end(records[-1].position if records else None, proven=whole, cut=not whole)
        if stated is not None:
            yield from page_problems.of_count(stated, rows)

    def _closes(self, found: Sequence[RecordBlock]) -> bool:
        """Return whether the element around the records is closed where the page ends."""
        still_open = open_elements(self._engine, self._root)
        if still_open is None or not found:
            return False
        container = container_of(self._engine, [one.block for one in found])
        return container is not None and self._engine.key(container) not in self._engine.keys(still_open)

    def _line_before(self, end: int) -> str:
        """Return the range line that ends here."""
        return re.split(r"[\t\n]", self._text[:end].rstrip())[-1].replace(LINK, "").strip()[:200]

    def _nothing(self, code: str, extract: str = "") -> Listing | Refused:
        return _nothing(self._text, self._form, code, extract)

    def _heading(self) -> str | None:
        nodes = self._engine.select(self._root, self._form.heading) if self._form.heading else []
        return next(filter(None, (line_of(self._engine.text(node)) for node in nodes)), None)


def _selected_records(engine: Engine, root: Node, form: HtmlListing, source: Source) -> SelectedRecords:
    from harvester.parsers.html.selected_records import SelectedRecords  # only definitions select records

    return SelectedRecords(engine, root, form, source)


_WHY = {
    "no-records": "the header of a listing without any record that can be read",
    "no-range-line": "no line like “711 - 720 of 1250”: not a listing, or a damaged one",
}


def refuse_by_outline(text: str, links: Sequence[str], form: HtmlListing, source: Source) -> Refused | None:
    """Return the refusal of a page by its text and its links alone; None if it may be read as a listing.

    It is the refusal that the reading would return.
    """
    text = "\t" + text
    if form.range_in_text:
        code = "" if next(_ranges(text, form), None) else "no-range-line"
    elif form.selectors or any(read_link(link, source) for link in links):
        code = ""
    else:
        code = "no-records"
    page = _nothing(text, form, code) if code else None
    return page if isinstance(page, Refused) else None


def _ranges(text: str, form: HtmlListing) -> Iterator[tuple[Range | None, int]]:
    """Yield each range line in a page's text, and where it ends."""
    text = plain_spaces(text)
    pattern, single = form.range_in_text, form.single_in_text
    for line in islice(_matching(pattern, text, _NUMBERED_LINE), MOST_RANGES) if pattern else ():
        stated = read_range(line)
        for reading in stated.readings() if stated else [None]:
            yield reading, line.end()
    lines = islice(_matching(single, text, _BORDER), MOST_RANGES) if single else ()
    yield from ((SINGLE, line.end()) for line in lines)


def _matching(pattern: re.Pattern[str], text: str, lines: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """Yield the lines of a page's text that match, of those that `lines` finds the first and the last."""
    starts = [line.start() for line in lines.finditer(text)]
    if len(starts) > 2 * MOST_LINES:
        starts[MOST_LINES:-MOST_LINES] = []
    return (found for start in starts if (found := pattern.match(text, start)))


def _nothing(text: str, form: HtmlListing, code: str, extract: str = "") -> Listing | Refused:
    """Return a refusal of a page without records, or an empty listing if the archive's own words declare one."""
    words = form.nothing_pattern
    if words and next(_matching(words, text, _BORDER), None):
        return Listing(form.name, (), declared_total=0)
    return Refused(code, _WHY[code], extract or line_of(text)[:200], form.name)


def read_record(
    text: str,
    found: RecordBlock,
    form: HtmlListing,
    position: int,
    *,
    cut: bool,
    order: DateOrder | None,
    place: DatePlace | None = None,
) -> Record:
    """Return the record of a block. `cut`: the page may be cut off in it. `place`: the position of the page's dates.

    `order`: how its archive writes dates of numbers only.
    """
    before, title, after = _around_link(text, found.link, place)
    before = _without_noise(before, form)
    more: dict[str, Any] = {}
    if form.labelled_values:
        more, after = labelled_parts(after, form.labelled, others=form.keeps_others)
        more.pop("title", None)  # the link's text is the title
    after = _without_noise(after, form)
    date, summary = read_linked(before, after, date_behind=form.date_behind_title, place=place)
    printed = read_date(more.pop("date", None) or (" ".join(date) if date else None), order)
    summary_text = "\n\n".join(map("\n".join, summary)) or None
    if cut:
        more |= {"cut": True, "open_title": not summary}
    url, slug, record_id, node_id = found.address or (None, None, None, None)
    if not more:
        return Record(position, " ".join(title), printed, summary_text, url, record_id, node_id, slug)
    keys = {"url": url, "slug": slug, "record_id": record_id, "node_id": node_id, "summary": summary_text}
    return Record(position, " ".join(title), printed, **{**keys, **more})


def place_of_date(text: str, found: RecordBlock, form: HtmlListing) -> DatePlace | None:
    """Return the position of a record's date before its title; None without one."""
    return date_place(_without_noise(_around_link(text, found.link)[0], form))


def _without_noise(parts: list[Part], form: HtmlListing) -> list[Part]:
    """Return the parts of a record without those that belong to none."""
    return [part for part in parts if len(part) > 1 or not form.is_noise(part[0])] if form.noise else parts


def _around_link(text: str, link: str, place: DatePlace | None = None) -> tuple[list[Part], Part, list[Part]]:
    """Return a record's text before its link, its title, and the text after it.

    If the link contains the whole record, the title is its first part that is not a date.
    """
    before, whole, after = text.partition(LINK + link)
    if not whole:  # a broken page, whose parser has split the link's own text
        before = ""
    inside = parts_of(link)
    if len(inside) == 1:
        return parts_of(before), inside[0], parts_of(after)
    title = next((at for at, part in enumerate(inside) if not looks_like_date(" ".join(part))), 0)
    if (
        place
        and title == 0
        and len(inside) > 1
        and may_be_date(" ".join(inside[0]))
        and place.at == len(parts_of(before))
    ):
        title = 1
    return parts_of(before) + inside[:title], inside[title], inside[title + 1 :] + parts_of(after)


_LINK = re.compile(rb"""<a\s[^<>]{0,2000}?href\s*=\s*["']?([^"'\s<>]{1,2000})""", re.IGNORECASE)


def with_way_on(page: Listing, capture: Capture, source: Source) -> Listing:
    """Return a listing's page with where it leads on to: to a later page, and to which where only its link tells."""
    if source.pager and source.pager.next:
        following = next_address(page.next_page, capture.uri, source) if page.next_page else None
        return replace(page, onward=following is not None, next_page=following)
    return replace(page, onward=links_onward(capture, source))


def links_onward(capture: Capture, source: Source) -> bool:
    """Return whether a capture of a listing's page links to a page of the same listing with a higher number."""
    listing, number = listing_of(capture.uri, source), page_number(capture.uri, source)
    if listing is None or number is None or source.pager is None:
        return False
    mark = (source.pager.page_path or f"{source.pager.parameter}=").partition("{page}")[0].encode()
    # The same pages are linked above and below the records, and the last of them is mostly a later one.
    links = reversed(dict.fromkeys(_links_with(mark, capture.body)))
    return any(_leads_behind(unescape(link.decode("utf-8", "replace")), capture.uri, number, source) for link in links)


def _links_with(mark: bytes, body: bytes) -> Iterator[bytes]:
    """Yield the addresses of links that contain a mark; the mark is searched for, because a page has many links."""
    at = find(body, mark)
    while at >= 0:
        link = _LINK.match(body, body.rfind(b"<", 0, at))
        if link and mark in link[1]:
            yield link[1]
        at = find(body, mark, max(at + 1, link.end() if link else 0))


def _leads_behind(link: str, uri: str, number: int, source: Source) -> bool:
    try:
        target = canonical(urljoin(uri, link), source)
        listing, other = listing_of(target, source), page_number(target, source)
    except ValueError:  # not an address, such as http://[
        return False
    if listing is None or other is None or other <= number or host_of(target) not in source.hosts:
        return False
    # Some pagers leave out the other parameters of the address: `?page=3` alone.
    return listing == listing_of(uri, source) or not (listing.filters or listing.text or listing.order)

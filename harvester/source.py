"""The description of an archive as frozen data. A new archive of a known kind needs only a new Source."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

_NUMBER = r"\d[\d,.]*(?:[\x20’']\d{3})*"
_OF = "(?:out of|of|von|sur|de|di|van)"
_BEFORE = (
    "about|around|approximately|approx[.]|circa|ca[.]|roughly|nearly|almost|some|~|≈|over|more than|at least|>"
    "|up to|at most|a maximum of|the first|first|ungefähr|etwa|mehr als|environ|plus de"
)
RANGE = (
    rf"(?P<first>{_NUMBER}) ?[-–—] ?(?P<last>{_NUMBER}) {_OF} ?(?:(?P<before>(?i:{_BEFORE})) ?)?"
    rf"(?P<total>{_NUMBER})(?P<after> ?[+]| or more)?"
)
"""`711 - 720 of 1250`, with or without thousands separators (also spaces), or words that qualify the total.

No-break spaces are spaces. What the words mean for the total: see `parsers/range_lines.py`.
"""

Loss = Literal["years", "one-word lines", "capitals"]
DateOrder = Literal["day-month", "month-day"]
"""How an archive writes dates of numbers only."""
CAPS: frozenset[Loss] = frozenset({"capitals"})
"""What old text extractors lose: lines wholly in capitals, a document's own title among them."""


LONGEST_NOISE = 400
"""Characters of a line that may belong to no record."""


@dataclass(frozen=True, eq=False)
class Form:
    """One form of an archive's listing pages.

    `signs`: patterns, each of which matches some whole line. `refused`: why pages of this form are never read.
    `range_line`: pattern with the groups first, last, total, perhaps before and after (words around the total).
    `single`: pattern of the line that replaces it in a listing of one record.
    `mark`: pattern at the beginning of a record's first line.
    `one_line_parts`: each line is a part of its own, without blank lines between. `heading_after`: the line before
    the listing's own name. `noise`: lines between the range line or heading and the first record.
    `ends_at`: the line after the last record. `loses`: what this form cannot show, so that its absence means nothing.
    """

    name: str
    signs: tuple[str, ...] = ()
    range_line: str | None = None
    single: str | None = None
    mark: str | None = None
    one_line_parts: bool = False
    heading_after: str | None = None
    noise: tuple[str, ...] = ()
    ends_at: str | None = None
    loses: frozenset[Loss] = frozenset()
    refused: str | None = None

    @cached_property
    def sign_patterns(self) -> tuple[re.Pattern[str], ...]:
        """The signs, compiled to match whole lines anywhere in a text."""
        return tuple(re.compile(rf"^[^\S\n]*(?:{sign})[^\S\n]*$", re.MULTILINE) for sign in self.signs)

    @cached_property
    def range_pattern(self) -> re.Pattern[str] | None:
        """The range line, compiled."""
        return re.compile(self.range_line) if self.range_line else None

    @cached_property
    def single_pattern(self) -> re.Pattern[str] | None:
        """The line of a listing of one record, compiled."""
        return re.compile(self.single) if self.single else None

    @cached_property
    def mark_pattern(self) -> re.Pattern[str] | None:
        """The record mark, compiled."""
        return re.compile(self.mark) if self.mark else None

    @cached_property
    def noise_pattern(self) -> re.Pattern[str]:
        """The noise, compiled; a pattern that never matches if there is none."""
        return re.compile("|".join(f"(?:{noise})" for noise in self.noise) or "(?!)")

    def is_noise(self, text: str) -> bool:
        """Return whether a block between header and records is no record."""
        return len(text) <= LONGEST_NOISE and self.noise_pattern.fullmatch(text) is not None


@dataclass(frozen=True, eq=False)
class Pager:
    r"""How the pages of a listing are addressed.

    `path`: the path of listings. `parameter`, `start`, `step`: the page's number in the query. `size`: records a page.
    `filters`: pattern of the parameters that narrow a listing; `text`: that of the search; `order`: that of the sort.
    `newest_first`: the value of `order` that lists new records first; without one a walk is proven by walking twice.
    `ceiling`: how many records of a listing the site shows at most; 0 if it shows them all. Without it a walk that has
    seen exactly 500, 1,000 or 10,000 records is repeated in another order before its result counts.
    `query`: parameters that the address of every page has. `page_path`: what follows the path on further pages, with
    `{page}` for the page's number, if the number is not in the query. `next`: the selector of the link to the next
    page, where addresses cannot be counted; such a page is at the listing's path or below it.
    """

    path: str
    size: int
    parameter: str = "page"
    start: int = 0
    step: int = 1
    filters: str = r"f\[\d*\]"
    text: str = "search"
    order: str = "sort"
    newest_first: str | None = None
    ceiling: int | None = None
    query: tuple[tuple[str, str], ...] = ()
    page_path: str | None = None
    next: str | None = None

    @cached_property
    def paths(self) -> str:
        """The pattern of the paths of a listing's pages, without the first slash; `page` is the group of the number."""
        first, pattern = self.path.strip("/"), re.escape(self.path.strip("/"))
        if self.next and first:
            return rf"{pattern}(?:/[^?#]*)?"
        if self.page_path is None:
            return f"{pattern}/?"
        before, _, after = self.page_path.strip("/").partition("{page}")
        further = re.escape(f"{first}/{before}".lstrip("/"))
        return rf"(?:{pattern}/?|{further}(?P<page>\d{{1,7}}){re.escape(after)}/?)"

    @cached_property
    def path_pattern(self) -> re.Pattern[str]:
        """The same, compiled for whole paths."""
        return re.compile(f"/?{self.paths}")


@dataclass(frozen=True, eq=False)
class Source:
    r"""An archive: its name, its hosts (aliases of one another) and the forms of its pages, the richest first.

    `pager` describes how its listings are walked; None if only saved pages are read.

    `addresses`: how links address its items; None if only pages without links are read.

    `paths`: patterns of its pages' addresses besides those of listings and items, from the path on and without the
    first slash. Other addresses of its hosts are no pages; without any of these, every address may be one.

    `span_days`: within how many days saved pages of a listing must have been captured for their positions to add up;
    more for an archive that no longer changes.

    `date_order`: how it writes dates of numbers only (`3/4/1950`). If it is unknown, such a date has two readings.
    `short_years`: the first of the hundred years in which its years of two digits are.

    `origin`: scheme, host and port of its addresses, if they are not https:// and the first of its hosts.

    `minimum`: what a walk of the whole archive must find, else its run is partial. `declares_nothing`: its listings
    state neither how many records nor how many pages they have. `verified`: whether its pages have proven it; without
    that no run of it is complete.
    """

    name: str
    title: str
    hosts: tuple[str, ...]
    forms: tuple[Form, ...] = field(default=())
    pager: Pager | None = None
    paths: tuple[str, ...] = ()
    addresses: Addresses | None = None
    span_days: int = 7
    date_order: DateOrder | None = None
    short_years: int | None = None
    minimum: Minimum | None = None
    declares_nothing: bool = False
    verified: bool = True
    origin: str | None = None

    def root(self, host: str | None = None) -> str:
        """Return scheme, host and port of its addresses; of those at another of its hosts: the same scheme."""
        own = self.origin or f"https://{self.hosts[0]}"
        return own if host in (None, self.hosts[0]) else f"{own.partition(':')[0]}://{host}"

    @cached_property
    def path_pattern(self) -> re.Pattern[str]:
        """The pattern of a page's address; saved files are named after addresses."""
        items = (self.addresses.path,) if self.addresses else ()
        listings = (rf"{self.pager.paths}(?:\?.*)?",) if self.pager else ()
        paths = (*items, *listings, *self.paths)
        return re.compile("|".join(f"(?:{path})" for path in paths) or ".*", re.DOTALL)

    @cached_property
    def signs(self) -> tuple[str, ...]:
        """What an HTML listing of its pages holds at least one of: a link to an item, its host, its search's path.

        Empty if records may have no links.
        """
        listings = [form.selectors for form in self.forms if isinstance(form, HtmlListing)]
        if self.addresses is None or any(selectors and selectors.key for selectors in listings):
            return ()
        return (*self.addresses.links, *self.hosts, *([self.pager.path] if self.pager else []))

    @property
    def has_paths(self) -> bool:
        """Whether pages can be recognized by their addresses."""
        return bool(self.addresses or self.pager or self.paths)

    def form(self, name: str) -> Form:
        """Return the form of that name."""
        return next(form for form in self.forms if form.name == name)


class Minimum(NamedTuple):
    """What a whole walk of an archive must find at least: records in its listing, and those with a date."""

    records: int = 0
    dated: int = 0


FIELDS = (
    *("title", "date", "summary", "archive", "archive_location", "classification", "rights", "kind", "uploaded"),
    *("credit", "record_id"),
)
"""The fields of a record that a label can state."""
FACETS = ("language", "subject", "person", "place", "contributor", "collection", "donor")
"""The facets that a label can state: they may have several values."""
LEFT_OUT = "none"
"""What a label is whose values are not kept."""
Labels = tuple[tuple[str, str], ...]
"""Pairs of a label as printed (case makes no difference) and what its value is: a field of a record, or a facet."""

COMMON_LABELS: Labels = (
    ("source", "archive_location"),
    ("original archive", "archive"),
    ("repository", "archive"),
    ("original classification", "classification"),
    ("original uploaded date", "uploaded"),
    ("record id", "record_id"),
    ("rights", "rights"),
    ("type", "kind"),
    ("date", "date"),
    ("published", "date"),
    ("published/created", "date"),
    ("summary", "summary"),
    ("document summary", "summary"),
    ("abstract", "summary"),
    ("description", "summary"),
    ("author", "contributor"),
    ("author(s)", "contributor"),
    ("creator", "contributor"),
    ("document contributors", "contributor"),
    ("contributors", "contributor"),
    ("associated places", "place"),
    ("place", "place"),
    ("subjects discussed", "subject"),
    ("associated topics", "subject"),
    ("subject", "subject"),
    ("subjects", "subject"),
    ("associated people & organizations", "person"),
    ("associated people and organizations", "person"),
    ("language", "language"),
    ("languages", "language"),
    ("donor", "donor"),
    ("donors", "donor"),
    ("collection", "collection"),
    ("collections", "collection"),
)
"""What archives call the same things; a source adds its own."""


MAIN = ((b"<main", b"</main>"), (b"<h1", b"<footer"))
"""Where most sites have what is theirs."""


@dataclass(frozen=True, eq=False)
class Addresses:
    """How an archive addresses its items.

    `links`: strings of which each link to an item contains one. `path`: pattern of an item's whole path, without the
    first slash, with the groups slug, record_id, node_id (those that exist). `file`: the same of a file, with the group
    node_id. `parameters`: the names of those in the query that identify an item, in the order in which its address is
    written here; with any, `path` goes on behind the question mark.
    """

    links: tuple[str, ...]
    path: str
    file: str | None = None
    parameters: tuple[str, ...] = ()

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern of an item's path, compiled."""
        return re.compile(self.path, re.DOTALL)

    @cached_property
    def selector(self) -> str:
        """The CSS selector of the links that may lead to items."""
        return ", ".join(f'a[href*="{part}"]' for part in self.links)


@dataclass(frozen=True, eq=False)
class HtmlForm(Form):
    """A form of HTML pages.

    `marks`: bytes of which every such page contains at least one; without any, every page may have this form.
    `slices`: pairs of bytes around everything that is read; a pair counts if each occurs exactly once (the end, from
    the start on) and no mark is outside. The first that counts is used, else the whole page.
    `labels`: the meaning of the archive's own labels, besides the common ones. `keeps_others`: the values of labels
    without a meaning are kept behind their label. `date_as`: pattern of the text of a date's element, whose groups are
    the date itself, where other words stand around it.
    """

    marks: tuple[bytes, ...] = ()
    slices: tuple[tuple[bytes, bytes], ...] = MAIN
    labels: Labels = ()
    keeps_others: bool = False
    date_as: str | None = None

    @cached_property
    def date_pattern(self) -> re.Pattern[str] | None:
        """The text of a date's element, compiled."""
        return re.compile(self.date_as) if self.date_as else None

    def date_in(self, text: str) -> str | None:
        """Return the date in the text of its element, without the words around it; None if it does not hold one."""
        if self.date_pattern is None:
            return text
        found = self.date_pattern.fullmatch(text)
        return next((date.strip() for date in found.groups() if date), None) if found else None

    @cached_property
    def labelled(self) -> dict[str, str]:
        """The labels, by their text in lower case and without a colon."""
        return {label.casefold(): field for label, field in (*COMMON_LABELS, *self.labels)}


RECORD = ":scope"
"""The selector of the record itself."""
_LINE = re.compile(r"(?P<inside>.*?)\s*::line\((?P<number>[1-9]\d?)\)")


def split_line(selector: str) -> tuple[str, int | None]:
    """Return the selector of a field, and the number of the line in what it selects, from 1 on; None for all lines."""
    found = _LINE.fullmatch(selector)
    return (found["inside"] or RECORD, int(found["number"])) if found else (selector, None)


class Selectors(NamedTuple):
    """Where the records of a listing are, by selectors: their blocks, and in each its fields.

    `spans`: a record goes on behind such an element up to the next one. `fields`: pairs of a field (or a label of the
    archive's own) and its selector; without any, a block is read as if it was found by structure. `above`: the same of
    fields that stand once above several records. `columns`: pairs of a table's header, or of a column's number from 1,
    and the field in it.
    `key`: the field that identifies records without links. `label`: labels before values in a field's element.
    """

    record: str
    fields: tuple[tuple[str, str], ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    key: str | None = None
    label: str | None = None
    spans: bool = False
    above: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class HtmlListing(HtmlForm):
    """A listing in HTML: records are the blocks around links to items, whatever their classes.

    `selectors`: where the records are, if a definition says so.

    `date_behind_title`: a date follows its title. `labelled_values`: labels with their values follow a title.
    `nothing_found`: patterns of the archive's own words for a listing without records. `heading`: selector of the
    listing's own name.
    """

    date_behind_title: bool = False
    labelled_values: bool = False
    nothing_found: tuple[str, ...] = ()
    heading: str | None = None
    selectors: Selectors | None = None

    @cached_property
    def nothing_pattern(self) -> re.Pattern[str] | None:
        """The words for a listing without records, compiled to match a whole line."""
        return _line("|".join(self.nothing_found)) if self.nothing_found else None

    @cached_property
    def range_in_text(self) -> re.Pattern[str] | None:
        """The range line, compiled to match a line of a page's text, which has tabs between blocks."""
        return _line(self.range_line) if self.range_line else None

    @cached_property
    def single_in_text(self) -> re.Pattern[str] | None:
        """The line of a listing of one record, compiled in the same way."""
        return _line(self.single) if self.single else None


@dataclass(frozen=True, eq=False)
class DocumentForm(HtmlForm):
    """The page of one document: selectors of its parts.

    `fields`: blocks of a label and its values; `label` and `value` select these inside, if they are marked.
    `summary_is_field`: the summary may stand in one of these. `panes`: transcripts and translations. `node_path`:
    pattern of the path in Drupal's settings, with the node's number; None for other software.
    """

    title: str = "h1.title"
    date: str = ".date"
    summary: str = ".summary"
    credit: str | None = None
    fields: str = "dl"
    label: str = "dt, .sub-title, h2, h3, h4, h5, h6"
    value: str = "dd, .name"
    panes: str = ".tab-pane"
    node_path: str | None = r"node/(\d{1,12})"
    summary_is_field: bool = False


def _line(pattern: str) -> re.Pattern[str]:
    # It begins with the border before it, so that it is tried only there. Any number of spaces may separate the words.
    pattern = pattern.replace(" ?", " ").replace(" ", "[ \x1f]*+")
    return re.compile(rf"[\t\n][ \x1f]*+(?:{pattern})[ \x1f]*+(?=[\t\n]|$)")

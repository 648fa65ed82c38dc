"""What is read, as frozen data: a capture, and the content of its page: a listing, a document, or a refusal."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


MAX_BYTES = 8 * 1024 * 1024
"""Largest page that is read. The largest page seen is under 200 KB; more is an attack or no page."""


@dataclass(frozen=True)
class Capture:
    """The bytes of one page.

    `uri` is the page's address on the site if it is known, else the `file:` address that it was read from.
    `captured_at` is UTC, or None if it is unknown (a file's date is no evidence).
    `body` is at most MAX_BYTES + 1 long: from the additional byte a parser sees that the page is too large.
    `file` and `offset` locate the bytes on this machine; `media_type` and `charset` are those of the HTTP header.
    `step` is the note in the harvester's own WARC files on the walk that the page was fetched for.
    """

    uri: str
    body: bytes
    captured_at: datetime | None = None
    listing: str | None = None
    file: str | None = None
    offset: int | None = None
    media_type: str | None = None
    charset: str | None = None
    http_status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    step: str | None = None

    @cached_property
    def sha256(self) -> str:
        """The hexadecimal digest of the body."""
        return hashlib.sha256(self.body).hexdigest()


Severity = Literal["notice", "warning", "error"]

REFERENCE_READING = "reference-reading"
"""Code of the notice that not the fast engine's reading was taken."""


@dataclass(frozen=True)
class Problem:
    """Something that was not read or stored as it is.

    `notice`: read correctly, but worth knowing. `warning`: read, but a person should look.
    `error`: something that was requested was not stored; the run is then partial.
    """

    severity: Severity
    code: str
    message: str
    position: int | None = None
    extract: str = ""


@dataclass(frozen=True)
class Skipped:
    """Something in a target that is no capture: `problem` is the reason, None if its name shows that it is no page."""

    uri: str
    problem: Problem | None = None


Precision = Literal["day", "month", "year", "season", "decade", "century", "span", "ambiguous", "none"]


@dataclass(frozen=True)
class PrintedDate:
    """A date as printed (`text`), as EDTF, and as the first and last day it can mean (ISO, both inclusive).

    A day is None if that end is open (`before 1956`).
    """

    text: str | None = None
    edtf: str | None = None
    first_day: str | None = None
    last_day: str | None = None
    precision: Precision = "none"

    @property
    def year(self) -> int | None:
        """The year in which it begins; the last year if the beginning is open."""
        day = self.first_day or self.last_day
        return int(day[:4]) if day else None


@dataclass(frozen=True)
class Record:
    """What a page states about one archival item.

    `position` counts from 1 in the whole listing if the page has a range line, else on the page.
    `cut` marks the record in which the page was cut off: its values are incomplete, so they fill gaps only.
    `open_title`: the page ends inside or right after the title, so the whole title may be longer.
    `archive` and the fields after it are mostly on document pages; `terms` are pairs of facet and term. `kind`: the
    archive's own word for it; `uploaded`: when it was put online; `credit`: the line that thanks a donor.
    `loses_date`: the page's form drops year-only dates, so no date means "not printed here".
    """

    position: int
    title: str
    date: PrintedDate
    summary: str | None = None
    url: str | None = None
    record_id: str | None = None
    node_id: str | None = None
    slug: str | None = None
    archive: str | None = None
    archive_location: str | None = None
    classification: str | None = None
    rights: str | None = None
    kind: str | None = None
    uploaded: str | None = None
    credit: str | None = None
    terms: tuple[tuple[str, str], ...] = ()
    cut: bool = False
    open_title: bool = False
    loses_date: bool = False


TotalKind = Literal["exact", "floor", "estimate", "ceiling"]
"""`exact`: so many; `floor`: at least so many; `estimate`: about so many; `ceiling`: the site shows no more."""


Declares = Literal["nothing", "pages", "total", "range"]
"""What a page declares of its listing: nothing, how many pages there are, only the total, or first, last and total."""


@dataclass(frozen=True)
class Listing:
    """One page of a listing. `first`, `last`, `declared_total` and `declared_pages` are None if no line states them.

    `onward`: it links to a later page of the same listing. `total_kind`: what the declared total means. `next_page`:
    the address of the next page, of a listing whose pages are known by their links only.
    """

    form: str
    records: tuple[Record, ...]
    first: int | None = None
    last: int | None = None
    declared_total: int | None = None
    heading: str | None = None
    problems: tuple[Problem, ...] = field(default=())
    onward: bool = False
    total_kind: TotalKind = "exact"
    declared_pages: int | None = None
    next_page: str | None = None


@dataclass(frozen=True)
class Text:
    """A transcript or a translation; `language` is as printed, None if the page does not state it."""

    kind: Literal["transcript", "translation"]
    language: str | None
    text: str


@dataclass(frozen=True)
class FileLink:
    """The address of a file of the document."""

    url: str
    media_type: str | None = None


@dataclass(frozen=True)
class DocumentPage:
    """The page of one document. Its record has position 1, because it is in no listing.

    A page that ends early is not `whole`: its record is `cut`, its last field and the keys in it are left out, and its
    other values, texts and files too, fill gaps only.
    """

    form: str
    record: Record
    texts: tuple[Text, ...] = ()
    files: tuple[FileLink, ...] = ()
    problems: tuple[Problem, ...] = field(default=())

    @property
    def whole(self) -> bool:
        """Whether the page shows its own end."""
        return not self.record.cut


@dataclass(frozen=True)
class Refused:
    """A page that is not read: a challenge, an error page, degraded text. Never an empty listing."""

    code: str
    message: str
    extract: str = ""
    form: str | None = None


Page = Listing | DocumentPage | Refused


@dataclass(frozen=True)
class ParsedCapture(Capture):
    """A capture that was parsed already: as in a bulk reading, where its bytes are not here, or before it is kept.

    `source` is the name of the archive that the page is of; `load_page` returns the page.
    """

    digest: str = ""
    source: str = ""
    load_page: Callable[[], Page] = field(kw_only=True)

    @property
    def sha256(self) -> str:
        """The hexadecimal digest of the body."""
        return self.digest

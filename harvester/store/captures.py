"""Captures, listings and reads: which page was had where, which were read before, and the hashes that tell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from harvester.model import DocumentPage, Listing, Refused
from harvester.parsers.parse import PARSER_VERSION
from harvester.registry import load_sources
from harvester.store.keys import plain, short_hash
from harvester.urls import host_of, listing_of
from harvester.utils import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

    from harvester.model import Capture, Page, Record
    from harvester.source import Source
    from harvester.urls import ListingAddress


_FIELD, _PART = "\x1f", "\x1e"
_DAY = (
    r"(?:\w{3,9}[ .]{1,2}\d{1,2}(?:st|nd|rd|th)?,? 20\d\d|\d{1,2}(?:st|nd|rd|th)?[ .]{1,2}\w{3,9}[ .]{1,2}20\d\d"
    r"|20\d\d-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]20\d\d)"
)
_TIME = r"(?:,?(?: at|T)? ?\d{1,2}:\d\d(?::\d\d)?(?: ?[ap][.]?m[.]?)?(?: ?(?:Z|UTC|GMT))?)?"
_NUMBER = r"\d(?:[\d,.]{0,13}\d)?"
_VERBS = ("printed", "accessed", "retrieved", "generated", "downloaded", "exported", "viewed", "visited")
_OF_READING = re.compile(
    rf"\b(?:{'|'.join(_VERBS)})(?: on| at|:){{0,2}} (?:\w{{3,6}}day,? )?{_DAY}{_TIME}"
    rf"|\b(?:viewed|downloaded|visited) {_NUMBER} times?\b"
    rf"|\b{_NUMBER} (?:page ?)?(?:views?|visits|downloads)\b"
    rf"|\b(?:views?|visits|downloads|hits|view count): ?{_NUMBER}",
    re.IGNORECASE,
)
"""What a page says of its own reading. Only dates of this century: older ones are the document's own."""
_SIGNS = (*_VERBS, " views", " view:", "views:", "visits", "downloads", "hits:", "count:", "pageview")
"""One of these, in small letters, stands in all that: to look for them costs little."""
_EDGE = 1000
"""Characters at either end of a text in which that is looked for: it stands above or below what is the document's."""


@dataclass(frozen=True)
class Hashes:
    """The hash of what each record of a page says, in order, and of what the whole page says."""

    records: tuple[str, ...]
    page: str
    attached: str | None = None


def hash_page(page: Listing | DocumentPage) -> Hashes:
    """Hash a page; its bytes hold tokens that change with every request, so they tell nothing."""
    if isinstance(page, DocumentPage):
        attached = attached_hash(page)
        record = record_hash(page.record, attached)
        return Hashes((record,), short_hash(f"{page.form} {record}"), attached)
    records = tuple(record_hash(record) for record in page.records)
    places = " ".join(str(record.position) for record in page.records)
    stated = f"{page.form} {page.first} {page.last} {page.declared_total} {page.heading} {places}"
    stated += " onward" if page.onward else ""
    stated += "" if page.total_kind == "exact" else f" {page.total_kind}"
    return Hashes(records, short_hash(_PART.join((stated, *records))))


def record_hash(record: Record, attached: str | None = None) -> str:
    """Hash what a record says; `attached` is the hash of what else its page holds."""
    stated = (
        plain(record.title),
        record.date.edtf or record.date.text or "",
        stable(record.summary) if record.summary else "",
        record.url or "",
        record.slug or "",
        record.record_id or "",
        record.node_id or "",
        "cut" if record.cut else "",
    )
    if attached is None and not record.terms and not record.archive:
        return short_hash(_FIELD.join(stated))
    return short_hash(_FIELD.join((*stated, *_of_document_page(record), attached or "")))


def _of_document_page(record: Record) -> list[str]:
    values = (record.kind, record.archive, record.archive_location, record.classification, record.rights)
    more = (record.uploaded, record.credit)
    terms = [f"{facet} {plain(term)}" for facet, term in sorted(record.terms)]
    return [stable(value) if value else "" for value in (*values, *more)] + terms


def attached_hash(page: DocumentPage) -> str | None:
    """Hash the texts and files of a page; None if it has neither."""
    parts = [_FIELD.join((text.kind, text.language or "", stable(text.text))) for text in page.texts]
    parts += [file.url for file in page.files]
    return short_hash(_PART.join(parts)) if parts else None


def stable(text: str) -> str:
    """Return a text as it is compared, without what the page says of its own reading."""
    text = plain(text)
    if len(text) <= 2 * _EDGE:
        return _without_reading(text)
    return _without_reading(text[:_EDGE]) + text[_EDGE:-_EDGE] + _without_reading(text[-_EDGE:])


def _without_reading(text: str) -> str:
    lower = text.lower()
    return _OF_READING.sub("", text) if any(sign in lower for sign in _SIGNS) else text


@dataclass(frozen=True)
class KnownCapture:
    """A capture that was read before: how many records it held, why it was refused, what errors it had."""

    id: int
    records: int
    refused: str | None
    errors: int
    content_hash: str | None


@dataclass(frozen=True)
class Place:
    """Where a page's records come from: all that a statement and a sighting need besides the record."""

    source: Source
    run: int
    capture: int
    listing: int | None
    uri: str
    form: str
    host: str
    observed_at: str | None


NOT_THERE = (404, 410)
"""Answers that say that there is no such page, not only that it cannot be had now."""
_KNOWN = "SELECT id, records, refused, errors, content_hash FROM captures"
_READ_SO = "source = ? AND parser_version = ?"
_BEFORE = """SELECT id FROM captures WHERE uri = ? AND (captured_at IS NULL OR captured_at <= ?)
    ORDER BY captured_at DESC, id DESC LIMIT 1"""


def find_same_bytes(db: Database, capture: Capture, sources: Iterable[Source]) -> KnownCapture | None:
    """Find the capture that makes reading this one needless: the same bytes, read by this parser.

    A page with an address is compared only with the capture of that address before it in time: a page that has
    returned to an earlier state has changed. A page without one is known by its bytes, wherever it lies now.
    """
    find = _same_here if host_of(capture.uri) else _same_file
    return next((known for source in sources if (known := find(db, capture, source))), None)


def _same_here(db: Database, capture: Capture, source: Source) -> KnownCapture | None:
    if capture.captured_at is None:  # which of several is the newest nothing tells
        sql = f"{_KNOWN} WHERE uri = ? AND captured_at IS NULL AND sha256 = ? AND {_READ_SO} ORDER BY id DESC"
        row = db.execute(sql, (capture.uri, capture.sha256, source.name, PARSER_VERSION)).fetchone()
        return KnownCapture(*row) if row else None
    sql = f"{_KNOWN} WHERE id = ({_BEFORE}) AND sha256 = ? AND {_READ_SO}"
    values = (capture.uri, _time_of(capture), capture.sha256, source.name, PARSER_VERSION)
    row = db.execute(sql, values).fetchone()
    return KnownCapture(*row) if row else None


def _same_file(db: Database, capture: Capture, source: Source) -> KnownCapture | None:
    named = _named(capture, source)
    sql = f"""{_KNOWN} WHERE sha256 = ? AND uri LIKE 'file:%' AND {_READ_SO}
        AND (? IS NULL OR listing_id = (SELECT id FROM listings WHERE key = ?)) ORDER BY uri = ? DESC, id DESC"""
    values = (capture.sha256, source.name, PARSER_VERSION, named, named, capture.uri)
    row = db.execute(sql, values).fetchone()
    return KnownCapture(*row) if row else None


def known_capture(db: Database, capture_id: int) -> KnownCapture:
    """Give a capture that was read before."""
    return KnownCapture(*db.execute(f"{_KNOWN} WHERE id = ?", [capture_id]).fetchone())


def listing_of_capture(db: Database, capture_id: int) -> int | None:
    """Give the listing that a capture is a page of."""
    row = db.execute("SELECT listing_id FROM captures WHERE id = ?", [capture_id]).fetchone()
    return None if row[0] is None else int(row[0])


def find_same_content(db: Database, capture: Capture, content: str | None, source: Source) -> KnownCapture | None:
    """Find the capture of this address before this one in time, if what it said hashes to `content`."""
    if capture.captured_at is None:
        sql = f"{_KNOWN} WHERE uri = ? AND captured_at IS NULL AND content_hash = ? AND {_READ_SO} ORDER BY id DESC"
        row = db.execute(sql, (capture.uri, content, source.name, PARSER_VERSION)).fetchone() if content else None
    else:
        sql = f"{_KNOWN} WHERE id = ({_BEFORE}) AND {_READ_SO}"
        values = (capture.uri, _time_of(capture), source.name, PARSER_VERSION)
        row = db.execute(sql, values).fetchone() if content else None
    known = KnownCapture(*row) if row else None
    return known if known and not known.refused and known.content_hash == content else None


def keep_capture(db: Database, capture: Capture, page: Page, content: str | None, source: Source) -> int:
    """Keep a row for a capture that was read, refused or not; give its id."""
    row = {
        "uri": capture.uri,
        "source": source.name,
        "captured_at": _time_of(capture) or None,
        "sha256": capture.sha256,
        "content_hash": content,
        "parser_version": PARSER_VERSION,
        "file": capture.file,
        "offset": capture.offset,
        "etag": capture.etag,
        "last_modified": capture.last_modified,
    }
    row |= said(page, capture) | {
        "listing_id": _listing(db, capture, page, source) if isinstance(page, Listing) else None
    }
    columns, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
    return int(db.execute(f"INSERT INTO captures ({columns}) VALUES ({marks})", [*row.values()]).lastrowid or 0)


def part_readings(db: Database, capture: Capture) -> None:
    """Part a capture of a document's page from its later readings, where another one comes to lie between.

    A page that has returned to an earlier state has changed, in whatever order its captures arrive.
    """
    at = _time_of(capture)
    before = db.execute(_BEFORE, [capture.uri, at]).fetchone() if at else None
    if before is None:
        return
    later = db.execute("SELECT min(captured_at) FROM reads WHERE capture_id = ? AND captured_at > ?", [before[0], at])
    (first_at,) = later.fetchone()
    if first_at is None:
        return
    names = ", ".join(f'"{name}"' for name in db["captures"].columns_dict if name not in ("id", "captured_at"))
    sql = f"INSERT INTO captures (captured_at, {names}) SELECT ?, {names} FROM captures WHERE id = ?"
    parted = db.execute(sql, [first_at, before[0]]).lastrowid
    db.execute("UPDATE reads SET capture_id = ? WHERE capture_id = ? AND captured_at > ?", [parted, before[0], at])
    db.execute(
        """INSERT INTO statements (document_id, key, natural, form, host, own, cut, hash, content, capture_id)
        SELECT document_id, key, natural, form, host, own, cut, hash, content, ?
        FROM statements WHERE own AND capture_id = ?""",
        [parted, before[0]],
    )


def said(page: Page, capture: Capture) -> dict[str, str | int | None]:
    """Give the columns that hold what the page said; a refused page said nothing, unless that there is none."""
    if isinstance(page, Refused):
        return {"refused": page.code, "errors": capture.http_status not in NOT_THERE}
    said: dict[str, str | int | None] = {"form": page.form, "records": 1}
    if isinstance(page, Listing):
        said |= {"first": page.first, "last": page.last, "declared_total": page.declared_total}
        said["total_kind"] = None if page.declared_total is None else page.total_kind
        said["onward"] = page.onward
        said["records"] = len(page.records)
    return said | {"errors": sum(problem.severity == "error" for problem in page.problems)}


def keep_read(db: Database, run: int, capture_id: int, capture: Capture) -> None:
    """Keep that a run has read a capture."""
    sql = """INSERT INTO reads (run_id, capture_id, uri, read_at, http_status, file, offset, captured_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
    where = (capture.file, capture.offset) if capture.offset is not None else (None, None)
    values = (capture.uri, stamp(), capture.http_status, *where, _time_of(capture) or None)
    db.execute(sql, [run, capture_id, *values])


def _time_of(capture: Capture) -> str:
    return stamp(capture.captured_at) if capture.captured_at else ""


def _named(capture: Capture, source: Source) -> str | None:
    return f"{source.name}:name:{capture.listing}" if capture.listing else None


def _listing(db: Database, capture: Capture, page: Listing, source: Source) -> int:
    """Find or make the listing of a page. Without an address or a name each file is its own listing."""
    address = listing_of(capture.uri, source)
    if address:
        listing = keep_listing(db, address)
    else:
        key = _named(capture, source) or f"{source.name}:file:{capture.uri}"
        listing = _keep(db, key, source.name, capture.listing or page.heading or _file_name(capture.uri), None)
    if page.declared_total is not None:
        db.execute(
            """UPDATE listings SET declared_total = ?1, total_kind = ?3
            WHERE id = ?2 AND (declared_total, total_kind) IS NOT (?1, ?3)""",
            [page.declared_total, listing, page.total_kind],
        )
    return listing


def keep_listing(db: Database, address: ListingAddress) -> int:
    """Find or make the listing that has an address."""
    return _keep(db, address.key, address.source, address.name, address.url, whole=address.is_whole)


def _keep(db: Database, key: str, source: str, name: str, url: str | None, *, whole: bool = False) -> int:
    row = db.execute("SELECT id FROM listings WHERE key = ?", [key]).fetchone()
    if row:
        return int(row[0])
    sql = "INSERT INTO listings (key, source, name, url, whole) VALUES (?, ?, ?, ?, ?)"
    return int(db.execute(sql, [key, source, name, url, whole]).lastrowid or 0)


def keep_spans(db: Database) -> None:
    """Keep within how many days the saved pages of listings must have been captured, as their archives define it."""
    sql = "UPDATE listings SET span_days = ?1 WHERE source = ?2 AND span_days <> ?1"
    for source in load_sources().values():
        db.execute(sql, [source.span_days, source.name])


def _file_name(uri: str) -> str:
    """Give the name of a file, or of the member of an archive file."""
    parts = urlsplit(uri)
    return unquote(PurePosixPath(parts.fragment or parts.path).name)


@dataclass(frozen=True)
class Held:
    """The newest capture of an address that was taken whole; `validators` ask whether it is still so.

    `kept`: its bytes lie in a file, so that a web archive may refer to them instead of repeating them.
    """

    capture: int
    captured_at: str | None
    validators: dict[str, str]
    kept: bool


def newest_validators(db: Database, uri: str) -> Held | None:
    """Give the newest capture of an address, if it was taken and read by this parser."""
    sql = """SELECT id, captured_at, etag, last_modified, "offset", refused, errors, parser_version FROM captures
        WHERE uri = ? ORDER BY captured_at DESC, id DESC LIMIT 1"""
    row = db.execute(sql, [uri]).fetchone()
    if row is None or row[5] or row[6] or row[7] != PARSER_VERSION:
        return None
    headers = {"If-None-Match": row[2], "If-Modified-Since": row[3]}
    return Held(int(row[0]), row[1], {name: value for name, value in headers.items() if value}, row[4] is not None)

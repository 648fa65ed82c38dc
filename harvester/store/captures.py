"""Captures, listings and reads: which page was fetched from where, which pages were read before, and their hashes.

Hashes are of what pages say, not of how they print it: zero padding and white space do not matter. Neither does a
page's remark on its own use, such as "Printed on 5 May 2026" or "1,234 views": it is kept as it was first printed, and
is no change when the number grows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from stringzilla import find

from harvester.model import DocumentPage, Listing, Refused
from harvester.parsers.parse import PARSER_VERSION
from harvester.registry import load_sources
from harvester.store.keys import normalize_text, short_hash
from harvester.store.rows import insert_into
from harvester.urls import host_of, listing_of
from harvester.utils import utc_timestamp

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
_READING_NOTES = (
    rf"(?i)\b(?:{'|'.join(_VERBS)})(?: on| at|:){{0,2}} (?:\w{{3,6}}day,? )?{_DAY}{_TIME}"
    rf"|\b(?:viewed|downloaded|visited) {_NUMBER} times?\b"
    rf"|\b{_NUMBER} (?:page ?)?(?:views?|visits|downloads)\b"
    rf"|\b(?:views?|visits|downloads|hits|view count): ?{_NUMBER}"
)
"""What a page says about its own reading. Only dates of this century: older ones are the document's own.

Compiled when a page first needs it, which few do.
"""
_READING_WORDS = tuple(
    word.encode()
    for word in (*_VERBS, " views", " view:", "views:", "visits", "downloads", "hits:", "count:", "pageview")
)
"""Every such phrase contains one of these, in lower case; to look for them first is cheap."""
_DIGIT = re.compile(r"\d")
_SHORT, _LONG = 100, 500
_EDGE = 1000
"""Characters at either end of a text that may contain such phrases: they are above or below the document's own text."""


class PageHashes(NamedTuple):
    """The hash of each record of a page, in order, and of the whole page."""

    records: tuple[str, ...]
    page: str
    attached: str | None = None


def hash_page(page: Listing | DocumentPage) -> PageHashes:
    """Return the hashes of a page's content; its bytes contain tokens that change with every request."""
    if isinstance(page, DocumentPage):
        attached = attached_hash(page)
        record = record_hash(page.record, attached)
        return PageHashes((record,), short_hash(f"{page.form} {record}"), attached)
    records = tuple(record_hash(record) for record in page.records)
    places = " ".join(str(record.position) for record in page.records)
    stated = f"{page.form} {page.first} {page.last} {page.declared_total} {page.heading} {places}"
    stated += f" onward {page.next_page or ''}".rstrip() if page.onward else ""
    stated += "" if page.declared_pages is None else f" of {page.declared_pages} pages"
    stated += "" if page.total_kind == "exact" else f" {page.total_kind}"
    return PageHashes(records, short_hash(_PART.join((stated, *records))))


def record_hash(record: Record, attached: str | None = None) -> str:
    """Return the hash of a record; `attached` is the hash of the texts and files on its page."""
    stated = (
        normalize_text(record.title),
        record.date.edtf or record.date.text or "",
        comparable_text(record.summary) if record.summary else "",
        record.url or "",
        record.slug or "",
        record.record_id or "",
        record.node_id or "",
        "cut" if record.cut else "",
    )
    if attached is None and not record.terms and not record.archive:
        return short_hash(_FIELD.join(stated))
    return short_hash(_FIELD.join((*stated, *_document_page_values(record), attached or "")))


def _document_page_values(record: Record) -> list[str]:
    values = (record.kind, record.archive, record.archive_location, record.classification, record.rights)
    more = (record.uploaded, record.credit)
    terms = [
        f"{facet} {_normalized_term(term) if len(term) <= _SHORT else normalize_text(term)}"
        for facet, term in sorted(record.terms)
    ]
    return [comparable_text(value) if value else "" for value in (*values, *more)] + terms


@lru_cache(maxsize=4096)
def _normalized_term(term: str) -> str:
    return normalize_text(term)


def attached_hash(page: DocumentPage) -> str | None:
    """Return the hash of the texts and files of a page; None if it has neither."""
    parts = [_FIELD.join((text.kind, text.language or "", comparable_text(text.text))) for text in page.texts]
    parts += [file.url for file in page.files]
    return short_hash(_PART.join(parts)) if parts else None


def comparable_text(text: str) -> str:
    """Return a text for comparison: normalized, and without what the page says about its own reading."""
    return _comparable_value(text) if len(text) <= _SHORT else _comparable(text)


def _comparable(text: str) -> str:
    text = normalize_text(text)
    if len(text) <= 2 * _EDGE:
        return _without_reading_notes(text)
    if not _may_note_reading(text[:_EDGE] + text[-_EDGE:]):
        return text
    return _without_reading_notes(text[:_EDGE]) + text[_EDGE:-_EDGE] + _without_reading_notes(text[-_EDGE:])


_comparable_value = lru_cache(maxsize=4096)(_comparable)
"""Of short texts: an archive repeats its places, kinds and rights from page to page."""


def _without_reading_notes(text: str) -> str:
    return re.sub(_READING_NOTES, "", text) if _may_note_reading(text) else text


def _may_note_reading(text: str) -> bool:
    if len(text) <= _LONG and not _DIGIT.search(text):
        return False
    small = text.encode(errors="replace").lower()  # in the bytes of a long text words are found faster than digits
    return any(find(small, sign) >= 0 for sign in _READING_WORDS)


@dataclass(frozen=True)
class KnownCapture:
    """A capture that was read before: its number of records, the code of its refusal, its number of errors."""

    id: int
    records: int
    refused: str | None
    errors: int
    content_hash: str | None


@dataclass(frozen=True)
class Provenance:
    """Where a page's records come from: all that a statement or a sighting needs besides the record."""

    source: Source
    run: int
    capture: int
    listing: int | None
    uri: str
    form: str
    host: str
    observed_at: str | None


NOT_FOUND_STATUSES = (404, 410)
"""HTTP statuses that say that the page does not exist; all others may be temporary."""
_KNOWN = "SELECT id, records, refusal_code, error_count, content_hash FROM captures"
_SAME_PARSER = "source = ? AND parser_version = ?"
_BEFORE = """SELECT id FROM captures WHERE uri = ? AND (captured_at IS NULL OR captured_at <= ?)
    ORDER BY captured_at DESC, id DESC LIMIT 1"""


def find_same_bytes(db: Database, capture: Capture, sources: Iterable[Source]) -> KnownCapture | None:
    """Return the capture that makes parsing this one needless: it has the same bytes and was read by this parser.

    A page with an address is compared only with the last capture of that address before it: a page that has returned to
    an earlier state has changed. A page without an address is known by its bytes, wherever its file is.
    """
    find = _find_at_address if host_of(capture.uri) else _find_file
    return next((earlier for source in sources if (earlier := find(db, capture, source))), None)


def _find_at_address(db: Database, capture: Capture, source: Source) -> KnownCapture | None:
    if capture.captured_at is None:  # nothing shows which of several is the newest
        sql = f"{_KNOWN} WHERE uri = ? AND captured_at IS NULL AND sha256 = ? AND {_SAME_PARSER} ORDER BY id DESC"
        row = db.execute(sql, (capture.uri, capture.sha256, source.name, PARSER_VERSION)).fetchone()
        return KnownCapture(*row) if row else None
    sql = f"{_KNOWN} WHERE id = ({_BEFORE}) AND sha256 = ? AND {_SAME_PARSER}"
    values = (capture.uri, _timestamp(capture), capture.sha256, source.name, PARSER_VERSION)
    row = db.execute(sql, values).fetchone()
    return KnownCapture(*row) if row else None


def _find_file(db: Database, capture: Capture, source: Source) -> KnownCapture | None:
    named = _listing_name_key(capture, source)
    sql = f"""{_KNOWN} WHERE sha256 = ? AND uri LIKE 'file:%' AND {_SAME_PARSER}
        AND (? IS NULL OR listing_id = (SELECT id FROM listings WHERE key = ?)) ORDER BY uri = ? DESC, id DESC"""
    values = (capture.sha256, source.name, PARSER_VERSION, named, named, capture.uri)
    row = db.execute(sql, values).fetchone()
    return KnownCapture(*row) if row else None


def load_capture(db: Database, capture_id: int) -> KnownCapture:
    """Return a capture that was read before."""
    return KnownCapture(*db.execute(f"{_KNOWN} WHERE id = ?", [capture_id]).fetchone())


def listing_of_capture(db: Database, capture_id: int) -> int | None:
    """Return the id of the listing that a capture is a page of, None for other pages."""
    row = db.execute("SELECT listing_id FROM captures WHERE id = ?", [capture_id]).fetchone()
    return None if row[0] is None else int(row[0])


def find_same_content(db: Database, capture: Capture, content: str | None, source: Source) -> KnownCapture | None:
    """Return the last capture of this address before this one, if its content has the hash `content`."""
    if capture.captured_at is None:
        sql = f"{_KNOWN} WHERE uri = ? AND captured_at IS NULL AND content_hash = ? AND {_SAME_PARSER} ORDER BY id DESC"
        row = db.execute(sql, (capture.uri, content, source.name, PARSER_VERSION)).fetchone() if content else None
    else:
        sql = f"{_KNOWN} WHERE id = ({_BEFORE}) AND {_SAME_PARSER}"
        values = (capture.uri, _timestamp(capture), source.name, PARSER_VERSION)
        row = db.execute(sql, values).fetchone() if content else None
    earlier = KnownCapture(*row) if row else None
    return earlier if earlier and not earlier.refused and earlier.content_hash == content else None


def find_undated_other(db: Database, capture: Capture, content: str) -> str | None:
    """Return the file of another page of an address that shows something else, if neither has a time; else None."""
    if capture.captured_at is not None:
        return None
    sql = """SELECT file FROM captures WHERE uri = ? AND captured_at IS NULL AND content_hash <> ? AND file IS NOT ?
        ORDER BY id DESC LIMIT 1"""
    row = db.execute(sql, [capture.uri, content, capture.file]).fetchone()
    return row[0] if row else None


def insert_capture(db: Database, capture: Capture, page: Page, content: str | None, source: Source) -> int:
    """Insert the row of a capture that was read, refused or not; return its id."""
    listing = page_listing(db, capture, page, source) if isinstance(page, Listing) else None
    row = capture_row(capture, page, content, source, listing)
    return int(db.execute(insert_into("captures", row), [*row.values()]).lastrowid or 0)


def capture_row(
    capture: Capture, page: Page, content: str | None, source: Source, listing: int | None
) -> dict[str, str | int | None]:
    """Return the row of a capture that was read, without its id. `content`: the hash of its page."""
    return {
        "uri": capture.uri,
        "source": source.name,
        "captured_at": _timestamp(capture) or None,
        "sha256": capture.sha256,
        "content_hash": content,
        "parser_version": PARSER_VERSION,
        "file": capture.file,
        "offset": capture.offset,
        "etag": capture.etag,
        "last_modified": capture.last_modified,
        **page_columns(page, capture),
        "listing_id": listing,
    }


def split_readings(db: Database, capture: Capture) -> None:
    """Split a document page's capture from its later readings, where a different capture lies between them in time.

    A page that has returned to an earlier state has changed, in whatever order its captures arrive.
    """
    at = _timestamp(capture)
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
        """INSERT INTO statements (document_id, key, natural_key, form, host, is_own_page, truncated, hash, content,
            capture_id)
        SELECT document_id, key, natural_key, form, host, is_own_page, truncated, hash, content, ?
        FROM statements WHERE is_own_page AND capture_id = ?""",
        [parted, before[0]],
    )


def page_columns(page: Page, capture: Capture) -> dict[str, str | int | None]:
    """Return the columns of a capture that hold its content. A refused page has none; a missing page is no error."""
    if isinstance(page, Refused):
        return {"refusal_code": page.code, "error_count": capture.http_status not in NOT_FOUND_STATUSES}
    columns: dict[str, str | int | None] = {"form": page.form, "records": 1}
    if isinstance(page, Listing):
        columns |= {"first": page.first, "last": page.last, "declared_total": page.declared_total}
        columns["total_kind"] = None if page.declared_total is None else page.total_kind
        columns["has_next_page"] = page.onward
        columns["next_page"] = page.next_page
        columns["declared_pages"] = page.declared_pages
        columns["records"] = len(page.records)
    return columns | {"error_count": sum(problem.severity == "error" for problem in page.problems)}


def insert_read(db: Database, run: int, capture_id: int, capture: Capture) -> None:
    """Write that a run has read a capture."""
    db.execute(INSERT_READ, read_row(run, capture_id, capture))


INSERT_READ = insert_into(
    "reads", ("run_id", "capture_id", "uri", "read_at", "http_status", "file", "offset", "captured_at")
)


def read_row(run: int, capture_id: int, capture: Capture) -> tuple[str | int | None, ...]:
    """Return the row that says that a run has read a capture."""
    where = (capture.file, capture.offset) if capture.offset is not None else (None, None)
    return (run, capture_id, capture.uri, utc_timestamp(), capture.http_status, *where, _timestamp(capture) or None)


def _timestamp(capture: Capture) -> str:
    return utc_timestamp(capture.captured_at) if capture.captured_at else ""


def _listing_name_key(capture: Capture, source: Source) -> str | None:
    return f"{source.name}:name:{capture.listing}" if capture.listing else None


def page_listing(db: Database, capture: Capture, page: Listing, source: Source) -> int:
    """Return the id of a page's listing; insert it if new. Without an address or a name each file is a listing."""
    address = listing_of(capture.uri, source)
    if address:
        listing = ensure_listing(db, address)
    else:
        key = _listing_name_key(capture, source) or f"{source.name}:file:{capture.uri}"
        listing = _ensure_listing(
            db, key, source.name, capture.listing or page.heading or _file_name(capture.uri), None
        )
    if page.declared_total is not None:
        db.execute(
            """UPDATE listings SET declared_total = ?1, total_kind = ?3
            WHERE id = ?2 AND (declared_total, total_kind) IS NOT (?1, ?3) AND (declared_total IS NULL OR NOT EXISTS
                (SELECT 1 FROM captures WHERE listing_id = ?2 AND declared_total IS NOT NULL AND captured_at > ?4))""",
            [page.declared_total, listing, page.total_kind, _timestamp(capture)],
        )
    return listing


def ensure_listing(db: Database, address: ListingAddress) -> int:
    """Return the id of the listing that has an address; insert it if it is new."""
    return _ensure_listing(db, address.key, address.source, address.name, address.url, whole=address.is_whole)


def _ensure_listing(db: Database, key: str, source: str, name: str, url: str | None, *, whole: bool = False) -> int:
    row = db.execute("SELECT id FROM listings WHERE key = ?", [key]).fetchone()
    if row:
        return int(row[0])
    sql = "INSERT INTO listings (key, source, name, url, is_whole_source) VALUES (?, ?, ?, ?, ?)"
    return int(db.execute(sql, [key, source, name, url, whole]).lastrowid or 0)


def update_spans(db: Database) -> None:
    """Update the number of days within which saved pages of a listing must be captured, as its source defines it."""
    sql = "UPDATE listings SET span_days = ?1 WHERE source = ?2 AND span_days <> ?1"
    for source in load_sources().values():
        db.execute(sql, [source.span_days, source.name])


def _file_name(uri: str) -> str:
    """Return the name of a file, or of a container's member."""
    parts = urlsplit(uri)
    return unquote(PurePosixPath(parts.fragment or parts.path).name)


@dataclass(frozen=True)
class Validators:
    """The newest complete capture of an address, with the headers that ask whether the page is still the same."""

    capture: int
    captured_at: str | None
    validators: dict[str, str]
    """Conditional request headers: If-None-Match, If-Modified-Since."""
    in_file: bool
    """Whether the bytes are in a WARC file, so that a new record can refer to them instead of repeating them."""


def newest_validators(db: Database, uri: str) -> Validators | None:
    """Return the newest capture of an address, if it was complete and was read by this parser."""
    sql = """SELECT id, captured_at, etag, last_modified, "offset", refusal_code, error_count, parser_version
        FROM captures
        WHERE uri = ? ORDER BY captured_at DESC, id DESC LIMIT 1"""
    row = db.execute(sql, [uri]).fetchone()
    if row is None or row[5] or row[6] or row[7] != PARSER_VERSION:
        return None
    headers = {"If-None-Match": row[2], "If-Modified-Since": row[3]}
    return Validators(
        int(row[0]), row[1], {name: value for name, value in headers.items() if value}, row[4] is not None
    )

"""Captures, listings and reads: which page was fetched from where, and which pages were read before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from harvester.model import Listing, Refused
from harvester.parsers.parse import PARSER_VERSION
from harvester.registry import load_sources
from harvester.store.rows import insert_into
from harvester.urls import host_of, listing_of
from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

    from harvester.model import Capture, Page
    from harvester.source import Source
    from harvester.urls import ListingAddress


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
    observed_at: str | None

    @cached_property
    def host(self) -> str:
        """The host of the page's address."""
        return host_of(self.uri)


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
    values = (capture.uri, timestamp_of(capture) or "", capture.sha256, source.name, PARSER_VERSION)
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
        values = (capture.uri, timestamp_of(capture) or "", source.name, PARSER_VERSION)
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
        "captured_at": timestamp_of(capture),
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
    at = timestamp_of(capture) or ""
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
    return (run, capture_id, capture.uri, utc_timestamp(), capture.http_status, *where, timestamp_of(capture))


def timestamp_of(capture: Capture) -> str | None:
    """Return when a page was captured, as UTC text; None if that is unknown."""
    return utc_timestamp(capture.captured_at) if capture.captured_at else None


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
            [page.declared_total, listing, page.total_kind, timestamp_of(capture) or ""],
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

"""The captures that web archives list, and which of them are held: those of whose address and time there is a read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from harvester.utils import utc_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlite_utils import Database

_HELD = "EXISTS (SELECT 1 FROM reads WHERE reads.captured_at = w.captured_at AND reads.uri = w.uri)"
_SCOPE = "w.web_archive = :web_archive AND w.source = :source AND w.captured_at BETWEEN :since AND :until"
_PART = " AND (:page IS NULL OR w.page = :page)"


@dataclass(frozen=True, slots=True)
class WebCapture:
    """A capture that a web archive lists; the fields are those of the table `web_captures`. A new one has the id 0."""

    id: int
    page: str
    uri: str
    original: str
    captured_at: datetime
    media_type: str | None = None
    status: int | None = None
    digest: str | None = None
    reason: str | None = None
    requested_at: str | None = None
    held: bool = False


@dataclass(frozen=True)
class Scope:
    """Which captures are meant: of which web archive and source, from when until when, perhaps of one page alone."""

    web_archive: str
    source: str
    since: datetime
    until: datetime
    page: str | None = None

    @property
    def values(self) -> dict[str, str | None]:
        """The values that SQL binds."""
        times = {"since": utc_timestamp(self.since), "until": utc_timestamp(self.until)}
        return {"web_archive": self.web_archive, "source": self.source, "page": self.page, **times}


def insert_captures(db: Database, scope: Scope, run: int, captures: Iterable[WebCapture]) -> None:
    """Insert what an index lists. It lists some captures twice, and learns more of others later."""
    sql = """INSERT INTO web_captures
        (web_archive, source, page, uri, original, captured_at, media_type, status, digest, run_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET digest = coalesce(digest, excluded.digest),
            status = coalesce(status, excluded.status), media_type = coalesce(media_type, excluded.media_type)
        WHERE (digest IS NULL AND excluded.digest IS NOT NULL) OR (status IS NULL AND excluded.status IS NOT NULL)"""
    rows = [
        (
            *(scope.web_archive, scope.source, c.page, c.uri, c.original, utc_timestamp(c.captured_at)),
            *(c.media_type, c.status, c.digest, run),
        )
        for c in captures
    ]
    db.conn.executemany(sql, rows)


def listed_pages(db: Database, scope: Scope) -> Iterator[list[WebCapture]]:
    """Yield the captures of each page that are listed, the oldest first."""
    sql = f"""SELECT id, page, uri, original, captured_at, media_type, status, digest, reason, requested_at, {_HELD}
        FROM web_captures AS w WHERE {_SCOPE}{_PART} ORDER BY page, captured_at, id"""
    rows = (_of_row(row) for row in db.execute(sql, scope.values).fetchall())
    for _, captures in groupby(rows, key=lambda capture: capture.page):
        yield list(captures)


def _of_row(row: tuple[Any, ...]) -> WebCapture:
    number, page, uri, original, at, *more = row
    return WebCapture(number, page, uri, original, datetime.fromisoformat(at), *more)


def is_held(db: Database, uri: str, at: datetime) -> bool:
    """Return whether an address was read as it was at a time."""
    sql = "SELECT 1 FROM reads WHERE captured_at = ? AND uri = ?"
    return db.execute(sql, [utc_timestamp(at), uri]).fetchone() is not None


def location_of_same(db: Database, scope: Scope, capture: WebCapture) -> tuple[str, int] | None:
    """Return the WARC file and offset of a held capture of the same page with the same digest; None without one."""
    if capture.digest is None:
        return None
    sql = """SELECT reads.file, reads.offset FROM web_captures AS w JOIN reads
        ON reads.captured_at = w.captured_at AND reads.uri = w.uri
        WHERE w.web_archive = :web_archive AND w.source = :source AND w.page = :of AND w.digest = :digest
            AND (:status IS NULL OR w.status IS NULL OR w.status = :status) AND reads.offset IS NOT NULL
        ORDER BY reads.id LIMIT 1"""
    values = {**scope.values, "of": capture.page, "digest": capture.digest, "status": capture.status}
    row = db.execute(sql, values).fetchone()
    return (str(row[0]), int(row[1])) if row else None


def set_reason(db: Database, capture: WebCapture, reason: str | None) -> None:
    """Write why a capture was not played back; None if it was."""
    sql = "UPDATE web_captures SET reason = ?, requested_at = ? WHERE id = ?"
    db.execute(sql, [reason, utc_timestamp(), capture.id])


def forget_digest(db: Database, capture: WebCapture) -> None:
    """Forget a digest that is not that of what was played back: nothing may be recognised by it."""
    db.execute("UPDATE web_captures SET digest = NULL WHERE id = ?", [capture.id])


def forget_page(db: Database, capture: WebCapture) -> None:
    """Delete what is listed of a page: it is a withdrawn document's, of which not even the address is kept."""
    db.execute("DELETE FROM web_captures WHERE page = ?", [capture.page])


def known_dialect(db: Database, web_archive: str) -> str | None:
    """Return the dialect in which the index of a web archive has answered last."""
    sql = """SELECT dialect FROM web_archive_runs WHERE web_archive = ? AND dialect IS NOT NULL
        ORDER BY run_id DESC LIMIT 1"""
    row = db.execute(sql, [web_archive]).fetchone()
    return row[0] if row else None


def known_addresses(db: Database, source: str) -> list[str]:
    """Return the addresses of a source's pages that are known: of documents, and of captures."""
    sql = """SELECT url FROM documents WHERE source = ?1 AND url IS NOT NULL AND gone_at IS NULL
        UNION SELECT uri FROM captures WHERE source = ?1 AND uri NOT LIKE 'file:%' ORDER BY 1"""
    return [row[0] for row in db.execute(sql, [source])]


def listing_totals(db: Database, source: str) -> list[tuple[str, int]]:
    """Return the address and the declared total of each listing of a source."""
    sql = "SELECT url, coalesce(declared_total, 0) FROM listings WHERE source = ? AND url IS NOT NULL ORDER BY id"
    return [(str(url), int(total)) for url, total in db.execute(sql, [source])]


@dataclass
class Verdict:
    """What a web archive lists within what was asked for, and what of that is held: never a proof of completeness.

    `reasons`: how many captures were not played back, by reason.
    """

    listed: int = 0
    pages: int = 0
    wanted: int = 0
    held: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, listed: Sequence[WebCapture], wanted: Sequence[WebCapture]) -> None:
        """Add what is listed of a page, and what of that is wanted."""
        self.listed += len(listed)
        self.pages += 1
        self.wanted += len(wanted)
        self.held += sum(capture.held for capture in wanted)
        self.reasons.update(capture.reason for capture in wanted if not capture.held and capture.reason)

    @property
    def not_playable(self) -> int:
        """How many wanted captures the web archive did not play back."""
        return self.reasons.total()

    @property
    def not_requested(self) -> int:
        """How many wanted captures were not requested yet."""
        return self.wanted - self.held - self.not_playable


def write_verdict(
    db: Database, scope: Scope, run: int, dialect: str | None, versions: str, queries: int, verdict: Verdict
) -> None:
    """Write what a run has found in a web archive."""
    row = {"run_id": run, "web_archive": scope.web_archive, "dialect": dialect, "versions": versions}
    row |= {"since": utc_timestamp(scope.since), "until": utc_timestamp(scope.until), "queries": queries}
    row |= {"listed": verdict.listed, "pages": verdict.pages, "wanted": verdict.wanted, "held": verdict.held}
    row |= {"not_playable": verdict.not_playable, "not_requested": verdict.not_requested}
    columns, marks = ", ".join(row), ", ".join("?" * len(row))
    db.execute(f"INSERT INTO web_archive_runs ({columns}) VALUES ({marks})", [*row.values()])


def load_verdict(db: Database, run: int) -> dict[str, Any]:
    """Return what a run has found in a web archive."""
    return next(iter(db.query("SELECT * FROM web_archive_runs WHERE run_id = ?", [run])))

"""The files on this machine that captures lie in: saved pages and WARC files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.errors import HarvesterError
from harvester.readers.base import path_named
from harvester.readers.compression import dictionary_of
from harvester.readers.revisits import RecordLocation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database


def files_showing(db: Database, document: int) -> list[str]:
    """Return the paths of the saved pages and WARC files that contain a document."""
    sql = """SELECT DISTINCT file FROM captures WHERE file IS NOT NULL AND (
        id IN (SELECT capture_id FROM statements WHERE document_id = ?1)
        OR id IN (SELECT capture_id FROM sightings WHERE document_id = ?1)) ORDER BY file"""
    return [row[0] for row in db.execute(sql, [document])]


def last_offset(db: Database, name: str) -> int | None:
    """Return the offset in bytes of the last record that was read from a WARC file of this name; None if none was."""
    row = db.execute('SELECT max("offset") FROM reads WHERE file LIKE ?', [f"%{name}"]).fetchone()
    return None if row[0] is None else int(row[0])


def find_record_locations(db: Database, uri: str) -> Iterator[RecordLocation]:
    """Yield the locations of captures of an address in WARC files that were read before, the newest first."""
    sql = """SELECT file, "offset" FROM captures WHERE uri = ? AND file IS NOT NULL AND "offset" IS NOT NULL
        GROUP BY file, "offset" ORDER BY max(captured_at) DESC"""
    for name, offset in db.execute(sql, [uri]).fetchall():
        path = path_named(name)
        try:
            with path.open("rb") as file:
                yield RecordLocation(path, offset, dictionary_of(file))
        except (OSError, HarvesterError):  # gone or damaged meanwhile: no longer a location
            continue

"""The members of a walked listing, and those missing: two complete walks in a row without one prove its removal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

PROOF = 2
"""Complete walks in a row that must lack a document: one may have been of a site that was being restored."""
GUARD_FROM = 10
GUARD_SHARE = 10
"""In listings of so many members or more, the removal of more than one in so many needs the user's consent."""
_SEEN = """SELECT document_id FROM walk_pages JOIN sightings USING (capture_id)
    WHERE walk_id = :walk AND document_id IS NOT NULL"""
# A sighting without a document may be of any document of its title: none of these is missing.
_UNTOLD = """SELECT documents.id FROM walk_pages JOIN sightings USING (capture_id) JOIN documents USING (title)
    WHERE walk_id = :walk AND document_id IS NULL"""


@dataclass(frozen=True)
class MissingDocument:
    """A document that two walks lack. `gone`: its removal makes it gone, unless its address, `url`, still answers."""

    document: int
    url: str | None
    gone: bool


def listing_of_walk(db: Database, walk: int) -> int:
    """Return the listing of a walk."""
    return int(db.execute("SELECT listing_id FROM walks WHERE id = ?", [walk]).fetchone()[0])


def is_late(db: Database, walk: int) -> bool:
    """Return whether a walk that began later was counted before: then this one says nothing about the present."""
    sql = """SELECT 1 FROM walks AS late JOIN walks USING (listing_id)
        WHERE late.id = ? AND walks.status = 'complete' AND walks.started_at > late.started_at"""
    return db.execute(sql, [walk]).fetchone() is not None


def count_seen(db: Database, walk: int) -> tuple[int, int]:
    """Return how many documents a walk has seen, and how many of them have a date."""
    sql = f"SELECT count(*), count(date) FROM documents WHERE id IN ({_SEEN})"
    records, dated = db.execute(sql, {"walk": walk}).fetchone()
    return int(records), int(dated)


def count_missing(db: Database, walk: int) -> int:
    """Update the members of a listing from a complete walk; return how many are missing for the first time.

    Writes only rows that are new or whose count changes.
    """
    values = {"walk": walk, "listing": listing_of_walk(db, walk)}
    update_missing = f"""UPDATE listing_members SET missed_walks = missed_walks + 1 WHERE listing_id = :listing
        AND left_at IS NULL
        AND document_id NOT IN ({_SEEN}) AND document_id NOT IN ({_UNTOLD})"""
    db.execute(update_missing, values)
    update_present = f"""INSERT INTO listing_members (listing_id, document_id)
        SELECT DISTINCT :listing, document_id FROM ({_SEEN}) WHERE true
        ON CONFLICT DO UPDATE SET missed_walks = 0, left_at = NULL WHERE missed_walks > 0"""
    db.execute(update_present, values)
    sql = "SELECT count(*) FROM listing_members WHERE listing_id = ? AND missed_walks = 1 AND left_at IS NULL"
    return int(db.execute(sql, [values["listing"]]).fetchone()[0])


def find_missing(db: Database, listing: int) -> list[MissingDocument]:
    """Return the members of a listing that enough walks lack, and whether they are gone.

    They are gone if the listing is the whole source; or, where no such listing is walked, if no other walked listing
    has them.
    """
    sql = """SELECT listing_members.document_id, documents.url, documents.gone_at IS NULL AND (listings.is_whole_source
        OR NOT EXISTS
            (SELECT 1 FROM walks JOIN listings AS whole ON whole.id = walks.listing_id
                WHERE whole.is_whole_source AND whole.source = listings.source AND walks.status = 'complete')
            AND NOT EXISTS (SELECT 1 FROM listing_members AS other WHERE other.document_id = listing_members.document_id
                AND other.listing_id <> listing_members.listing_id AND other.left_at IS NULL))
        FROM listing_members JOIN listings ON listings.id = listing_id
        JOIN documents ON documents.id = listing_members.document_id
        WHERE listing_id = ? AND missed_walks >= ? AND left_at IS NULL ORDER BY listing_members.document_id"""
    return [MissingDocument(d, url, bool(gone)) for d, url, gone in db.execute(sql, [listing, PROOF])]


def are_too_many(db: Database, listing: int, missing: list[MissingDocument]) -> bool:
    """Return whether more members are missing at once than is believed without the user's consent."""
    sql = "SELECT count(*) FROM listing_members WHERE listing_id = ? AND left_at IS NULL"
    members = int(db.execute(sql, [listing]).fetchone()[0])
    return members >= GUARD_FROM and len(missing) * GUARD_SHARE > members


def end_memberships(db: Database, listing: int, missing: list[MissingDocument], at: str) -> None:
    """End the membership of missing documents."""
    sql = "UPDATE listing_members SET left_at = ? WHERE listing_id = ? AND document_id = ?"
    db.conn.executemany(sql, [(at, listing, member.document) for member in missing])


def move_members(db: Database, gone: int, kept: int) -> None:
    """Move the memberships of a merged document to the other; where both are members, the one seen last counts."""
    sql = """INSERT INTO listing_members (listing_id, document_id, missed_walks, left_at)
        SELECT listing_id, ?, missed_walks, left_at FROM listing_members WHERE document_id = ?
        ON CONFLICT DO UPDATE SET missed_walks = excluded.missed_walks, left_at = excluded.left_at
        WHERE excluded.missed_walks < missed_walks"""
    db.execute(sql, [kept, gone])
    db.execute("DELETE FROM listing_members WHERE document_id = ?", [gone])


def last_capture(db: Database, walk: int) -> int:
    """Return the capture of the last page of a walk, which is the evidence for what is on none of its pages."""
    sql = "SELECT capture_id FROM walk_pages WHERE walk_id = ? AND capture_id IS NOT NULL ORDER BY id DESC LIMIT 1"
    row = db.execute(sql, [walk]).fetchone()
    return int(row[0]) if row else 0


_RECOUNTED = """
    SELECT walks.listing_id, count(*) FILTER (WHERE walks.id > coalesce(seen.walk, walks.id)) AS missed,
        seen.walk IS NOT NULL AS was_there
    FROM walks LEFT JOIN (
        SELECT walks.listing_id AS listing, max(walks.id) AS walk FROM walks
        JOIN walk_pages ON walk_pages.walk_id = walks.id JOIN sightings USING (capture_id)
        WHERE walks.status = 'complete' AND sightings.document_id = :document GROUP BY walks.listing_id
    ) AS seen ON seen.listing = walks.listing_id
    WHERE walks.status = 'complete' AND walks.listing_id IN (SELECT walks.listing_id FROM walks
        JOIN walk_pages ON walk_pages.walk_id = walks.id JOIN sightings USING (capture_id)
        WHERE sightings.document_id = :document
        UNION SELECT listing_id FROM listing_members WHERE document_id = :document)
    GROUP BY walks.listing_id"""


def recount_members(db: Database, documents: Iterable[int]) -> None:
    """Count again which complete walks lack these documents, because sightings have moved to other documents."""
    for document in documents:
        for listing, missed, was_there in db.execute(_RECOUNTED, {"document": document}).fetchall():
            if was_there:
                sql = """INSERT INTO listing_members (listing_id, document_id, missed_walks) VALUES (?, ?, ?)
                    ON CONFLICT DO UPDATE SET missed_walks = CASE WHEN left_at IS NULL THEN excluded.missed_walks
                        ELSE min(missed_walks, excluded.missed_walks) END,
                        left_at = CASE WHEN excluded.missed_walks = 0 THEN NULL ELSE left_at END"""
                db.execute(sql, [listing, document, missed])
            else:
                sql = "DELETE FROM listing_members WHERE listing_id = ? AND document_id = ?"
                db.execute(sql, [listing, document])

"""What a document page holds besides its fields: texts and files. The newest page of a document says what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.store.documents import Change, log_changes
from harvester.store.keys import differ

if TYPE_CHECKING:
    from sqlite_utils import Database

    from harvester.pages.page import DocumentPage
    from harvester.store.captures import Place


def keep_attached(
    db: Database, document: int, page: DocumentPage, attached: str | None, place: Place, *, new: bool
) -> bool:
    """Write a page's texts and files, unless a newer page of the document was read; say whether a text changed.

    `new`: the document is, so its first texts are no change of it.
    """
    sql = """SELECT form, coalesce(observed_at, ''), json_extract(content, '$.attached'), replaced_by OR cut, capture_id
        FROM statements WHERE document_id = ?"""
    said = db.execute(sql, [document]).fetchall()
    others = [(at, digest or "") for form, at, digest, silent, _ in said if form == place.form and not silent]
    if page.whole and (place.observed_at or "", attached or "") < max(others, default=("", "")):
        return False  # of two without a time the hash decides
    first = not any(digest and capture != place.capture for _, _, digest, _, capture in said)  # nothing was before
    changed = _write_texts(db, document, page, place.capture, first=first)
    _write_files(db, document, page, place.capture, first=first)
    if changed and not new:
        log_changes(db, place.run, document, place.observed_at, "changed", changed)
    return bool(changed)


_NEWEST = """SELECT max(coalesce(observed_at, '') || ' ' || coalesce(json_extract(content, '$.attached'), ''))
    FROM statements JOIN captures ON captures.id = capture_id
    WHERE document_id = ? AND listing_id IS NULL AND replaced_by IS NULL"""


def merge_attached(db: Database, gone: int, kept: int, place: Place) -> None:
    """Let a document that another one is merged into hold what the newest page of both holds."""
    newer = max((gone, kept), key=lambda document: (db.execute(_NEWEST, [document]).fetchone()[0] or "", -document))
    if newer == gone:
        sql = "SELECT trim(kind || ' ' || coalesce(language, '')), text FROM texts WHERE document_id = ?"
        before, after = (dict(db.execute(sql, [document]).fetchall()) for document in (kept, gone))
        fields = ((name, before.get(name), after.get(name)) for name in sorted({*before, *after}))
        log_changes(db, place.run, kept, place.observed_at, "changed", [f for f in fields if differ(f[1], f[2])])
    for table in ("texts", "files"):
        db.execute(f"DELETE FROM {table} WHERE document_id = ?", [gone + kept - newer])
        db.execute(f"UPDATE {table} SET document_id = ? WHERE document_id = ?", [kept, newer])


def _write_texts(db: Database, document: int, page: DocumentPage, capture: int, *, first: bool) -> list[Change]:
    sql = "SELECT id, kind, language, text FROM texts WHERE document_id = ?"
    rows = () if first else db.execute(sql, [document])
    held = {(kind, language): (key, text) for key, kind, language, text in rows}
    stated = {(text.kind, text.language): text.text for text in page.texts}
    if not page.whole:  # it fills gaps only
        stated |= {name: text for name, (_, text) in held.items()}
    changed: list[Change] = []
    for name in sorted(held.keys() | stated.keys(), key=str):
        before, after = held.get(name, (0, None)), stated.get(name)
        if differ(before[1], after):
            changed.append((" ".join(part for part in name if part), before[1], after))
            if before[0]:
                db.execute("DELETE FROM texts WHERE id = ?", [before[0]])
            if after:
                sql = "INSERT INTO texts (document_id, kind, language, text, capture_id) VALUES (?, ?, ?, ?, ?)"
                db.execute(sql, [document, *name, after, capture])
    return changed


def _write_files(db: Database, document: int, page: DocumentPage, capture: int, *, first: bool) -> None:
    held = set() if first else {row[0] for row in db.execute("SELECT url FROM files WHERE document_id = ?", [document])}
    stated = {file.url: file.media_type for file in page.files}
    for url in held - stated.keys() if page.whole else ():
        db.execute("DELETE FROM files WHERE document_id = ? AND url = ?", [document, url])
    for url in sorted(stated.keys() - held):
        sql = "INSERT INTO files (document_id, url, media_type, capture_id) VALUES (?, ?, ?, ?)"
        db.execute(sql, [document, url, stated[url], capture])

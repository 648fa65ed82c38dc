"""What a document page holds besides its fields: texts and files. The newest page of a document says what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.store.documents import Change, log_changes
from harvester.store.keys import plain

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
    if not _is_newest(db, document, attached, place):
        return False
    changed = _write_texts(db, document, page, place.capture)
    _write_files(db, document, page, place.capture)
    if changed and not new:
        log_changes(db, place.run, document, place.observed_at, "changed", changed)
    return bool(changed)


def _is_newest(db: Database, document: int, attached: str | None, place: Place) -> bool:
    """Say whether no document page says later what is attached; of two without a time the hash decides."""
    sql = """SELECT coalesce(observed_at, ''), json_extract(content, '$.attached') FROM statements
        WHERE document_id = ? AND form = ? AND replaced_by IS NULL"""
    others = [(at, digest or "") for at, digest in db.execute(sql, [document, place.form])]
    return (place.observed_at or "", attached or "") >= max(others, default=("", ""))


def _write_texts(db: Database, document: int, page: DocumentPage, capture: int) -> list[Change]:
    sql = "SELECT id, kind, language, text FROM texts WHERE document_id = ?"
    held = {(kind, language): (key, text) for key, kind, language, text in db.execute(sql, [document])}
    stated = {(text.kind, text.language): text.text for text in page.texts}
    changed: list[Change] = []
    for name in sorted(held.keys() | stated.keys(), key=str):
        before, after = held.get(name, (0, None)), stated.get(name)
        if plain(before[1] or "") != plain(after or ""):
            changed.append((" ".join(part for part in name if part), before[1], after))
            if before[0]:
                db.execute("DELETE FROM texts WHERE id = ?", [before[0]])
            if after:
                sql = "INSERT INTO texts (document_id, kind, language, text, capture_id) VALUES (?, ?, ?, ?, ?)"
                db.execute(sql, [document, *name, after, capture])
    return changed


def _write_files(db: Database, document: int, page: DocumentPage, capture: int) -> None:
    held = {row[0] for row in db.execute("SELECT url FROM files WHERE document_id = ?", [document])}
    stated = {file.url: file.media_type for file in page.files}
    for url in held - stated.keys():
        db.execute("DELETE FROM files WHERE document_id = ? AND url = ?", [document, url])
    for url in sorted(stated.keys() - held):
        sql = "INSERT INTO files (document_id, url, media_type, capture_id) VALUES (?, ?, ?, ?)"
        db.execute(sql, [document, url, stated[url], capture])

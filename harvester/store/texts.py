"""Texts and files of documents: those of the own page that counts now. Others are stored apart, each set once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harvester.model import FileLink, Text
from harvester.store.keys import is_different
from harvester.store.rows import WaitingRows
from harvester.store.statements import TEXT_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database

    from harvester.model import DocumentPage

Change = tuple[str | None, str | None, str | None]
"""Field, value before, value after."""
INSERT_TEXT = "INSERT INTO texts (document_id, kind, language, text, capture_id) VALUES (?, ?, ?, ?, ?)"
INSERT_FILE = "INSERT INTO files (document_id, url, media_type, capture_id) VALUES (?, ?, ?, ?)"
DELETE_ATTACHMENTS = "DELETE FROM attachments WHERE hash = ?"


class Attachments:
    """The texts and files of one own page: `hash` identifies them all, None if there are none."""

    def __init__(self, digest: str | None, texts: Sequence[Text], files: Sequence[FileLink], capture: int) -> None:
        self.hash = digest
        self.texts = texts
        self.files = files
        self.capture = capture

    @classmethod
    def of_page(cls, page: DocumentPage, digest: str | None, capture: int) -> Attachments:
        """Return those of a page that was just parsed."""
        return cls(digest, page.texts, page.files, capture)

    def save_unassigned(self, db: Database) -> None:
        """Store a set that no document has now."""
        if self.hash is None:
            return
        texts = [[text.kind, text.language, text.text] for text in self.texts]
        content = {"texts": texts, "files": [[file.url, file.media_type] for file in self.files]}
        sql = "INSERT OR IGNORE INTO attachments (hash, content, capture_id) VALUES (?, ?, ?)"
        db.execute(sql, [self.hash, json.dumps(content, ensure_ascii=False), self.capture])


def add_first(rows: WaitingRows, document: int, wanted: Attachments) -> list[Change]:
    """Add the rows of the first texts and files of a document; return the texts as changes."""
    stated = {(text.kind, text.language): text.text for text in wanted.texts}
    texts = [(name, stated[name]) for name in sorted(stated, key=str) if is_different(None, stated[name])]
    rows.add(INSERT_TEXT, [(document, *name, text, wanted.capture) for name, text in texts])
    files = {file.url: file.media_type for file in wanted.files}
    rows.add(INSERT_FILE, [(document, url, files[url], wanted.capture) for url in sorted(files)])
    rows.add(DELETE_ATTACHMENTS, [(wanted.hash,)])
    return [(_field_of(*name), None, text) for name, text in texts]


def switch_attachments(
    db: Database, document: int, digest: str | None, page_attachments: Attachments | None, *, held: bool = True
) -> list[Change] | None:
    """Replace the texts and files of a document; return which texts changed, None if the new ones cannot be found.

    `held`: whether the document may have any yet.
    """
    wanted = page_attachments if page_attachments and page_attachments.hash == digest else find_attachments(db, digest)
    if wanted is None:
        return None
    before = load_attachments(db, document) if held else None
    db.execute("UPDATE documents SET attached = ? WHERE id = ?", [digest, document])
    if not held:
        rows = WaitingRows(db)
        first = add_first(rows, document, wanted)
        rows.write()
        return first
    changed = _write_texts(db, document, wanted)
    _write_files(db, document, wanted)
    db.execute(DELETE_ATTACHMENTS, [digest])
    if before:
        before.save_unassigned(db)
    return changed


def is_attached(db: Database, document: int | None, digest: str | None) -> bool:
    """Return whether a document has this set of texts and files now."""
    sql = "SELECT 1 FROM documents WHERE id = ? AND attached IS ?"
    return db.execute(sql, [document, digest]).fetchone() is not None


def texts_of(db: Database, document: int, digest: str | None) -> dict[str, str] | None:
    """Return the texts of a set that a document has or had, by kind and language (`transcript English`).

    None if the set is not known any more.
    """
    held = digest is not None and is_attached(db, document, digest)
    found = load_attachments(db, document) if held else find_attachments(db, digest)
    return {_field_of(text.kind, text.language): text.text for text in found.texts} if found else None


def is_text_field(field: str) -> bool:
    """Return whether a field of a change is a text (`transcript English`)."""
    return field.partition(" ")[0] in TEXT_KINDS


def log_first_texts(db: Database, document: int, place: str = "main") -> None:
    """Write the texts of a document that is about to go into the log of changes, where it refers to them.

    `place`: the schema of the database that holds them.
    """
    sql = f"""UPDATE main.changes SET after = (SELECT text FROM {place}.texts
            WHERE texts.document_id = ?1 AND changes.field = texts.kind || coalesce(' ' || language, ''))
        WHERE document_id = ?1 AND kind = 'filled' AND after IS NULL AND merged_from IS NULL
            AND id IN (SELECT max(id) FROM main.changes WHERE document_id = ?1 AND merged_from IS NULL
                AND kind IN ('filled', 'changed') AND NOT is_past GROUP BY field)"""
    db.execute(sql, [document])


def _field_of(kind: str, language: str | None) -> str:
    return f"{kind} {language}" if language else kind


def load_attachments(db: Database, document: int, place: str = "main") -> Attachments | None:
    """Return the texts and files of a document, None if it has none. `place`: the schema of the database."""
    row = db.execute(f"SELECT attached FROM {place}.documents WHERE id = ?", [document]).fetchone()
    if row is None or row[0] is None:
        return None
    sql = f"SELECT kind, language, text, capture_id FROM {place}.texts WHERE document_id = ? ORDER BY id"
    texts = db.execute(sql, [document]).fetchall()
    sql = f"SELECT url, media_type, capture_id FROM {place}.files WHERE document_id = ? ORDER BY url"
    files = db.execute(sql, [document]).fetchall()
    capture = max(row[-1] for row in (*texts, *files)) if texts or files else 0
    return Attachments(row[0], [Text(*text[:3]) for text in texts], [FileLink(*file[:2]) for file in files], capture)


def find_attachments(db: Database, digest: str | None, place: str = "main") -> Attachments | None:
    """Return a set of texts and files, whoever has it; None if it is not known. `place`: the schema of the database."""
    if digest is None:
        return Attachments(None, (), (), 0)
    row = db.execute(f"SELECT content, capture_id FROM {place}.attachments WHERE hash = ?", [digest]).fetchone()
    if row:
        content = json.loads(row[0])
        texts, files = [Text(*text) for text in content["texts"]], [FileLink(*file) for file in content["files"]]
        return Attachments(digest, texts, files, row[1])
    holder = db.execute(f"SELECT id FROM {place}.documents WHERE attached = ?", [digest]).fetchone()
    return load_attachments(db, holder[0], place) if holder else None


def _write_texts(db: Database, document: int, wanted: Attachments) -> list[Change]:
    sql = "SELECT id, kind, language, text FROM texts WHERE document_id = ?"
    rows = db.execute(sql, [document])
    stored: dict[tuple[str, str | None], tuple[int, str]]
    stored = {(kind, language): (key, text) for key, kind, language, text in rows}
    stated: dict[tuple[str, str | None], str] = {(text.kind, text.language): text.text for text in wanted.texts}
    changed: list[Change] = []
    for name in sorted(stored.keys() | stated.keys(), key=str):
        before, after = stored.get(name, (0, None)), stated.get(name)
        if is_different(before[1], after):
            changed.append((_field_of(*name), before[1], after))
            if before[0]:
                db.execute("DELETE FROM texts WHERE id = ?", [before[0]])
            if after:
                db.execute(INSERT_TEXT, [document, *name, after, wanted.capture])
    return changed


def _write_files(db: Database, document: int, wanted: Attachments) -> None:
    rows = db.execute("SELECT url FROM files WHERE document_id = ?", [document])
    stored = {row[0] for row in rows}
    stated = {file.url: file.media_type for file in wanted.files}
    for url in stored - stated.keys():
        db.execute("DELETE FROM files WHERE document_id = ? AND url = ?", [document, url])
    for url in sorted(stated.keys() - stored):
        db.execute(INSERT_FILE, [document, url, stated[url], wanted.capture])

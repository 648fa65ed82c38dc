"""Whether the page that a change names says what the change says: the bytes of the capture, as they lie on the disk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warcio.archiveiterator import ArchiveIterator

from tests.support.corrected_archive_model import edtf

if TYPE_CHECKING:
    from sqlite_utils import Database

FACETS = frozenset({"language", "subject", "person", "place", "contributor", "collection", "donor"})
ADDRESS = frozenset({"url", "slug"})
_PRINTED = re.compile(r"(?:[A-Z][a-z]+ )?(?:\d{1,2}, )?\d{4}")
_ROW = re.compile(r"<tr>.*?</tr>", re.DOTALL)
_MAIN = re.compile(r"<main.*</main>", re.DOTALL)
_DATE = re.compile(r'class="date">([^<]*)<')
# A first text is in no row of its own: the next change of it says which it was, or it is held.
_AFTER = """CASE WHEN changes.kind = 'filled' AND after IS NULL THEN coalesce((SELECT next.before FROM changes AS next
        WHERE next.document_id = changes.document_id AND next.field = changes.field AND next.id > changes.id
            AND next.merged_from IS changes.merged_from AND NOT next.is_past ORDER BY next.id LIMIT 1),
    (SELECT text FROM texts WHERE texts.document_id = changes.document_id
        AND field = trim(texts.kind || ' ' || coalesce(language, '')))) ELSE after END"""
_CHANGES = f"""SELECT changes.id, document_id, changes.kind, field, before, {_AFTER}, capture_id, captures.uri, file,
    offset, form, captures.refusal_code
    FROM changes LEFT JOIN captures ON captures.id = capture_id WHERE changes.run_id > ?"""
_SLUGS = "SELECT key FROM identities WHERE document_id = ? AND key LIKE 'wilson:slug:%'"


@dataclass(frozen=True)
class Printed:
    """What a capture prints of one item: its row of a listing or its own page, as text and as it is marked up."""

    uri: str
    marked: str

    @cached_property
    def text(self) -> str:
        return plain(re.sub(r"<[^>]*>", " ", self.marked))

    @cached_property
    def dates(self) -> list[str]:
        return [unescape(found).strip() for found in _DATE.findall(self.marked)]

    def holds(self, value: str) -> bool:
        return all(plain(part) in self.text for part in value.split("\n\n"))


def plain(text: str) -> str:
    """Return a text with its references resolved and its white space folded."""
    return " ".join(unescape(text).split())


def without_evidence(db: Database, after_run: int) -> tuple[int, list[str]]:
    """Return how many changes the runs behind `after_run` have made, and those that their captures do not bear out."""
    rows = db.execute(_CHANGES, [after_run]).fetchall()
    names = [
        "id",
        "document",
        "kind",
        "field",
        "before",
        "after",
        "capture",
        "uri",
        "file",
        "offset",
        "form",
        "refusal_code",
    ]
    changes = [dict(zip(names, row, strict=True)) for row in rows]
    return len(changes), [f"change {_short(change)}: {why}" for change in changes if (why := _refuted(db, change))]


def _short(change: dict[str, Any]) -> str:
    outcome = f"{change['id']} of document {change['document']}, {change['kind']} {change['field']}"
    values = f"{str(change['before'])[:60]!r} -> {str(change['after'])[:60]!r}"
    return f"{outcome} {values}, capture {change['capture']} {change['uri']}"


def _refuted(db: Database, change: dict[str, Any]) -> str | None:
    """Return why a change's capture is no evidence of it; None if it is."""
    if change["capture"] is None or change["file"] is None:
        return "no capture is named"
    if change["kind"] == "gone":
        return None if change["refusal_code"] or "/search?" in change["uri"] else "neither a walk's page nor the 404"
    if change["kind"] == "merged" or (change["after"] is None and _is_of_another(db, change)):
        return None
    slugs = frozenset(key[0].rpartition(":")[2] for key in db.execute(_SLUGS, [change["document"]]))
    printed = _printed(*_place(change), slugs)
    if not printed:
        return "the page does not show the item"
    if any(_says(one, change) for one in printed):
        return None
    return "the page does not say so"


def _is_of_another(db: Database, change: dict[str, Any]) -> bool:
    """Return whether a page is of another item: what was shown at its address was never stated of this one."""
    sql = "SELECT record_id FROM documents WHERE id = ?"
    (number,) = db.execute(sql, [change["document"]]).fetchone()
    return "/search?" not in change["uri"] and number is not None and f">{number}<" not in _body(*_place(change))


def _place(change: dict[str, Any]) -> tuple[str, str, int]:
    return change["uri"], change["file"], change["offset"]


@lru_cache(64)
def _body(uri: str, name: str, offset: int) -> str:
    with Path(name).open("rb") as file:
        file.seek(offset)
        record = next(iter(ArchiveIterator(file)))
        assert record.rec_headers.get_header("WARC-Target-URI") == uri
        return str(record.content_stream().read().decode())


@lru_cache(64)
def _printed(uri: str, name: str, offset: int, slugs: frozenset[str]) -> list[Printed]:
    """Return what the capture prints of a document that has, or had, these addresses."""
    body = _body(uri, name, offset)
    if "/search?" not in uri:
        main = _MAIN.search(body)
        return [Printed(uri, main[0] + body[main.end() :][-200_000:])] if main else []
    rows = [(row, re.search(r"/document/([\w-]+)", row)) for row in _ROW.findall(body)]
    return [Printed(uri, row) for row, slug in rows if slug and slug[1] in slugs]


def _says(printed: Printed, change: dict[str, Any]) -> bool:
    """Return whether an item is printed as a change states it; an emptied field must not be printed any more."""
    name, before, after = change["field"], change["before"], change["after"]
    if change["kind"] in ("new", "returned") or (name in ADDRESS and after is None):
        return True  # it is shown there; or its address is, and another item at it
    if name in ADDRESS:
        return after.rpartition("/")[2] in printed.uri + printed.marked
    if name.startswith("date") or name == "year":
        wanted = after if name == "date_text" else None
        if after is None:
            return not printed.dates
        return any(wanted == date if wanted else edtf(date) == after for date in printed.dates)
    if name in FACETS:
        lost = set((before or "").split("; ")) - set((after or "").split("; ")) - {""}
        return all(printed.holds(term) for term in (after or "").split("; ")) and not any(
            f">{term}<" in unescape(printed.marked) for term in lost
        )
    if after is None:
        return not printed.holds(before)
    if name in ("record_id", "node_id"):
        return re.search(rf"\b{after}\b", printed.marked) is not None
    return printed.holds(after)

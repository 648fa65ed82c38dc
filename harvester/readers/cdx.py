"""Indexes of WARC files, as files or as answers of web archives: CDX, in columns, and CDXJ, a JSON object a line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harvester.readers.warc import PAGE_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harvester.readers.compression import Stream

NOT_A_LINE = "no line of a CDXJ, and no CDX with a first line such as ` CDX N b a m s k r M S V g`"
NO_PLACE = "does not say where its record is: an index of files has filename and offset"
REVISIT = "warc/revisit"
"""The media type of a capture that only says that the page was as before."""
MAX_LINE = 64 * 1024
_NAMES = {"url": "original", "mime": "mimetype", "status": "statuscode", "datetime": "timestamp"}
"""What pywb calls the fields of the Internet Archive."""
_COLUMN_LETTERS = {
    "N": "urlkey",
    "b": "timestamp",
    "a": "original",
    "m": "mimetype",
    "s": "statuscode",
    "k": "digest",
    "S": "length",
    "V": "offset",
    "g": "filename",
}


@dataclass(frozen=True, slots=True)
class ListedRecord:
    """A record that an index lists. `length` is 0 if it does not say where the record ends; `time` has up to 14 digits.

    `may_be_page`: whether it may hold a page, as its reader will judge: that a page is gone comes in any type.
    """

    address: str
    time: str
    filename: str
    offset: int
    length: int
    may_be_page: bool


@dataclass(frozen=True, slots=True)
class UnreadableLine:
    """A line of an index that lists no record, and why."""

    number: int
    reason: str


def read_index(stream: Stream) -> Iterator[ListedRecord | UnreadableLine]:
    """Yield the records that an index lists, and the lines that are none. Raises `DamageError` where it is cut off."""
    columns: tuple[str, ...] | None = None
    number = 0
    while line := stream.readline(MAX_LINE):
        number += 1
        text = line.decode("utf-8", "replace").strip()
        if named := columns_in(text):
            columns = named
        elif text and not text.startswith("!"):
            yield _record(fields_in(text, columns), number)


def _record(fields: dict[str, str | None], number: int) -> ListedRecord | UnreadableLine:
    if not fields:
        return UnreadableLine(number, NOT_A_LINE)
    filename, offset = fields.get("filename"), number_in(fields.get("offset"))
    if not filename or offset is None:
        return UnreadableLine(number, NO_PLACE)
    kind = (fields.get("mimetype") or "").partition(";")[0].strip().lower() or None
    gone = (fields.get("statuscode") or "").startswith(("4", "5"))
    may_be_page = gone or kind in (*PAGE_TYPES, REVISIT)
    address, time = fields.get("original") or "", (fields.get("timestamp") or "")[:14]
    return ListedRecord(address, time, filename, offset, number_in(fields.get("length")) or 0, may_be_page)


def folder_of(index: Path) -> Path:
    """Return the folder of an index's WARC files: its own, or `archive` beside `indexes`, as in an unpacked WACZ."""
    archive = index.parent.parent / "archive"
    return archive if index.absolute().parent.name == "indexes" and archive.is_dir() else index.parent


def file_in(folder: Path, filename: str) -> Path | None:
    """Return a file that an index names, never outside of the folder: an index may come from anybody. None without one.

    A path that the file has had elsewhere counts by its last part.
    """
    for name in (filename, filename.replace("\\", "/").rpartition("/")[2]):
        path = folder / name
        try:
            if path.resolve().is_relative_to(folder.resolve()) and path.is_file():
                return path
        except (OSError, ValueError):  # a name that no file can have
            continue
    return None


def columns_in(line: str) -> tuple[str, ...] | None:
    """Return the names of the columns, if a line is the first one of a CDX, which names them by letters."""
    if not line.lstrip().startswith("CDX "):
        return None
    return tuple(_COLUMN_LETTERS.get(letter, letter) for letter in line.split()[1:])


def fields_in(line: str, columns: tuple[str, ...] | None) -> dict[str, str | None]:
    """Return the fields of a line in these columns, or without columns of a CDXJ; none if it is not such a line."""
    if columns:
        return named_fields(dict(zip(columns, line.split(" "), strict=False)))
    head, brace, tail = line.partition("{")
    fields = parse_json(brace + tail)
    if not isinstance(fields, dict):
        return {}
    stated = head.split()
    return named_fields(({"timestamp": stated[1]} if len(stated) > 1 else {}) | fields)


def named_fields(fields: dict[str, Any]) -> dict[str, str | None]:
    """Return fields under the names of the Internet Archive, as text; None for what is unknown."""
    return {_NAMES.get(name, name): _known(value) for name, value in fields.items()}


def parse_json(text: str) -> Any:
    """Return what a text holds as JSON; None if it is none. Half characters, which nothing can store, become `?`."""
    try:
        found = json.loads(text)
        if "\\u" in text and "\\ud" in text.lower():
            found = json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return found


def number_in(text: str | None) -> int | None:
    """Return a whole number, such as an offset; None if a text is none, or larger than any file."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= 18 else None


def _known(value: Any) -> str | None:
    text = "" if value is None else str(value).strip()
    return None if text in ("", "-", "unk") else text

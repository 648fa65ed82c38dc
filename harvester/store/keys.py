"""The keys of an archival item. Strong keys are the source's own; the natural key is made of title and date."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stringzilla import find, find_first_of

from harvester.urls import read_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harvester.model import Record
    from harvester.source import Source

STRONG_KINDS = ("record", "node", "slug")
"""Strongest first."""
LOST_DATE = "?"
"""Replaces a date that the form would have lost if it was a year or none."""
OPEN_TITLE = "~"
"""Ends the key of a record whose title may be truncated: it finds a document, but never makes one."""
_SAME_CHARACTERS = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "\u2011": "-"})


_LONG = 1000
_WHITE = b"\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f"
_GAPS = tuple(gap.encode() for gap in ("  ", "\x85", "\xa0", "\u1680", "\u205f", "\u3000"))
_WIDE_WHITE = re.compile(rb"\xe2\x80[\x80-\x8a\xa8\xa9\xaf]")  # U+2000 to U+200A, U+2028, U+2029, U+202F


def normalize_text(text: str) -> str:
    """Return a text normalized for comparison: Unicode composed, white space (U+00A0 too) folded."""
    text = text if text.isascii() else unicodedata.normalize("NFC", text)
    line = text.replace("\n\n", " ").replace("\n", " ")
    return line.strip() if _has_single_spaces_only(line) else " ".join(text.split())


def _has_single_spaces_only(line: str) -> bool:
    """Return whether a line's only white space is single spaces; of an unprintable one it may not be seen."""
    if len(line) < _LONG:
        return "  " not in line and line.isprintable()
    data = line.encode(errors="replace")  # in bytes such things are found many times faster
    if find_first_of(data, _WHITE) >= 0 or _WIDE_WHITE.search(data):
        return False
    return all(find(data, gap) < 0 for gap in _GAPS)


def is_different(one: str | None, other: str | None) -> bool:
    """Return whether two values differ in more than white space and Unicode form."""
    if one and other:
        return one != other and normalize_text(one) != normalize_text(other)
    return bool((one or other or "").strip())


def normalize_title(title: str) -> str:
    """Return a title normalized for identity: case, quotes, dashes and white space make no difference."""
    if title.isascii():
        return " ".join(title.split()).lower()
    return normalize_text(unicodedata.normalize("NFKC", title).translate(_SAME_CHARACTERS)).casefold()


def short_hash(text: str) -> str:
    """Return the first 16 hexadecimal digits of a text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Keys:
    """The keys of one record on its page."""

    strong: tuple[str, ...]
    """`source:kind:value`, strongest first."""
    natural: str
    """`source:natural:title hash:date:occurrence`."""

    @property
    def own(self) -> str:
        """The key under which the record's statements are stored."""
        return self.strong[0] if self.strong else self.natural


def group_of(natural: str) -> str:
    """Return the prefix of a natural key that all records of one title share."""
    return ":".join(natural.split(":")[:3]) + ":"


def date_of(natural: str) -> str:
    """Return the date in a natural key: EDTF, empty, or LOST_DATE."""
    return natural.split(":")[3]


def base_of(natural: str) -> str:
    """Return the natural key without the mark of an open title."""
    return natural.removesuffix(OPEN_TITLE)


def is_dated(natural: str) -> bool:
    """Return whether a natural key is complete: its date is known (or known to be none) and its title is whole."""
    return date_of(natural) != LOST_DATE and not natural.endswith(OPEN_TITLE)


def kind_of(key: str) -> str:
    """Return the kind of a key: record, node, slug or natural."""
    return key.split(":", 2)[1]


def value_of(key: str) -> str:
    """Return the value of a key: the slug or the number."""
    return key.split(":", 2)[2]


def keys_of(records: Iterable[Record], source: str) -> list[Keys]:
    """Return the keys of a page's records, in order; the same title and date again is the next occurrence."""
    seen: dict[str, int] = {}
    return [_keys(record, source, seen) for record in records]


def page_keys(record: Record, uri: str, source: Source) -> Keys:
    """Return the keys of an item's own page, that of the address it was fetched from first.

    What an incomplete page says about itself is not used: only the address counts.
    """
    address_parts = read_address(uri, source) if "//" in uri else None
    values = (address_parts.record_id, address_parts.node_id, address_parts.slug) if address_parts else ()
    address = tuple(f"{source.name}:{kind}:{value}" for kind, value in zip(STRONG_KINDS, values, strict=False) if value)
    keys = _keys(record, source.name, {})
    stated = () if record.cut else keys.strong
    return Keys(tuple(dict.fromkeys((*address, *stated))), keys.natural)


def own_keys(records: Sequence[Record], source: str) -> list[str]:
    """Return the key under which each record's statements are stored; make natural keys only where needed."""
    if all(record.record_id or record.node_id or record.slug for record in records):
        return [_strong(record, source)[0] for record in records]
    return [keys.own for keys in keys_of(records, source)]


def _strong(record: Record, source: str) -> tuple[str, ...]:
    values = (record.record_id, record.node_id, record.slug)
    return tuple(f"{source}:{kind}:{value}" for kind, value in zip(STRONG_KINDS, values, strict=True) if value)


def _keys(record: Record, source: str, seen: dict[str, int]) -> Keys:
    strong = _strong(record, source)
    lost = record.loses_date and not record.date.text and not strong
    # A colon would end the date too early: an unreadable date is identified by its text's hash.
    date = LOST_DATE if lost else record.date.edtf or (short_hash(record.date.text) if record.date.text else "")
    stem = f"{source}:natural:{short_hash(normalize_title(record.title))}:{date}"
    seen[stem] = seen.get(stem, 0) + 1
    return Keys(strong, f"{stem}:{seen[stem]}{OPEN_TITLE if record.open_title else ''}")

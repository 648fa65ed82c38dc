"""RIS, as Zotero, EndNote and Mendeley read it: an archival manuscript, one tag a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .citable import CitedDocument


def to_ris(items: Iterable[CitedDocument]) -> str:
    """Return RIS records. Lines end with CR LF, as the specification says."""
    return "".join(f"{tag}  - {value}\r\n" for item in items for tag, value in (*_lines(item), ("ER", "")))


def _lines(item: CitedDocument) -> Iterator[tuple[str, str]]:
    """Yield tags and values; values are on one line, since a title with a line break could start another record."""
    yield "TY", "MANSCPT"
    for tag, values in _tags(item):
        for value in values:
            if value:
                yield tag, value


def _tags(item: CitedDocument) -> list[tuple[str, tuple[str, ...]]]:
    return [
        ("ID", (item.key,)),
        ("TI", (item.title,)),
        ("AU", tuple(name.inverted for name in item.authors)),
        ("A4", tuple(name.inverted for name in item.translators)),
        ("PY", (_year(item),)),
        ("DA", (date(item),)),
        ("M3", (item.genre,)),
        ("AB", (item.summary,)),
        ("N1", (f"To: {item.recipient}" if item.recipient else "", _undated(item))),
        ("DB", (item.archive,)),
        ("AV", (item.location,)),
        ("DP", (item.catalogue,)),
        ("LA", item.languages),
        ("KW", item.subjects),
        ("CR", (item.rights,)),
        ("UR", (item.url,)),
        ("Y2", (item.accessed.replace("-", "/") if item.url else "",)),
        ("L1", item.files),
    ]


def date(item: CitedDocument) -> str:
    """Return `1959/12/24/`, `1960/06//`, `1979///` or `1962///Spring 1962`: what is not known stays empty."""
    return item.date.ris


def _year(item: CitedDocument) -> str:
    return f"{item.date.year:04}" if item.date.year else ""


def _undated(item: CitedDocument) -> str:
    return "" if item.date.year or not item.date.printed else f"Date: {item.date.printed}"

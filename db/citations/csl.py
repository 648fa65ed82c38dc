"""CSL-JSON, which citation processors (and Zotero, pandoc, citeproc) read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .names import parse_printed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .citable import CitedDocument
    from .names import Name


def to_csl_json(items: Iterable[CitedDocument]) -> str:
    """Return items as a CSL-JSON list."""
    return json.dumps([csl_item(item) for item in items], ensure_ascii=False, indent=1) + "\n"


def csl_item(item: CitedDocument) -> dict[str, Any]:
    """Return one CSL item, without the fields that are not known."""
    found: dict[str, Any] = {
        "id": item.key,
        "type": "manuscript",
        "title": item.title,
        "author": _names(item.authors),
        "translator": _names(item.translators),
        "recipient": _names((parse_printed(item.recipient),) if item.recipient else ()),
        "issued": item.date.csl,
        "genre": item.genre,
        "abstract": item.summary,
        "archive": item.archive,
        "archive_location": item.location,
        "source": item.catalogue,
        "language": ", ".join(item.languages),
        "keyword": "; ".join(item.subjects),
        "license": item.rights,
        "URL": item.url,
        "accessed": _accessed(item),
    }
    return {name: value for name, value in found.items() if value}


def _names(names: Iterable[Name]) -> list[dict[str, str]]:
    return [_name(name) for name in names]


def _name(name: Name) -> dict[str, str]:
    return {"family": name.family, "given": name.given} if name.given else {"literal": name.family}


def _accessed(item: CitedDocument) -> dict[str, Any]:
    return {"date-parts": [[int(part) for part in item.accessed.split("-")]]} if item.url and item.accessed else {}

"""CSL-JSON, which citation processors (and Zotero, pandoc, citeproc) read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .citable import Citable


def to_csl_json(items: Iterable[Citable]) -> str:
    """Write items."""
    return json.dumps([csl_item(item) for item in items], ensure_ascii=False, indent=1) + "\n"


def csl_item(item: Citable) -> dict[str, Any]:
    """Give one item; what is not known is absent."""
    found: dict[str, Any] = {
        "id": item.key,
        "type": "manuscript",
        "title": item.title,
        "author": _name(item.sender),
        "recipient": _name(item.recipient),
        "issued": _issued(item),
        "genre": item.kind,
        "abstract": item.summary,
        "archive": item.archive,
        "archive_location": item.location,
        "source": item.catalogue,
        "language": ", ".join(item.languages),
        "keyword": ", ".join(item.subjects),
        "URL": item.url,
    }
    return {name: value for name, value in found.items() if value}


def _name(name: str) -> list[dict[str, str]]:
    # As printed: which part is the family's cannot be known from a title.
    return [{"literal": name}] if name else []


def _issued(item: Citable) -> dict[str, Any]:
    if item.date.parts:
        return {"date-parts": [list(item.date.parts)]}
    return {"literal": item.date.printed} if item.date.printed else {}

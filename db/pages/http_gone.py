"""Answers 410 for documents that were withdrawn: they were here, and will not come back."""

from __future__ import annotations

import hmac
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from .databases import harvests

if TYPE_CHECKING:
    from datasette.app import Datasette

GONE = 410
WITHDRAWN = "This document was withdrawn. It is not shown here any more"
DIGITS = 32
ENDING = r"(?:\.(?:json|bib|ris|csljson|txt))?$"
PAGE = re.compile(rf"/document/([^/]+?){ENDING}")
ROW = re.compile(rf"/documents/(\d+){ENDING}")


async def is_withdrawn(datasette: Datasette, path: str) -> bool:
    """Return whether a path is that of a withdrawn document."""
    page, row = PAGE.search(path), ROW.search(path)
    for name in harvests(datasette) if page or row else ():
        database = datasette.databases[name]
        key = unquote(page[1]) if page else ""
        number = row[1] if row else key
        if number.isascii() and number.isdigit():
            found = await database.execute("SELECT 1 FROM withdrawn WHERE CAST(id AS TEXT) = ?", [number])
        else:
            hashed = _hashed(Path(database.path), key)
            found = await database.execute("SELECT 1 FROM withdrawn_keys WHERE key = ?", [hashed])
        if found.rows:
            return True
    return False


def _hashed(database: Path, key: str) -> str | None:
    """Return a document's key as the database keeps it, where the secret for that lies beside (not if published)."""
    try:
        secret = bytes.fromhex(database.with_name(f"{database.name}-withdrawn-key").read_text("ascii").strip())
    except (OSError, ValueError):
        return None
    return f"address:{hmac.new(secret, key.encode(), 'sha256').hexdigest()[:DIGITS]}"

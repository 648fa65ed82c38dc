"""A reader like the one that people use today: lexbor on whole document pages, listings ignored, rows with full text.

`python -m tests.benchmarks.peer ARCHIVE DATABASE triggers|deferred` prints how many documents it holds.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from backports.zstd import tarfile
from selectolax.lexbor import LexborHTMLParser
from sqlite_utils import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH = 500


def text_of(page: LexborHTMLParser, selector: str) -> str | None:
    """Return the text of the first element that a selector finds; None without one."""
    found = page.css_first(selector)
    return found.text(strip=True) if found else None


def labelled(page: LexborHTMLParser) -> dict[str, str]:
    """Return the labelled values of a document page."""
    values = {}
    for block in page.css(".information-block"):
        label, value = block.css_first(".sub-title"), block.css_first(".text")
        if label and value:
            values[label.text(strip=True)] = value.text(strip=True)
    return values


def rows(archive: Path) -> Iterator[dict[str, object]]:
    """Read every document page of a mirror."""
    with tarfile.open(archive, "r|zst") as members:
        for member in members:
            file = members.extractfile(member)
            if file is None:
                continue
            page = LexborHTMLParser(file.read())
            values = labelled(page)
            yield {
                "slug": member.name.rpartition("/")[2],
                "title": text_of(page, "h1.title"),
                "date": text_of(page, ".date"),
                "summary": text_of(page, ".text-block"),
                "source": values.get("Source"),
                "record_id": values.get("Record ID"),
                "rights": values.get("Rights"),
                "terms": "; ".join(pill.text(strip=True) for pill in page.css(".pill .name")),
                "text": "\n".join(pane.text() for pane in page.css("#documentTabs .tab-pane")),
            }


def main(archive: str, database: str, indexing: str) -> None:
    """Read a mirror into a database."""
    db = Database(database)
    db.enable_wal()
    table = db.table("documents")
    columns = ["title", "summary", "text"]
    table.create({**dict.fromkeys(["slug", "title", "date", "summary", "source", "record_id"], str),
                  **dict.fromkeys(["rights", "terms", "text"], str)}, pk="slug")  # fmt: skip
    if indexing == "triggers":
        table.enable_fts(columns, create_triggers=True, tokenize="porter unicode61 remove_diacritics 2")
    table.insert_all(rows(Path(archive)), batch_size=BATCH, replace=True)
    if indexing == "deferred":
        table.enable_fts(columns, tokenize="porter unicode61 remove_diacritics 2")
    print(table.count)


if __name__ == "__main__":
    main(*sys.argv[1:])

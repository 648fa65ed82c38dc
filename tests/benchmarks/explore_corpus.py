"""Makes a database of as many documents as asked, with summaries, texts, terms and sightings.

Written directly, not harvested: a million pages would take hours, and what is measured only reads. Words occur as in
a language: few very often, most of them rarely.
"""

from __future__ import annotations

import random
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from harvester.store.database import open_to_write
from harvester.store.search_index import rebuild_index
from tests.support.archive_pages import _KINDS, _LANGUAGES, _PEOPLE, _PLACES, _SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlite_utils import Database

CLOCK = "2026-01-02T03:04:05Z"
CHUNK = 10_000
WORDS = 30_000
PASSAGES = 20_000
A_PAGE = 10
MANY_NAMES = 3_000


def word(number: int) -> str:
    """Return the word of a rank, made of syllables; always the same one."""
    syllables = ("ka", "re", "mi", "to", "sul", "ven", "dor", "pa", "lin", "gor")
    return "".join(syllables[int(digit)] for digit in str(number + 10))


def make(path: Path, documents: int) -> None:
    """Make the database, unless it is there."""
    if path.exists():
        return
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    db = open_to_write(part)
    db.execute("PRAGMA synchronous = OFF")
    chance = random.Random(1)
    passages = _passages(chance)
    for start in range(1, documents + 1, CHUNK):
        with db.atomic():
            _chunk(db, range(start, min(start + CHUNK, documents + 1)), passages, chance)
    _around(db, documents)
    rebuild_index(db)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    part.rename(path)


def _passages(chance: random.Random) -> list[str]:
    weights = list(accumulate(1 / (rank + 3) for rank in range(WORDS)))
    words = [word(rank) for rank in range(WORDS)]
    return [" ".join(chance.choices(words, cum_weights=weights, k=50)) for _ in range(PASSAGES)]


def _chunk(db: Database, numbers: range, passages: list[str], chance: random.Random) -> None:
    people = [*_PEOPLE, *(f"{word(n).title()}, {word(n * 7).title()}" for n in range(MANY_NAMES))]
    rows = [_document(number, passages, people, chance) for number in numbers]
    db.table("documents").insert_all((row for row, _ in rows), batch_size=1000)
    _many(db, "texts", ("document_id", "kind", "language", "text", "capture_id"), _texts(numbers, passages, chance))
    _many(db, "document_terms", ("document_id", "facet", "term"), (term for _, terms in rows for term in terms))


def _many(db: Database, table: str, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> None:
    marks = ", ".join("?" * len(columns))
    db.conn.executemany(f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def _document(
    number: int, passages: list[str], people: list[str], chance: random.Random
) -> tuple[dict[str, Any], list[tuple[int, str, str]]]:
    one, other = people[min(int(chance.expovariate(1 / 40)), len(people) - 1)], chance.choice(_PEOPLE)
    kind, year = chance.choice(_KINDS), min(1991, max(1900, int(chance.gauss(1958, 12))))
    day = f"{year}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}"
    topic = " ".join(chance.choice(passages).split()[:6])
    row = {
        "id": number,
        "key": f"document-{number}",
        "source": "wilson",
        "title": f"{kind}, {one} to {other}, {topic}",
        **dict.fromkeys(("date", "date_text", "date_from", "date_to"), day),
        "date_precision": "day",
        "year": year,
        "kind": kind,
        "sender": one,
        "recipient": other,
        "summary": chance.choice(passages),
        "url": f"https://archive.example/document/document-{number}",
        "archive_location": f"AVPRF, f. {number % 90}, op. 1, d. {number}",
        "first_seen": CLOCK,
        "last_changed": CLOCK,
    }
    facets = [("language", chance.choice(_LANGUAGES)), ("person", one), ("person", other)]
    facets += [("place", chance.choice(_PLACES)), *(("subject", term) for term in chance.sample(_SUBJECTS, 2))]
    return row, [(number, facet, term) for facet, term in facets]


def _texts(numbers: range, passages: list[str], chance: random.Random) -> Iterator[tuple[Any, ...]]:
    for number in numbers:
        text = "\n\n".join(chance.choice(passages) for _ in range(4))
        yield number, "translation", "English", text, (number - 1) // A_PAGE + 1


def _around(db: Database, documents: int) -> None:
    """Add the run, its listings and pages: ten records a page, a thousand pages a listing."""
    pages = -(-documents // A_PAGE)
    run = {"id": 1, "command": "made", "started_at": CLOCK, "finished_at": CLOCK, "status": "complete", "pages": pages}
    with db.atomic():
        db.table("runs").insert({**run, "records": documents, "new": documents})
        listings = range(-(-pages // 1000))
        _many(
            db,
            "listings",
            ("id", "key", "source", "name", "declared_total"),
            ((n + 1, f"l{n}", "wilson", f"Listing {n + 1}", 10_500) for n in listings),
        )
        columns = [
            "id",
            "uri",
            "source",
            "listing_id",
            "sha256",
            "parser_version",
            "form",
            "first",
            "last",
            "declared_total",
            "records",
        ]
        _many(db, "captures", tuple(columns), (_capture(page) for page in range(pages)))
        columns = ["capture_id", "position", "document_id", "title", "has_summary", "statement_id"]
        _many(db, "sightings", tuple(columns), (_sighting(n) for n in range(1, documents + 1)))
        columns = ["run_id", "document_id", "kind"]
        _many(db, "changes", tuple(columns), ((1, n, "new") for n in range(1, documents + 1)))
        _many(
            db,
            "reads",
            ("run_id", "capture_id", "uri", "read_at"),
            ((1, page + 1, f"https://archive.example/?page={page}", CLOCK) for page in range(pages)),
        )


def _capture(page: int) -> tuple[Any, ...]:
    first = page % 1000 * A_PAGE + 1
    uri = f"https://archive.example/?page={page}"
    return page + 1, uri, "wilson", page // 1000 + 1, "0", 1, "F", first, first + 9, 10_500, A_PAGE


def _sighting(number: int) -> tuple[Any, ...]:
    page = (number - 1) // A_PAGE
    return page + 1, page % 1000 * A_PAGE + (number - 1) % A_PAGE + 1, number, "", 1, number

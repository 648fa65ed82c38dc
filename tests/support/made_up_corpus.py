"""Makes a database of many short made-up documents in seconds, and knows itself what each holds.

What a search must find is computed from the same rows by Python's sets, not by full text: so the two can disagree.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harvester.store.database import open_to_write, transaction
from harvester.store.search_index import update_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CLOCK = "2026-01-02T03:04:05Z"
KINDS = ("Telegram", "Letter", "Report", "Memorandum", None)
PEOPLE = ("Władysław Gomułka", "Joseph Stalin", "János Kádár", "Enver Hoxha", "Mao Zedong", "Никита Хрущёв", "Kovalev")
PLACES = ("Łódź", "Moscow", "Peking", "Đà Nẵng", "Tirana")
SUBJECTS = ("Economic aid", "Korean War, 1950-1953", "Border")
RARE = [f"word{number}" for number in range(2000)]


@dataclass
class Corpus:
    """The database, its documents by their numbers, and the words of each by where they stand."""

    path: Path
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    words: dict[int, dict[str, frozenset[str]]] = field(default_factory=dict)

    def where(self, holds: Callable[[dict[str, Any], dict[str, frozenset[str]]], bool]) -> set[int]:
        """Return the documents of which something holds."""
        return {number for number, row in self.rows.items() if holds(row, self.words[number])}

    def holding(self, *words: str) -> set[int]:
        """Return the documents that hold all of some words, wherever each stands."""
        return self.where(lambda _, held: all(any(word in part for part in held.values()) for word in words))

    def counted(self, found: set[int], name: str) -> Counter[Any]:
        """Count the values of a column among documents."""
        return Counter(self.rows[number][name] for number in found)


def make(path: Path, documents: int) -> Corpus:
    """Make the database: "treaty" stands in seven of eight documents, "soviet" in most of them, in different places."""
    corpus, chance = Corpus(path), random.Random(17)
    for number in range(1, documents + 1):
        row = _document(number, chance)
        corpus.rows[number] = row
        corpus.words[number] = {name: _words(row[name]) for name in ("title", "summary", "text", "archive_location")}
    columns = [name for name in corpus.rows[1] if name not in ("text", "terms")]
    db = open_to_write(path)
    db.execute("PRAGMA synchronous = OFF")
    with transaction(db):
        marks = ", ".join("?" * len(columns))
        sql = f"INSERT INTO documents ({', '.join(columns)}) VALUES ({marks})"
        db.conn.executemany(sql, ([row[name] for name in columns] for row in corpus.rows.values()))
        db.execute("INSERT INTO listings (id, key, source, name) VALUES (1, 'l', 'wilson', 'Made up')")
        db.execute(
            "INSERT INTO captures (id, uri, source, listing_id, sha256, parser_version, form) "
            "VALUES (1, 'u', 'wilson', 1, '', 1, 'F')"
        )
        sql = "INSERT INTO texts (document_id, kind, language, text, capture_id) VALUES (?, 'translation', 'en', ?, 1)"
        db.conn.executemany(sql, ((number, row["text"]) for number, row in corpus.rows.items()))
        sql = "INSERT INTO document_terms VALUES (?, ?, ?)"
        db.conn.executemany(sql, _terms(corpus))
        db.execute("INSERT INTO runs (id, command, started_at, status) VALUES (1, 'made', ?, 'complete')", [CLOCK])
    update_index(db)
    db.close()
    return corpus


def _document(number: int, chance: random.Random) -> dict[str, Any]:
    one, other = chance.sample(PEOPLE, 2)
    kind = chance.choice(KINDS)
    year, month, day = chance.randrange(1945, 1965), chance.randrange(1, 13), chance.randrange(1, 29)
    date = chance.choice((f"{year}-{month:02}-{day:02}",) * 6 + (f"{year}-{month:02}", f"{year}", None))
    first, last = _days(date)
    common = [word for word, share in (("treaty", 8), ("soviet", 3)) if number % share]
    places: list[list[str]] = [[], [], []]
    for word in (*common, *chance.sample(RARE, 4)):
        chance.choice(places).append(word)
    return {
        "id": number,
        "key": f"made-{number}",
        "source": "wilson",
        "title": " ".join([*([kind] if kind else []), one, "to", other, *places[0]]),
        "date": date,
        "date_text": date,
        "date_from": first,
        "date_to": last,
        "date_precision": {10: "day", 7: "month", 4: "year"}.get(len(date or ""), "none"),
        "year": int(date[:4]) if date else None,
        "kind": kind,
        "sender": one,
        "recipient": other,
        "summary": " ".join(["The summary says", *places[1]]),
        "archive_location": f"AVPRF, f. {number % 90}, op. 1, d. {number}",
        "record_id": str(100_000 + number),
        "first_seen": CLOCK,
        "last_changed": CLOCK,
        "text": " ".join(["The text says", *places[2]]),
        "terms": (("person", one), ("place", chance.choice(PLACES)), ("subject", chance.choice(SUBJECTS))),
    }


def _days(date: str | None) -> tuple[str | None, str | None]:
    if date is None or len(date) == 10:
        return date, date
    return (f"{date}-01", f"{date}-31") if len(date) == 7 else (f"{date}-01-01", f"{date}-12-31")


def _terms(corpus: Corpus) -> Iterator[tuple[int, str, str]]:
    return ((number, facet, term) for number, row in corpus.rows.items() for facet, term in sorted(set(row["terms"])))


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))

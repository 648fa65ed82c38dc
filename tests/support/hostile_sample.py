"""A database with what an archive's worst enemy might have put on its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harvester.store.database import open_to_write
from harvester.store.search_index import update_index

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

SCRIPT = "<script>alert(1)</script>"
CLOCK = "2026-01-02T03:04:05Z"
DOCUMENTS: list[dict[str, Any]] = [
    {"title": f"Report {SCRIPT}", "date": "1959-12-24", "kind": "Report", "summary": f"<b>{SCRIPT}</b> & more"},
    {"title": "https://hostile.example/title", "date": "1957-03-01", "url": "javascript:alert(1)"},
    {
        "title": "Letter to be followed",
        "date": "1957-03-02",
        "kind": "Letter",
        "url": "https://archive.example/a?b=1&c=2",
    },
    {"title": "Tagged address", "date": "1957-03-03", "url": 'https://archive.example/"onclick="alert(1)'},
    {"title": "=HYPERLINK(1)", "date": "1957-04", "kind": "Report"},
    {"title": "\u202egnirts desrever", "date": "1960"},
    {
        "title": "Émigré “quoted”",
        "date": "1958-01-01",
        "kind": "Telegram",
        "sender": "Stalin",
        "recipient": "Mao Zedong",
    },
    {"title": "x" * 3000, "date": "1958-01-02"},
    {"title": "Undated", "date": None},
    {"title": "Gone by now", "date": "1950-01-01", "gone_at": CLOCK},
    {"title": "Телеграмма Сталину", "date": "1949-05-01", "kind": "Telegram"},
    {"title": "{{ 7 * 7 }} {% raw %}", "date": "1949-05-02"},
]
RUN = {
    "command": f"harvest {SCRIPT}",
    "started_at": CLOCK,
    "finished_at": CLOCK,
    "status": "partial",
    "pages": 2,
    "records": 12,
    "new": 12,
    "reason": "a page was refused",
}
LISTINGS: list[dict[str, Any]] = [
    {"id": 1, "key": "a", "source": "wilson", "name": f"Search {SCRIPT}", "declared_total": 1250},
    {"id": 2, "key": "b", "source": "wilson", "name": "A whole one", "declared_total": 2},
]
PAGES: list[dict[str, Any]] = [
    {"listing_id": 1, "uri": "https://archive.example/search?page=71", "first": 711, "last": 720, "records": 10},
    {"listing_id": 2, "uri": "file:///pages/b.txt", "first": 1, "last": 2, "records": 2},
]
TERMS = [
    (7, "person", "Stalin, Joseph"),
    (7, "language", "Russian"),
    (11, "person", "Stalin, Joseph"),
    (11, "subject", f"Aid {SCRIPT}"),
    (11, "language", "Russian"),
    (1, "subject", f"Aid {SCRIPT}"),
    (5, "place", '"><img src=x onerror=alert(1)>'),
]
TEXTS = [
    (1, "translation", "English", f"The envoys discussed\x02 {SCRIPT} and rubber plantations.\n\nA second paragraph."),
    (11, "transcript", "Russian", "Товарищ Филиппов сообщает о положении в Ёлках и Шанхае."),
    (
        11,
        "translation",
        "English",
        "Comrade Filippov reports on the situation in Shanghai. " * 40 + "The émigrés left.",
    ),
    (7, "transcript", "Chinese", "毛泽东会见斯大林。"),
]
FILES = [(3, "javascript:alert(1)"), (3, "https://archive.example/3.pdf")]
IDENTITIES = [
    ("wilson:public:old-address", 3),
    ("wilson:record:111780", 3),
    ("wilson:public:two", 1),
    ("wilson:public:two", 2),
]
PROBLEM = {
    "run_id": 1,
    "uri": "javascript:alert(1)",
    "severity": "error",
    "code": "form-c",
    "message": f"refused {SCRIPT}",
    "extract": SCRIPT,
}


def make_sample(path: Path) -> Path:
    """Make the database."""
    db = open_to_write(path)
    with db.atomic():
        db.table("runs").insert(RUN)
        db.table("listings").insert_all(LISTINGS)
        db.table("captures").insert_all(
            {"source": "wilson", "sha256": "0", "parser_version": 1, "form": "A", **page} for page in PAGES
        )
        for number, document in enumerate(DOCUMENTS, start=1):
            _insert(db, number, document)
        _insert_what_pages_say(db)
        db.table("problems").insert(PROBLEM)
    update_index(db)
    db.close()
    return path


def _insert_what_pages_say(db: Database) -> None:
    for table, columns, rows in (
        ("document_terms", ("document_id", "facet", "term"), TERMS),
        ("texts", ("document_id", "kind", "language", "text"), TEXTS),
        ("files", ("document_id", "url"), FILES),
        ("identities", ("key", "document_id"), IDENTITIES),
    ):
        for row in rows:
            captured = {} if table in ("document_terms", "identities") else {"capture_id": 1}
            db.table(table).insert({**dict(zip(columns, row, strict=True)), **captured})


def _insert(db: Database, number: int, document: dict[str, Any]) -> None:
    date, title = document["date"], document["title"]
    dated = {"date_from": f"{date}-01-01"[:10], "date_to": f"{date}-12-31"[:10], "year": int(date[:4])} if date else {}
    seen = {"first_seen": CLOCK, "last_changed": CLOCK}
    db.table("documents").insert({"id": number, "key": f"k{number}", "source": "wilson", **dated, **seen, **document})
    where = {"capture_id": 1, "position": 710 + number} if number <= 10 else {"capture_id": 2, "position": number - 10}
    stated = {
        "key": f"k{number}",
        "natural_key": f"k{number}",
        "form": "A",
        "host": "",
        "hash": str(number),
        "content": "{}",
    }
    db.table("statements").insert({"id": number, "document_id": number, "capture_id": where["capture_id"], **stated})
    sighting = {"document_id": number, "title": title, "has_summary": 0, "statement_id": number}
    db.table("sightings").insert({**where, **sighting})
    db.table("changes").insert({"run_id": 1, "document_id": number, "kind": "new", "after": title})

"""`harvester check`: a real database is broken in each way; that is found, named, and mended where it can be."""

from __future__ import annotations

import gzip
import json
import sqlite3
import tarfile
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from harvester.cli import run
from harvester.ingest import harvest_one
from harvester.model import Capture, DocumentPage, Listing, Record, Text
from harvester.parsers.dates import read_date
from harvester.store.database import open_to_read, open_to_write
from harvester.store.integrity.check import run_checks
from harvester.store.locks import acquire, release
from harvester.store.run import Run
from harvester.store.search_index import update_index
from tests.support.archive_pages import HOST, document_page, listing_page, make_items
from tests.support.harvesting import SOURCE, dump, harvest_pages, sound

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

ITEMS = make_items(30, seed=9)


@dataclass(frozen=True)
class Fault:
    """A way to break a database: what is done to it, what the check says, and whether a repair mends it."""

    name: str
    sql: str
    stated: str
    mended: bool = True


NOTED = """INSERT INTO documents_unindexed
    SELECT id, 1, title, summary, text, sender, recipient, person, place, subject, author, collection, archive,
        number FROM document_words WHERE id = 8"""
FAULTS = (
    Fault(
        "a value changed behind our back", "UPDATE documents SET title = 'Forged' WHERE id = 3", "document 3 (title)"
    ),
    Fault("a derived value", "UPDATE documents SET year = 1066 WHERE id = 4", "document 4 (year)"),
    Fault("a term that no page states", "INSERT INTO document_terms VALUES (2, 'person', 'Nobody')", "2 (terms)"),
    Fault(
        "terms lost",
        "DELETE FROM document_terms WHERE document_id = (SELECT max(document_id) FROM document_terms)",
        "(terms)",
    ),
    Fault("a document lost", "DELETE FROM documents WHERE id = 26", "documents that pages vouch for"),
    Fault("left-over terms", "INSERT INTO document_terms VALUES (999, 'person', 'Nobody')", "left over"),
    Fault(
        "a left-over key", "INSERT INTO identities (key, document_id) VALUES ('wilson:slug:nowhere', 999)", "left over"
    ),
    Fault(
        "a sighting of another document",
        "UPDATE sightings SET document_id = 1 WHERE document_id = 2",
        "sightings of another document",
    ),
    Fault(
        "a sighting without its capture",
        "INSERT INTO sightings SELECT 999, position, document_id, date_text, title, has_summary, statement_id"
        " FROM sightings WHERE document_id = 2 AND position = 2",
        "left over",
    ),
    Fault(
        "a run that was killed",
        "INSERT INTO runs (command, started_at) VALUES ('harvest', '2020-01-01T00:00:00Z')",
        "runs that ended without a word (run",
    ),
    Fault(
        "a lock of a dead process",
        "INSERT INTO source_locks SELECT 'wilson', 1, 'process 1 on elsewhere', '2020-01-01T00:00:00Z'",
        "wilson, claimed by process 1 on elsewhere",
    ),
    Fault(
        "a walk without an end",
        "INSERT INTO walks (run_id, listing_id, started_at) VALUES (1, 1, '2020-01-01T00:00:00Z')",
        "walks without a verdict",
    ),
    Fault(
        "words that the index lost",
        "INSERT INTO documents_fts (documents_fts, rowid, title, summary) "
        "SELECT 'delete', id, title, summary FROM documents WHERE id = 7",
        "indexes out of step with documents",
    ),
    Fault(
        "words that were never there",
        "INSERT INTO documents_fts (rowid, text) VALUES (998, 'ghost')",
        "indexes out of step with documents",
    ),
    Fault(
        "rows that wait to be indexed",
        NOTED,
        "documents that search does not know yet",
    ),
    Fault("nobody vouches", "UPDATE statements SET document_id = NULL WHERE document_id = 9", "vouches for", False),
    Fault("no key", "DELETE FROM identities WHERE document_id = 10", "no key leads to (document 10", False),
    Fault("no first change", "DELETE FROM changes WHERE document_id = 11", "without a first change", False),
    Fault(
        "gone without a trace",
        "UPDATE documents SET gone_at = '2026-01-01T00:00:00Z' WHERE id = 12",
        "does not say whether they are gone (document 12",
        False,
    ),
    Fault("a capture lost", "DELETE FROM captures WHERE id = 1", "rows that refer to nothing", False),
    Fault(
        "a change that follows from nothing",
        "INSERT INTO changes (run_id, document_id, kind, field, before, after) "
        "SELECT 1, 13, 'changed', 'rights', column1, column2 FROM (VALUES ('a', 'b'), ('c', NULL))",
        "changes that do not follow from the one before (change",
        False,
    ),
    Fault(
        "a last change that is not so",
        "INSERT INTO changes (run_id, document_id, kind, field, before, after) "
        "VALUES (1, 14, 'changed', 'rights', NULL, 'reserved')",
        "whose last change is not what they hold (document 14 (rights))",
        False,
    ),
    Fault(
        "a merged document's address lost",
        "INSERT INTO changes (run_id, document_id, kind, field, before, merged_from) "
        "VALUES (1, 15, 'merged', 'key', 'old-address', 900)",
        "once old-address",
        False,
    ),
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep listing and document pages: as files, in a packed tar."""
    folder = tmp_path_factory.mktemp("pages")
    for number in range(2):
        page = listing_page(ITEMS[number * 10 : number * 10 + 10], number * 10 + 1, 30)
        (folder / f"listing-{number}.html").write_bytes(page)
    (folder / "packed.html.gz").write_bytes(gzip.compress(listing_page(ITEMS[20:], 21, 30)))
    with tarfile.open(folder / "documents.tar.gz", "w:gz") as archive:
        for item in ITEMS[:10]:
            path = folder / "page"
            path.write_bytes(document_page(item))
            archive.add(path, f"documents/document/{item.slug}")
            path.unlink()
    return folder


@pytest.fixture(scope="module")
def whole(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Make a sound database, in one file."""
    path = tmp_path_factory.mktemp("whole") / "whole.db"
    assert run(["harvest", str(pages), "--db", str(path)]) == 0
    with open_to_write(path) as db:
        db.execute("PRAGMA journal_mode = DELETE")
    return path.read_bytes()


@pytest.fixture
def path(whole: bytes, tmp_path: Path) -> Path:
    made = tmp_path / "harvest.db"
    made.write_bytes(whole)
    return made


def checked(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    capsys.readouterr()
    status = run(["check", "--db", str(path), *options])
    return status, capsys.readouterr().out


def content(db: Database) -> dict[str, Any]:
    """Return the content of the database, except what depends on runs and times."""
    held = dump(db, "runs", "problems", "changes", "_sqlite_migrations", "walks")
    return {name: rows for name, rows in held.items() if "unindexed" not in name and "_fts" not in name}


def test_what_was_harvested_is_sound(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(path, capsys) == (0, "sound\n")
    with open_to_read(path) as db:
        assert db.execute("SELECT count(*) FROM captures WHERE file IS NOT NULL").fetchone() == (13,)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_each_fault_is_found_named_and_mended(path: Path, capsys: pytest.CaptureFixture[str], fault: Fault) -> None:
    with open_to_write(path) as db:
        before = content(db)
        db.execute(fault.sql)
    status, stated = checked(path, capsys, "--fast")
    assert status == 1
    assert fault.stated in stated
    mend = "harvester check --repair" if fault.mended else "harvester rebuild"
    assert f"To mend it: {mend} --db {path}" in stated
    status, stated = checked(path, capsys, "--repair", "--fast")
    assert (status, stated) == ((0, "sound\n") if fault.mended else (1, stated))
    with open_to_read(path) as db:
        (done,) = db.query("SELECT * FROM runs ORDER BY id DESC LIMIT 1")
        outcome = db.execute("SELECT count(*) FROM problems WHERE run_id = ?", [done["id"]]).fetchone()[0]
        after = content(db)
    assert (done["command"], done["status"]) == ("harvester check --repair", "complete")
    if fault.mended:
        assert outcome or "wait to be indexed" in fault.name
        lost = {"documents", "sightings"}  # a document's clocks tell of the repair; a sighting of no page is no more
        assert [name for name in before if name not in lost and after[name] != before[name]] == []


def test_what_a_repair_cannot_mend_is_left_to_rebuild(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Which texts a lost document had is known by its own page only."""
    with open_to_write(path) as db:
        (document,) = db.execute("SELECT min(document_id) FROM texts").fetchone()
        db.execute("DELETE FROM documents WHERE id = ?", [document])
    status, stated = checked(path, capsys, "--repair", "--fast")
    assert (status, stated.splitlines()[-1]) == (1, "not sound")
    assert f"(document {document} (attached)). To mend it: harvester rebuild --db {path}" in stated
    assert run(["rebuild", "--db", str(path)]) == 0
    assert checked(path, capsys, "--fast") == (0, "sound\n")


def test_a_repair_of_what_is_sound_changes_nothing(path: Path) -> None:
    with open_to_write(path) as db:
        before = content(db)
    assert run(["check", "--repair", "--db", str(path)]) == 0
    with open_to_write(path) as db:
        assert content(db) == before
        assert db.execute("SELECT max(id), changed, problems FROM runs").fetchone() == (2, 0, 0)
        assert sound(db)


def test_what_was_forged_is_no_change_of_the_document_where_history_knows_better(path: Path, tmp_path: Path) -> None:
    item = ITEMS[0]
    changed = document_page(item).replace(b"</h1>", b" (Corrected)</h1>")
    (tmp_path / "new" / "document").mkdir(parents=True)
    (tmp_path / "new" / "document" / item.slug).write_bytes(changed)
    assert run(["harvest", str(tmp_path / "new"), "--db", str(path), "--captured-at", "2025-03-01"]) == 0
    with open_to_write(path) as db:
        (document, true) = db.execute("SELECT id, title FROM documents WHERE slug = ?", [item.slug]).fetchone()
        sql = "SELECT field, before, after FROM changes WHERE document_id = ? AND kind = 'changed'"
        outcome = db.execute(sql, [document]).fetchall()
        assert ("title", item.title, true) in outcome
        db.execute("UPDATE documents SET title = 'Forged' WHERE id = ?", [document])
    assert run(["check", "--repair", "--db", str(path)]) == 0
    with open_to_read(path) as db:
        assert db.execute("SELECT title FROM documents WHERE id = ?", [document]).fetchone() == (true,)
        assert db.execute(sql, [document]).fetchall() == outcome


def test_bytes_that_were_damaged_are_found(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_to_read(path) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'documents_date'").fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * 4096 + 3)
        file.write(b"\x00\x02")
    status, stated = checked(path, capsys, "--fast")
    assert status == 1
    assert "integrity: " in stated
    assert "harvester rebuild, or restore a backup" in stated


def test_pages_that_are_gone_or_changed_are_no_fault(
    path: Path, pages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = {file: file.read_bytes() for file in pages.iterdir()}
    try:
        (pages / "listing-0.html").unlink()
        (pages / "packed.html.gz").write_bytes(gzip.compress(b"another page"))
        status, stated = checked(path, capsys)
        (only,) = json.loads(checked(path, capsys, "--json")[1])["findings"]
        assert "sound" in checked(path, capsys, "--fast")[1]
    finally:
        for file, body in kept.items():
            file.write_bytes(body)
    assert status == 0
    assert stated.startswith("notice: captures: 2 captures whose saved page cannot be read again (capture ")
    assert (only["count"], only["notice"]) == (2, True)
    assert sorted(place.split("): ")[1].split(",")[0] for place in only["examples"]) == ["changed since", "missing"]


def test_a_live_run_is_no_fault(path: Path) -> None:
    with open_to_write(path) as db:
        live = Run(db, "harvester harvest wilson")
        acquire(db, "wilson", live.id)
        db.execute(NOTED)
        found = run_checks(path, fast=True)
        assert [(one.notice, one.mend) for one in found] == [(True, None)]
        assert run(["check", "--repair", "--db", str(path)]) == 0
        assert db.execute("SELECT status FROM runs WHERE id = ?", [live.id]).fetchone() == ("running",)
        assert db.execute("SELECT count(*) FROM source_locks").fetchone() == (1,)


def single(name: str, day: int, people: list[str], text: str, **keys: Any) -> tuple[Capture, DocumentPage]:
    """Make a document page by the keys that it shows; no other page shows those of both addresses."""
    record = replace(Record(1, "A title", read_date("May 1, 1950")), **keys)
    record = replace(record, terms=tuple(("person", name) for name in people))
    at = datetime(2025, 1, day, tzinfo=UTC)
    capture = Capture(f"{HOST}/document/{name}", f"{name} {day}".encode(), captured_at=at)
    return capture, DocumentPage("document", record, (Text("transcript", "Russian", text),))


@pytest.mark.parametrize(("late", "text"), [(4, "of the slug"), (2, "of the number")])
def test_two_documents_that_prove_to_be_one_leave_one_history(tmp_path: Path, late: int, text: str) -> None:
    slug: dict[str, Any] = {"slug": "a", "url": f"{HOST}/document/a"}
    pages = [
        single("5", 1, ["Mao"], "old", record_id="5"),
        single("5", 3, ["Mao", "Zhou"], "of the number", record_id="5"),
        single("a", late, ["Stalin"], "of the slug", **slug),
    ]
    listed = Record(1, "A title", read_date("May 1, 1950"), record_id="5", **slug)
    both = Capture(f"{HOST}/search?page=0", b"listing", captured_at=datetime(2025, 1, 9, tzinfo=UTC))
    with open_to_write(tmp_path / "merged.db") as db:
        harvest_pages(db, pages)
        assert db.execute("SELECT count(*) FROM documents").fetchone() == (2,)
        harvest_pages(db, [(both, Listing("F", (listed,), 1, 1, 1))])
        assert db.execute("SELECT document_id, text FROM texts").fetchall() == [(1, text)]
        people = "Stalin" if late == 4 else "Mao; Zhou"
        sql = "SELECT group_concat(term, '; ') FROM (SELECT term FROM document_terms WHERE facet = 'person' ORDER BY 1)"
        assert db.execute(sql).fetchone() == (people,)
        assert db.execute("SELECT count(*) FROM documents").fetchone() == (1,)
    assert run_checks(tmp_path / "merged.db", fast=True) == []


OTHERWISE = {
    "a reading at another time": ("UPDATE reads SET read_at = '2020-01-01' WHERE id = 2", "reads: other values", False),
    "a run's command": ("UPDATE runs SET command = 'harvest nothing'", "runs: other values", False),
    "a change lost": ("DELETE FROM changes WHERE id = 20", "changes: 1 too few", False),
    "another's name": ("UPDATE listings SET name = name || 'x'", "listings: other values", False),
    "a value of another type": ("UPDATE captures SET etag = x'00' WHERE id = 3", "captures: other values", False),
    "a text": ("UPDATE texts SET text = text || '.' WHERE id = 1", "texts: other values", True),
    "a key more": ("INSERT INTO identities (key, document_id) VALUES ('x', 2)", "identities: 1 too many", True),
    "a statement's host": ("UPDATE statements SET host = 'h' WHERE id = 5", "statements: other values", True),
    "when it was seen": ("UPDATE documents SET first_seen = '2001'", "documents: other values", True),
    "a document": ("DELETE FROM documents WHERE id = 26", "documents: 1 too few", True),
    "a digest": ("DELETE FROM digests WHERE name = 'walk_pages'", "walk_pages: nothing says what was written", False),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_what_something_else_wrote_is_noticed_and_carried_over_only_with_a_word(
    path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    sql, place, derived = OTHERWISE[name]
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(sql)
    found = [one for one in run_checks(path, fast=True) if one.check == "digests"]
    assert [(one.examples, one.mend.startswith("harvester rebuild")) for one in found if one.mend] == [((place,), True)]
    assert run(["check", "--repair", "--fast", "--db", str(path)]) == 1
    assert place in capsys.readouterr().out
    assert run(["rebuild", "--db", str(path)]) == 0
    assert [one for one in run_checks(path, fast=True) if one.check == "digests"] == []
    with open_to_read(path) as db:
        outcome = db.execute("SELECT message FROM problems WHERE code = 'otherwise-written'").fetchall()
    assert [message.split(", written by")[0] for (message,) in outcome] == ([] if derived else [place])


def test_a_repair_counts_what_it_mends_as_written(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE sightings SET document_id = 1 WHERE document_id = 2")
        db.execute("INSERT INTO identities (key, document_id) VALUES ('wilson:slug:nowhere', 999)")
        db.execute("UPDATE documents SET title = 'Forged' WHERE id = 3")
    assert {finding.check for finding in run_checks(path, fast=True)} >= {
        "digests",
        "documents",
        "sightings",
        "references",
    }
    assert run(["check", "--repair", "--fast", "--db", str(path)]) == 0


def test_columns_tables_and_writing_of_users_are_no_finding(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("ALTER TABLE reads ADD COLUMN note TEXT")
        db.execute("UPDATE reads SET note = 'mine'")
        db.execute("CREATE TABLE mine (id INTEGER PRIMARY KEY, capture_id INTEGER REFERENCES captures (id))")
        db.execute("INSERT INTO mine (capture_id) VALUES (1)")
        db.execute("UPDATE reads SET read_at = read_at")
    assert run_checks(path, fast=True) == []
    with closing(sqlite3.connect(path)) as db, db:  # nothing of ours hinders other tools from writing
        db.execute("INSERT INTO problems (run_id, severity, code, message) VALUES (1, 'notice', 'mine', 'looked at')")
    assert [finding.check for finding in run_checks(path, fast=True)] == ["digests", "runs"]


@pytest.mark.parametrize("ended_by", ["next run", "repair"])
def test_a_run_that_read_pages_after_its_last_heartbeat_and_was_killed_is_sound(tmp_path: Path, ended_by: str) -> None:
    with open_to_write(tmp_path / "a.db") as db:
        killed = Run(db, "harvester harvest wilson")
        values = ("wilson", killed.id, "process 1 on elsewhere", "2020-01-01T00:00:00Z")
        db.execute("INSERT INTO source_locks VALUES (?, ?, ?, ?)", values)
        capture = Capture(f"{HOST}/search?page=0", listing_page(ITEMS[:10], 1, 10))
        harvest_one(killed, capture, (SOURCE,))
        update_index(db)
        if ended_by == "next run":
            following = Run(db, "harvester harvest wilson")
            acquire(db, "wilson", following.id)
            release(db, "wilson", following.id)
            following.finish("complete")
    if ended_by == "repair":
        run(["check", "--repair", "--db", str(tmp_path / "a.db")])
    assert [str(finding) for finding in run_checks(tmp_path / "a.db", fast=True)] == []
    with open_to_read(tmp_path / "a.db") as db:
        sql = "SELECT status, finished_at >= (SELECT max(read_at) FROM reads) FROM runs WHERE id = 1"
        assert db.execute(sql).fetchone() == ("interrupted", 1)

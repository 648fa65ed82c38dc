"""A text that is read for the first time is held once: the log of changes has no copy, and still tells all that was."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from bs4 import BeautifulSoup

from harvester.cli import run
from harvester.cli.serve import make_datasette
from harvester.model import Capture, DocumentPage, Listing, Text
from harvester.rebuild import rebuild
from harvester.store.database import open_to_read, open_to_write, transaction
from harvester.store.history import fields_as_of
from harvester.store.integrity.check import run_checks
from harvester.store.run import Run
from harvester.store.site_changes import suppress_news
from tests.support.archive_pages import document_page, listing_page, make_items
from tests.support.harvesting import SOURCE, dump, harvest_pages
from tests.unit.store.test_document_pages import HOST, LISTED, WHOLE, listing

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

ITEM = replace(make_items(1)[0], transcript=())
RIGHTS = "The History and Public Policy Program welcomes reuse of Digital Archive materials."
FIELD = "translation English"
LOGGED = "SELECT kind, before, after FROM changes WHERE field = ? ORDER BY id"
Row = tuple[str, str | None, str | None]
FIRST = ("filled", None, None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.db"


def at(day: int) -> datetime:
    return datetime(2025, 1, day, 12, tzinfo=UTC)


def harvested(path: Path, *texts: str | None) -> None:
    """Harvest a listing of a document in run 1, and its page with each translation, a day and a run after the other."""
    harvest(path, "search?page=0", listing_page([ITEM], 1, 1), 1)
    for day, text in enumerate(texts, 2):
        harvest(path, f"document/{ITEM.slug}", document_page(replace(ITEM, translation=(text,) if text else ())), day)


def harvest(path: Path, name: str, body: bytes, day: int) -> None:
    file = path.parent / str(day) / name
    file.parent.mkdir(parents=True)
    file.write_bytes(body)
    assert run(["harvest", str(path.parent / str(day)), "--db", str(path), "--captured-at", f"2025-01-0{day}"]) == 0


def rows(path: Path, field: str = FIELD) -> list[Row]:
    with open_to_read(path) as db:
        return list(db.execute(LOGGED, [field]))


def faults(path: Path) -> list[str]:
    return [
        f"{finding.message} ({', '.join(finding.examples)})"
        for finding in run_checks(path, fast=True)
        if not finding.notice
    ]


def test_the_first_text_is_held_once_and_its_row_names_page_and_time(path: Path) -> None:
    harvested(path, "One.")
    sql = """SELECT changes.kind, before, after, observed_at, captures.uri, run_id
        FROM changes JOIN captures ON captures.id = capture_id WHERE field = ?"""
    with open_to_read(path) as db:
        assert db.execute(sql, [FIELD]).fetchall() == [("filled", None, None, "2025-01-02T23:59:59Z", ITEM.url, 2)]
        assert db.execute("SELECT text FROM texts").fetchall() == [("One.",)]
        kept = db.execute("SELECT after FROM changes WHERE kind = 'filled' AND field = 'rights'").fetchall()
    assert kept == [(RIGHTS,)]
    assert faults(path) == []


def test_what_replaces_it_says_all_that_was_and_is(path: Path) -> None:
    harvested(path, "One.", "Two.", None, "Three.")
    expected = [FIRST, ("changed", "One.", "Two."), ("changed", "Two.", None), ("changed", None, "Three.")]
    assert rows(path) == expected
    rebuild(path, "test", progress=lambda: None)
    assert rows(path) == expected
    assert faults(path) == []


def test_a_text_as_of_a_day_is_whole(path: Path) -> None:
    harvested(path, "One.", "Two.")
    for _ in range(2):
        with open_to_read(path) as db:
            found = [text_as_of(db, day) for day in (2, 3)]
        assert found == [("One.", None), ("Two.", "One.")]
        rebuild(path, "test", progress=lambda: None)


def text_as_of(db: Database, day: int) -> tuple[str, str | None]:
    moment = f"2025-01-0{day}T23:59:59Z"
    (fact,) = [fact for fact in fields_as_of(db, 1, SOURCE, moment) if fact.field == FIELD]
    return fact.value, fact.before


@pytest.mark.parametrize(
    ("texts", "without", "expected"),
    [
        (["One.", "Two."], 3, [FIRST]),
        (["One.", "Two.", "Three."], 3, [FIRST, ("changed", "One.", "Three.")]),
        (["One.", "Two.", "One."], 3, [FIRST]),
        (["One.", None, "Two."], 3, [FIRST, ("changed", "One.", "Two.")]),
        (["One.", "Two.", "Three."], 2, [("changed", None, "Two."), ("changed", "Two.", "Three.")]),
        (["One.", "Two.", "Three."], 4, [FIRST, ("changed", "One.", "Two.")]),
    ],
)
def test_without_a_run_the_texts_of_the_others_follow_each_other(
    path: Path, texts: list[str | None], without: int, expected: list[Row]
) -> None:
    harvested(path, *texts)
    rebuild(path, "test", without, progress=lambda: None)
    assert rows(path) == expected
    assert faults(path) == []


WALK = """INSERT INTO walks (id, run_id, listing_id, started_at, finished_at, status)
    SELECT 1, ?, id, ?, ?, 'complete' FROM listings"""
MERGED = replace(LISTED, record_id="113636")


@pytest.fixture
def merged(path: Path) -> Path:
    """Make two documents of which a listing says later that they are one, each with a text."""
    by_number = replace(WHOLE, slug=None, url=None, node_id=None)
    number = Capture(f"{HOST}/document/113636", b"number", at(1))
    older = DocumentPage("document", by_number, (Text("translation", "English", "By number."),))
    by_slug = replace(WHOLE, record_id=None, node_id=None)
    slug = Capture(f"{HOST}/document/c", b"slug", at(2))
    newer = DocumentPage("document", by_slug, (Text("translation", "English", "By slug."),))
    with open_to_write(path) as db:
        for capture, stated in ((number, older), (slug, newer)):
            harvest_pages(db, [(capture, stated)])
        assert db.execute("SELECT count(*) FROM documents").fetchone() == (2,)
        harvest_pages(db, [listing(MERGED, at=at(9))])
        assert db.execute("SELECT count(*) FROM documents").fetchone() == (1,)
    return path


def test_of_two_documents_that_prove_to_be_one_both_texts_stay_in_history(merged: Path) -> None:
    for _ in range(2):
        with open_to_read(merged) as db:
            (held,) = db.execute("SELECT text FROM texts").fetchone()
            sql = "SELECT before FROM changes WHERE field = ?1 UNION SELECT after FROM changes WHERE field = ?1"
            told = {value for (value,) in db.execute(sql, [FIELD])} - {None}
        assert {held, *told} == {"By number.", "By slug."}
        assert faults(merged) == []
        rebuild(merged, "test", progress=lambda: None)


def test_a_text_that_is_lost_is_noticed(path: Path) -> None:
    harvested(path, "One.")
    with open_to_write(path) as db:  # the harvester's own connection: digests follow
        db.execute("DELETE FROM texts")
    assert any("last change is not what they hold" in fault for fault in faults(path))


def test_a_change_from_nothing_after_the_first_text_is_noticed(path: Path) -> None:
    harvested(path, "One.", "Two.")
    with open_to_write(path) as db:
        db.execute("UPDATE changes SET before = NULL WHERE field = ? AND kind = 'changed'", [FIELD])
    assert any("do not follow from the one before" in fault for fault in faults(path))


def test_a_repair_logs_which_text_it_replaces(path: Path) -> None:
    """The vote of the newest page was changed: it says what an older one, which never counted, has said."""
    harvested(path, "One.")
    body = document_page(replace(ITEM, translation=("Zero.",)))
    file = path.parent / "older" / "document" / ITEM.slug
    file.parent.mkdir(parents=True)
    file.write_bytes(body)
    assert run(["harvest", str(path.parent / "older"), "--db", str(path), "--captured-at", "2024-12-31"]) == 0
    assert rows(path) == [FIRST]
    with open_to_write(path) as db:
        (older,) = db.execute("SELECT hash FROM attachments").fetchone()
        (newest,) = db.execute("SELECT attached FROM documents").fetchone()
        sql = "UPDATE statements SET content = replace(content, ?, ?)"
        db.execute(sql, [newest, older])
    assert run(["check", "--repair", "--fast", "--db", str(path)]) == 0
    assert rows(path) == [FIRST, ("changed", "One.", "Zero.")]


def test_a_listing_that_went_wrong_takes_no_first_text_out_of_history(path: Path) -> None:
    """Of a walk that shows other titles for all records nothing is believed; pages read in that run are."""
    records = [replace(LISTED, slug=f"c{n}", url=f"{HOST}/document/c{n}", title=f"Title {n}") for n in range(12)]
    wrong = [replace(record, title=f"Wrong {n}") for n, record in enumerate(records)]
    with open_to_write(path) as db:
        harvest_pages(db, [whole(records, at(1))])
        one = Run(db, "test")
        for number, record in enumerate(records):
            read = replace(WHOLE, slug=record.slug, url=record.url, title=record.title, record_id=f"{number}")
            stated = DocumentPage("document", read, (Text("translation", "English", "One."),))
            one.add_page(Capture(record.url or "", f"{number}".encode(), at(2)), stated, SOURCE)
        one.add_page(*whole(wrong, at(3)), SOURCE)
        with transaction(db):
            db.execute(WALK, [one.id, "2025-01-02T00:00:00Z", "2025-01-04T00:00:00Z"])
            db.execute("INSERT INTO walk_pages (walk_id, page_number, reason, capture_id) VALUES (1, 0, 'first', 14)")
            suppress_news(one, 1)
        one.finish(one.verdict)
        assert db.execute("SELECT count(*) FROM site_changes").fetchone() == (1,)
        assert db.execute("SELECT DISTINCT substr(title, 1, 5) FROM documents").fetchall() == [("Title",)]
    assert rows(path) == 12 * [FIRST]
    assert [fault for fault in faults(path) if "walk" not in fault] == []


def whole(records: list[Any], moment: datetime) -> tuple[Capture, Listing]:
    numbered = tuple(replace(record, position=place) for place, record in enumerate(records, 1))
    body = repr((numbered, moment)).encode()
    return Capture(f"{HOST}/search?page=0", body, moment), Listing("F", numbered, 1, len(records), len(records))


def test_history_says_that_a_text_was_read_first(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    harvested(path, "One.", "Two.")
    assert run(["history", ITEM.slug, "--db", str(path)]) == 0
    told = capsys.readouterr().out
    assert f"/document/{ITEM.slug})\n    {FIELD}: first read\n" in told
    assert f"    {FIELD}\n    - One.\n    + Two.\n" in told


def test_the_page_of_a_document_says_so_too(path: Path) -> None:
    harvested(path, "One.")

    async def request_page() -> str:
        datasette = make_datasette(path)
        await datasette.invoke_startup()
        return str((await datasette.client.get(f"/document/{ITEM.slug}")).text)

    history = BeautifulSoup(asyncio.run(request_page()), "lxml").select(".history li")
    told = [" ".join(entry.get_text(" ").split()) for entry in history]
    (line,) = [entry for entry in told if "translation" in entry]
    assert "first read : translation (English) seen 2025-01-02" in line
    assert any("filled : rights The History" in entry for entry in told)


def test_all_rows_are_the_same_when_it_is_made_again(path: Path) -> None:
    harvested(path, "One.", "Two.")
    with open_to_write(path) as db:
        before = dump(db, "runs")["changes"]
    rebuild(path, "test", progress=lambda: None)
    with open_to_write(path) as db:
        assert dump(db, "runs")["changes"] == before


def test_texts_of_pages_whose_files_are_gone_stay_those_of_their_pages(path: Path) -> None:
    """Of two texts of a page one was replaced; the other has been held since the page before."""
    texts = {"transcript": ("Erstens.",), "translation": ("One.",)}
    harvest(path, f"document/{ITEM.slug}", document_page(replace(ITEM, **texts)), 1)  # type: ignore[arg-type]
    newer = texts | {"translation": ("Two.",)}
    harvest(path, f"document/{ITEM.slug}", document_page(replace(ITEM, **newer)), 2)  # type: ignore[arg-type]
    with open_to_write(path) as db:
        before = dump(db, "runs", "reads")
    for day in (1, 2):
        (path.parent / str(day) / "document" / ITEM.slug).unlink()
    rebuild(path, "test", progress=lambda: None)
    with open_to_write(path) as db:
        after = dump(db, "runs", "reads")
    for table in ("documents", "attachments", "changes"):
        assert after[table] == before[table], table
    assert [row[1:5] for row in after["texts"]] == [row[1:5] for row in before["texts"]]
    assert faults(path) == []

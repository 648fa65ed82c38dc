"""Document pages in the store: terms, texts, files, and how they meet the records of listings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from harvester.model import Capture, DocumentPage, FileLink, Listing, Page, Record, Text
from harvester.parsers.dates import read_date
from harvester.parsers.parse import parse
from tests.support.archive_pages import document_page, make_items
from tests.support.harvesting import SOURCE, dump, fresh, harvest_pages, sound

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

HOST = "https://digitalarchive.wilsoncenter.org"
LISTED = Record(
    1, "Cable, Stalin to Mao Zedong", read_date("May 26, 1949"), "A summary.", f"{HOST}/document/c", slug="c"
)
WHOLE = replace(
    LISTED,
    record_id="113636",
    node_id="89832",
    archive="APRF",
    archive_location="f. 45, op. 1",
    rights="Public",
    terms=(("language", "Russian"), ("person", "Stalin"), ("person", "Mao Zedong")),
)
TEXTS = (Text("translation", "English", "Comrade Mao, we agree."), Text("transcript", "Russian", "Товарищ Мао"))
FILE = FileLink(f"{HOST}/document/89832/download")
PAGE = DocumentPage("document", WHOLE, TEXTS, (FILE,))
EARLY, LATE = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return fresh(tmp_path)


def listing(*records: Record, at: datetime | None = None) -> tuple[Capture, Listing]:
    return Capture(f"{HOST}/search?page=0", repr((records, at)).encode(), at), Listing("F", records, 1, 1, 1)


def document(page: DocumentPage = PAGE, at: datetime | None = None) -> tuple[Capture, DocumentPage]:
    return Capture(f"{HOST}/document/c", repr((page, at)).encode(), at), page


def texts(db: Database) -> list[tuple[str, str, str]]:
    return db.execute("SELECT kind, language, text FROM texts ORDER BY kind").fetchall()


def terms(db: Database) -> list[tuple[str, str]]:
    return db.execute("SELECT facet, term FROM document_terms ORDER BY facet, term").fetchall()


@pytest.mark.parametrize("listing_first", [True, False])
def test_a_listing_record_and_its_document_page_meet(db: Database, listing_first: bool) -> None:
    pages: list[tuple[Capture, Page]] = [listing(LISTED), document()]
    for page in pages if listing_first else reversed(pages):
        harvest_pages(db, [page])
    [row] = db.query("SELECT key, record_id, node_id, archive, archive_location, rights, summary FROM documents")
    assert row == {
        "key": "c",
        "record_id": "113636",
        "node_id": "89832",
        "archive": "APRF",
        "archive_location": "f. 45, op. 1",
        "rights": "Public",
        "summary": "A summary.",
    }
    assert terms(db) == [("language", "Russian"), ("person", "Mao Zedong"), ("person", "Stalin")]
    assert texts(db) == [("transcript", "Russian", "Товарищ Мао"), ("translation", "English", "Comrade Mao, we agree.")]
    assert db.execute("SELECT url FROM files").fetchall() == [(FILE.url,)]
    assert sound(db)


@pytest.mark.parametrize("key", ["wilson:record:113636", "wilson:node:89832", "wilson:slug:c"])
def test_every_key_leads_to_the_document(db: Database, key: str) -> None:
    harvest_pages(db, [listing(LISTED), document()])
    assert db.execute("SELECT count(*) FROM identities WHERE key = ?", [key]).fetchone() == (1,)


def test_texts_are_searched_in_latin_and_cyrillic(db: Database) -> None:
    harvest_pages(db, [document()])
    for word in ("comrade", "товарищ"):
        assert db.execute("SELECT count(*) FROM documents_fts WHERE documents_fts MATCH ?", [word]).fetchone() == (1,)


def test_a_text_that_changes_is_replaced_and_the_old_words_are_not_found(db: Database) -> None:
    harvest_pages(db, [document(at=EARLY)])
    newer = replace(PAGE, texts=(replace(TEXTS[0], text="Comrade Mao, we differ."), TEXTS[1]))
    harvest_pages(db, [document(newer, LATE)])
    assert texts(db)[1][2] == "Comrade Mao, we differ."
    found = {word: db.execute("SELECT count(*) FROM documents_fts WHERE documents_fts MATCH ?", [word]).fetchone()[0]
             for word in ("agree", "differ")}  # fmt: skip
    assert found == {"agree": 0, "differ": 1}
    changes = db.execute("SELECT kind, field, before, after, observed_at FROM changes WHERE run_id = 2").fetchall()
    assert changes == [
        ("changed", "translation English", "Comrade Mao, we agree.", "Comrade Mao, we differ.", "2025-01-01T00:00:00Z")
    ]
    assert sound(db)


def test_an_older_page_does_not_bring_old_texts_back(db: Database) -> None:
    harvest_pages(db, [document(at=LATE)])
    older = replace(PAGE, texts=(replace(TEXTS[0], text="A draft."),), record=replace(WHOLE, rights="Closed"))
    run = harvest_pages(db, [document(older, EARLY)])
    assert len(texts(db)) == 2
    assert db.execute("SELECT rights FROM documents").fetchone() == ("Public",)
    assert run.counts["changed"] == 0


def test_terms_that_change_are_a_change_of_their_facet(db: Database) -> None:
    harvest_pages(db, [document(at=EARLY)])
    harvest_pages(db, [document(replace(PAGE, record=replace(WHOLE, terms=(("language", "Chinese"),))), LATE)])
    assert terms(db) == [("language", "Chinese")]
    changes = db.execute("SELECT field, before, after FROM changes WHERE run_id = 2 ORDER BY field").fetchall()
    assert changes == [("language", "Russian", "Chinese"), ("person", "Mao Zedong; Stalin", None)]


def test_the_same_page_with_other_bytes_writes_only_that_it_was_read(db: Database) -> None:
    harvest_pages(db, [document()])
    before = dump(db, "runs", "reads")
    capture, page = document()
    harvest_pages(db, [(replace(capture, body=b"another token"), page)])
    assert dump(db, "runs", "reads") == before


def test_a_listing_never_takes_away_what_a_document_page_says(db: Database) -> None:
    harvest_pages(db, [document(at=EARLY)])
    run = harvest_pages(db, [listing(replace(LISTED, summary=None), at=LATE)])
    assert db.execute("SELECT summary, archive FROM documents").fetchone() == ("A summary.", "APRF")
    assert run.counts["changed"] == 0
    assert len(terms(db)) == 3


def test_two_voices_that_disagree_do_not_flap(db: Database) -> None:
    harvest_pages(db, [document(at=EARLY)])
    for day in range(2, 6):
        at = datetime(2025, 1, day, tzinfo=UTC)
        harvest_pages(db, [listing(replace(LISTED, summary="Another."), at=at), document(at=at)])
    assert db.execute("SELECT summary FROM documents").fetchone() == ("A summary.",)
    assert db.execute("SELECT count(*) FROM changes WHERE kind = 'changed'").fetchone() == (0,)


def test_a_voice_that_says_something_else_is_a_change_and_back_again(db: Database) -> None:
    for day, summary in enumerate(["One.", "Two.", "One."], 1):
        record = replace(LISTED, summary=summary)
        harvest_pages(db, [listing(record, at=datetime(2025, 1, day, tzinfo=UTC))])
    changes = db.execute("SELECT before, after FROM changes WHERE field = 'summary' ORDER BY id").fetchall()
    assert changes == [("One.", "Two."), ("Two.", "One.")]
    assert db.execute("SELECT summary FROM documents").fetchone() == ("One.",)


def test_of_pages_without_a_time_the_one_read_last_counts_as_often_as_they_alternate(db: Database) -> None:
    pages = [replace(PAGE, record=replace(WHOLE, summary=summary)) for summary in ("One.", "Two.")]
    for number in (0, 1, 0, 0, 1, 1, 0):
        harvest_pages(db, [document(pages[number])])
        assert db.execute("SELECT summary FROM documents").fetchone() == (pages[number].record.summary,)


def test_an_older_capture_fills_gaps_only(db: Database) -> None:
    harvest_pages(db, [listing(replace(LISTED, summary="New."), at=LATE)])
    harvest_pages(db, [listing(replace(LISTED, summary="Old."), at=EARLY)])
    harvest_pages(db, [listing(replace(LISTED, summary="Undated.")), listing(LISTED, at=EARLY)])
    assert db.execute("SELECT summary FROM documents").fetchone() == ("New.",)


def test_a_cut_off_record_fills_gaps_only(db: Database) -> None:
    cut = replace(LISTED, summary="A summ", cut=True)
    harvest_pages(db, [listing(LISTED, at=EARLY), listing(cut, at=LATE)])
    assert db.execute("SELECT summary FROM documents").fetchone() == ("A summary.",)
    alone = replace(cut, slug="d", url=f"{HOST}/document/d", title="Other")
    harvest_pages(db, [listing(alone, at=LATE)])
    assert db.execute("SELECT summary FROM documents WHERE slug = 'd'").fetchone() == ("A summ",)


@pytest.mark.parametrize(
    ("title", "stated", "kind"),
    [
        ("Cable, Stalin to Mao Zedong", "Telegram", "Cable"),
        ("Stalin Agrees", "Telegram", "Telegram"),
        ("Stalin Agrees", "Meeting minutes", "Minutes"),
        ("Stalin Agrees", "Map", None),
        ("Stalin Agrees", None, None),
    ],
)
def test_the_archives_own_type_fills_the_gap_that_a_title_leaves(
    db: Database, title: str, stated: str | None, kind: str | None
) -> None:
    record = replace(WHOLE, title=title, kind=stated)
    harvest_pages(db, [document(replace(PAGE, record=record))])
    assert db.execute("SELECT kind FROM documents").fetchall() == [(kind,)]


def test_when_it_was_put_online_and_whom_it_thanks_are_fields_of_a_document(db: Database) -> None:
    harvest_pages(db, [listing(LISTED), document(replace(PAGE, record=replace(WHOLE, uploaded="2011-11-20")))])
    harvest_pages(db, [document(replace(PAGE, record=replace(WHOLE, uploaded="2011-11-20", credit="Thanks to X")))])
    assert db.execute("SELECT uploaded, credit FROM documents").fetchall() == [("2011-11-20", "Thanks to X")]
    sql = "SELECT run_id, field, before, after FROM changes WHERE field IN ('uploaded', 'credit')"
    assert db.execute(sql).fetchall() == [(1, "uploaded", None, "2011-11-20"), (2, "credit", None, "Thanks to X")]
    sql = "SELECT DISTINCT run_id, kind FROM changes WHERE field IS NOT NULL ORDER BY 1"
    assert db.execute(sql).fetchall() == [(1, "filled"), (2, "changed")], "the page was read before without a credit"


ITEM = next(one for one in make_items(50, seed=3) if one.summary and one.translation)
OF_READING = (
    "<p>Printed on {day} at 10:{number}</p>",
    "<p>{number},234 views</p>",
    "<p>Viewed {number} times. Accessed 2026-11-{number}T10:00:00Z</p>",
    "<p>Retrieved: Friday, November {number}, 2026</p>",
    "<p>Page views: {number}</p>",
)


@pytest.mark.parametrize("line", OF_READING)
@pytest.mark.parametrize("place", ['<div class="text-block">', '<div class="tab-content">', '" id="translation">'])
def test_what_a_page_says_of_its_own_reading_is_no_change(db: Database, line: str, place: str) -> None:
    picture = '<img src="/picture.jpg?signature={number}{number}">'
    whole = document_page(ITEM).decode()
    assert place in whole
    for number in (11, 12, 13):
        furniture = (line + picture).format(number=number, day=f"{number} November 2026")
        body = whole.replace(place, place + furniture).encode()
        capture = Capture(f"{HOST}/document/{ITEM.slug}", body, EARLY + timedelta(days=number), media_type="text/html")
        harvest_pages(db, [(capture, parse(capture, SOURCE))])
    assert db.execute("SELECT count(*) FROM reads").fetchone() == (3,)
    assert db.execute("SELECT count(*) FROM changes WHERE kind = 'changed'").fetchone() == (0,)
    assert db.execute("SELECT count(*) FROM documents").fetchone() == (1,)
    assert sound(db)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Printed on 5 May 1950 in Moscow.", "Printed on 6 May 1950 in Moscow."),
        ("He held 12 views of the matter.", "He held strong views of the matter."),
        ("Visited 3 November 1956.", "Visited 4 November 1956."),
    ],
)
def test_what_the_document_itself_says_is_a_change(db: Database, before: str, after: str) -> None:
    for text, at in ((before, EARLY), (after, LATE)):
        harvest_pages(db, [document(replace(PAGE, texts=(replace(TEXTS[0], text=text),)), at)])
    assert db.execute("SELECT before, after FROM changes WHERE kind = 'changed'").fetchall() == [(before, after)]

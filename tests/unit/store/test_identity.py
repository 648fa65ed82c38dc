"""Which document a record belongs to, whatever the order in which pages arrive."""

from __future__ import annotations

import itertools
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester.model import Capture, DocumentPage, Listing, Record, Text
from harvester.parsers.dates import read_date
from tests.support.harvesting import documents, fresh, harvest_pages, sighted, sound
from tests.support.trials import trials

if TYPE_CHECKING:
    from sqlite_utils import Database

TITLE = "Cable, Stalin to Mao Zedong"


def record(title: str = TITLE, date: str | None = None, **more: object) -> Record:
    return Record(1, title, read_date(date), **more)  # type: ignore[arg-type]


def page(name: str, *records: Record, form: str = "A", at: datetime | None = None) -> tuple[Capture, Listing]:
    """Make a page of form A (shows all), B (loses years) or F (has addresses)."""
    placed = tuple(
        Record(**{**vars(r), "position": place, "loses_date": form == "B"}) for place, r in enumerate(records, 1)
    )
    uri = f"https://digitalarchive.wilsoncenter.org/{name}" if form == "F" else f"file:///{name}"
    return Capture(uri, f"{form} {placed}".encode(), captured_at=at), Listing(form, placed)


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return fresh(tmp_path)


def titles(db: Database) -> list[tuple[str, str | None]]:
    return db.execute("SELECT title, date FROM documents ORDER BY title, date").fetchall()


@pytest.mark.parametrize("order", list(itertools.permutations(range(2))))
def test_an_undated_record_finds_the_one_document_of_that_title_with_a_year(
    db: Database, order: tuple[int, ...]
) -> None:
    pages = [page("a", record(date="1979")), page("b", record(), form="B")]
    for number in order:
        harvest_pages(db, [pages[number]])
    assert titles(db) == [(TITLE, "1979")]
    assert db.execute("SELECT count(DISTINCT document_id), count(*) FROM sightings").fetchone() == (1, 2)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_it_stays_by_itself_if_two_fit(db: Database, order: tuple[int, ...]) -> None:
    pages = [page("a", record(date="1979")), page("b", record(), form="B"), page("c", record(date="1980"))]
    for number in order:
        harvest_pages(db, [pages[number]])
    assert titles(db) == [(TITLE, None), (TITLE, "1979"), (TITLE, "1980")]
    assert sound(db)


@pytest.mark.parametrize("date", ["March 1979", "March 3, 1979"])
def test_it_is_no_document_whose_date_the_form_would_have_shown(db: Database, date: str) -> None:
    harvest_pages(db, [page("a", record(date=date)), page("b", record(), form="B")])
    assert len(titles(db)) == 2


def test_it_finds_a_document_known_to_be_undated(db: Database) -> None:
    harvest_pages(db, [page("b", record(), form="B"), page("a", record())])
    assert titles(db) == [(TITLE, None)]


def test_an_undated_record_of_a_form_that_shows_dates_is_a_document_of_its_own(db: Database) -> None:
    harvest_pages(db, [page("a", record(date="1979")), page("c", record())])
    assert titles(db) == [(TITLE, None), (TITLE, "1979")]


def test_merging_leaves_every_old_key_leading_to_the_document(db: Database) -> None:
    harvest_pages(db, [page("b", record(), form="B")])
    [(old,)] = db.execute("SELECT key FROM documents").fetchall()
    harvest_pages(db, [page("a", record(date="1979"))])
    sql = "SELECT documents.date FROM documents JOIN identities ON document_id = id WHERE identities.key = ?"
    assert db.execute(sql, [f"wilson:public:{old}"]).fetchall() == [("1979",)]
    kinds = db.execute("SELECT kind, field, before FROM changes ORDER BY id").fetchall()
    assert kinds == [("new", None, None), ("filled", "date", None)], "it replaces nothing"


def test_the_same_title_and_date_twice_on_a_page_are_two_documents(db: Database) -> None:
    harvest_pages(db, [page("a", record(date="May 1, 1950"), record(date="May 1, 1950"))])
    harvest_pages(db, [page("b", record(date="May 01, 1950"), record(date="May 1, 1950"), form="D")])
    assert len(titles(db)) == 2


def test_case_quotes_and_dashes_of_a_title_make_no_difference(db: Database) -> None:
    harvest_pages(db, [page("a", record("The ‘Two Chinas’ – a note", "1950"))])
    harvest_pages(db, [page("b", record("THE 'Two\u00a0Chinas' - a note", "1950"), form="D")])
    assert titles(db) == [("The ‘Two Chinas’ – a note", "1950")]


def test_a_record_without_address_is_joined_to_nothing_if_two_addresses_fit(db: Database) -> None:
    harvest_pages(db, [page("a", record(date="1950"))])
    harvest_pages(db, [page("f", record(date="1950", slug="one"), form="F")])
    harvest_pages(db, [page("g", record(date="1950", slug="two"), form="F")])
    assert [key["key"] for key in documents(db)] == ["one", "two"]
    assert db.execute("SELECT count(*) FROM sightings WHERE document_id IS NULL").fetchone() == (1,)
    assert sound(db)


def test_an_address_found_later_keeps_the_document_and_its_old_key(db: Database) -> None:
    harvest_pages(db, [page("a", record(date="1950"))])
    [(document, old)] = db.execute("SELECT id, key FROM documents").fetchall()
    harvest_pages(db, [page("f", record(date="1950", slug="cable"), form="F")])
    assert db.execute("SELECT id, key FROM documents").fetchall() == [(document, "cable")]
    assert db.execute("SELECT document_id FROM identities WHERE key = ?", [f"wilson:public:{old}"]).fetchall() == [
        (document,)
    ]


def test_documents_that_prove_to_be_one_are_merged(db: Database) -> None:
    harvest_pages(db, [page("f", record(date="1950", slug="cable"), form="F")])
    harvest_pages(db, [page("g", record("Other", "1950", record_id="113636"), form="F")])
    assert len(titles(db)) == 2
    harvest_pages(db, [page("h", record(date="1950", slug="cable", record_id="113636"), form="F")])
    assert [(row["key"], row["record_id"]) for row in documents(db)] == [("cable", "113636")]
    assert sound(db)


@pytest.mark.parametrize("late_first", [False, True])
@pytest.mark.parametrize("dated", [True, False])
def test_a_slug_that_moves_to_another_record_is_no_merge(db: Database, late_first: bool, dated: bool) -> None:
    early, late = (datetime(year, 1, 1, tzinfo=UTC) if dated else None for year in (2024, 2025))
    one = page("f", record(date="1950", slug="cable", record_id="1"), form="F", at=early)
    other = page("g", record("New", "1951", slug="cable", record_id="2"), form="F", at=late)
    for shown in (other, one) if late_first else (one, other):
        harvest_pages(db, [shown])
    harvest_pages(db, [one])
    assert sorted(row["record_id"] for row in documents(db)) == ["1", "2"]
    first = "2" if late_first else "1"
    assert db.execute("SELECT record_id FROM documents WHERE key = 'cable'").fetchall() == [(first,)], "it never passes"
    slugs = db.execute("SELECT record_id, slug FROM documents ORDER BY slug IS NULL").fetchall()
    assert [slug for _, slug in slugs] == ["cable", None]
    sql = """SELECT record_id, since, until FROM documents JOIN identities ON document_id = documents.id
        WHERE identities.key = 'wilson:slug:cable' ORDER BY record_id"""
    if dated:
        times = ("2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z")
        assert slugs[0][0] == "2", "the later page is right"
        assert db.execute(sql).fetchall() == [("1", *times), ("2", times[1], None)]


def test_a_title_that_may_be_cut_off_makes_no_document(db: Database) -> None:
    harvest_pages(db, [page("a", record("Cable, Stal", "1950", cut=True, open_title=True))])
    assert titles(db) == []
    harvest_pages(db, [page("b", record("Cable, Stal", "1950"))])
    assert titles(db) == [("Cable, Stal", "1950")]
    assert db.execute("SELECT count(*) FROM sightings WHERE document_id IS NULL").fetchone() == (0,)


# Items of an archive: each has one address, one title and one date, and titles and dates are shared.
ITEMS = [(f"slug-{n}", f"Title {n % 2}", date) for n, date in enumerate([None, "1979", "1979", "1980", "May 2, 1980"])]


def document_page(item: tuple[str, str, str | None], knows_slug: bool) -> tuple[Capture, DocumentPage]:
    """Make the page of an item, found by its slug or by its number alone."""
    slug, title, date = item
    number = str(1000 + ITEMS.index(item))
    shown = record(title, date, record_id=number, slug=slug if knows_slug else None, rights=f"rights of {slug}")
    uri = f"https://digitalarchive.wilsoncenter.org/document/{slug if knows_slug else number}"
    return Capture(uri, uri.encode()), DocumentPage("document", shown, (Text("transcript", None, f"text of {slug}"),))


@st.composite
def shown(draw: st.DrawFn, name: str) -> tuple[Capture, Listing | DocumentPage]:
    """Draw a page that shows some items in one of three forms, or the page of one."""
    form = draw(st.sampled_from("ABFd"))
    if form == "d":
        return document_page(draw(st.sampled_from(ITEMS)), draw(st.booleans()))
    items = draw(st.lists(st.sampled_from(ITEMS), min_size=1, max_size=4, unique=True))
    records = []
    for slug, title, date in items:
        printed = date if form != "B" or (date and len(date) > 4) else None
        records.append(record(title, printed, summary=f"{form} {slug}.", slug=slug if form == "F" else None))
    return page(name, *records, form=form)


@pytest.mark.slow
@settings(max_examples=trials(12, 150), deadline=None)
@given(st.data())
def test_the_order_of_pages_never_matters(data: st.DataObject) -> None:
    pages = [data.draw(shown(str(number))) for number in range(data.draw(st.integers(2, 5)))]
    other = data.draw(st.permutations(pages))
    results = []
    for order in (pages, other):
        with tempfile.TemporaryDirectory() as folder:
            db = fresh(Path(folder))
            for one in order:
                harvest_pages(db, [one])
            assert sound(db)
            texts = db.execute("SELECT key, text FROM texts JOIN documents ON documents.id = document_id ORDER BY 1, 2")
            results.append((documents(db), sighted(db), texts.fetchall()))
            db.close()
    assert results[0] == results[1]


@pytest.mark.slow
@settings(max_examples=trials(8, 40), deadline=None)
@given(st.data())
def test_harvesting_twice_equals_once(data: st.DataObject) -> None:
    pages = [data.draw(shown(str(number))) for number in range(3)]
    with tempfile.TemporaryDirectory() as folder:
        db = fresh(Path(folder))
        harvest_pages(db, pages)
        once = documents(db), sighted(db), db.table("changes").count, db.table("statements").count
        harvest_pages(db, pages)
        assert (documents(db), sighted(db), db.table("changes").count, db.table("statements").count) == once
        db.close()

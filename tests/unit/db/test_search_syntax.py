"""What people type: words, operators, fields, dates; folded letters; and where the words found are marked."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlite_utils import Database

from harvester.db.pages.folding import fold
from harvester.db.pages.highlighting import OPEN, SHUT, TOKENIZER, Marker
from harvester.db.pages.search_dates import extract_dates, read_date
from harvester.db.pages.search_request import SearchRequest
from harvester.db.pages.search_syntax import parse_query
from harvester.store.database import open_to_write
from harvester.store.integrity.search import is_index_current
from harvester.store.search_index import count_unindexed, index_chunk, update_index
from tests.support.made_up_corpus import make

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = {
    1: "Mao writes to Stalin",
    2: "Mao writes to Chou",
    3: "Stalin writes to Tito",
    4: "Władysław Gomułka in Łódź, No. 53517, f. 5, op. 49",
    5: "Хрущёв and the O'Neill telegrams of Ørsted, Đặng, Straße, Þór, Παπανδρέου",
}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Mao -Stalin", [2]),
        ("Mao –Stalin", [2]),
        ("Mao —Stalin", [2]),
        ("Mao −Stalin", [2]),
        ("Mao -(Stalin)", [2]),
        ("Mao !Stalin", [2]),
        ('Mao -"to Stalin"', [2]),
        ("Mao NOT Stalin", [2]),
        ("Mao AND NOT Stalin", [2]),
        ("Stalin AND Mao", [1]),
        ("OR Mao", [1, 2]),
        ("Tito OR Chou", [2, 3]),
        ("(Mao AND Chou) OR Tito", [2, 3]),
        ("(Tito OR -Stalin) writes", [2, 3]),
        ("-Mao -Stalin", [4, 5]),
        ("title:Stalin", [1, 3]),
        ("TITLE:(Tito OR Chou)", [2, 3]),
        ("title: Tito", [3]),
        ("summary:Stalin", []),
        ("writ*", [1, 2, 3]),
        ("Gomulka Lodz", [4]),
        ("wladyslaw GOMUŁKA", [4]),
        ("No.53517", [4]),
        ("f. 5, op. 49", [4]),
        ("Хрущев", [5]),
        ("хрущёв", [5]),
        ("O'Neill", [5]),
        ("telegram orsted dang strasse thor Παπανδρεου", [5]),
        ("Mao-", [1, 2]),
        ("Mao–Stalin", []),  # two names beside each other, not an exclusion
    ],
)
def test_what_is_typed_finds(typed: str, found: list[int]) -> None:
    words = parse_query(typed)
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(f"CREATE VIRTUAL TABLE f USING fts5 (title, summary, tokenize = '{TOKENIZER}')")
        db.executemany("INSERT INTO f (rowid, title) VALUES (?, ?)", ((n, fold(text)) for n, text in DOCUMENTS.items()))
        held = {row[0] for row in db.execute("SELECT rowid FROM f WHERE f MATCH ?", [words.match])}
    assert sorted(set(DOCUMENTS) - held if words.negated else held) == found


@pytest.mark.parametrize(
    ("typed", "rest", "period"),
    [
        ("June 1960", "", ("1960-06-01", "1960-06-30")),
        ("1960", "", ("1960-01-01", "1960-12-31")),
        ("1960-02", "", ("1960-02-01", "1960-02-29")),
        ("December 24, 1959", "", ("1959-12-24", "1959-12-24")),
        ("24 December 1959 Mao", "Mao", ("1959-12-24", "1959-12-24")),
        ("crisis 16-28 October 1962", "crisis", ("1962-10-16", "1962-10-28")),
        ("Oct.–Nov. 1956", "", ("1956-10-01", "1956-11-30")),
        ("1956-1960 treaty", "treaty", ("1956-01-01", "1960-12-31")),
        ("the 1950s", "the", ("1950-01-01", "1959-12-31")),
        ("year:1956 treaty", "treaty", ("1956-01-01", "1956-12-31")),
        ('"June 1960"', '"June 1960"', (None, None)),
        ("AVPRF, op. 43, d. 1950", "AVPRF, op. 43, d. 1950", (None, None)),
        ("No. 1950", "No. 1950", (None, None)),
        ("treaty -1960", "treaty -1960", (None, None)),
        ("1960 OR treaty", "1960 OR treaty", (None, None)),
        ("53517", "53517", (None, None)),
    ],
)
def test_dates_typed_as_words_are_filters(typed: str, rest: str, period: tuple[str | None, str | None]) -> None:
    requested = SearchRequest(typed)
    assert (requested.period.start, requested.period.end) == period
    assert requested.words == parse_query(rest)
    assert bool(requested.remarks) == bool(period[0])


@pytest.mark.parametrize(
    ("text", "date"),
    [("1956", "1956"), ("1956-10", "1956-10"), ("23 October 1956", "1956-10-23"), ("1956-13", None), ("soon", None)],
)
def test_filters_take_dates_as_people_write_them(text: str, date: str | None) -> None:
    assert read_date(text) == (None if date is None else (date, date))


def test_a_day_that_is_not_in_the_calendar_is_no_date() -> None:
    assert extract_dates("February 30, 1960")[1] == [("1960", ("1960", "1960"))]


@pytest.mark.parametrize(
    ("typed", "text", "marked"),
    [
        ("gomulka", "Comrade Gomułka said", "Comrade [Gomułka] said"),
        ("telegram", "two telegrams, one telegraph", "two [telegrams], one telegraph"),
        ("telegr*", "two telegrams, one telegraph", "two [telegrams], one [telegraph]"),
        ('"aid to china"', "aid to China, and aid to Korea", "[aid to China], and aid to Korea"),
        ("хрущев", "У Хрущёва и Хрущёв", "У Хрущёва и [Хрущёв]"),
        ("emigre", "l'émigre\u0301 e\u0301migré", "l'[émigre\u0301] [e\u0301migré]"),
        ("title:mao", "Mao", "Mao"),
        ("-mao", "Mao", "Mao"),
    ],
)
def test_words_are_marked_as_they_stand(typed: str, text: str, marked: str) -> None:
    assert Marker(parse_query(typed)).mark(text, "text").replace(OPEN, "[").replace(SHUT, "]") == marked


CHANGES = (
    "UPDATE documents SET title = 'Qxvarlo' WHERE id = 3",
    "UPDATE documents SET sender = 'Qxvarlo' WHERE id = 3",
    "UPDATE documents SET archive_location = 'Qxvarlo' WHERE id = 3",
    "UPDATE texts SET text = 'Qxvarlo' WHERE document_id = 3",
    "INSERT INTO texts (document_id, kind, text, capture_id) VALUES (3, 'transcript', 'Qxvarlo', 1)",
    "INSERT INTO document_terms VALUES (3, 'subject', 'Qxvarlo')",
    "UPDATE document_terms SET term = 'Qxvarlo' WHERE document_id = 3 AND facet = 'place'",
)


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_noted_and_indexed_and_taken_back(tmp_path: Path, change: str) -> None:
    path = tmp_path / "made.db"
    make(path, 20)
    with closing(open_to_write(path).conn) as conn:
        db = Database(conn)
        before = db.execute("SELECT * FROM document_words WHERE id = 3").fetchone()
        db.execute(change)
        assert count_unindexed(db) == 1
        update_index(db)
        sql = "SELECT rowid FROM documents_fts WHERE documents_fts MATCH 'qxvarlo'"
        assert (db.execute(sql).fetchall(), count_unindexed(db)) == ([(3,)], 0)
        assert is_index_current(path)
        assert before != db.execute("SELECT * FROM document_words WHERE id = 3").fetchone()
        for table in ("texts", "document_terms"):
            db.execute(f"DELETE FROM {table} WHERE document_id = 3")
        db.execute("DELETE FROM documents WHERE id = 3")
        update_index(db)
        assert db.execute(sql).fetchall() == []
        assert is_index_current(path)


def test_an_index_that_was_broken_off_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "made.db"
    make(path, 50)
    with closing(open_to_write(path).conn) as conn:
        db = Database(conn)
        db.execute("UPDATE documents SET title = title || ' qxvarlo'")
        db.execute("BEGIN IMMEDIATE")
        assert index_chunk(db, 10) == 10
        db.rollback()
        assert count_unindexed(db) == 50
        update_index(db, 7)
        assert count_unindexed(db) == 0
    assert is_index_current(path)

"""Every printed form of date in the reading room: no page fails, and each is sorted and filtered where it belongs."""

from __future__ import annotations

import asyncio
import csv
import html
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from harvester.cli.serve import make_datasette
from harvester.model import Capture
from harvester.parsers.parse import parse
from harvester.spiders.wilson import WILSON
from tests.support.archive_pages import listing_page, make_items
from tests.support.harvesting import documents, fresh, harvest_pages
from tests.unit.db.test_search import Room
from tests.unit.parsers.test_dates_printed import PRINTED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

FEW = ("1962", "before 1956", "Winter 1961/62", "n.d.", "after 1970", "1950s", "Easter 1950", "12-14 May 1960", "195-?")
BY_DATE = ["1950s", "195-?", "before 1956", "12-14 May 1960", "Winter 1961/62", "1962", "after 1970"]


def room_of(folder: Path, dates: tuple[str, ...] | list[str]) -> tuple[Room, list[dict[str, Any]]]:
    db = fresh(folder)
    items = [replace(item, date=date) for item, date in zip(make_items(len(dates)), dates, strict=True)]
    for first in range(0, len(items), 10):
        page = listing_page(items[first : first + 10], first + 1, len(items))
        capture = Capture(f"https://digitalarchive.wilsoncenter.org/search?page={first // 10}", page)
        harvest_pages(db, [(capture, parse(capture, WILSON))])
    rows = documents(db)
    path = folder / "fresh.db"
    db.close()
    return Room(make_datasette(path, {}), asyncio.new_event_loop()), rows


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    room, _ = room_of(tmp_path_factory.mktemp("few"), FEW)
    yield room
    room.loop.close()


def found(room: Room, **requested: object) -> list[str]:
    return [row["date_text"] for row in room.page(**requested)["results"]]


def test_undated_and_unread_are_last_in_both_orders(few: Room) -> None:
    assert found(few, order="date")[:7] == BY_DATE
    assert sorted(found(few, order="date")[7:]) == ["Easter 1950", "n.d."]
    newest = found(few, order="newest")
    assert newest[:5] == ["after 1970", "1962", "Winter 1961/62", "12-14 May 1960", "before 1956"]
    assert sorted(newest[7:]) == ["Easter 1950", "n.d."]


@pytest.mark.parametrize(
    ("year", "dates"),
    [
        ("1951", {"before 1956", "1950s", "195-?"}),
        ("1955", {"before 1956", "1950s", "195-?"}),
        ("1956", {"1950s", "195-?"}),
        ("1960", {"12-14 May 1960"}),
        ("1962", {"1962", "Winter 1961/62"}),
        ("1970", set()),
        ("1971", {"after 1970"}),
        ("1999", {"after 1970"}),
    ],
)
def test_a_year_finds_what_overlaps_it(few: Room, year: str, dates: set[str]) -> None:
    assert set(found(few, year=year)) == dates


def test_the_bars_of_years_count_each_document_where_it_begins(few: Room) -> None:
    """Without a beginning it counts in its last year, without an end in its first."""
    bars = re.findall(r'aria-label="(\d{4}): (\d+)"', few.get("/").text)
    assert bars == [("1950", "2"), ("1955", "1"), ("1960", "1"), ("1961", "1"), ("1962", "1"), ("1971", "1")]
    for year, begun in bars:
        assert len(found(few, year=year)) >= int(begun)


def test_the_front_page_shows_the_latest_with_their_dates_as_printed(few: Room) -> None:
    shown = re.findall(r'<span class="date">([^<]*)</span>', few.get("/").text)
    assert len(shown) == 8
    assert set(shown) <= set(FEW)


def test_dates_that_were_not_read_are_not_called_undated(few: Room) -> None:
    front = few.get("/").text
    links = re.findall(r'<a href="(/fresh/documents[?]date_precision=none[^"]*)">(\d+)</a>', front)
    assert [number for _, number in links] == ["2", "1"]
    shown = [few.get(html.unescape(address)).text for address, _ in links]
    cells = [re.findall(r'<td class="col-date [^>]*>([^<]*)<', page) for page in shown]
    assert [sorted(column) for column in cells] == [["Easter 1950", "n.d."], ["Easter 1950"]]


def test_documents_beside_one_have_their_dates_as_printed(few: Room) -> None:
    (row,) = few.page(year="1961-12", order="date")["results"][-1:]
    assert row["date_text"] == "Winter 1961/62"
    page = few.get(f"/document/{row['key']}").text
    assert "Previous by date, 12-14 May 1960" in page
    assert "Next by date, 1962" in page


def test_undated_and_unread_are_last_in_the_table_of_documents(few: Room) -> None:
    rows = few.get("/fresh/documents.json?_shape=array").json()
    assert [row["date_text"] for row in rows][:6] == [
        *("after 1970", "1962", "Winter 1961/62", "12-14 May 1960"),
        *("195-?", "1950s"),
    ]
    assert {row["date_text"] for row in rows[6:]} == {"before 1956", "Easter 1950", "n.d."}


def test_no_page_fails_for_a_date(tmp_path: Path) -> None:
    room, rows = room_of(tmp_path, PRINTED)
    assert sorted(row["date_text"] for row in rows) == sorted(PRINTED)
    assert min(row["year"] for row in rows if row["year"]) > 1500
    for row in rows:
        assert row["date_text"].replace("'", "&#39;") in room.get(f"/document/{row['key']}").text
    for path in (
        "/",
        "/search?order=date",
        "/search?order=newest",
        "/feed.atom",
        "/feed.json",
        "/search.bib",
        "/search.csv",
    ):
        room.get(path)
    sheet = csv.DictReader(room.get("/search.csv").text.removeprefix("\ufeff").splitlines())
    lines = [json.loads(line) for line in room.get("/search.jsonl").text.splitlines()]
    for exported in (list(sheet), lines):
        assert sorted(row["date_text"] for row in exported) == sorted(PRINTED)
        assert sorted(row["date"] or "" for row in exported) == sorted(row["date"] or "" for row in rows)
    words = ("bib", "@"), ("ris", "TY  - "), ("csljson", '"issued": ')
    for ending, of_each in words:
        assert room.get(f"/search.{ending}").text.count(of_each) == len(PRINTED)
    room.loop.close()

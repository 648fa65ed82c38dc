"""Pages with undated records and with dates that cannot be read: each record keeps its place, up to the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from harvester.cli import run
from harvester.model import Capture, Listing
from harvester.parsers.parse import parse
from harvester.spiders.wilson import WILSON
from tests.support.archive_pages import Item, listing_page
from tests.support.for_each import for_each
from tests.support.harvesting import documents, fresh, harvest_pages

if TYPE_CHECKING:
    from pathlib import Path

READ = "May 1, 1950"
UNREAD = ("Easter 1950", "1957 (Jubilee)", "April 31, 1950", "June 1950 No. 7", "n.d.")
ORDERS = (
    (READ, READ, "unread", READ, None, READ),
    (READ, READ, None, READ, "unread", READ),
    (READ, READ, None, "unread", READ, READ),
    (READ, READ, "unread", None, READ, READ),
    ("unread", READ, READ, READ, READ, None),
    (None, READ, READ, READ, READ, "unread"),
    (READ, "unread", "unread", None, None, READ),
)


@dataclass(frozen=True)
class Printed:
    """A listing of six records with these dates."""

    dates: tuple[str | None, ...]

    @property
    def items(self) -> list[Item]:
        return [
            Item(n, f"letter-{n}", f"Letter {n}, Mao Zedong to Stalin", date, (f"Mao writes of trade, page {n}.",))
            for n, date in enumerate(self.dates, 1)
        ]

    def text(self, *, end: bool) -> Capture:
        parts = [part for item in self.items for part in (item.date, item.title, *item.summary) if part]
        ends = ["Pagination", ""] if end else []
        lines = ["Skip to content", "Results:", "1 - 6 of 6", "Documents", *parts, *ends]
        return Capture("file:///page.txt", "\n\n".join(lines).encode())

    def html(self) -> Capture:
        return Capture(f"https://{WILSON.hosts[0]}/search", listing_page(self.items, 1, 6), media_type="text/html")


def printed(unread: str, order: tuple[str | None, ...]) -> Printed:
    return Printed(tuple(unread if date == "unread" else date for date in order))


@for_each("form", ["html", "text", "text without an end"])
@for_each("order", ORDERS)
@for_each("unread", UNREAD)
def test_each_record_keeps_its_place_and_its_date(unread: str, order: tuple[str | None, ...], form: str) -> None:
    listing = printed(unread, order)
    page = parse(listing.html() if form == "html" else listing.text(end=form == "text"), WILSON)
    assert isinstance(page, Listing)
    expected = [(n, date, f"Letter {n}, Mao Zedong to Stalin") for n, date in enumerate(listing.dates, 1)]
    assert [(record.position, record.date.text, record.title) for record in page.records] == expected
    assert [record.summary for record in page.records] == [item.summary[0] for item in listing.items]
    warned = [(problem.position, problem.extract) for problem in page.problems if problem.code == "no-such-date"]
    assert warned == [(n, date) for n, date in enumerate(listing.dates, 1) if date == unread]


@pytest.mark.parametrize("form", ["html", "text"])
def test_the_database_holds_all_of_them_and_lacks_none(tmp_path: Path, form: str) -> None:
    listing = printed("Easter 1950", ORDERS[0])
    capture = listing.html() if form == "html" else listing.text(end=True)
    db = fresh(tmp_path)
    harvest_pages(db, [(capture, parse(capture, WILSON))])
    held = sorted((row["title"], row["date_text"], row["date"], row["year"]) for row in documents(db))
    assert [row[1] for row in held] == list(listing.dates)
    assert [row[2:] for row in held] == [
        ("1950-05-01", 1950) if date == READ else (None, None) for date in listing.dates
    ]
    (coverage,) = db.query("SELECT declared_total, held, missing, first_missing FROM coverage")
    assert coverage == {"declared_total": 6, "held": 6, "missing": 0, "first_missing": None}
    places = "SELECT position, title, date_text FROM sightings ORDER BY position"
    assert db.execute(places).fetchall() == [
        (n, f"Letter {n}, Mao Zedong to Stalin", date) for n, date in enumerate(listing.dates, 1)
    ]
    found = db.execute("SELECT position, code, extract FROM problems WHERE code = 'no-such-date'").fetchall()
    assert found == [(3, "no-such-date", "Easter 1950")]


def test_what_parsers_see_is_shown_in_words_where_it_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.txt"
    page.write_bytes(printed("Easter 1950", ORDERS[0]).text(end=True).body)
    assert run(["parse", str(page)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [" ".join(line.split()[:2]) for line in lines[2:8]] == [
        *("1 1950-05-01", "2 1950-05-01", "3 “Easter", "4 1950-05-01", "5 -", "6 1950-05-01"),
    ]

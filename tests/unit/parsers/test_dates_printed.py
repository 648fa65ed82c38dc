"""Two hundred printed forms of dates, from reports, finding aids and catalogues, each read as its words say."""

from __future__ import annotations

import calendar
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harvester.db.citations import FORMATS
from harvester.db.citations.citable import cited_document
from harvester.model import Capture, DocumentPage, Listing, Record
from harvester.parsers.dates import read_date
from harvester.parsers.parse import parse
from harvester.spiders.wilson import WILSON
from tests.support.archive_pages import document_page, listing_page, make_items
from tests.support.for_each import for_each
from tests.support.paths import FIXTURES, ROOT

if TYPE_CHECKING:
    from pathlib import Path

SEED = next((ROOT / "seeds").glob("002*.txt"))
_E = FIXTURES / "pages" / "e-search-results" / "page.txt"
OTHER_TEXTS = (
    (next(SEED.parent.glob("001*.txt")), "April 13, 1949"),
    (next(SEED.parent.glob("004*.txt")), "October 14, 1956"),
    (_E, "July 09, 1956"),
    (_E, "March, 1960"),
)
ROWS = [
    tuple(part.strip() for part in line.split("|"))
    for line in (FIXTURES / "dates" / "printed.psv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
PRINTED = [row[0] for row in ROWS]


def ends(covers: str) -> tuple[str | None, str | None]:
    """Return the first and the last day of `1950-05..1951`."""
    first, _, last = covers.partition("..")
    last = last if ".." in covers else first
    return first + "-01-01"[len(first) - 4 :] if 0 < len(first) < 10 else first or None, _last(last)


def _last(day: str) -> str | None:
    day = f"{day}-12" if len(day) == 4 else day
    return f"{day}-{calendar.monthrange(int(day[:4]), int(day[5:]))[1]}" if len(day) == 7 else day or None


@for_each("printed, edtf, covers, precision", [row[:4] for row in ROWS])
def test_a_printed_form_is_read_as_its_words_say(printed: str, edtf: str, covers: str, precision: str) -> None:
    date = read_date(printed)
    assert date.text == printed
    assert (date.edtf or "", date.first_day, date.last_day, date.precision) == (edtf, *ends(covers), precision)


@for_each("printed", PRINTED)
def test_a_text_listing_keeps_the_date_and_every_record(printed: str) -> None:
    page = SEED.read_text("utf-8").replace("January 2, 1950", printed)
    whole, read = (_listing(text.encode(), "seed.txt") for text in (SEED.read_text("utf-8"), page))
    changed = [record.position for record in whole.records if record.date.text == "January 2, 1950"]
    assert [record.date.text for record in read.records if record.position in changed] == [printed] * len(changed)
    assert [_without_date(record) for record in read.records] == [_without_date(record) for record in whole.records]


@pytest.mark.parametrize(("page", "replaced"), OTHER_TEXTS, ids=["B", "D", "E", "E without a summary"])
@for_each("printed", PRINTED)
def test_text_listings_of_other_forms_keep_the_date_and_every_record(printed: str, page: Path, replaced: str) -> None:
    """Form B shows no line of one word: such a date is not on its pages."""
    text = page.read_text("utf-8")
    whole, read = (_listing(one.encode(), "page.txt") for one in (text, text.replace(replaced, printed, 1)))
    if whole.form == "B" and " " not in printed:
        return
    changed = [record.position for record in whole.records if record.date.text == replaced][:1]
    assert [record.date.text for record in read.records if record.position in changed] == [printed]
    assert [_without_date(record) for record in read.records] == [_without_date(record) for record in whole.records]


@pytest.mark.parametrize("shape", ["table", "rows"])
@for_each("printed", PRINTED)
def test_an_html_listing_keeps_the_date(printed: str, shape: str) -> None:
    items = [replace(item, date=item.date or "1950") for item in make_items(10)]
    items[3] = replace(items[3], date=printed)
    read = _listing(listing_page(items, 1, 10, shape=shape), "page.html")
    assert [record.title for record in read.records] == [item.title for item in items]
    assert [record.date.text for record in read.records] == [item.date for item in items]


@for_each("printed", PRINTED)
def test_a_document_page_keeps_the_date(printed: str) -> None:
    item = replace(make_items(1)[0], date=printed)
    page = parse(Capture(item.url, document_page(item)), WILSON)
    assert isinstance(page, DocumentPage)
    assert page.record.date == read_date(printed)


@for_each("printed", PRINTED)
def test_a_date_that_cannot_be_read_is_a_warning(printed: str) -> None:
    item = replace(make_items(1)[0], date=printed)
    page = parse(Capture(item.url, document_page(item)), WILSON)
    assert isinstance(page, DocumentPage)
    warned = [problem.extract for problem in page.problems if problem.code == "no-such-date"]
    assert warned == ([] if read_date(printed).edtf else [printed])


@for_each("printed, edtf, covers", [row[:3] for row in ROWS])
def test_each_export_carries_the_date(printed: str, edtf: str, covers: str) -> None:
    empty = dict.fromkeys(("kind", "sender", "recipient", "summary", "url", "archive", "archive_location", "rights"))
    item = cited_document(
        {
            **empty,
            "key": "a",
            "classification": None,
            "source": "wilson",
            "title": "T",
            "date": edtf or None,
            "date_text": printed,
        },
        {},
        (),
        {},
    )
    exports = {name: write([item]) for name, (_, write) in FORMATS.items()}
    assert printed in item.date.words or item.date.parts
    (found,) = json.loads(exports["csljson"])
    year = re.search(r"\d{4}", covers)
    if year is None:
        assert found["issued"] == {"literal": printed}
        return
    assert found["issued"]["date-parts"][0][0] == int(year[0])
    assert f"PY  - {year[0]}\r\n" in exports["ris"]
    assert f"DA  - {year[0]}/" in exports["ris"]
    assert f"year = {{{year[0]}}}" in exports["bib"]
    assert "date = {" in exports["bib"]


def _listing(body: bytes, name: str) -> Listing:
    page = parse(Capture(f"file:///{name}", body, media_type="text/html" if name.endswith("html") else None), WILSON)
    assert isinstance(page, Listing)
    return page


def _without_date(record: Record) -> tuple[object, ...]:
    return record.position, record.title, record.summary, record.cut

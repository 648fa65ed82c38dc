"""The examples of `docs/dates.md`, each read as that page says."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from harvester.db.citations.dates import Date
from harvester.parsers.dates import read_date
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from harvester.source import DateOrder

PAGE = (ROOT / "docs" / "dates.md").read_text("utf-8")


def rows(*header: str) -> list[list[str]]:
    """Return the rows of all tables of the page with this header, without the marks of code."""
    found: list[list[str]] = []
    for table in PAGE.split("\n\n"):
        lines = [[cell.strip().strip("`") for cell in line.split("|")[1:-1]] for line in table.splitlines()]
        if lines and lines[0] == list(header):
            found += lines[2:]
    return found


READ = rows("As printed", "EDTF", "from", "to", "year", "precision")
ORDERED = rows("As printed", "date_order", "EDTF")
UNREAD = rows("As printed", "why")
CITED = rows("As printed", "in words", "biblatex", "RIS")


def test_no_table_is_overlooked() -> None:
    assert PAGE.count("\n| As printed |") == PAGE.count("\n| As printed | EDTF |") + 3
    assert (len(READ) > 40, len(ORDERED), len(UNREAD) > 10, len(CITED)) == (True, 5, True, 8)


@pytest.mark.parametrize(("printed", "edtf", "first", "last", "year", "precision"), READ)
def test_a_date_is_read_as_the_page_says(
    printed: str, edtf: str, first: str, last: str, year: str, precision: str
) -> None:
    date = read_date(printed)
    assert (date.edtf, date.first_day or "", date.last_day or "", str(date.year), date.precision) == (
        *(edtf, first, last),
        *(year, precision),
    )


@pytest.mark.parametrize(("printed", "order", "edtf"), ORDERED)
def test_numbers_are_read_in_the_order_that_the_page_says(printed: str, order: str, edtf: str) -> None:
    assert read_date(printed, None if order == "not stated" else cast("DateOrder", order)).edtf == edtf


@pytest.mark.parametrize("printed", [row[0] for row in UNREAD])
def test_a_date_stays_words_where_the_page_says_so(printed: str) -> None:
    date = read_date(printed)
    assert (date.text, date.edtf, date.precision) == (printed, None, "none")


@pytest.mark.parametrize(("printed", "words", "biblatex", "ris"), CITED)
def test_a_date_is_cited_as_the_page_says(printed: str, words: str, biblatex: str, ris: str) -> None:
    date = Date(read_date(printed).edtf or "", printed)
    assert (date.words, date.biblatex, date.ris) == (words, biblatex, ris)

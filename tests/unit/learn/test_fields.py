"""Which parts of records are their titles and dates, and how dates of numbers only are meant."""

from __future__ import annotations

import tomllib

import pytest

from harvester.learn.definition import Definition, learn
from harvester.model import Capture, Listing

WORDS = ("harbour", "bridge", "market", "school", "mill")
GUESS = "no page shows whether days or months stand first: compare a date with the archive"


def _learned(main: str, host: str = "") -> Definition:
    head = f'<head><base href="https://{host}/"></head>' if host else ""
    body = f"<html>{head}<body><main>{main}</main></body></html>".encode()
    definition = learn([Capture(uri="file:///saved/page.html", body=body)], "city")
    assert definition is not None
    return definition


def _records(definition: Definition) -> list[tuple[str, str | None]]:
    """Return the titles and dates of a definition's page as it reads them."""
    page = definition.read[0]
    assert isinstance(page, Listing)
    return [(record.title, record.date.edtf) for record in page.records]


def _rows(*days: str) -> str:
    rows = "".join(
        f'<tr><td><a href="/case/{at}">Case of the {WORDS[at]}</a></td><td>{day}</td></tr>'
        for at, day in enumerate(days)
    )
    return f"<table>{rows}</table>"


@pytest.mark.parametrize(
    ("days", "host", "order", "first", "guessed"),
    [
        (("4/12/2020", "4/2/2020", "3/12/2020"), "", "month-day", "2020-04-12", False),
        (("3/10/2020", "2/12/2020", "5/12/2020", "6/12/2020"), "", "day-month", "2020-10-03", False),
        (("4/3/2020", "4/3/2020", "4/3/2020"), "court.example.gov", "month-day", "2020-04-03", True),
        (("4/3/2020", "4/3/2020", "4/3/2020"), "court.example.uk", "day-month", "2020-03-04", True),
        (("4/3/2020", "4/3/2020", "4/3/2020"), "court.example.org", None, "[2020-03-04,2020-04-03]", False),
    ],
    ids=["sorted, newest first", "sorted, oldest first", "United States", "United Kingdom", "anywhere"],
)
def test_the_order_of_records_shows_that_of_days_and_months_or_else_their_country_suggests_it(
    days: tuple[str, ...], host: str, order: str | None, first: str, guessed: bool
) -> None:
    """What only the host suggests is to be compared."""
    definition = _learned(_rows(*days), host)
    assert tomllib.loads(definition.text).get("dates") == order
    assert _records(definition)[0][1] == first
    assert (GUESS in definition.doubts) is guessed


def test_a_date_in_another_place_of_one_record_does_not_hide_those_of_the_others() -> None:
    """Its class selects it, too."""
    rows = [
        f'<li><p><a href="/case/{at}">Case of the {word}</a></p><p>Heard by Judge {word.title()}son</p>'
        f"<i class=day>May {at + 1}, 1950</i></li>"
        for at, word in enumerate(WORDS)
    ]
    rows[0] = rows[0].replace("<i", "<p><i").replace("</i>", "</i></p>").replace("Heard", "New<br>Heard")
    assert [date for _, date in _records(_learned(f"<ul>{''.join(rows)}</ul>"))] == [
        f"1950-05-0{at + 1}" for at in range(5)
    ]

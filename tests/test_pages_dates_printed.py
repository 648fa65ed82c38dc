"""Two hundred printed forms of dates, from reports, finding aids and catalogues, each read as its words say."""

from __future__ import annotations

import calendar
from pathlib import Path

import pytest

from harvester.pages.dates import read_date

ROWS = [
    tuple(part.strip() for part in line.split("|"))
    for line in (Path(__file__).parent / "dates" / "printed.psv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


def ends(covers: str) -> tuple[str | None, str | None]:
    """Return the first and the last day of `1950-05..1951`."""
    first, _, last = covers.partition("..")
    last = last if ".." in covers else first
    return first + "-01-01"[len(first) - 4 :] if 0 < len(first) < 10 else first or None, _last(last)


def _last(day: str) -> str | None:
    day = f"{day}-12" if len(day) == 4 else day
    return f"{day}-{calendar.monthrange(int(day[:4]), int(day[5:]))[1]}" if len(day) == 7 else day or None


@pytest.mark.parametrize(("printed", "edtf", "covers", "precision"), [row[:4] for row in ROWS])
def test_a_printed_form_is_read_as_its_words_say(printed: str, edtf: str, covers: str, precision: str) -> None:
    date = read_date(printed)
    assert date.text == printed
    assert (date.edtf or "", date.first_day, date.last_day, date.precision) == (edtf, *ends(covers), precision)
